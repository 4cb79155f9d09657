package clustertest

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"bcm/cluster"
	"bcm/fsm"
)

// client makes a client, as the administrator does.
func client(t *testing.T, c *Cluster, name string) {
	t.Helper()
	_, err := c.Any().Apply(context.Background(), "user:admin", &fsm.CreateClient{ID: "id-" + name, Name: name,
		Repository: fsm.NewRepository{ID: "repo-" + name, Password: []byte("sealed")}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlanIsCarriedOutInEveryTerm(t *testing.T) {
	var asked atomic.Int64
	mark := func(v *fsm.View, _ time.Time) ([]fsm.Command, time.Time) {
		asked.Add(1)
		var do []fsm.Command
		for n := range v.Nodes.By("status", string(fsm.Online)) {
			if n.Has(fsm.RoleStorage) {
				do = append(do, &fsm.MarkNode{ID: n.ID, From: fsm.Online, To: fsm.Degraded, Reason: "by plan"})
			}
		}
		return do, time.Time{}
	}
	Run(t, 3, func(t *testing.T, c *Cluster) {
		for _, name := range []string{"first", "second"} {
			id := c.AddNode(name, fsm.RoleStorage)
			c.Any().Seen(id)
			c.Await("the plan has seen it", func() bool { return status(c, id) == fsm.Degraded })
			old := c.Leader()
			old.Kill()
			gap(t, c, c.Any())
			old.Start()
		}
		c.Settle()
		n := asked.Load()
		time.Sleep(5 * time.Second)
		if more := asked.Load() - n; more > 50 {
			t.Errorf("a plan with nothing to do was asked %d times in five seconds", more)
		}
	}, func(c *Cluster) { c.Plans = map[string]cluster.Plan{"mark": mark} })
}

// A plan whose command is refused waits longer each time, however often the
// state changes, its own refusals included.
func TestRefusedPlanBacksOff(t *testing.T) {
	var asked atomic.Int64
	stubborn := func(*fsm.View, time.Time) ([]fsm.Command, time.Time) {
		asked.Add(1)
		return []fsm.Command{&fsm.MarkNode{ID: "nobody", From: fsm.Online, To: fsm.Offline}}, time.Time{}
	}
	Run(t, 1, func(t *testing.T, c *Cluster) {
		n := asked.Load()
		for range 600 {
			if err := c.Write(context.Background(), c.Any()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if more := asked.Load() - n; more > 7 {
			t.Errorf("asked %d times within a minute", more)
		}
	}, func(c *Cluster) { c.Plans = map[string]cluster.Plan{"stubborn": stubborn} })
}

func TestPlanAlarm(t *testing.T) {
	var asked atomic.Int64
	hourly := func(_ *fsm.View, now time.Time) ([]fsm.Command, time.Time) {
		asked.Add(1)
		return nil, now.Add(10 * time.Second)
	}
	Run(t, 1, func(t *testing.T, c *Cluster) {
		n := asked.Load()
		time.Sleep(time.Minute)
		if more := asked.Load() - n; more < 5 || more > 10 {
			t.Errorf("asked %d times in a minute", more)
		}
	}, func(c *Cluster) { c.Plans = map[string]cluster.Plan{"hourly": hourly} })
}

// A kind that one member does not understand is not put into the log.
func TestVersionGate(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		ctx := context.Background()
		old := c.Follower()
		report := &fsm.ReportNode{ID: old.ID, Addresses: old.newNode().Addresses, Version: "0.0.9", Understands: 0}
		if err := old.Report(ctx, old.ID, report); err != nil {
			t.Fatal(err)
		}
		index := c.Leader().State.Now().Index
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := c.Write(short, c.Any()); fsm.CodeOf(err) != fsm.Unavailable {
			t.Errorf("a change that a member does not understand: %v", err)
		}
		if now := c.Leader().State.Now().Index; now != index {
			t.Errorf("it is in the log: %d after %d", now, index)
		}
	}, func(c *Cluster) { c.lame = true })
}

func TestSnapshotSaveAndRestore(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		ctx := context.Background()
		client(t, c, "kept")
		data := save(t, c)
		client(t, c, "undone")
		if err := c.Follower().RestoreSnapshot(ctx, bytes.NewReader(data)); err != nil {
			t.Fatalf("restore through a follower: %v", err)
		}
		client(t, c, "afterwards")
		c.Settle()
		for _, m := range c.Members {
			v := m.State.Now()
			for name, want := range map[string]bool{"kept": true, "undone": false, "afterwards": true} {
				if _, ok := v.Clients.Find(name); ok != want {
					t.Errorf("%s: client %q: %v", m.Name, name, ok)
				}
			}
			if epoch, _ := strconv.Atoi(string(v.Setting(fsm.RecoveryEpoch))); epoch != 1 {
				t.Errorf("%s: the recovery epoch is %d", m.Name, epoch)
			}
		}
		damaged := bytes.Clone(data)
		damaged[len(damaged)/2] ^= 1
		if err := c.Any().RestoreSnapshot(ctx, bytes.NewReader(damaged)); fsm.CodeOf(err) != fsm.Invalid {
			t.Errorf("a damaged snapshot: %v", err)
		}
		c.Add()
		if err := c.Any().RestoreSnapshot(ctx, bytes.NewReader(data)); fsm.CodeOf(err) != fsm.Conflict {
			t.Errorf("a snapshot from before a manager joined: %v", err)
		}
		c.Leader().Kill()
	})
}

func save(t *testing.T, c *Cluster) []byte {
	t.Helper()
	r, err := c.Follower().SaveSnapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestForeignSnapshotIsRefused(t *testing.T) {
	var foreign []byte
	Run(t, 1, func(t *testing.T, c *Cluster) {
		r, err := c.Any().SaveSnapshot(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if foreign, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	})
	Run(t, 1, func(t *testing.T, c *Cluster) {
		if err := c.Any().RestoreSnapshot(context.Background(), bytes.NewReader(foreign)); fsm.CodeOf(err) != fsm.Invalid {
			t.Errorf("a snapshot of another cluster: %v", err)
		}
	})
}

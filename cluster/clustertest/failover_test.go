package clustertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"bcm/fsm"
)

// gap is how long it takes until a write is accepted by the member.
func gap(t *testing.T, c *Cluster, m *Member) time.Duration {
	t.Helper()
	begin := time.Now()
	if err := c.Write(context.Background(), m); err != nil {
		t.Fatalf("no write was accepted: %v", err)
	}
	return time.Since(begin)
}

func TestFailover(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		var gaps []time.Duration
		for range 10 {
			dead := c.Leader()
			follower := c.Follower()
			dead.Kill()
			gaps = append(gaps, gap(t, c, follower))
			dead.Start()
			c.Settle()
		}
		slices.Sort(gaps)
		median, worst := gaps[len(gaps)/2], gaps[len(gaps)-1]
		t.Logf("from the leader's end to the next accepted write, of ten: median %v, worst %v", median, worst)
		if median > 700*time.Millisecond || worst > time.Second {
			t.Errorf("median %v, at most 700ms wanted; worst %v, at most 1s wanted", median, worst)
		}
	})
}

func TestLeaderCutOff(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		old, follower := c.Leader(), c.Follower()
		c.Partition(old)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		lonely := make(chan error, 1)
		go func() { lonely <- c.Put(ctx, old, "lonely", "x") }()
		t.Logf("writes went on after %v", gap(t, c, follower))
		if err := <-lonely; fsm.CodeOf(err) != fsm.OutcomeUnknown {
			t.Errorf("a write at the leader that was cut off: %v, wanted outcome_unknown", err)
		}
		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := old.View(ctx, fsm.Linearizable()); fsm.CodeOf(err) != fsm.Unavailable {
			t.Errorf("a linearizable read at the member that was cut off: %v, wanted unavailable", err)
		}
		if err := c.Put(ctx, old, "lonely too", "x"); fsm.CodeOf(err) != fsm.Unavailable {
			t.Errorf("a write at a member that knows of no leader: %v, wanted unavailable", err)
		}
		time.Sleep(30 * time.Second)
		term := c.Leader().Status().Term
		c.Heal()
		c.Settle()
		if got := c.Leader().Status().Term; got != term {
			t.Errorf("the return of the member raised the term from %d to %d", term, got)
		}
	})
}

// A write that is under way to a leader that falls silent is answered by the
// next one, not after the time-out of the connection.
func TestForwardToSilentLeader(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		follower := c.Follower()
		if err := c.Write(context.Background(), follower); err != nil { // opens the connection
			t.Fatal(err)
		}
		c.Partition(c.Leader())
		if g := gap(t, c, follower); g > 1500*time.Millisecond {
			t.Errorf("the write took %v", g)
		}
	})
}

func TestKillAll(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		for range 3 {
			for i := range 30 {
				if err := c.Write(context.Background(), c.Members[i%3]); err != nil {
					t.Fatal(err)
				}
			}
			for _, m := range c.Members {
				m.Kill()
			}
			for _, m := range c.Members {
				m.Start()
			}
			t.Logf("writes went on %v after the restart of all", gap(t, c, c.Any()))
			c.Settle()
		}
	})
}

func TestMajorityOfFiveGoesOn(t *testing.T) {
	Run(t, 5, func(t *testing.T, c *Cluster) {
		if s := c.Leader().Status(); s.FailureTolerance != 2 {
			t.Errorf("five members tolerate %d failures", s.FailureTolerance)
		}
		a, b := c.Leader(), c.Follower()
		c.Partition(a, b)
		var other *Member
		for _, m := range c.Members {
			if m != a && m != b {
				other = m
			}
		}
		t.Logf("writes went on after %v", gap(t, c, other))
	})
}

func TestLossyGossipRaisesNoAlarm(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		c.Net.Lose(0.2)
		time.Sleep(time.Minute)
		for n := range c.Any().State.Now().Nodes.All() {
			if n.Status != fsm.Online {
				t.Errorf("%s is %s", n.Name, n.Status)
			}
		}
	})
}

func TestTransferLeadership(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		var worst time.Duration
		for range 10 {
			c.faults++ // each handover is a term
			old, heir := c.Leader(), c.Follower()
			begin := time.Now()
			if err := old.TransferLeadership(context.Background(), heir.ID); err != nil {
				t.Fatal(err)
			}
			if err := c.Write(context.Background(), old); err != nil {
				t.Fatal(err)
			}
			worst = max(worst, time.Since(begin))
			c.Settle()
			if c.Leader() != heir {
				t.Fatalf("%s leads, not %s", c.Leader().Name, heir.Name)
			}
		}
		t.Logf("from the order to the next accepted write, the worst of ten: %v", worst)
		if worst > 50*time.Millisecond {
			t.Errorf("the worst handover took %v", worst)
		}
		if err := c.Follower().TransferLeadership(context.Background(), ""); err != nil {
			t.Errorf("asked of a follower: %v", err)
		}
		c.Settle()
		if err := c.Any().TransferLeadership(context.Background(), "nobody"); fsm.CodeOf(err) != fsm.Invalid {
			t.Errorf("to one who is no member: %v", err)
		}
	})
}

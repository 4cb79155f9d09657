package clustertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"bcm/cluster"
	"bcm/fsm"
)

// voters are those of the members that have a vote, as the leader knows it.
func voters(c *Cluster) map[string]bool {
	all := map[string]bool{}
	for _, m := range c.Leader().Status().Members {
		all[m.ID] = m.Voter
	}
	return all
}

func status(c *Cluster, id string) fsm.NodeStatus {
	n, ok := c.Any().State.Now().Nodes.Get(id)
	if !ok {
		return "gone"
	}
	return n.Status
}

func TestNewManagersVoteOnceStable(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		fourth := c.Add()
		c.Await("the fourth is in the group", func() bool { _, in := voters(c)[fourth.ID]; return in })
		if voters(c)[fourth.ID] {
			t.Error("the fourth voted at once")
		}
		time.Sleep(30 * time.Second)
		if voters(c)[fourth.ID] {
			t.Error("the fourth was given a vote, which makes an even number")
		}
		if s := fourth.Status(); s.AppliedIndex == 0 || s.Leader == "" {
			t.Errorf("the fourth stands by without keeping up: %+v", s)
		}
		begin := time.Now()
		fifth := c.Add()
		c.Await("five voters", func() bool { v := voters(c); return v[fourth.ID] && v[fifth.ID] })
		if took := time.Since(begin); took < 10*time.Second || took > 13*time.Second {
			t.Errorf("the fifth was stable after %v", took)
		}
	})
}

// A voter that dies for good is removed and replaced by the one that stood by.
func TestReplaceManager(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		standby := c.Add()
		dead := c.Follower()
		if dead == standby {
			dead = c.Members[1]
		}
		time.Sleep(15 * time.Second)
		dead.Kill()
		c.Await("it is offline", func() bool { return status(c, dead.ID) == fsm.Offline })
		remove(t, c, dead)
		c.Await("the one that stood by votes", func() bool {
			v := voters(c)
			_, in := v[dead.ID]
			return v[standby.ID] && !in
		})
		if s := c.Leader().Status(); s.FailureTolerance != 1 || len(s.Members) != 3 {
			t.Errorf("status %+v", s)
		}
	})
}

func remove(t *testing.T, c *Cluster, m *Member) {
	t.Helper()
	_, err := c.Any().Apply(context.Background(), "user:admin", &fsm.RemoveNode{ID: m.ID, Force: true})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRemovedManagerStops(t *testing.T) {
	for name, pick := range map[string]func(*Cluster) *Member{"follower": (*Cluster).Follower, "leader": (*Cluster).Leader} {
		t.Run(name, func(t *testing.T) {
			Run(t, 3, func(t *testing.T, c *Cluster) {
				out := pick(c)
				remove(t, c, out)
				if err := out.Wait(); !errors.Is(err, cluster.ErrRemoved) {
					t.Errorf("the member stopped with %v", err)
				}
				out.Kill()
				c.faults++
				c.Await("two are left", func() bool { l := c.Leader(); return l != nil && len(l.Status().Members) == 2 })
				out.Start() // it knows nothing of its removal, or does: either way nobody listens
				time.Sleep(20 * time.Second)
				if s := out.Status(); s.IsLeader {
					t.Error("the removed member leads")
				}
				out.Kill()
				c.Settle()
			})
		})
	}
}

func TestRemoveMember(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		ctx := context.Background()
		dead := c.Follower()
		if err := c.Leader().RemoveMember(ctx, dead.ID); fsm.CodeOf(err) != fsm.Conflict {
			t.Errorf("removing a member that is alive: %v", err)
		}
		if err := dead.RemoveMember(ctx, "nobody"); fsm.CodeOf(err) != fsm.NotFound {
			t.Errorf("removing nobody: %v", err)
		}
		dead.Kill()
		time.Sleep(15 * time.Second)
		if err := c.Follower().RemoveMember(ctx, dead.ID); err != nil {
			t.Errorf("removing a dead member: %v", err)
		}
		if n := len(c.Leader().Status().Members); n != 2 {
			t.Errorf("%d members are left", n)
		}
		dead.Start()
		c.Await("it votes again after its return", func() bool { return voters(c)[dead.ID] })
	})
}

func TestLeave(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		old := c.Leader()
		begin := time.Now()
		if err := old.Leave(); err != nil {
			t.Fatalf("leaving: %v", err)
		}
		t.Logf("leaving took %v", time.Since(begin))
		if got := status(c, old.ID); got != fsm.Left {
			t.Errorf("it is %s", got)
		}
		if g := gap(t, c, c.Any()); g > 50*time.Millisecond {
			t.Errorf("there was no leader for %v, though the last one left in order", g)
		}
		if !voters(c)[old.ID] {
			t.Error("it has lost its vote: who leaves comes back")
		}
		time.Sleep(20 * time.Second)
		if got := status(c, old.ID); got != fsm.Left {
			t.Errorf("twenty seconds later it is %s", got)
		}
		old.Start()
		c.Await("it is online again", func() bool { return status(c, old.ID) == fsm.Online })
	})
}

// A node is what the managers hear of it, whichever of them it talks to.
func TestNodeLiveness(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		id := c.AddNode("backup-1", fsm.RoleBackupManager)
		time.Sleep(12 * time.Second)
		if got := status(c, id); got != fsm.Joining {
			t.Errorf("never heard of, it is %s", got)
		}
		ctx, stop := context.WithCancel(context.Background())
		silent := make(chan struct{})
		go func() {
			defer close(silent)
			for i := 0; ctx.Err() == nil; i++ { // an agent that asks now this manager, now that one
				node := c.Running()[i%len(c.Running())]
				if _, err := node.Orders(ctx, id, after(node, id)); err != nil && ctx.Err() == nil {
					time.Sleep(time.Second)
				}
			}
		}()
		c.Await("it is online", func() bool { return status(c, id) == fsm.Online })
		calm(t, c, id, 30*time.Second)
		c.Leader().Kill()
		calm(t, c, id, 20*time.Second)
		stop()
		<-silent
		begin := time.Now()
		c.Await("it is offline", func() bool { return status(c, id) == fsm.Offline })
		if took := time.Since(begin); took < 6*time.Second || took > 12*time.Second {
			t.Errorf("its end was noticed after %v", took)
		}
		c.Any().Seen(id)
		c.Await("it is back", func() bool { return status(c, id) == fsm.Online })
	})
}

func after(m *Member, id string) uint64 { return m.State.Now().Orders(id).Version }

// calm fails the test when the node is anything but online within a time.
func calm(t *testing.T, c *Cluster, id string, during time.Duration) {
	t.Helper()
	for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if got := status(c, id); got != fsm.Online {
			t.Fatalf("the node is %s, though it asks for orders", got)
		}
	}
}

func TestDeadManagerIsOffline(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		dead := c.Leader()
		dead.Kill()
		begin := time.Now()
		c.Await("it is offline", func() bool { return status(c, dead.ID) == fsm.Offline })
		if took := time.Since(begin); took > 12*time.Second {
			t.Errorf("noticed after %v", took)
		}
		dead.Start()
		c.Await("it is online", func() bool { return status(c, dead.ID) == fsm.Online })
	})
}

func TestProgressReachesAll(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		p := fsm.Progress{Run: "r", Node: "n", Attempt: 2, Files: 7}
		changed := c.Members[2].ProgressChanged()
		c.Members[0].SetProgress([]fsm.Progress{p})
		begin := time.Now()
		<-changed
		if took := time.Since(begin); took > 300*time.Millisecond {
			t.Errorf("progress took %v to the others", took)
		}
		if got, ok := c.Members[2].Progress("r"); !ok || got != p {
			t.Errorf("progress there: %+v", got)
		}
		c.Await("progress at the third", func() bool { _, ok := c.Members[1].Progress("r"); return ok })
		old := p
		old.Attempt, old.Files = 1, 99
		c.Members[1].SetProgress([]fsm.Progress{old})
		if got, _ := c.Members[1].Progress("r"); got != p {
			t.Errorf("an older attempt counted: %+v", got)
		}
		time.Sleep(2 * time.Minute)
		if all := c.Members[2].Progresses(); len(all) != 0 {
			t.Errorf("progress is kept for ever: %+v", all)
		}
	})
}

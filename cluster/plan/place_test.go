package plan_test

import (
	"fmt"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// prefer makes b1 answer for c1 before b2.
func prefer(g *grid) {
	g.do("plan:assign", &fsm.PutAssignment{Client: "c1", Managers: []string{"b1", "b2"}, Storages: []string{"s1"}})
}

func interrupt(g *grid, id string) {
	b, _ := g.view().Backups.Get(id)
	g.do("plan:fail", &fsm.InterruptBackup{ID: id, Attempt: b.Attempt, Reason: "test"})
}

func job(g *grid, id string, kind fsm.JobKind, backup, node string) {
	g.do("user:admin", &fsm.CreateJob{ID: id, Kind: kind, Backup: backup, Node: node, Restore: fsm.Restore{Target: "/r"}})
}

// windowed queues "w", a backup of a slot that has just come, whose window is an hour.
func windowed(g *grid) {
	timed(g, fsm.CreateSchedule{Cron: "0 13 * * *", Window: time.Hour})
	g.now = noon.Add(time.Hour)
	g.do("plan:schedule", &fsm.CreateBackup{ID: "w", Task: "t1", Slot: fsm.At(g.now)})
}

// failed lets "r" fail, of a task that is tried twice with a minute between.
func failed(g *grid) {
	retry := fsm.Retry{Attempts: 2, Pause: time.Minute}
	g.do("user:admin", &fsm.UpdateTask{ID: "t1", ConductChange: fsm.ConductChange{Retry: &retry}})
	g.queue("r", "t1")
	g.run("r", fsm.Failed)
}

func TestPlace(t *testing.T) {
	cases := []struct {
		name  string
		given func(g *grid)
		want  []string
	}{
		{"nothing waits", prefer, nil},
		{"the preferred manager first", func(g *grid) { prefer(g); g.queue("r", "t1") },
			[]string{"backup.assign r queued/0 b1 [s1]"}},
		{"no assignment yet", func(g *grid) { g.queue("r", "t1") }, nil},
		{"the stand-in when the first is draining", func(g *grid) {
			prefer(g)
			g.mode("b1", fsm.Draining)
			g.queue("r", "t1")
		}, []string{"backup.assign r queued/0 b2 [s1]"}},
		{"nobody in maintenance or offline", func(g *grid) {
			prefer(g)
			g.mode("b1", fsm.Maintenance)
			g.mark("b2", fsm.Offline)
			g.queue("r", "t1")
		}, nil},
		{"a degraded node is good enough", func(g *grid) {
			prefer(g)
			g.mark("b1", fsm.Degraded)
			g.queue("r", "t1")
		}, []string{"backup.assign r queued/0 b1 [s1]"}},
		{"the task says where", func(g *grid) {
			prefer(g)
			g.task("t2", "c1", func(c *fsm.CreateTask) { c.Nodes = []string{"b2"} })
			g.queue("r", "t2")
		}, []string{"backup.assign r queued/0 b2 [s1]"}},
		{"the task says where, and that node is gone", func(g *grid) {
			prefer(g)
			g.task("t2", "c1", func(c *fsm.CreateTask) { c.Nodes = []string{"b2"} })
			g.mark("b2", fsm.Offline)
			g.queue("r", "t2")
		}, nil},
		{"no more than there are slots, the oldest first", func(g *grid) {
			prefer(g)
			for _, id := range []string{"r5", "r4", "r3", "r2", "r1"} {
				g.now = g.now.Add(time.Second)
				g.queueOf(id, "c1")
			}
		}, []string{"backup.assign r5 queued/0 b1 [s1]", "backup.assign r4 queued/0 b1 [s1]",
			"backup.assign r3 queued/0 b2 [s1]", "backup.assign r2 queued/0 b2 [s1]"}},
		{"what runs takes a slot", func(g *grid) {
			prefer(g)
			for i := range 4 {
				g.queueOf(fmt.Sprint("r", i), "c1")
			}
			g.assign("r0", "b1")
			g.assign("r1", "b1")
			g.assign("r2", "b2")
			g.do("node:b1", &fsm.StartBackup{ID: "r0", Attempt: 1})
		}, []string{"backup.assign r3 queued/0 b2 [s1]"}},
		{"one backup of a task at a time", func(g *grid) {
			prefer(g)
			g.queue("r1", "t1")
			g.do("plan:schedule", &fsm.CreateBackup{ID: "r2", Task: "t1", Slot: fsm.At(g.now.Add(time.Minute))})
		}, []string{"backup.assign r1 queued/0 b1 [s1]"}},
		{"not while its storage is down", func(g *grid) {
			prefer(g)
			g.mark("s1", fsm.Offline)
			g.queue("r", "t1")
		}, nil},
		{"a draining storage goes on with what it has", func(g *grid) {
			prefer(g)
			g.mode("s1", fsm.Draining)
			g.queue("r", "t1")
		}, []string{"backup.assign r queued/0 b1 [s1]"}},
		{"a storage in maintenance does not", func(g *grid) {
			prefer(g)
			g.mode("s1", fsm.Maintenance)
			g.queue("r", "t1")
		}, nil},
		{"not at once after an interruption", func(g *grid) {
			prefer(g)
			g.queue("r", "t1")
			g.assign("r", "b1")
			interrupt(g, "r")
			g.now = g.now.Add(4 * time.Second)
		}, nil},
		{"again some time after an interruption", func(g *grid) {
			prefer(g)
			g.queue("r", "t1")
			g.assign("r", "b1")
			interrupt(g, "r")
			g.mark("b1", fsm.Offline)
			g.now = g.now.Add(5 * time.Second)
		}, []string{"backup.assign r interrupted/1 b2 [s1]"}},
		{"not when it was cancelled", func(g *grid) {
			prefer(g)
			g.queue("r", "t1")
			g.do("user:admin", &fsm.CancelBackup{ID: "r"})
		}, nil},
		{"restores before all, on the node asked for", func(g *grid) {
			prefer(g)
			g.queue("done", "t1")
			g.run("done", fsm.Succeeded)
			g.queue("r", "t1")
			g.now = g.now.Add(time.Second)
			job(g, "j1", fsm.RestoreJob, "done", "b2")
			job(g, "j2", fsm.VerifyJob, "done", "")
		}, []string{"job.assign j1 queued/0 b2", "backup.assign r queued/0 b1 [s1]", "job.assign j2 queued/0 b1"}},
		{"a restore waits for its node", func(g *grid) {
			prefer(g)
			g.queue("done", "t1")
			g.run("done", fsm.Succeeded)
			job(g, "j", fsm.RestoreJob, "done", "b2")
			g.mode("b2", fsm.Draining)
		}, nil},
		{"by priority, then by age", func(g *grid) {
			prefer(g)
			for i, priority := range []int8{0, -5, 7, 7} {
				g.now = g.now.Add(time.Second)
				name := fmt.Sprint("p", i)
				g.task(name, "c1", func(c *fsm.CreateTask) { c.Priority = priority })
				g.queue("r"+name, name)
			}
		}, []string{"backup.assign rp2 queued/0 b1 [s1]", "backup.assign rp3 queued/0 b1 [s1]",
			"backup.assign rp0 queued/0 b2 [s1]", "backup.assign rp1 queued/0 b2 [s1]"}},
		{"no more of a client than it may have", func(g *grid) {
			prefer(g)
			one := 1
			g.do("user:admin", &fsm.UpdateClient{ID: "c1", Parallel: &one})
			g.queueOf("r1", "c1")
			g.queueOf("r2", "c1")
		}, []string{"backup.assign r1 queued/0 b1 [s1]"}},
		{"what runs of a client counts", func(g *grid) {
			prefer(g)
			one := 1
			g.do("user:admin", &fsm.UpdateClient{ID: "c1", Parallel: &one})
			g.queueOf("r1", "c1")
			g.assign("r1", "b2")
			g.queueOf("r2", "c1")
		}, nil},
		{"no more to a storage than it takes", func(g *grid) {
			prefer(g)
			two := 2
			g.do("user:admin", &fsm.UpdateNode{ID: "s1", Parallel: &two})
			for i := range 4 {
				g.queueOf(fmt.Sprint("r", i), "c1")
			}
			g.assign("r3", "b2")
		}, []string{"backup.assign r0 queued/0 b1 [s1]"}},
		{"the least busy when those that answer are full", func(g *grid) {
			g.node("b3", fsm.RoleBackupManager)
			g.do("plan:assign", &fsm.PutAssignment{Client: "c1", Managers: []string{"b1"}, Storages: []string{"s1"}})
			for i := range 5 {
				g.queueOf(fmt.Sprint("r", i), "c1")
			}
			g.assign("r4", "b2")
		}, []string{"backup.assign r0 queued/0 b1 [s1]", "backup.assign r1 queued/0 b1 [s1]",
			"backup.assign r2 queued/0 b3 [s1]", "backup.assign r3 queued/0 b2 [s1]"}},
		{"only where the task may run", func(g *grid) {
			prefer(g)
			g.task("t9", "c1", func(c *fsm.CreateTask) { c.Nodes = []string{"b2"} })
			g.queue("r", "t9")
		}, []string{"backup.assign r queued/0 b2 [s1]"}},
		{"not after its window", func(g *grid) {
			prefer(g)
			windowed(g)
			g.now = g.now.Add(time.Hour + time.Second)
		}, nil},
		{"not before a failure is tried again", func(g *grid) {
			prefer(g)
			failed(g)
			g.now = g.now.Add(59 * time.Second)
		}, nil},
		{"when a failure is tried again", func(g *grid) {
			prefer(g)
			failed(g)
			g.now = g.now.Add(60 * time.Second)
		}, []string{"backup.assign r interrupted/1 b1 [s1]"}},
		{"deleting is work like any other", func(g *grid) {
			prefer(g)
			g.queue("done", "t1")
			g.run("done", fsm.Succeeded)
			g.do("user:admin", &fsm.DeleteBackup{ID: "done", Job: "j"})
		}, []string{"job.assign j queued/0 b1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			g.expect(plan.Place, c.want...)
		})
	}
}

// The wait doubles, and the plan says when it ends.
func TestPlaceBackOff(t *testing.T) {
	g := newGrid(t)
	prefer(g)
	g.queue("r", "t1")
	g.expect(plan.Place, "backup.assign r queued/0 b1 [s1]")
	for attempt, wait := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second} {
		interrupt(g, "r")
		do, next := g.plan(plan.Place)
		if len(do) != 0 || !next.Equal(g.now.Add(wait)) {
			t.Fatalf("after interruption %d: %v and next in %v, not in %v", attempt+1, show(do), next.Sub(g.now), wait)
		}
		g.now = next
		g.expect(plan.Place, fmt.Sprintf("backup.assign r interrupted/%d b1 [s1]", attempt+1))
	}
	retry := fsm.Retry{Attempts: fsm.MaxAttempts + 1}
	g.do("user:admin", &fsm.UpdateTask{ID: "t1", ConductChange: fsm.ConductChange{Retry: &retry}})
	interrupt(g, "r")
	g.now = g.now.Add(80 * time.Second)
	g.expect(plan.Place, "backup.assign r interrupted/5 b1 [s1]")
	interrupt(g, "r")
	if b, _ := g.view().Backups.Get("r"); b.Status != fsm.Failed {
		t.Errorf("after %d attempts, as many as its task asks for, the run is %s", b.Attempt, b.Status)
	}
	g.task("t2", "c1")
	g.queue("other", "t2")
	for range fsm.MaxAttempts {
		g.now = g.now.Add(80 * time.Second)
		g.carry(plan.Place)
		interrupt(g, "other")
	}
	if b, _ := g.view().Backups.Get("other"); b.Status != fsm.Failed {
		t.Errorf("after %d attempts of a task that asks for none the run is %s", b.Attempt, b.Status)
	}
}

func TestFail(t *testing.T) {
	cases := []struct {
		name  string
		given func(g *grid)
		want  []string
	}{
		{"all is well", func(*grid) {}, nil},
		{"offline", func(g *grid) { g.mark("b1", fsm.Offline) },
			[]string{"backup.interrupt r/1 node b1 is offline", "job.interrupt j/1 node b1 is offline"}},
		{"draining goes on", func(g *grid) { g.mode("b1", fsm.Draining) }, nil},
		{"degraded goes on", func(g *grid) { g.mark("b1", fsm.Degraded) }, nil},
		{"maintenance", func(g *grid) { g.mode("b1", fsm.Maintenance) },
			[]string{"backup.interrupt r/1 node b1 is in maintenance", "job.interrupt j/1 node b1 is in maintenance"}},
		{"left", func(g *grid) { g.do("node:b1", &fsm.LeaveNode{ID: "b1"}) },
			[]string{"backup.interrupt r/1 node b1 has left the grid", "job.interrupt j/1 node b1 has left the grid"}},
		{"removed", func(g *grid) { g.do("user:admin", &fsm.RemoveNode{ID: "b1", Force: true}) },
			[]string{"backup.interrupt r/1 node b1 was removed from the grid", "job.interrupt j/1 node b1 was removed from the grid"}},
		{"another node", func(g *grid) { g.mark("b2", fsm.Offline) }, nil},
		{"a run that was to be cancelled", func(g *grid) {
			g.do("user:admin", &fsm.CancelBackup{ID: "r"})
			g.do("user:admin", &fsm.CancelJob{ID: "j"})
			g.mark("b1", fsm.Offline)
		}, []string{"backup.interrupt r/1 node b1 is offline", "job.interrupt j/1 node b1 is offline"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			prefer(g)
			g.queue("done", "t1")
			g.run("done", fsm.Succeeded)
			g.queue("r", "t1")
			g.assign("r", "b1")
			g.do("node:b1", &fsm.StartBackup{ID: "r", Attempt: 1})
			job(g, "j", fsm.VerifyJob, "done", "b1")
			g.do("plan:place", &fsm.AssignJob{ID: "j", From: fsm.Queued, Node: "b1"})
			g.do("node:b1", &fsm.StartJob{ID: "j", Attempt: 1})
			c.given(g)
			g.expect(plan.Fail, c.want...)
		})
	}
}

// What has had its time has failed, says why, and Fail wakes up for it.
func TestFailInTime(t *testing.T) {
	most := fsm.ConductChange{MaxRuntime: ptr(2 * time.Hour)}
	cases := []struct {
		name  string
		given func(g *grid)
		early time.Duration // nothing is done up to then
		want  string
	}{
		{"a window that passes", windowed, time.Hour, "backup.stop w/0 not begun: the window of its schedule ended at 2026-01-15T14:00:00Z"},
		{"a window that passes after an interruption", func(g *grid) {
			windowed(g)
			g.assign("w", "b1")
			interrupt(g, "w")
		}, time.Hour, "backup.stop w/1 not tried again: the window of its schedule ended at 2026-01-15T14:00:00Z; attempt 1: test"},
		{"a backup that takes too long", func(g *grid) {
			g.do("user:admin", &fsm.UpdateTask{ID: "t1", ConductChange: most})
			g.queue("r", "t1")
			g.assign("r", "b1")
			g.do("node:b1", &fsm.StartBackup{ID: "r", Attempt: 1})
		}, 2*time.Hour - 1, "backup.stop r/1 stopped: it took longer than 2h0m0s, the most that its task allows"},
		{"a node that does not begin", func(g *grid) {
			g.queue("r", "t1")
			g.assign("r", "b1")
		}, 5*time.Minute - 1, "backup.interrupt r/1 the node has not begun it within 5m0s"},
		{"a node that does not end it", func(g *grid) {
			g.queue("r", "t1")
			g.assign("r", "b1")
			g.do("node:b1", &fsm.StartBackup{ID: "r", Attempt: 1})
			g.now = g.now.Add(time.Hour)
			g.do("user:admin", &fsm.CancelBackup{ID: "r"})
		}, 5*time.Minute - 1, "backup.interrupt r/1 the node has not ended it within 5m0s"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			begin := g.now
			g.now = begin.Add(c.early)
			do, next := g.plan(plan.Fail)
			if len(do) != 0 || !next.Equal(g.now.Add(1)) {
				t.Fatalf("at %v: %v, next in %v", c.early, show(do), next.Sub(begin))
			}
			g.now = next
			g.expect(plan.Fail, c.want)
		})
	}
}

func ptr[T any](v T) *T { return &v }

// crowd is a grid of many nodes with all slots taken, and many backups that wait.
func crowd(tb testing.TB, nodes, waiting int) *fsm.View {
	g := empty(tb)
	g.node("s1", fsm.RoleStorage)
	for i := range nodes {
		g.node(fmt.Sprintf("b%04d", i), fsm.RoleBackupManager)
	}
	g.client("c1")
	g.do("plan:assign", &fsm.PutAssignment{Client: "c1", Managers: []string{"b0000", "b0001"}, Storages: []string{"s1"}})
	for i := range 2*nodes - 2 + waiting {
		id := fmt.Sprintf("r%05d", i)
		g.queueOf(id, "c1")
		if i < 2*nodes-2 {
			g.assign(id, fmt.Sprintf("b%04d", i/2))
		}
	}
	tb.Logf("%d nodes, %d backups", nodes, g.view().Backups.Len())
	return g.view()
}

// BenchmarkPlace gives two runs to the one node that has slots free, of a thousand,
// while ten thousand wait; and looks at a grid where nothing waits.
func BenchmarkPlace(b *testing.B) {
	for _, c := range []struct{ nodes, waiting int }{{1000, 10_000}, {1000, 1000}, {100, 10_000}, {1000, 0}} {
		v := crowd(b, c.nodes, c.waiting)
		b.Run(fmt.Sprintf("%d nodes %d waiting", c.nodes, c.waiting), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if do, _ := plan.Place(v, noon); len(do) != min(2, c.waiting) {
					b.Fatalf("%d placed", len(do))
				}
			}
		})
	}
}

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
	interrupt(g, "r")
	if b, _ := g.view().Backups.Get("r"); b.Status != fsm.Failed {
		t.Errorf("after %d attempts the run is %s", fsm.MaxAttempts, b.Status)
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

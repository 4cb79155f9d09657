package plan_test

import (
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

const repo = "repo-c1"

// stored is a grid in which t1 has a backup.
func stored(t *testing.T) *grid {
	g := newGrid(t)
	g.carry(plan.Assign)
	g.queue("done", "t1")
	g.run("done", fsm.Succeeded)
	return g
}

// upkeep turns off all but what change asks for.
func upkeep(g *grid, change fsm.UpkeepChange) {
	never := time.Duration(0)
	g.do("user:admin", &fsm.ChangeSettings{Upkeep: fsm.UpkeepChange{PruneEvery: &never, VerifyEvery: &never, DrillEvery: &never, ScrubEvery: &never}})
	g.do("user:admin", &fsm.ChangeSettings{Upkeep: change})
}

// every gives what a plan makes at its moments during a span of time, each with
// how long after the begin it came.
func every(g *grid, span time.Duration, p plan.Func) (ids []string, after []time.Duration) {
	g.t.Helper()
	begin := g.now
	for {
		do, next := g.plan(p)
		for _, cmd := range do {
			g.do("plan:maintain", cmd)
			ids = append(ids, cmd.(*fsm.CreateJob).ID)
			after = append(after, g.now.Sub(begin))
		}
		if next.IsZero() || next.After(begin.Add(span)) {
			g.now = begin.Add(span)
			return ids, after
		}
		g.now = next
	}
}

// finish lets b1 do a job at the time of the grid.
func finish(g *grid, id string, status fsm.Status) {
	g.t.Helper()
	j, _ := g.view().Jobs.Get(id)
	g.do("plan:place", &fsm.AssignJob{ID: id, From: j.Status, Attempt: j.Attempt, Node: "b1"})
	g.do("node:b1", &fsm.FinishJob{ID: id, Attempt: j.Attempt + 1, Outcome: fsm.Outcome{Status: status}})
}

func TestMaintainVerifies(t *testing.T) {
	g := stored(t)
	week, five := 7*24*time.Hour, 5
	upkeep(g, fsm.UpkeepChange{VerifyEvery: &week, VerifyPercent: &five})
	ids, after := every(g, week, plan.Maintain)
	if len(ids) != 1 || after[0] == 0 {
		t.Fatalf("in the first week %v after %v", ids, after)
	}
	if j, _ := g.view().Jobs.Get(ids[0]); j.Kind != fsm.VerifyJob || j.Percent != 5 || j.Repository != repo || j.Backup != "" {
		t.Errorf("%+v", j)
	}
	// One that nobody has done is not joined by another.
	if more, _ := every(g, 3*week, plan.Maintain); len(more) != 0 {
		t.Errorf("while one waits: %v", more)
	}
	finish(g, ids[0], fsm.Failed)
	if more, _ := every(g, 3*week, plan.Maintain); len(more) != 1 {
		t.Errorf("after one that failed: %v", more)
	}
}

// A repository out of which nothing was taken is not pruned; one that was is, some
// times, as the engine gives room back late.
func TestMaintainPrunes(t *testing.T) {
	g := stored(t)
	day := 24 * time.Hour
	upkeep(g, fsm.UpkeepChange{PruneEvery: &day})
	if ids, _ := every(g, 30*day, plan.Maintain); len(ids) != 0 {
		t.Fatalf("nothing was forgotten, and %d prunes", len(ids))
	}
	g.do("user:admin", &fsm.DeleteBackup{ID: "done", Job: "forget"})
	finish(g, "forget", fsm.Succeeded)
	prunes := 0
	for range 30 {
		ids, _ := every(g, day, plan.Maintain)
		for _, id := range ids {
			finish(g, id, fsm.Succeeded)
		}
		if len(ids) > 1 {
			t.Errorf("%d prunes in a day", len(ids))
		}
		prunes += len(ids)
	}
	if prunes < 7 || prunes > 9 {
		t.Errorf("%d prunes in the month after a snapshot was forgotten", prunes)
	}
}

// The newest good backup of each task is drilled, in turn.
func TestMaintainDrills(t *testing.T) {
	g := stored(t)
	g.queue("newest", "t1")
	g.run("newest", fsm.Succeeded)
	g.queue("bad", "t1")
	g.run("bad", fsm.Failed)
	g.task("never", "c1") // has no backup
	week, three := 7*24*time.Hour, 3
	upkeep(g, fsm.UpkeepChange{DrillEvery: &week, DrillFiles: &three})
	ids, _ := every(g, week, plan.Maintain)
	if len(ids) != 1 {
		t.Fatalf("in the first week %v", ids)
	}
	if j, _ := g.view().Jobs.Get(ids[0]); j.Kind != fsm.DrillJob || j.Backup != "newest" || j.Files != 3 {
		t.Errorf("%+v", j)
	}
	if more, _ := every(g, 2*week, plan.Maintain); len(more) != 0 {
		t.Errorf("while one waits: %v", more)
	}
	finish(g, ids[0], fsm.Succeeded)
	if more, _ := every(g, week, plan.Maintain); len(more) != 1 {
		t.Errorf("in the next turn %v", more)
	}
}

// Jobs of many repositories are spread over the interval, and two leaders make the
// same ones.
func TestMaintainSpreads(t *testing.T) {
	g := newGrid(t)
	for i := range 24 {
		id := string(rune('a' + i))
		g.client("x" + id)
		g.task("y"+id, "x"+id)
		g.queue("z"+id, "y"+id)
		g.run("z"+id, fsm.Succeeded)
	}
	day := 24 * time.Hour
	upkeep(g, fsm.UpkeepChange{VerifyEvery: &day})
	ids, after := every(g, day, plan.Maintain)
	hours := make(map[int]bool)
	for _, d := range after {
		hours[int(d/(4*time.Hour))] = true
	}
	if len(ids) != 24 || len(hours) < 5 {
		t.Errorf("%d verifications in %d of 6 parts of the day", len(ids), len(hours))
	}
}

// The lease of a repository goes to another node when its owner dies, and there is
// never a second one.
func TestMaintenanceMoves(t *testing.T) {
	g := stored(t)
	g.do("user:admin", &fsm.CreateJob{ID: "prune", Kind: fsm.PruneJob, Repository: repo})
	g.do("user:admin", &fsm.CreateJob{ID: "verify", Kind: fsm.VerifyJob, Repository: repo})
	g.expect(plan.Place, "job.assign prune queued/0 b1")
	holder := func() (node string, fence fsm.Fence) {
		for j := range g.view().Jobs.By("lease", repo) {
			if node != "" {
				t.Fatal("two hold the lease")
			}
			node, fence = j.Node, j.Fence
		}
		return node, fence
	}
	deleters := func() (peers []string) {
		for _, o := range g.view().Orders("s1").Items {
			for _, grant := range o.Grants {
				for _, may := range grant.May {
					if may == fsm.MayDelete {
						peers = append(peers, grant.Peer)
					}
				}
			}
		}
		return peers
	}
	first, old := holder()
	if peers := deleters(); len(peers) != 1 || peers[0] != first {
		t.Errorf("%s has the lease, and %v may delete", first, peers)
	}
	g.mark("b1", fsm.Offline)
	g.expect(plan.Fail, "job.interrupt prune/1 node b1 is offline")
	if peers := deleters(); len(peers) != 0 {
		t.Errorf("nobody has the lease, and %v may delete", peers)
	}
	g.expect(plan.Place, "job.assign verify queued/0 b2")
	g.do("node:b2", &fsm.FinishJob{ID: "verify", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded}})
	g.now = g.now.Add(time.Minute)
	g.expect(plan.Place, "job.assign prune interrupted/1 b2")
	second, fence := holder()
	if peers := deleters(); second != "b2" || !old.Less(fence) || len(peers) != 1 || peers[0] != "b2" {
		t.Errorf("%s with fence %v after %v, and %v may delete", second, fence, old, peers)
	}
	// What the first one says when it comes back counts for nothing.
	if err := g.try("node:b1", &fsm.FinishJob{ID: "prune", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded}}); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("a pruner without its lease: %v", err)
	}
}

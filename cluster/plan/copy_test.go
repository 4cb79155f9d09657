package plan_test

import (
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// newCopied makes a grid with a client whose repository lies on s1 and s2, into
// which one backup was made.
func newCopied(t *testing.T) *grid {
	t.Helper()
	g := newGrid(t)
	g.node("s2", fsm.RoleStorage)
	g.do("plan:assign", &fsm.PutAssignment{Client: "c1", Managers: []string{"b1"}, Storages: []string{"s1", "s2"}})
	g.queue("one", "t1")
	g.run("one", fsm.Succeeded)
	g.now = g.now.Add(time.Second)
	return g
}

// end brings the one job of a kind that waits to an end on its node.
func (g *grid) end(kind fsm.JobKind, out fsm.Outcome) {
	g.t.Helper()
	for j := range g.view().Jobs.By("status", string(fsm.Queued)) {
		if j.Kind != kind {
			continue
		}
		node := j.Wish
		if node == "" {
			node = "b1"
		}
		g.do("plan:place", &fsm.AssignJob{ID: j.ID, From: fsm.Queued, Node: node})
		g.now = g.now.Add(time.Second)
		g.do("node:"+node, &fsm.FinishJob{ID: j.ID, Attempt: 1, Outcome: out})
		g.now = g.now.Add(time.Second)
		return
	}
	g.t.Fatalf("no %s waits", kind)
}

func whole(report fsm.CopyReport) fsm.Outcome {
	return fsm.Outcome{Status: fsm.Succeeded, Copy: &report}
}

func TestCopyFollowsBackupsAndPrunes(t *testing.T) {
	g := newCopied(t)
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1")
	g.queue("two", "t1")
	g.run("two", fsm.Succeeded)
	g.expect(plan.Copy) // one at a time
	g.now = g.now.Add(time.Second)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.expect(plan.Copy)
	g.queue("three", "t1")
	g.run("three", fsm.Succeeded)
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1")
	g.now = g.now.Add(time.Second)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 6}))

	g.do("user:admin", &fsm.CreateJob{ID: "prune", Kind: fsm.PruneJob, Repository: "repo-c1"})
	g.end(fsm.PruneJob, fsm.Outcome{Status: fsm.Succeeded})
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1 trim bounded")
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 4}))
	g.expect(plan.Copy)
}

func TestCopyWaitsForStoragesAndAfterFailures(t *testing.T) {
	g := newCopied(t)
	g.mark("s1", fsm.Offline)
	g.expect(plan.Copy)
	g.mark("s1", fsm.Online)
	g.mode("s2", fsm.Maintenance)
	g.expect(plan.Copy)
	g.mode("s2", fsm.Active)
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1")
		g.end(fsm.CopyJob, fsm.Outcome{Status: fsm.Failed, Error: "no room"})
		_, next := g.plan(plan.Copy)
		if got := next.Sub(g.now) + time.Second; got != wait {
			t.Errorf("tries again after %v, not %v", got, wait)
		}
		g.expect(plan.Copy)
		g.now = next
	}
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1")
}

func TestWhatAStorageLostComesFromAnother(t *testing.T) {
	g := newCopied(t)
	g.carry(plan.Copy)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.do("user:admin", &fsm.CreateJob{ID: "prune", Kind: fsm.PruneJob, Repository: "repo-c1"})
	g.end(fsm.PruneJob, fsm.Outcome{Status: fsm.Succeeded})
	g.do("user:admin", &fsm.CreateJob{ID: "scrub", Kind: fsm.ScrubJob, Repository: "repo-c1", Node: "s1"})
	g.end(fsm.ScrubJob, fsm.Outcome{Status: fsm.Warning, Copy: &fsm.CopyReport{Blobs: 4, Lost: 1, Found: 1}})
	// What is lost on s1 must not be taken for pruned on s2.
	g.expect(plan.Copy, "job.create copy repo-c1 on s1 from s2 repair", "job.create copy repo-c1 on s2 from s1")
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1 trim bounded")
}

func TestCopyTakesThePlaceOfALostStorage(t *testing.T) {
	g := newCopied(t)
	g.carry(plan.Copy)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.mark("s1", fsm.Offline)
	_, next := g.plan(plan.Copy)
	if away := next.Sub(g.now); away < 15*time.Minute {
		t.Errorf("a storage that restarts is given %v", away)
	}
	g.expect(plan.Copy)
	g.now = next
	g.expect(plan.Copy, "repository.promote repo-c1 to s2")
	g.mark("s1", fsm.Online)
	g.expect(plan.Copy, "job.create copy repo-c1 on s1 from s2")

	g = newCopied(t)
	g.carry(plan.Copy)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.queue("two", "t1")
	g.run("two", fsm.Succeeded)
	g.mark("s1", fsm.Offline)
	g.now = g.now.Add(24 * time.Hour)
	g.expect(plan.Copy) // s2 lacks the second backup, and s1 may come back
	g.do("user:admin", &fsm.RemoveNode{ID: "s1", Force: true})
	g.expect(plan.Copy, "repository.promote repo-c1 to s2")
}

func TestScrubGoesRoundAndComesSoonAfterDamage(t *testing.T) {
	g := newCopied(t)
	do, next := g.plan(plan.Scrub)
	if len(do) != 0 || next.Sub(g.now) > 7*24*time.Hour {
		t.Fatalf("%v, then at %v", show(do), next)
	}
	g.now = g.now.Add(7 * 24 * time.Hour)
	if got := g.carry(plan.Scrub); len(got) != 2 {
		t.Fatalf("after a week: %v", got)
	}
	g.end(fsm.ScrubJob, whole(fsm.CopyReport{}))
	g.end(fsm.ScrubJob, whole(fsm.CopyReport{}))
	g.expect(plan.Scrub)
	g.do("node:s2", &fsm.ReportNode{ID: "s2", Capacity: fsm.Capacity{Lost: 2}})
	g.expect(plan.Scrub)
	g.now = g.now.Add(time.Hour)
	g.expect(plan.Scrub, "job.create scrub repo-c1 on s2")
	g.end(fsm.ScrubJob, fsm.Outcome{Status: fsm.Warning, Copy: &fsm.CopyReport{Lost: 2}})
	g.now = g.now.Add(time.Hour)
	g.expect(plan.Scrub)
	g.now = g.now.Add(7 * 24 * time.Hour)
	if got := g.carry(plan.Scrub); len(got) != 2 {
		t.Errorf("a week later: %v", got)
	}
}

// How often is a setting; with none, only damage makes a storage read again.
func TestScrubGoesByTheSettings(t *testing.T) {
	g := newCopied(t)
	set := func(every time.Duration) {
		g.do("user:admin", &fsm.ChangeSettings{Upkeep: fsm.UpkeepChange{ScrubEvery: &every}})
	}
	set(24 * time.Hour)
	g.now = g.now.Add(24 * time.Hour)
	if do, _ := g.plan(plan.Scrub); len(do) != 2 {
		t.Errorf("after a day: %v", show(do))
	}
	set(0)
	if do, next := g.plan(plan.Scrub); len(do) != 0 || !next.IsZero() {
		t.Errorf("without scrubs: %v, then at %v", show(do), next)
	}
	g.do("node:s2", &fsm.ReportNode{ID: "s2", Capacity: fsm.Capacity{Lost: 2}})
	g.now = g.now.Add(2 * time.Hour)
	g.expect(plan.Scrub, "job.create scrub repo-c1 on s2")
}

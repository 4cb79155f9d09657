package fsm

import (
	"testing"
)

// copied is a lab with a repository on s1 and s2, into which a backup was made.
func copied(t *testing.T) *lab {
	l := furnished(t)
	l.do("user:root", &CreateClient{ID: "c4", Name: "far", Repository: NewRepository{ID: "r4", Password: []byte("sealed")}})
	l.do("plan:assign", &PutAssignment{Client: "c4", Managers: []string{"b1"}, Storages: []string{"s1", "s2"}})
	l.backupOf("far")
	return l
}

// backupOf makes a backup into r4.
func (l *lab) backupOf(id string) {
	l.t.Helper()
	r, _ := l.view().Repositories.Get("r4")
	l.do("user:bu", &CreateBackup{ID: id, Client: "c4", Source: &Source{Paths: []string{"/x"}}})
	l.do("plan:place", &AssignBackup{ID: id, From: Queued, Node: "b1", Storages: r.Storages[:1]})
	l.do("node:b1", &FinishBackup{ID: id, Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "snap-" + id}})
}

// work brings a job on a storage to an end.
func (l *lab) work(j CreateJob, out Outcome) {
	l.t.Helper()
	j.Repository = "r4"
	l.do("plan:copy", &j)
	l.do("plan:place", &AssignJob{ID: j.ID, From: Queued, Node: j.Node})
	l.do("node:"+j.Node, &FinishJob{ID: j.ID, Attempt: 1, Outcome: out})
}

func (l *lab) holding(storage string) Holding {
	h, ok := l.view().Holdings.Get(HoldingID("r4", storage))
	if !ok {
		return Holding{}
	}
	return *h
}

func TestHoldingsFollowTheJobs(t *testing.T) {
	l := copied(t)
	if h := l.holding("s1"); h.ChangedAt == 0 || h.AsOf != 0 {
		t.Fatalf("after a backup: %+v", h)
	}
	copyJob := CreateJob{ID: "copy1", Kind: CopyJob, Node: "s2", Storage: "s1"}
	l.work(copyJob, Outcome{Status: Failed, Error: "no room", Copy: &CopyReport{Blobs: 1, Bytes: 10, Refused: 1}})
	if h := l.holding("s2"); h.Failures != 1 || h.Error != "no room" || h.AsOf != 0 || h.Blobs != 1 {
		t.Errorf("after a copy that failed: %+v", h)
	}
	if !l.holding("s1").Suspect {
		t.Error("a source that gave other bytes than it says is trusted")
	}
	copyJob.ID, copyJob.Trim = "copy2", TrimBounded
	l.work(copyJob, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3, Bytes: 30, Extra: 2}})
	h := l.holding("s2")
	j, _ := l.view().Jobs.Get("copy2")
	if h.AsOf != j.AssignedAt || h.TrimmedAt != h.AsOf || h.Extra != 2 || h.Failures != 0 || h.Error != "" {
		t.Errorf("after a copy: %+v", h)
	}
	if h.AsOf <= l.holding("s1").ChangedAt {
		t.Error("a copy begun after a backup is behind it")
	}
	l.backupOf("more")
	if l.holding("s2").AsOf > l.holding("s1").ChangedAt {
		t.Error("a copy begun before a backup has it")
	}
	l.work(CreateJob{ID: "scrub", Kind: ScrubJob, Node: "s1"}, Outcome{Status: Warning, Copy: &CopyReport{Blobs: 2, Lost: 1, Found: 1}})
	if h := l.holding("s1"); h.Suspect || h.Lost != 1 || h.ScrubbedAt == 0 || h.ChangedAt == 0 {
		t.Errorf("after a scrub: %+v", h)
	}
	repair := CreateJob{ID: "mend", Kind: CopyJob, Node: "s1", Storage: "s2", Repair: true}
	l.work(repair, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3}})
	if h := l.holding("s1"); h.Lost != 0 || h.AsOf != 0 || h.Failures != 0 {
		t.Errorf("after a repair: %+v", h)
	}
	l.do("user:op", &CreateJob{ID: "none", Kind: CopyJob, Repository: "r4", Node: "s2", Storage: "s1"}, &CancelJob{ID: "none"})
	if h := l.holding("s2"); h.Failures != 1 || h.AsOf == 0 {
		t.Errorf("after a copy that was cancelled while it waited: %+v", h)
	}
	sound(l)
}

func TestPromoteCopy(t *testing.T) {
	promote := func(l *lab) error {
		r, _ := l.view().Repositories.Get("r4")
		_, err := l.try("plan:copy", &PromoteCopy{Repository: "r4", From: r.Index, Storage: "s2"})
		return err
	}
	refused := func(l *lab, why string) {
		t.Helper()
		if err := promote(l); CodeOf(err) != Conflict {
			t.Errorf("%s: %v", why, err)
		}
	}
	l := copied(t)
	refused(l, "while the first storage is up")
	l.do("plan:members", &MarkNode{ID: "s1", From: Online, To: Offline})
	refused(l, "without a copy")
	l.do("plan:members", &MarkNode{ID: "s1", From: Offline, To: Online})
	l.work(CreateJob{ID: "copy", Kind: CopyJob, Node: "s2", Storage: "s1"}, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3}})
	l.backupOf("later")
	l.do("plan:members", &MarkNode{ID: "s1", From: Online, To: Offline})
	refused(l, "with a copy that lacks the last backup, of a storage that may come back")
	l.do("plan:members", &MarkNode{ID: "s1", From: Offline, To: Online})
	l.work(CreateJob{ID: "again", Kind: CopyJob, Node: "s2", Storage: "s1"}, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 4}})
	l.do("plan:members", &MarkNode{ID: "s1", From: Online, To: Offline})
	if _, err := l.try("plan:copy", &PromoteCopy{Repository: "r4", From: 1, Storage: "s2"}); CodeOf(err) != Conflict {
		t.Errorf("a repository seen otherwise: %v", err)
	}
	if err := promote(l); err != nil {
		t.Fatal(err)
	}
	r, _ := l.view().Repositories.Get("r4")
	a, _ := l.view().Assignments.Get("c4")
	if len(r.Storages) != 2 || r.Storages[0] != "s2" || a.Storages[0] != "s2" {
		t.Errorf("written to %v, assigned %v", r.Storages, a.Storages)
	}
	if h := l.holding("s1"); h.AsOf != 0 || h.ChangedAt != 0 || l.holding("s2").ChangedAt == 0 {
		t.Error("the old first storage counts as a whole copy before it was compared")
	}
	sound(l)
}

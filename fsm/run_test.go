package fsm

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// An attempt that is given up is followed by another under a greater fence, and
// what the first says then is refused.
func TestAttemptsAreFenced(t *testing.T) {
	l := furnished(t)
	before, _ := l.view().Backups.Get("live")
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "lost"})
	l.do("plan:place", &AssignBackup{ID: "live", From: Interrupted, Attempt: 1, Node: "b2", Storages: []string{"s1"}})
	b, _ := l.view().Backups.Get("live")
	if b.Attempt != 2 || !before.Fence.Less(b.Fence) || b.Error != "" || b.StartedAt != 0 {
		t.Errorf("%+v", b.Run)
	}
	for _, cmd := range []Command{
		&FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Succeeded}},
		&StartBackup{ID: "live", Attempt: 1}, &InterruptBackup{ID: "live", Attempt: 1},
	} {
		if _, err := l.try("node:b1", cmd); CodeOf(err) != Conflict {
			t.Errorf("%s of the first attempt: %v", KindOf(cmd), err)
		}
	}
	l.do("system:recover", &PutSetting{Name: RecoveryEpoch, Value: []byte("1")})
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 2, Reason: "lost"})
	l.do("plan:place", &AssignBackup{ID: "live", From: Interrupted, Attempt: 2, Node: "b1", Storages: []string{"s1"}})
	if again, _ := l.view().Backups.Get("live"); again.Fence.Epoch != 1 || !b.Fence.Less(again.Fence) {
		t.Errorf("after a recovery: %+v", again.Fence)
	}
	sound(l)
}

// A result that comes after the node was given up counts while nobody else has
// the run; the run ends cancelled when that was asked for.
func TestLateResults(t *testing.T) {
	l := furnished(t)
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "lost"})
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "late"}})
	if b, _ := l.view().Backups.Get("live"); b.Status != Succeeded || b.Snapshot != "late" {
		t.Errorf("%+v", b)
	}
	l = furnished(t)
	l.do("user:bu", &CancelBackup{ID: "live"})
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "lost"})
	if b, _ := l.view().Backups.Get("live"); b.Status != Cancelled || b.FinishedAt == 0 {
		t.Errorf("%+v", b.Run)
	}
}

// A long message is cut between characters.
func TestMessagesAreBounded(t *testing.T) {
	l := furnished(t)
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed, Error: strings.Repeat("ä\xff", 5000)}})
	b, _ := l.view().Backups.Get("live")
	if len(b.Error) > maxMessage || len(b.Error) < maxMessage-4 || !strings.HasPrefix(b.Error, "ä\xffä") {
		t.Errorf("a message of %d bytes", len(b.Error))
	}
	sound(l)
}

// Deleting a backup makes a job that forgets its snapshot; when that fails it can
// be asked for again, and once it is done there is nothing more to delete.
func TestDeleteAndForget(t *testing.T) {
	l := furnished(t)
	l.do("user:bu", &CancelJob{ID: "verify"})
	l.do("node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	remove := func(job string) error { _, err := l.try("user:adm", &DeleteBackup{ID: "done", Job: job}); return err }
	forget := func(job string, status Status) {
		t.Helper()
		l.do("plan:place", &AssignJob{ID: job, From: Queued, Node: "b1"})
		l.do("node:b1", &StartJob{ID: job, Attempt: 1}, &FinishJob{ID: job, Attempt: 1, Outcome: Outcome{Status: status}})
	}
	if err := remove("f1"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.try("user:root", &CancelJob{ID: "f1"}); CodeOf(err) != Conflict {
		t.Errorf("a deletion was cancelled: %v", err)
	}
	if err := remove("f2"); CodeOf(err) != Conflict {
		t.Errorf("deleted twice at once: %v", err)
	}
	forget("f1", Failed)
	if err := remove("f2"); err != nil {
		t.Errorf("again after a failure: %v", err)
	}
	forget("f2", Succeeded)
	if b, _ := l.view().Backups.Get("done"); b.Status != Deleted || b.Snapshot != "" {
		t.Errorf("%+v", b)
	}
	if err := remove("f3"); CodeOf(err) != Conflict {
		t.Errorf("deleted a third time: %v", err)
	}
	l.now = l.now.Add(91 * 24 * time.Hour)
	l.do("user:bu", &CreateBackup{ID: "new", Task: "t1"})
	for _, id := range []string{"f1", "f2", "restore"} {
		if _, ok := l.view().Jobs.Get(id); ok {
			t.Errorf("job %s is still there after three months", id)
		}
	}
	if _, ok := l.view().Backups.Get("done"); ok {
		t.Error("the row of a deleted backup is still there after three months")
	}
	sound(l)
}

func TestOrders(t *testing.T) {
	l := furnished(t)
	o := l.view().Orders("b1")
	if len(o.Items) != 1 || o.Items[0].ID != "live" || o.Items[0].Task != "web logs" || o.Items[0].Client != "web" ||
		!slices.Equal(o.Items[0].Source.Paths, []string{"/var/log"}) || o.Items[0].Repository.Namespace != "r1" ||
		!slices.Equal(o.Items[0].Repository.Storages, []Peer{{"s1", "s1:7446"}}) || o.Items[0].Fence.Index == 0 {
		t.Errorf("orders of b1: %+v", o)
	}
	if !slices.Equal(o.Managers, []Peer{{"m1", "m1:7444"}}) || o.Version == 0 {
		t.Errorf("managers %v, version %d", o.Managers, o.Version)
	}
	l.do("user:op", &CreateSchedule{ID: "x", Name: "x", Cron: "@daily"})
	if same := l.view().Orders("b1"); same.Version != o.Version || same.Index == o.Index {
		t.Error("what does not concern a node changed the version of its orders")
	}
	l.do("user:bu", &CancelBackup{ID: "live"})
	if c := l.view().Orders("b1"); c.Version == o.Version || !c.Items[0].Cancel {
		t.Error("the wish to cancel does not reach the node")
	}
	if o := l.view().Orders("b2"); len(o.Items) != 1 || o.Items[0].Restore.Target != "/tmp/r" || o.Items[0].Snapshot != "snap" {
		t.Errorf("orders of b2: %+v", o)
	}
	if o := l.view().Orders("nobody"); len(o.Items) != 0 || o.Version != 0 {
		t.Errorf("orders of nobody: %+v", o)
	}
}

func TestGrants(t *testing.T) {
	l := furnished(t)
	of := func(storage string) (lines []string) {
		for _, g := range l.view().Orders(storage).Items[0].Grants {
			line := g.Peer + " " + g.Namespace
			for _, p := range g.May {
				line += " " + string(p)
			}
			lines = append(lines, line)
		}
		return lines
	}
	want := []string{"b1 r1 read write", "b2 r1 read", "m1 r1 read"}
	if got := of("s1"); !slices.Equal(got, want) {
		t.Errorf("grants %v", got)
	}
	if got := of("s2"); len(got) != 0 {
		t.Errorf("grants on a storage without data: %v", got)
	}
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "lost"})
	if got := of("s1"); !slices.Equal(got, want[1:]) {
		t.Errorf("after the attempt was given up: %v", got)
	}
}

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

// maintained is a furnished lab in which repository r2 lies on two storages, with
// one backup in it.
func maintained(t *testing.T) *lab {
	l := furnished(t)
	l.do("plan:assign", &PutAssignment{Client: "c2", Managers: []string{"b2"}, Storages: []string{"s1", "s2"}})
	l.do("plan:place", &AssignBackup{ID: "wait", From: Queued, Node: "b2", Storages: []string{"s1"}})
	l.do("node:b2", &FinishBackup{ID: "wait", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "dump"}})
	l.do("user:bu", &CreateJob{ID: "v0", Kind: VerifyJob, Backup: "wait"})
	l.do("user:ru", &CreateJob{ID: "r0", Kind: RestoreJob, Backup: "wait", Node: "b2", Restore: Restore{Target: "/r"}})
	l.do("plan:place", &AssignJob{ID: "r0", From: Queued, Node: "b2"})
	return l
}

// One job at a time maintains a repository, and its grant is the only one that
// lets delete.
func TestLease(t *testing.T) {
	l := maintained(t)
	l.do("user:op", &CreateJob{ID: "p1", Kind: PruneJob, Repository: "db"})
	l.do("plan:maintain", &CreateJob{ID: "p2", Kind: PruneJob, Repository: "r2"}, &CreateJob{ID: "v1", Kind: VerifyJob, Repository: "r2"})
	l.do("plan:place", &AssignJob{ID: "p1", From: Queued, Node: "b1"})
	for _, id := range []string{"p2", "v1", "v0"} {
		if _, err := l.try("plan:place", &AssignJob{ID: id, From: Queued, Node: "b2"}); CodeOf(err) != Conflict {
			t.Errorf("%s beside p1: %v", id, err)
		}
	}
	var may []string
	for _, g := range l.view().Orders("s1").Items[0].Grants {
		if slices.Contains(g.May, MayDelete) {
			may = append(may, g.Peer)
		}
	}
	if !slices.Equal(may, []string{"b1"}) {
		t.Errorf("%v may delete", may)
	}
	l.do("plan:fail", &InterruptJob{ID: "p1", Attempt: 1, Reason: "lost"})
	l.do("plan:place", &AssignJob{ID: "v1", From: Queued, Node: "b2"})
	if _, err := l.try("plan:place", &AssignJob{ID: "p1", From: Interrupted, Attempt: 1, Node: "b2"}); CodeOf(err) != Conflict {
		t.Errorf("p1 beside v1: %v", err)
	}
	l.do("node:b2", &FinishJob{ID: "v1", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	l.do("plan:place", &AssignJob{ID: "p1", From: Interrupted, Attempt: 1, Node: "b2"})
}

// What is read is read where it can be: from the storage that is up, or from the
// one that was named.
func TestOrdersOfJobs(t *testing.T) {
	l := maintained(t)
	storages := func(node, id string) (names []string) {
		for _, o := range l.view().Orders(node).Items {
			if o.ID == id {
				for _, p := range o.Repository.Storages {
					names = append(names, p.ID)
				}
			}
		}
		return names
	}
	l.do("plan:maintain", &CreateJob{ID: "c1", Kind: CopyJob, Repository: "r2", Storage: "s1", Node: "s2"},
		&CreateJob{ID: "s1", Kind: ScrubJob, Repository: "r2", Node: "s1"}, &CreateJob{ID: "v2", Kind: VerifyJob, Repository: "r2", Storage: "s2"})
	l.do("plan:place", &AssignJob{ID: "c1", From: Queued, Node: "s2"}, &AssignJob{ID: "s1", From: Queued, Node: "s1"},
		&AssignJob{ID: "v2", From: Queued, Node: "b1"})
	for _, c := range []struct {
		node, id string
		want     []string
	}{
		{"b2", "r0", []string{"s1", "s2"}}, {"s2", "c1", []string{"s1"}}, {"s1", "s1", []string{"s1", "s2"}}, {"b1", "v2", []string{"s2"}},
	} {
		if got := storages(c.node, c.id); !slices.Equal(got, c.want) {
			t.Errorf("%s on %s reads %v, not %v", c.id, c.node, got, c.want)
		}
	}
	for _, o := range l.view().Orders("s2").Items {
		if o.ID == "c1" && (o.Role != RoleStorage || o.Repository.Sealed != nil) {
			t.Errorf("the order of a storage: %+v", o)
		}
	}
	if grants := l.view().grants("s1"); !slices.ContainsFunc(grants, func(g Grant) bool { return g.Peer == "s2" && slices.Equal(g.May, []Permission{MayRead}) }) {
		t.Errorf("s2 cannot read what it is to copy: %v", grants)
	}
	l.do("plan:members", &MarkNode{ID: "s1", From: Online, To: Offline})
	if got := storages("b2", "r0"); !slices.Equal(got, []string{"s2", "s1"}) {
		t.Errorf("with s1 offline it reads %v", got)
	}
}

// Whenever the cheap question says that the orders of a node are the same, they are;
// and it says so when others are at work.
func TestSameOrders(t *testing.T) {
	l := furnished(t)
	old, same := l.view(), 0
	step := func(by string, cmd Command) {
		t.Helper()
		l.do(by, cmd)
		now := l.view()
		for n := range now.Nodes.All() {
			if !now.SameOrders(old, n.ID) {
				continue
			}
			same++
			if now.Orders(n.ID).Version != old.Orders(n.ID).Version {
				t.Errorf("after %s the orders of %s are others", KindOf(cmd), n.ID)
			}
		}
		old = now
	}
	step("node:b1", &StartBackup{ID: "live", Attempt: 1})
	step("user:bu", &CancelBackup{ID: "live"})
	step("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Cancelled}})
	step("plan:place", &AssignBackup{ID: "wait", From: Queued, Node: "b1", Storages: []string{"s1"}})
	step("user:adm", &UpdateTask{ID: "t2", Source: &Source{Paths: []string{"/x"}}})
	step("plan:fail", &InterruptBackup{ID: "wait", Attempt: 1})
	step("plan:place", &AssignBackup{ID: "wait", From: Interrupted, Attempt: 1, Node: "b2", Storages: []string{"s1"}})
	step("node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	step("plan:place", &AssignJob{ID: "verify", From: Queued, Node: "b1"})
	step("node:s1", &ReportNode{ID: "s1", Addresses: Addresses{Storage: "elsewhere:1"}})
	step("user:bu", &CreateBackup{ID: "next", Task: "t1"})
	if same < 5 {
		t.Errorf("it says so %d times", same)
	}
}

package fsm

import (
	"strings"
	"testing"
	"time"
)

// careful is a furnished lab in which destructive changes need two people, with a
// second administrator.
func careful(t testing.TB) *lab {
	l := furnished(t)
	l.do("user:op", &UpdateTask{ID: "t1", Retention: &Retention{Daily: 7}})
	l.do("user:root", &CreateUser{ID: "u-adm2", Name: "adm2", Groups: []string{Administrators}, Password: "hash"},
		&ChangeSettings{Approval: ptr(true)})
	l.do("user:ru", &CancelJob{ID: "restore"})
	l.do("node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Cancelled}})
	l.do("user:bu", &CancelJob{ID: "verify"})
	return l
}

// ask puts a change on hold.
func (l *lab) ask(id, by string, cmd Command) error {
	l.t.Helper()
	ask, err := NewApproval(id, cmd)
	if err != nil {
		l.t.Fatal(err)
	}
	_, err = l.try(by, ask)
	return err
}

func TestDestructive(t *testing.T) {
	keep := func(r Retention) Command { return &UpdateTask{ID: "t1", Retention: &r} }
	for _, c := range []struct {
		name  string
		by    string
		given func(l *lab)
		cmd   Command
		says  string // "" for what one person may do alone
	}{
		{"a retention that keeps less", "user:op", nil, keep(Retention{Daily: 6, Weekly: 9}), "shortens the retention of task web files from 7 daily to 6 daily, 9 weekly"},
		{"one that keeps more", "user:op", nil, keep(Retention{Daily: 7, Weekly: 9}), ""},
		{"one that keeps all", "user:op", nil, keep(Retention{}), ""},
		{"another name", "user:op", nil, &UpdateTask{ID: "t1", Name: ptr("www")}, ""},
		{"the last good backup", "user:adm", nil, &DeleteBackup{ID: "done", Job: "f"}, "last good backup"},
		{"one of two", "user:adm", another, &DeleteBackup{ID: "done", Job: "f"}, ""},
		{"the second within minutes", "user:adm", func(l *lab) {
			another(l)
			l.run("third", "t1")
			l.do("node:b1", &FinishBackup{ID: "third", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "s3"}})
			l.do("user:adm", &DeleteBackup{ID: "third", Job: "f3"})
		}, &DeleteBackup{ID: "done", Job: "f"}, "within 10m0s of another"},
		{"the second by another person", "user:adm2", func(l *lab) {
			another(l)
			l.run("third", "t1")
			l.do("node:b1", &FinishBackup{ID: "third", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "s3"}})
			l.do("user:adm", &DeleteBackup{ID: "third", Job: "f3"})
		}, &DeleteBackup{ID: "done", Job: "f"}, ""},
		{"giving up a pin", "user:adm", func(l *lab) { l.do("user:op", &ProtectBackup{ID: "done", Pinned: ptr(true)}) },
			&ProtectBackup{ID: "done", Pinned: ptr(false)}, "gives up the protection"},
		{"a storage with data", "user:adm", nil, &RemoveNode{ID: "s1", Force: true}, "storage name-s1"},
		{"a node without", "user:adm", nil, &RemoveNode{ID: "b2", Force: true}, ""},
		{"asking for one person again", "user:root", nil, &ChangeSettings{Approval: ptr(false)}, "one person alone"},
		{"other settings", "user:root", nil, &ChangeSettings{Upkeep: UpkeepChange{DrillFiles: ptr(3)}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := careful(t)
			if c.given != nil {
				c.given(l)
			}
			before := l.view()
			_, err := l.try(c.by, c.cmd)
			if c.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if CodeOf(err) != ApprovalRequired || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %v", CodeOf(err), err)
			}
			checkDifference(t, difference(before, l.view()), nil)
			if err := l.ask("a", c.by, c.cmd); err != nil {
				t.Fatal(err)
			}
			if a, ok := l.view().Approvals.Get("a"); !ok || a.By != c.by || a.Object.ID == "" || !strings.Contains(a.Reason, c.says) {
				t.Errorf("%+v", a)
			}
			checkDifference(t, difference(before, l.view()), []string{"+ approvals/a"})
			sound(l)
		})
	}
}

// another makes a second good backup of t1.
func another(l *lab) {
	l.run("more", "t1")
	l.do("node:b1", &FinishBackup{ID: "more", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "s2"}})
}

func TestGrantedByAnother(t *testing.T) {
	l := careful(t)
	change := &DeleteBackup{ID: "done", Job: "f"}
	refused := func(code Code, by string, cmd Command) {
		t.Helper()
		if _, err := l.try(by, cmd); CodeOf(err) != code {
			t.Errorf("%s by %s: %v, not %s", KindOf(cmd), by, err, code)
		}
	}
	for range 2 { // asked twice there is one
		if err := l.ask("a", "user:adm", change); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.ask("a", "user:adm2", change); CodeOf(err) != Conflict {
		t.Errorf("the id of another's approval: %v", err)
	}
	if err := l.ask("b", "user:op", change); CodeOf(err) != Denied {
		t.Errorf("asked without the right: %v", err)
	}
	if err := l.ask("b", "user:adm", &DeleteBackup{ID: "live", Job: "f"}); CodeOf(err) != Conflict {
		t.Errorf("asked for what cannot be done: %v", err)
	}
	l.do("user:root", &CreateUser{ID: "u-new", Name: "new", Groups: []string{Administrators}, Password: "hash"})
	refused(Denied, "user:adm", &GrantApproval{ID: "a"}) // oneself
	refused(Denied, "user:op", &GrantApproval{ID: "a"})  // has not the right
	refused(Denied, "user:new", &GrantApproval{ID: "a"}) // was made for it, perhaps
	refused(Denied, "plan:x", &GrantApproval{ID: "a"})
	refused(NotFound, "user:adm2", &GrantApproval{ID: "x"})
	if b, _ := l.view().Backups.Get("done"); b.Status != Succeeded {
		t.Fatalf("the backup is %s", b.Status)
	}
	l.do("user:adm2", &GrantApproval{ID: "a"})
	if b, _ := l.view().Backups.Get("done"); b.Status != Deleted {
		t.Errorf("granted, and the backup is %s", b.Status)
	}
	var rows []string
	for e := range l.view().Events.All() {
		if e.Index == l.view().Index {
			rows = append(rows, e.Action+" by "+e.By+" on "+e.Object.ID)
		}
	}
	if got := strings.Join(rows, "; "); got != "approval.grant by user:adm2 on a; backup.delete by user:adm on done" {
		t.Errorf("audit rows: %s", got)
	}
	refused(Conflict, "user:adm2", &GrantApproval{ID: "a"})
	refused(Conflict, "user:adm2", &DenyApproval{ID: "a"})
	sound(l)
}

func TestApprovalsEnd(t *testing.T) {
	ask := func(t *testing.T) *lab {
		l := careful(t)
		if err := l.ask("a", "user:adm", &DeleteBackup{ID: "done", Job: "f"}); err != nil {
			t.Fatal(err)
		}
		return l
	}
	left := func(l *lab, want Decision) {
		l.t.Helper()
		if a, _ := l.view().Approvals.Get("a"); a.At(l.now) != want {
			l.t.Errorf("the approval is %s, not %s", a.At(l.now), want)
		}
		if b, _ := l.view().Backups.Get("done"); b.Status != Succeeded {
			l.t.Errorf("the backup is %s", b.Status)
		}
		sound(l)
	}
	for name, by := range map[string]string{"denied": "user:adm2", "taken back": "user:adm"} {
		t.Run(name, func(t *testing.T) {
			l := ask(t)
			if _, err := l.try("user:op", &DenyApproval{ID: "a"}); CodeOf(err) != Denied {
				t.Errorf("denied by one without the right: %v", err)
			}
			l.do(by, &DenyApproval{ID: "a"})
			left(l, Refused)
		})
	}
	t.Run("expired", func(t *testing.T) {
		l := ask(t)
		l.now = l.now.Add(24 * time.Hour)
		if _, err := l.try("user:adm2", &GrantApproval{ID: "a"}); CodeOf(err) != Conflict {
			t.Errorf("granted a day later: %v", err)
		}
		left(l, Expired)
	})
	t.Run("the right is gone", func(t *testing.T) {
		l := ask(t)
		l.do("user:root", &UpdateUser{ID: "u-adm", Groups: &[]string{Auditors}})
		if _, err := l.try("user:adm2", &GrantApproval{ID: "a"}); CodeOf(err) != Denied {
			t.Errorf("granted to one who lost the right: %v", err)
		}
		left(l, Pending)
	})
	t.Run("it cannot be done any more", func(t *testing.T) {
		l := ask(t)
		l.do("user:op", &ProtectBackup{ID: "done", Pinned: ptr(true)})
		if _, err := l.try("user:adm2", &GrantApproval{ID: "a"}); CodeOf(err) != Conflict {
			t.Errorf("a pinned backup was deleted: %v", err)
		}
		left(l, Pending)
	})
	t.Run("nothing needs them", func(t *testing.T) {
		l := furnished(t)
		if err := l.ask("a", "user:adm", &RemoveNode{ID: "s1", Force: true}); CodeOf(err) != Conflict {
			t.Errorf("asked where one may do it alone: %v", err)
		}
	})
}

package fsm

import (
	"fmt"
	"strings"
	"testing"
)

// lastEvent gives the newest row of the audit trail.
func (l *lab) lastEvent() *Event { return l.view().Events.last() }

// What is done to the group itself changes no row and stands in the audit trail.
func TestActs(t *testing.T) {
	l := furnished(t)
	for _, c := range []struct {
		by, object, detail string
		cmd                Command
	}{
		{"user:root", "nodes/m1/manager-1", "", &TransferLeadership{To: "m1"}},
		{"user:root", "cluster/cl/", "the cluster chose the manager", &TransferLeadership{}},
		{"user:root", "nodes/gone/", "", &RemoveMember{ID: "gone"}},
		{"system:restore", "cluster/cl/", "asked for by user root", &RestoreSnapshot{User: "root"}},
	} {
		before := rows(l.view())
		l.do(c.by, c.cmd)
		e := l.lastEvent()
		if object := e.Object.Noun + "/" + e.Object.ID + "/" + e.Object.Name; object != c.object || e.Detail != c.detail ||
			e.By != c.by || e.Action != KindOf(c.cmd) {
			t.Errorf("%s: %+v", KindOf(c.cmd), e)
		}
		if after := rows(l.view()); fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s changes the state", KindOf(c.cmd))
		}
	}
	if _, err := l.try("user:adm", &RemoveMember{ID: "m1"}); CodeOf(err) != Denied || l.lastEvent().Result != Denied {
		t.Errorf("an administrator takes managers away: %v", err)
	}
	if _, err := l.try("user:root", &RemoveMember{}); CodeOf(err) != Invalid {
		t.Errorf("nobody is taken away: %v", err)
	}
	sound(l)
}

func TestRefusedLogins(t *testing.T) {
	l := furnished(t)
	l.do("system:login", &RefuseLogins{Tries: []RefusedTries{{User: "u-op", From: "10.0.0.9", Wrong: 5, Limited: 2}}})
	if e := l.lastEvent(); e.Object.Name != "op" || e.Detail != "op from 10.0.0.9: 5 wrong, 2 put off" {
		t.Errorf("%+v", e)
	}
	l.do("system:login", &RefuseLogins{Tries: []RefusedTries{{User: "u-op", From: "10.0.0.9", Wrong: 1}, {From: "10.0.0.8", Wrong: 4}}, More: 7})
	if e := l.lastEvent(); e.Object.ID != "" || e.Detail != "op from 10.0.0.9: 1 wrong, 0 put off; unknown names from 10.0.0.8: 4 wrong, 0 put off; 7 others" {
		t.Errorf("%+v", e)
	}
	for _, tries := range [][]RefusedTries{nil, make([]RefusedTries, maxRefusedTries+1)} {
		if _, err := l.try("system:login", &RefuseLogins{Tries: tries}); CodeOf(err) != Invalid {
			t.Errorf("%d rows: %v", len(tries), err)
		}
	}
}

// The use of a session is recorded every few minutes, and not in the audit trail.
func TestSessionsAreSeen(t *testing.T) {
	l := furnished(t)
	session := func() *Token { s, _ := l.view().Tokens.Get("ses"); return s }
	events := l.view().Events.Len()
	l.do("system:session", &SeeSession{ID: "ses"})
	if s := session(); s.SeenAt != 0 || s.LastUse() != s.CreatedAt {
		t.Errorf("seen at once: %+v", s)
	}
	l.now = l.now.Add(SeeEvery)
	l.do("system:session", &SeeSession{ID: "ses"})
	seen := l.now
	l.do("system:session", &SeeSession{ID: "ses"})
	if s := session(); s.SeenAt != seen || s.LastUse() != seen {
		t.Errorf("seen at %v, not %v", s.SeenAt, seen)
	}
	if n := l.view().Events.Len(); n != events {
		t.Errorf("%d rows of the audit trail", n-events)
	}
	sound(l)
}

// The first warnings of a run are kept, within bounds, and go with its row.
func TestWarningsAreKept(t *testing.T) {
	l := furnished(t)
	long := make([]string, 80)
	for i := range long {
		long[i] = fmt.Sprintf("/f%d: %s", i, strings.Repeat("x", 90))
	}
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Warning, Snapshot: "s", Warnings: long}})
	w, ok := l.view().Warnings.Get("live")
	if !ok || len(w.Texts) != maxWarnings || w.Texts[49] != long[49] {
		t.Fatalf("kept: %+v", w)
	}
	l.do("node:b2", &StartJob{ID: "restore", Attempt: 1},
		&FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Warning, Warnings: []string{strings.Repeat("y", 600), strings.Repeat("é", 5000)}}})
	if w, ok = l.view().Warnings.Get("restore"); !ok || len(w.Texts) != 2 || len(w.Texts[0]) != maxWarning || len(w.Texts[1]) > maxWarning {
		t.Fatalf("kept: %+v", w)
	}
	if l.view().Warnings.Len() != 2 {
		t.Error("a run without warnings has some")
	}
	l.do("user:adm", &DeleteBackup{ID: "live", Job: "forget"})
	l.do("plan:place", &AssignJob{ID: "forget", From: Queued, Node: "b1"})
	l.do("node:b1", &StartJob{ID: "forget", Attempt: 1}, &FinishJob{ID: "forget", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	l.now = l.now.Add(keepDeleted)
	l.do("user:bu", &CreateBackup{ID: "later", Task: "t1"})
	if n := l.view().Warnings.Len(); n != 0 {
		t.Errorf("%d rows of warnings are left of what is gone", n)
	}
	sound(l)
}

func TestOldWarningsGo(t *testing.T) {
	l := newLab(t)
	for i := range KeepWarnings + 2 {
		tx := &Tx{tables: l.state.work, Index: uint64(i + 1), At: l.now}
		tx.warn(fmt.Sprintf("run-%05d", i), []string{"x"})
	}
	table := &l.state.work.Warnings
	if _, ok := table.Get("run-00001"); ok || table.Len() != KeepWarnings {
		t.Errorf("%d rows are kept", table.Len())
	}
}

// What somebody does on a server under the cluster's account stands in the audit
// trail, and is for those who may change users.
func TestCallsOfServers(t *testing.T) {
	l := served(t)
	before := rows(l.view())
	l.do("user:adm", &CallServer{ID: "v1", Method: "POST", Path: "/sep/api/v2/users/create"})
	if e := l.lastEvent(); e.By != "user:adm" || e.Object.Name != "sesam-1" || e.Object.Noun != "nodes" || e.Detail != "POST /sep/api/v2/users/create" {
		t.Errorf("%+v", e)
	}
	if after := rows(l.view()); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("it changes the state")
	}
	_, err := l.try("user:op", &CallServer{ID: "v1", Method: "POST", Path: "/"})
	if CodeOf(err) != Denied || !strings.Contains(err.Error(), "users:write") {
		t.Errorf("an operator acts as the cluster's account: %v", err)
	}
	for id, code := range map[string]Code{"nope": NotFound, "m1": Conflict} {
		if _, err := l.try("user:adm", &CallServer{ID: id, Method: "POST", Path: "/"}); CodeOf(err) != code {
			t.Errorf("%s: %v", id, err)
		}
	}
	sound(l)
}

package fsm

import (
	"fmt"
	"testing"
	"time"
)

func TestNodeCommands(t *testing.T) {
	l := furnished(t)
	joining := func(change func(*JoinNode)) *JoinNode {
		c := l.joining("n9", "jt", "jt-hash", RoleBackupManager)
		if change != nil {
			change(c)
		}
		return c
	}
	cert := func(id, node string) *IssueCertificate {
		return &IssueCertificate{Certificate{Meta: Meta{ID: id}, Node: node, NotAfter: dawn.Add(48 * time.Hour)}}
	}
	runCases(t, []commandCase{
		{"", "system:join", joining(nil), "", []string{"+ certificates/cert-n9", "+ nodes/n9", "~ tokens/jt used: <nil> → 1"}},
		{"wrong secret", "system:join", joining(func(c *JoinNode) { c.Secret = []byte("x") }), Unauthorized, nil},
		{"no such token", "system:join", joining(func(c *JoinNode) { c.Token = "x" }), Unauthorized, nil},
		{"a session is no join token", "system:join", joining(func(c *JoinNode) { c.Token, c.Secret = "ses", []byte("ses-hash") }), Unauthorized, nil},
		{"a role too many", "system:join", joining(func(c *JoinNode) { c.Node.Roles = []string{RoleBackupManager, RoleManager} }), Denied, nil},
		{"no role", "system:join", joining(func(c *JoinNode) { c.Node.Roles = nil }), Denied, nil},
		{"name taken", "system:join", joining(func(c *JoinNode) { c.Node.Name = "name-b1" }), Conflict, nil},
		{"certificate taken", "system:join", joining(func(c *JoinNode) { c.Certificate.ID = "cert-b1" }), Conflict, nil},
		{"another key for a member", "system:join", joining(func(c *JoinNode) { c.Node.ID = "b1" }), Conflict, nil},
		{"too many slots", "system:join", joining(func(c *JoinNode) { c.Node.Slots = 5000 }), Invalid, nil},
		{"by a user", "user:root", joining(nil), Denied, nil},

		{"offline", "plan:members", &MarkNode{ID: "b1", From: Online, To: Offline, LastSeen: dawn.Add(time.Minute)}, "",
			[]string{"~ nodes/b1 last_seen: 12:00:"}},
		{"seen otherwise", "plan:members", &MarkNode{ID: "b1", From: Offline, To: Online}, Conflict, nil},
		{"no such status", "plan:members", &MarkNode{ID: "b1", From: Online, To: "asleep"}, Invalid, nil},
		{"unknown", "plan:members", &MarkNode{ID: "x", From: Online, To: Offline}, NotFound, nil},
		{"by a user", "user:root", &MarkNode{ID: "b1", From: Online, To: Offline}, Denied, nil},

		{"", "node:s1", &ReportNode{ID: "s1", Version: "2", Capacity: Capacity{Total: 9}, Slots: 4}, "", []string{"~ nodes/s1 addresses"}},
		{"another", "node:b1", &ReportNode{ID: "s1"}, Denied, nil},
		{"unknown", "system:x", &ReportNode{ID: "x"}, NotFound, nil},
		{"by a stranger", "node:x", &ReportNode{ID: "x"}, Denied, nil},

		{"", "node:b1", &LeaveNode{ID: "b1"}, "", []string{"~ nodes/b1 status: online → left"}},
		{"another", "node:b2", &LeaveNode{ID: "b1"}, Denied, nil},

		{"not drained", "plan:drain", &DrainNode{ID: "b1"}, Conflict, nil},
		{"unknown", "plan:drain", &DrainNode{ID: "x"}, NotFound, nil},
		{"by a user", "user:root", &DrainNode{ID: "m1"}, Denied, nil},
		{"mode", "user:op", &UpdateNode{ID: "b1", Mode: ptr(Draining)}, "", []string{"~ nodes/b1 mode: active → draining"}},
		{"labels and site", "user:op", &UpdateNode{ID: "b1", Site: ptr("fra"), Labels: ptr(map[string]string{"rack": "1"})}, "",
			[]string{"~ nodes/b1 labels: <nil> → map[rack:1], site: <nil> → fra"}},
		{"no such mode", "user:op", &UpdateNode{ID: "b1", Mode: ptr(NodeMode("lazy"))}, Invalid, nil},
		{"a role fewer", "user:op", &UpdateNode{ID: "s2", Roles: &[]string{RoleBackupManager}}, "", []string{"~ nodes/s2 roles"}},
		{"a role that its certificate does not allow", "user:root", &UpdateNode{ID: "b1", Roles: &[]string{RoleStorage}}, Invalid, nil},
		{"no role", "user:root", &UpdateNode{ID: "b1", Roles: &[]string{}}, Invalid, nil},
		{"a bad label", "user:op", &UpdateNode{ID: "b1", Labels: ptr(map[string]string{"": "1"})}, Invalid, nil},
		{"without the right", "user:aud", &UpdateNode{ID: "b1", Mode: ptr(Draining)}, Denied, nil},
		{"stale", "user:op", &UpdateNode{ID: "b1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &UpdateNode{ID: "x"}, NotFound, nil},

		{"online", "user:op", &RemoveNode{ID: "b2"}, Conflict, nil},
		{"online, forced", "user:op", &RemoveNode{ID: "b2", Force: true}, "", []string{"- nodes/b2", "~ certificates/cert-b2 revoked_at"}},
		{"the only manager", "user:root", &RemoveNode{ID: "m1", Force: true}, Conflict, nil},
		{"stale", "user:op", &RemoveNode{ID: "b2", IfIndex: 1, Force: true}, Precondition, nil},
		{"unknown", "user:op", &RemoveNode{ID: "x"}, NotFound, nil},
		{"without the right", "user:aud", &RemoveNode{ID: "b2", Force: true}, Denied, nil},

		{"", "node:b1", cert("c9", "b1"), "", []string{"+ certificates/c9", "~ nodes/b1 certificate: cert-b1 → c9"}},
		{"for another", "node:b2", cert("c9", "b1"), Denied, nil},
		{"taken", "node:b1", cert("cert-b1", "b1"), Conflict, nil},
		{"for nobody", "system:x", cert("c9", "x"), NotFound, nil},
		{"by a user", "user:root", cert("c9", "b1"), Denied, nil},

		{"", "user:adm", &RevokeCertificate{ID: "cert-b1"}, "", []string{"~ certificates/cert-b1 revoked_at"}},
		{"unknown", "user:adm", &RevokeCertificate{ID: "x"}, NotFound, nil},
		{"without the right", "user:op", &RevokeCertificate{ID: "cert-b1"}, Denied, nil},
	})
}

// A storage with data on it is removed by force alone, and keeps its role.
func TestStorageWithData(t *testing.T) {
	l := furnished(t)
	l.do("node:s1", &LeaveNode{ID: "s1"})
	for _, cmd := range []Command{&RemoveNode{ID: "s1"}} {
		if _, err := l.try("user:root", cmd); CodeOf(err) != Conflict {
			t.Errorf("%s: %v", KindOf(cmd), err)
		}
	}
	l.do("plan:assign", &PutAssignment{Client: "c2", Managers: []string{"b1"}, Storages: []string{"s2"}})
	if _, err := l.try("user:root", &UpdateNode{ID: "s2", Roles: &[]string{RoleBackupManager}}); CodeOf(err) != Conflict {
		t.Errorf("a storage with data gave its role up: %v", err)
	}
	l.do("user:root", &RemoveNode{ID: "s1", Force: true})
	sound(l)
}

// All certificates of a node that is removed are revoked, and admit nobody.
func TestRemovedNodeIsNotAdmitted(t *testing.T) {
	l := furnished(t)
	for i := range 40 { // enough for the index that is walked to change under the walk
		id := fmt.Sprint("c", i)
		l.do("node:b1", &IssueCertificate{Certificate{Meta: Meta{ID: id}, Node: "b1", NotAfter: dawn.Add(time.Hour)}})
	}
	if err := l.view().Admits("b1", "c0"); err != nil {
		t.Error(err)
	}
	l.do("user:root", &RemoveNode{ID: "b1", Force: true})
	n := 0
	for c := range l.view().Certificates.By("node", "b1") {
		n++
		if c.RevokedAt == 0 {
			t.Errorf("certificate %s is not revoked", c.ID)
		}
	}
	if n != 41 {
		t.Errorf("%d certificates", n)
	}
	if err := l.view().Admits("b1", "c0"); CodeOf(err) != Denied {
		t.Error(err)
	}
	sound(l)
}

// A token is used up by as many keys as it allows; the same key may ask again.
func TestJoinTwice(t *testing.T) {
	l := furnished(t)
	first, err := l.try("system:join", l.joining("n8", "jt", "jt-hash", RoleBackupManager))
	if err != nil {
		t.Fatal(err)
	}
	again := l.joining("n8", "jt", "jt-hash", RoleBackupManager)
	again.Certificate.ID = "another"
	second, err := l.try("system:join", again)
	if err != nil || first.ID != second.ID || first.ID != "cert-n8" {
		t.Errorf("%v then %v, %v", first, second, err)
	}
	if _, err := l.try("system:join", l.joining("n9", "jt", "jt-hash", RoleBackupManager)); CodeOf(err) != Unauthorized {
		t.Errorf("a token used up: %v", err)
	}
	sound(l)
}

// Certificates that have ended are forgotten; revoked ones only when nobody could
// renew with them any more, and never the one that a node has now.
func TestOldCertificatesAreForgotten(t *testing.T) {
	l := furnished(t)
	l.do("user:adm", &RevokeCertificate{ID: "cert-b2"})
	issue := func(id string) {
		l.do("node:b1", &IssueCertificate{Certificate{Meta: Meta{ID: id}, Node: "b1", NotAfter: l.now.Add(time.Hour)}})
	}
	has := func(id string) bool { _, ok := l.view().Certificates.Get(id); return ok }
	issue("c1")
	l.now = l.now.Add(30 * time.Hour)
	issue("c2")
	if has("c1") || has("cert-b1") || !has("cert-b2") || !has("cert-s1") {
		t.Error("after a day the wrong ones are there")
	}
	l.do("user:root", &RemoveNode{ID: "s1", Force: true})
	l.now = l.now.Add(15 * 24 * time.Hour)
	issue("c3")
	if has("c2") || has("cert-s1") || !has("cert-b2") || !has("c3") {
		t.Error("after two weeks the wrong ones are there")
	}
	sound(l)
}

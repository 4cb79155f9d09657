package fsm

import (
	"testing"
	"time"
)

func ptr[T any](v T) *T { return &v }

func TestUserCommands(t *testing.T) {
	runCases(t, []commandCase{
		{"by name", "user:root", &CreateUser{ID: "u9", Name: "ada", Groups: []string{"Operators"}, Password: "h"}, "",
			[]string{"+ users/u9 enabled=true, groups=[operators], name=ada"}},
		{"disabled", "user:adm", &CreateUser{ID: "u9", Name: "ada", Groups: []string{"operators"}, Disabled: true}, "", []string{"+ users/u9 enabled=false"}},
		{"above one's rank", "user:adm", &CreateUser{ID: "u9", Name: "ada", Groups: []string{Superusers}}, Denied, nil},
		{"without the right", "user:op", &CreateUser{ID: "u9", Name: "ada"}, Denied, nil},
		{"name taken", "user:root", &CreateUser{ID: "u9", Name: "op"}, Conflict, nil},
		{"id taken", "user:root", &CreateUser{ID: "u-op", Name: "ada"}, Conflict, nil},
		{"no name", "user:root", &CreateUser{ID: "u9"}, Invalid, nil},
		{"a path for a name", "user:root", &CreateUser{ID: "u9", Name: "a/b"}, Invalid, nil},
		{"a name that is not UTF-8", "user:root", &CreateUser{ID: "u9", Name: "a\xff"}, Invalid, nil},
		{"an odd id", "user:root", &CreateUser{ID: "u 9", Name: "ada"}, Invalid, nil},
		{"unknown group", "user:root", &CreateUser{ID: "u9", Name: "ada", Groups: []string{"nobody"}}, Invalid, nil},
		{"by a node", "node:b1", &CreateUser{ID: "u9", Name: "ada"}, Denied, nil},

		{"disable", "user:adm", &UpdateUser{ID: "u-op", Enabled: ptr(false)}, "",
			[]string{"- tokens/ses", "~ users/u-op enabled: true → false"}},
		{"enable", "user:root", &UpdateUser{ID: "u-off", Enabled: ptr(true)}, "", []string{"~ users/u-off enabled: false → true"}},
		{"groups end sessions", "user:root", &UpdateUser{ID: "u-op", Groups: &[]string{"Auditors"}}, "",
			[]string{"- tokens/ses", "~ users/u-op groups: [operators] → [auditors]"}},
		{"text leaves sessions", "user:root", &UpdateUser{ID: "u-op", Email: ptr("o@x")}, "", []string{"~ users/u-op email: <nil> → o@x"}},
		{"too long", "user:root", &UpdateUser{ID: "u-op", Email: ptr(string(make([]byte, 300)))}, Invalid, nil},
		{"one above", "user:adm", &UpdateUser{ID: "u-root", Enabled: ptr(false)}, Denied, nil},
		{"raise oneself", "user:adm", &UpdateUser{ID: "u-adm", Groups: &[]string{Superusers}}, Denied, nil},
		{"raise another", "user:adm", &UpdateUser{ID: "u-op", Groups: &[]string{Superusers}}, Denied, nil},
		{"a superuser among two", "user:root", &UpdateUser{ID: "u-root2", Enabled: ptr(false)}, "", []string{"~ users/u-root2 enabled"}},
		{"stale", "user:root", &UpdateUser{ID: "u-op", IfIndex: 1, Enabled: ptr(false)}, Precondition, nil},
		{"unknown", "user:root", &UpdateUser{ID: "x"}, NotFound, nil},

		{"with sessions and tokens", "user:root", &RemoveUser{ID: "u-op"}, "", []string{"- tokens/at", "- tokens/ses", "- users/u-op"}},
		{"one above", "user:adm", &RemoveUser{ID: "u-root"}, Denied, nil},
		{"stale", "user:root", &RemoveUser{ID: "u-op", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:root", &RemoveUser{ID: "x"}, NotFound, nil},

		{"own", "user:op", &ChangePassword{ID: "u-op", Password: "new", Session: "ses"}, "", []string{"~ users/u-op password: hash → new"}},
		{"own, from elsewhere", "user:op", &ChangePassword{ID: "u-op", Password: "new"}, "", []string{"- tokens/ses", "~ users/u-op password"}},
		{"another's", "user:root", &ChangePassword{ID: "u-op", Password: "new"}, Denied, nil},
	})
}

// However it is tried, one enabled superuser stays.
func TestLastSuperuserStays(t *testing.T) {
	for _, cmd := range []Command{
		&UpdateUser{ID: "u-root", Enabled: ptr(false)},
		&UpdateUser{ID: "u-root", Groups: &[]string{Administrators}},
		&RemoveUser{ID: "u-root"},
	} {
		for _, other := range []Command{&RemoveUser{ID: "u-root2"}, &UpdateUser{ID: "u-root2", Enabled: ptr(false)}} {
			l := furnished(t)
			l.do("user:root", other)
			if _, err := l.try("user:root", cmd); CodeOf(err) != Conflict {
				t.Errorf("%s after %s: %v", KindOf(cmd), KindOf(other), err)
			}
			if _, err := l.try("system:x", cmd); KindOf(cmd) == "user.update" && CodeOf(err) != Conflict {
				t.Errorf("%s by the system: %v", KindOf(cmd), err)
			}
		}
	}
}

func TestGroupCommands(t *testing.T) {
	runCases(t, []commandCase{
		{"", "user:adm", &CreateGroup{ID: "g9", Name: "g", Rank: 80, Rights: []Right{NodesRead}}, "", []string{"+ groups/g9 name=g"}},
		{"above one's rank", "user:adm", &CreateGroup{ID: "g9", Name: "g", Rank: 81}, Denied, nil},
		{"a right one lacks", "user:adm", &CreateGroup{ID: "g9", Name: "g", Rights: []Right{ClusterWrite}}, Denied, nil},
		{"everything", "user:adm", &CreateGroup{ID: "g9", Name: "g", Rights: []Right{All}}, Denied, nil},
		{"unknown right", "user:root", &CreateGroup{ID: "g9", Name: "g", Rights: []Right{"fly"}}, Invalid, nil},
		{"rank out of bounds", "user:root", &CreateGroup{ID: "g9", Name: "g", Rank: 101}, Invalid, nil},
		{"name taken", "user:root", &CreateGroup{ID: "g9", Name: "Operators"}, Conflict, nil},
		{"without the right", "user:op", &CreateGroup{ID: "g9", Name: "g"}, Denied, nil},

		{"rights", "user:adm", &UpdateGroup{ID: "g-night", Rights: &[]Right{DataRead}}, "", []string{"~ groups/g-night rights"}},
		{"predefined", "user:root", &UpdateGroup{ID: "operators", Rank: ptr(1)}, Conflict, nil},
		{"a right one lacks", "user:adm", &UpdateGroup{ID: "g-night", Rights: &[]Right{ClusterWrite}}, Denied, nil},
		{"stale", "user:root", &UpdateGroup{ID: "g-night", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:root", &UpdateGroup{ID: "x"}, NotFound, nil},

		{"with members", "user:root", &RemoveGroup{ID: "g-night"}, Conflict, nil},
		{"predefined", "user:root", &RemoveGroup{ID: "auditors"}, Conflict, nil},
		{"stale", "user:root", &RemoveGroup{ID: "g-night", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:root", &RemoveGroup{ID: "x"}, NotFound, nil},
	})
	l := furnished(t)
	l.do("user:root", &RemoveUser{ID: "u-night"}, &RemoveGroup{ID: "g-night"})
	if _, ok := l.view().Groups.Get("g-night"); ok {
		t.Error("a group without members stays")
	}
}

func TestTokenCommands(t *testing.T) {
	join := func(change func(*CreateToken)) *CreateToken {
		c := &CreateToken{ID: "tk", Kind: JoinToken, Hash: []byte("h"), Roles: []string{RoleStorage}, Uses: 3, TTL: time.Hour}
		if change != nil {
			change(c)
		}
		return c
	}
	runCases(t, []commandCase{
		{"join", "user:adm", join(nil), "", []string{"+ tokens/tk expires_at="}},
		{"for managers", "user:root", join(func(c *CreateToken) { c.Roles = []string{RoleManager} }), "", []string{"+ tokens/tk"}},
		{"for managers, by one who may not", "user:adm", join(func(c *CreateToken) { c.Roles = []string{RoleManager} }), Denied, nil},
		{"too long a life", "user:adm", join(func(c *CreateToken) { c.TTL = 25 * time.Hour }), Invalid, nil},
		{"no uses", "user:adm", join(func(c *CreateToken) { c.Uses = 0 }), Invalid, nil},
		{"unknown role", "user:adm", join(func(c *CreateToken) { c.Roles = []string{"king"} }), Invalid, nil},
		{"no secret", "user:adm", join(func(c *CreateToken) { c.Hash = nil }), Invalid, nil},
		{"the secret of another", "user:adm", join(func(c *CreateToken) { c.Hash = []byte("jt-hash") }), Conflict, nil},
		{"a session", "user:adm", join(func(c *CreateToken) { c.Kind = Session }), Invalid, nil},
		{"without the right", "user:op", join(nil), Denied, nil},
		{"api, own", "user:adm", &CreateToken{ID: "tk", Kind: APIToken, Hash: []byte("h")}, "", []string{"+ tokens/tk expires_at=0, hash=h, kind=api, user=u-adm"}},
		{"api, of one above", "user:adm", &CreateToken{ID: "tk", Kind: APIToken, Hash: []byte("h"), User: "u-root"}, Denied, nil},
		{"api, of nobody", "user:adm", &CreateToken{ID: "tk", Kind: APIToken, Hash: []byte("h"), User: "x"}, NotFound, nil},
		{"api, negative life", "user:adm", &CreateToken{ID: "tk", Kind: APIToken, Hash: []byte("h"), TTL: -1}, Invalid, nil},

		{"", "user:adm", &RevokeToken{ID: "jt"}, "", []string{"~ tokens/jt revoked: <nil> → true"}},
		{"unknown", "user:adm", &RevokeToken{ID: "x"}, NotFound, nil},

		{"", "system:login", &CreateSession{ID: "s9", User: "u-op", Hash: []byte("h"), TTL: time.Hour}, "", []string{"+ tokens/s9"}},
		{"disabled", "system:login", &CreateSession{ID: "s9", User: "u-off", Hash: []byte("h"), TTL: time.Hour}, Unauthorized, nil},
		{"too long", "system:login", &CreateSession{ID: "s9", User: "u-op", Hash: []byte("h"), TTL: 25 * time.Hour}, Invalid, nil},
		{"the secret of another", "system:login", &CreateSession{ID: "s9", User: "u-op", Hash: []byte("ses-hash"), TTL: time.Hour}, Conflict, nil},
		{"by a user", "user:root", &CreateSession{ID: "s9", User: "u-op", Hash: []byte("h"), TTL: time.Hour}, Denied, nil},

		{"just begun", "system:session", &SeeSession{ID: "ses"}, "", nil},
		{"an API token", "system:session", &SeeSession{ID: "at"}, NotFound, nil},
		{"by a user", "user:root", &SeeSession{ID: "ses"}, Denied, nil},

		{"own", "user:op", &EndSession{ID: "ses"}, "", []string{"- tokens/ses"}},
		{"by the system", "system:logout", &EndSession{ID: "ses"}, "", []string{"- tokens/ses"}},
		{"another's", "user:root", &EndSession{ID: "ses"}, Denied, nil},
		{"not a session", "user:op", &EndSession{ID: "at"}, NotFound, nil},
	})
	l := furnished(t)
	l.do("user:root", &CreateToken{ID: "root-token", Kind: APIToken, Hash: []byte("rt")})
	if _, err := l.try("user:adm", &RevokeToken{ID: "root-token"}); CodeOf(err) != Denied {
		t.Errorf("an administrator revoked a superuser's token: %v", err)
	}
}

func TestBearer(t *testing.T) {
	l := furnished(t)
	for _, c := range []struct {
		hash string
		now  Time
		code Code
	}{
		{"ses-hash", l.now, ""}, {"at-hash", l.now, ""},
		{"ses-hash", l.now.Add(2 * time.Hour), Unauthorized},
		{"jt-hash", l.now, Unauthorized}, {"nothing", l.now, Unauthorized}, {"", l.now, Unauthorized},
	} {
		_, u, err := l.view().Bearer([]byte(c.hash), c.now)
		if CodeOf(err) != c.code || err == nil && u.Name != "op" {
			t.Errorf("%s at %s: %v %v", c.hash, c.now, u, err)
		}
	}
	l.do("user:root", &UpdateUser{ID: "u-op", Enabled: ptr(false)})
	if _, _, err := l.view().Bearer([]byte("at-hash"), l.now); CodeOf(err) != Unauthorized {
		t.Errorf("the token of a disabled user: %v", err)
	}
}

// Tokens that ended long ago are forgotten, and those without an end are not.
func TestExpiredTokensAreForgotten(t *testing.T) {
	l := furnished(t)
	l.do("user:adm", &CreateToken{ID: "for-ever", Kind: APIToken, Hash: []byte("e")})
	l.now = l.now.Add(26 * time.Hour)
	l.do("user:adm", &CreateToken{ID: "new", Kind: APIToken, Hash: []byte("n"), TTL: time.Hour})
	for id, want := range map[string]bool{"jt": false, "at": false, "ses": false, "for-ever": true, "new": true} {
		if _, ok := l.view().Tokens.Get(id); ok != want {
			t.Errorf("token %s is there: %v", id, ok)
		}
	}
	sound(l)
}

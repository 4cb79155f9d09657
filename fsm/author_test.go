package fsm

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Nobody may do what the list of commands does not let them: asked of each
// command and each class of author, with a command that says nothing.
func TestWhoMayDoWhat(t *testing.T) {
	l := furnished(t)
	refused := func(by string, k kind) bool {
		_, err := l.try(by, k.make())
		return CodeOf(err) == Denied
	}
	for _, k := range kinds {
		for _, class := range []string{"node", "plan", "system"} {
			by := class + ":b1"
			allowed := slices.Contains(strings.Fields(k.by), class)
			if !allowed && !refused(by, k) {
				t.Errorf("%s may do %s", by, k.name)
			}
		}
		for _, by := range []string{"user:off", "user:ghost", "node:ghost", "", "king:x", "user:"} {
			if !refused(by, k) {
				t.Errorf("%q may do %s", by, k.name)
			}
		}
		for _, name := range []string{"aud", "night"} {
			if k.right != Self && !refused("user:"+name, k) {
				t.Errorf("%s, who may only look, may do %s", name, k.name)
			}
		}
		if k.right == "" && !refused("user:root", k) {
			t.Errorf("a user may do %s", k.name)
		}
	}
	sound(l)
}

// Each name and each type stands once in the list, came in by now, and is free of
// what no command may hold.
func TestKinds(t *testing.T) {
	if len(kindNamed) != len(kinds) || len(kindOf) != len(kinds) {
		t.Error("a name or a type stands twice in the list of commands")
	}
	for _, k := range kinds {
		if k.since < 1 || k.since > Version {
			t.Errorf("%s came in with version %d", k.name, k.since)
		}
		cmd := k.make()
		if KindOf(cmd) != k.name || Since(k.name) != k.since {
			t.Errorf("%s is not found by its type or name", k.name)
		}
		for field := range reflect.TypeOf(cmd).Elem().Fields() {
			if field.Tag.Get("cbor") == "" {
				t.Errorf("%s: field %s has no name in the log", k.name, field.Name)
			}
		}
	}
	if KindOf(nil) != "" || Since("no.such") != 0 {
		t.Error("a kind that does not exist is known")
	}
}

// A right taken away counts from the next entry on, whatever the door had said.
func TestRightsAreThoseOfTheMoment(t *testing.T) {
	l := furnished(t)
	l.do("user:night", &ChangePassword{ID: "u-night", Password: "a"})
	l.do("user:root", &UpdateUser{ID: "u-op", Groups: &[]string{Auditors}})
	if _, err := l.try("user:op", &CreateSchedule{ID: "s", Name: "s", Cron: "@daily"}); CodeOf(err) != Denied {
		t.Errorf("a right that was taken away: %v", err)
	}
	l.do("user:root", &UpdateUser{ID: "u-night", Enabled: ptr(false)})
	if _, err := l.try("user:night", &ChangePassword{ID: "u-night", Password: "b"}); CodeOf(err) != Denied {
		t.Errorf("a user who was disabled: %v", err)
	}
}

func TestAccess(t *testing.T) {
	v := furnished(t).view()
	for _, c := range []struct {
		user string
		may  []Right
		not  []Right
		rank int
	}{
		{"root", append(Rights(), All, Self), nil, 100},
		{"adm", []Right{UsersWrite, BackupsDelete, EventsRead}, []Right{ClusterWrite, All}, 80},
		{"op", []Right{DataWrite, NodesWrite, BackupsRestore}, []Right{UsersWrite, BackupsDelete, TokensWrite}, 60},
		{"bu", []Right{BackupsRun, DataRead}, []Right{BackupsRestore, DataWrite}, 40},
		{"ru", []Right{BackupsRestore}, []Right{BackupsRun}, 30},
		{"aud", []Right{EventsRead, TokensRead}, []Right{NodesWrite, BackupsRun}, 20},
		{"night", []Right{BackupsRead}, []Right{DataRead}, 10},
		{"off", nil, append(Rights(), Self), 0},
	} {
		u, _ := v.Users.Find(c.user)
		a := v.Access(u)
		for _, r := range c.may {
			if !a.May(r) {
				t.Errorf("%s may not %s", c.user, r)
			}
		}
		for _, r := range c.not {
			if a.May(r) {
				t.Errorf("%s may %s", c.user, r)
			}
		}
		if a.Rank != c.rank {
			t.Errorf("%s has rank %d", c.user, a.Rank)
		}
	}
}

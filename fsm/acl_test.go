package fsm

import "testing"

// Whoever a list leaves out can do nothing to what it guards, whoever stands on it or
// has the rank can, and what has no list is open.
func TestAccessListsAreEnforced(t *testing.T) {
	restore := func() Command {
		return &CreateJob{ID: "j9", Kind: RestoreJob, Backup: "done", Node: "b1", Restore: Restore{Target: "/r"}}
	}
	for name, list := range map[string]PutACL{
		"client":     {Noun: "clients", Object: "web"},
		"task":       {Noun: "tasks", Object: "web files"},
		"repository": {Noun: "repositories", Object: "r1"},
	} {
		t.Run(name, func(t *testing.T) {
			l := furnished(t)
			l.do("user:adm", &list)
			for by, cmd := range map[string]Command{"user:ru": restore(), "user:bu": &CreateBackup{ID: "b9", Task: "t1"},
				"user:op": &UpdateTask{ID: "t1", Level: ptr(Full)}} {
				if _, err := l.try(by, cmd); CodeOf(err) != Denied {
					t.Errorf("%s by %s: %v", KindOf(cmd), by, err)
				}
			}
			if _, err := l.try("user:ru", &CancelJob{ID: "restore"}); CodeOf(err) != Denied {
				t.Errorf("cancelled: %v", err)
			}
			l.do("user:bu", &CreateBackup{ID: "b8", Task: "t2", Slot: l.now}) // another client
			with := list
			with.Users, with.Groups = []string{"ru"}, []string{Operators}
			l.do("user:adm", &with)
			l.do("user:ru", restore())
			l.do("user:op", &UpdateTask{ID: "t1", Level: ptr(Full)})
			l.do("user:root", &UpdateTask{ID: "t1", Level: ptr(Incremental)})
			l.do("plan:place", &AssignJob{ID: "j9", From: Queued, Node: "b1"})
			if _, err := l.try("user:bu", &CreateBackup{ID: "b9", Task: "t1"}); CodeOf(err) != Denied {
				t.Errorf("still left out: %v", err)
			}
			l.do("user:adm", &RemoveACL{Noun: list.Noun, Object: list.Object})
			l.do("user:bu", &CreateBackup{ID: "b9", Task: "t1"})
			sound(l)
		})
	}
}

func TestBadAccessLists(t *testing.T) {
	l := furnished(t)
	l.do("user:root", &CreateGroup{ID: "g-lists", Name: "Lists", Rank: 50, Rights: []Right{GroupsWrite}},
		&CreateUser{ID: "u-li", Name: "li", Groups: []string{"Lists"}, Password: "hash"})
	l.do("user:adm", &PutACL{Noun: "clients", Object: "c1", Users: []string{"ru"}})
	for name, c := range map[string]struct {
		by   string
		cmd  Command
		want Code
	}{
		"no such kind":      {"user:adm", &PutACL{Noun: "nodes", Object: "b1"}, Invalid},
		"no such object":    {"user:adm", &PutACL{Noun: "clients", Object: "nobody"}, NotFound},
		"no such user":      {"user:adm", &PutACL{Noun: "clients", Object: "web", Users: []string{"nobody"}}, Invalid},
		"no such group":     {"user:adm", &PutACL{Noun: "clients", Object: "web", Groups: []string{"nobody"}}, Invalid},
		"without the right": {"user:op", &PutACL{Noun: "clients", Object: "db", Users: []string{"op"}}, Denied},
		"oneself onto it":   {"user:li", &PutACL{Noun: "clients", Object: "web", Users: []string{"li"}}, Denied},
		"away with it":      {"user:li", &RemoveACL{Noun: "clients", Object: "web"}, Denied},
		"has none":          {"user:adm", &RemoveACL{Noun: "clients", Object: "db"}, NotFound},
		"changed since":     {"user:adm", &PutACL{Noun: "clients", Object: "web", IfIndex: 1}, Precondition},
		"gone since":        {"user:adm", &PutACL{Noun: "clients", Object: "db", IfIndex: 1}, Precondition},
	} {
		before := l.view().ACLs.Len()
		if _, err := l.try(c.by, c.cmd); CodeOf(err) != c.want || l.view().ACLs.Len() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list goes with its object.
func TestAccessListsGoWithTheirObjects(t *testing.T) {
	l := furnished(t)
	l.do("user:adm", &CreateClient{ID: "c3", Name: "new", Repository: NewRepository{ID: "r3", Password: []byte("sealed")}},
		&CreateTask{ID: "t9", Name: "new", Client: "new", Source: Source{Paths: []string{"/x"}}},
		&PutACL{Noun: "clients", Object: "new"}, &PutACL{Noun: "tasks", Object: "new"}, &PutACL{Noun: "repositories", Object: "new"},
		&RemoveTask{ID: "t9"}, &RemoveClient{ID: "c3"})
	if n := l.view().ACLs.Len(); n != 0 {
		t.Errorf("%d lists are left", n)
	}
}

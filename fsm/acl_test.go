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

// Who shares a repository can read what lies in it, and so must be let in by all.
func TestAccessListsGuardSharedRepositories(t *testing.T) {
	for _, list := range []PutACL{{Noun: "clients", Object: "web"}, {Noun: "repositories", Object: "r1"}} {
		l := furnished(t)
		share := func(id string) *CreateClient {
			return &CreateClient{ID: id, Name: id, Share: "r1", Placement: Placement{Spread: SpreadSite}, Copies: 3}
		}
		l.do("user:adm", &list)
		if _, err := l.try("user:op", share("c7")); CodeOf(err) != Denied {
			t.Errorf("%s: %v", list.Noun, err)
		}
		list.Users = []string{"op"}
		l.do("user:adm", &list)
		l.do("user:op", share("c8"))
		l.do("user:adm", &PutACL{Noun: "clients", Object: "c8"})
		whole := &CreateJob{ID: "j8", Kind: RestoreJob, Repository: "r1", Snapshot: "any", Node: "b1", Restore: Restore{Target: "/r"}}
		if _, err := l.try("user:op", whole); CodeOf(err) != Denied {
			t.Errorf("a snapshot that may be of another client: %v", err)
		}
		sound(l)
	}
}

// What tells of something hidden is hidden with it, also when that is gone.
func TestGuardsOfWhatTells(t *testing.T) {
	l := furnished(t)
	l.do("user:adm", &PutACL{Noun: "clients", Object: "web", Users: []string{"ru"}})
	l.do("user:root", &CreateTask{ID: "t7", Name: "brief", Client: "web", Source: Source{Paths: []string{"/x"}}}, &RemoveTask{ID: "t7"},
		&PutACL{Noun: "tasks", Object: "t1"}, &RemoveACL{Noun: "tasks", Object: "t1"})
	if _, err := l.try("user:root", &CreateBackup{ID: "b9", Task: "web logs"}); err == nil {
		t.Fatal("two backups of a task at once")
	}
	v := l.view()
	aud, _ := v.Users.Find("aud")
	adm, _ := v.Users.Find("adm")
	hidden := map[string]bool{"clients/c1": true, "repositories/r1": true, "tasks/t1": true, "tasks/t3": true, "tasks/t7": true,
		"backups/done": true, "backups/live": true, "jobs/restore": true, "jobs/verify": true, "assignments/c1": true,
		"acls/clients/c1": true, "acls/tasks/t1": true}
	seen := make(map[string]bool)
	for e := range v.Events.All() {
		about := e.Object.Noun + "/" + e.Object.ID
		seen[about] = true
		want := hidden[about] || e.Result != ""
		if barred := v.Bars(aud, v.GuardsOf(e)...) != nil; barred != want {
			t.Errorf("%s of %s: hidden is %v", e.Action, about, barred)
		}
		if v.Bars(adm, v.GuardsOf(e)...) != nil {
			t.Errorf("%s of %s is hidden from an administrator", e.Action, about)
		}
	}
	for about := range hidden {
		if !seen[about] && about != "repositories/r1" && about != "assignments/c1" {
			t.Errorf("no row tells of %s", about)
		}
	}
	for name, row := range map[string]any{"repository": must(v.Repositories.Get("r1")), "assignment": must(v.Assignments.Get("c1")),
		"list": must(v.ACLs.Get("clients/c1")), "job": must(v.Jobs.Get("verify")), "approval": &Approval{Object: Object{Noun: "tasks", ID: "t1"}}} {
		if v.Bars(aud, v.GuardsOf(row)...) == nil {
			t.Errorf("the %s is not hidden", name)
		}
	}
}

func must[T any](row *T, ok bool) *T {
	if !ok {
		panic("the lab has no such row")
	}
	return row
}

package sesam_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bcm/fsm"
)

const (
	horse  = "Correct-Horse-7"
	staple = "Battery-Staple-8"
)

func TestServerIsSeen(t *testing.T) {
	for _, release := range []string{"5.1", "5.2"} {
		t.Run(release, func(t *testing.T) {
			c, s := newCluster(t), startServer(t, "--release", release, "--demo")
			c.add("v1", s)
			v := c.view()
			if n, _ := v.Nodes.Get("v1"); !strings.HasPrefix(n.Version, release) {
				t.Errorf("release %q", n.Version)
			}
			for _, k := range []fsm.MirrorKind{fsm.ServerUser, fsm.ServerGroup, fsm.ServerClient, fsm.ServerTask, fsm.ServerSchedule, fsm.ServerDatastore} {
				if len(v.Mirrored("v1", k)) == 0 {
					t.Errorf("no %s was seen", k)
				}
			}
			for _, m := range v.Mirrored("v1", fsm.ServerUser) {
				if strings.Contains(string(m.Doc), "password") || strings.Contains(string(m.Doc), "hash") {
					t.Errorf("a secret is kept: %s", m.Doc)
				}
			}
			before := len(v.Mirrored("v1", fsm.ServerClient))
			s.call(http.MethodPost, "/sep/api/v2/clients/create", map[string]any{"name": "new-client"}, nil)
			c.until("a new client is seen", func(v *fsm.View) bool { return len(v.Mirrored("v1", fsm.ServerClient)) == before+1 })
			s.kill()
			c.until("its end is seen", func(v *fsm.View) bool { n, _ := v.Nodes.Get("v1"); return n.Status == fsm.Offline })
			if len(c.view().Mirrored("v1", fsm.ServerClient)) != before+1 {
				t.Error("its rows are gone")
			}
		})
	}
}

func TestManagedServerFollows(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	c.add("v1", s)
	c.manage("v1", nil)
	c.inStep("v1")
	c.user("ada", horse, fsm.Operators)
	c.inStep("v1")
	if u := s.user("ada"); u == nil || !u.Enabled || len(u.Groups) != 1 || u.Groups[0].Name != "OPERATOR" || !s.letsIn("ada", horse) {
		t.Fatalf("on the server: %+v", u)
	}
	if c.view().Passwords.Len() > 0 {
		t.Error("the password is still kept")
	}
	hash := "other"
	c.do("user:chief", &fsm.UpdateUser{ID: "u-ada", Password: &hash, Secret: c.seal(staple)})
	c.until("the new password is there", func(v *fsm.View) bool { return v.Passwords.Len() == 0 })
	if s.letsIn("ada", horse) || !s.letsIn("ada", staple) {
		t.Error("the password was not changed")
	}
	s.call(http.MethodPost, "/sep/api/v2/users/update", map[string]any{"id": s.user("ada").ID, "enabled": false}, nil)
	c.until("drift is repaired", func(*fsm.View) bool { return s.user("ada").Enabled })
	s.call(http.MethodPost, "/sep/api/v2/users/create", map[string]any{"name": "intruder", "enabled": true, "password": "Evil-Evil-9"}, nil)
	c.until("one that was made there is disabled", func(*fsm.View) bool { u := s.user("intruder"); return u != nil && !u.Enabled })
	c.do("user:chief", &fsm.RemoveUser{ID: "u-ada"})
	c.until("a removed user is removed there", func(*fsm.View) bool { return s.user("ada") == nil })
	if u := s.user("Administrator"); u == nil || !u.Enabled {
		t.Error("the server's own account was touched")
	}
}

func TestStandaloneServerIsLeftAlone(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	c.add("v1", s)
	c.manage("v1", nil)
	c.inStep("v1")
	alone := fsm.Standalone
	c.do("user:chief", &fsm.UpdateServer{ID: "v1", Mode: &alone})
	c.user("bob", horse, fsm.Operators)
	s.call(http.MethodPost, "/sep/api/v2/clients/create", map[string]any{"name": "later"}, nil)
	c.until("it is still seen", func(v *fsm.View) bool { _, ok := v.Mirror("v1", fsm.ServerClient, "later"); return ok })
	if s.user("bob") != nil {
		t.Error("a standalone server got a user")
	}
	c.manage("v1", nil)
	c.inStep("v1")
	if s.user("bob") == nil {
		t.Error("managed again, it lacks a user")
	}
}

func TestDriftIsReported(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	c.add("v1", s)
	only := fsm.ReportOnly
	c.user("ada", horse, fsm.Operators)
	c.manage("v1", func(u *fsm.UpdateServer) { u.Policy = &only })
	c.inStep("v1")
	s.call(http.MethodPost, "/sep/api/v2/users/update", map[string]any{"id": s.user("ada").ID, "enabled": false}, nil)
	c.until("drift is reported", func(v *fsm.View) bool { sv, _ := v.Servers.Get("v1"); return len(sv.Sync.Drift) == 1 })
	c.user("bob", horse, fsm.Operators)
	c.until("what the cluster changes comes through", func(*fsm.View) bool { return s.user("bob") != nil })
	if s.user("ada").Enabled {
		t.Error("drift was repaired though it is only to be reported")
	}
	c.do("user:chief", &fsm.RetrySync{IDs: []string{"v1"}})
	c.until("a person has it repaired", func(*fsm.View) bool { return s.user("ada").Enabled })
}

func TestAccessListsAreTheSame(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	s.call(http.MethodPost, "/sep/api/v2/clients/create", map[string]any{"name": "web"}, nil)
	c.add("v1", s)
	c.do("user:chief", &fsm.CreateClient{ID: "c1", Name: "web", Repository: fsm.NewRepository{ID: "r1", Password: []byte("sealed")}})
	c.user("ada", horse, fsm.RestoreUsers)
	c.do("user:chief", &fsm.PutACL{Noun: "clients", Object: "web", Users: []string{"ada"}, Groups: []string{fsm.Operators}})
	c.manage("v1", nil)
	c.inStep("v1")
	type list struct {
		ID            int64
		Object, Value string
	}
	lists := func() (all []list) {
		s.call(http.MethodGet, "/sep/api/v2/acls", nil, &all)
		return all
	}
	all := lists()
	if len(all) != 1 || !strings.Contains(all[0].Value, `"f---"`) || strings.Count(all[0].Value, `"type"`) != 2 {
		t.Fatalf("%+v", all)
	}
	s.call(http.MethodPost, "/sep/api/v2/acls/update", map[string]any{"id": all[0].ID, "value": "[]"}, nil)
	c.until("what was taken away is there again", func(*fsm.View) bool {
		all := lists()
		return len(all) == 1 && strings.Contains(all[0].Value, `"f---"`)
	})
	c.do("user:chief", &fsm.RemoveACL{Noun: "clients", Object: "web"})
	c.until("it is gone", func(*fsm.View) bool { return len(lists()) == 0 })
}

func TestMissingCapabilities(t *testing.T) {
	c, s := newCluster(t), startServer(t, "--users=false")
	c.add("v1", s)
	if sv, _ := c.view().Servers.Get("v1"); sv.Lacks[fsm.CanUsers] == "" || sv.Lacks[fsm.CanGroups] != "" {
		t.Errorf("lacks %v", sv.Lacks)
	}
	c.do("user:chief", &fsm.CreateGroup{ID: "g1", Name: "Night shift"})
	c.user("ada", horse, "Night shift")
	c.manage("v1", nil)
	c.inStep("v1")
	var groups []struct{ Name string }
	s.call(http.MethodGet, "/sep/api/v2/groups", nil, &groups)
	if len(groups) != 6 || groups[5].Name != "Night shift" {
		t.Errorf("groups %+v", groups)
	}
}

// A server that fails now and then, and is killed, is in step in the end, with
// nothing lost and nothing twice.
func TestFaultyServerComesInStep(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	c.add("v1", s)
	c.manage("v1", nil)
	c.inStep("v1")
	if code := s.call(http.MethodPut, "/sesamsim/v1/faults", map[string]any{"error_rate": 0.1}, nil); code != http.StatusOK {
		t.Fatalf("faults: %d", code)
	}
	for i := range 8 {
		c.user(fmt.Sprint("a", i), horse, fsm.BackupUsers)
	}
	s.kill()
	s.args = append(s.args, "--listen", strings.TrimPrefix(s.URL, "https://"))
	s.start()
	cert := c.fingerprint(s)
	c.do("user:chief", &fsm.UpdateServer{ID: "v1", Fingerprint: &cert}) // it made a new one at its start
	c.inStep("v1")
	seen := make(map[string]int)
	for _, a := range s.accounts() {
		seen[a.Name]++
	}
	for i := range 8 {
		if name := fmt.Sprint("a", i); seen[name] != 1 || !s.letsIn(name, horse) {
			t.Errorf("%s is there %d times", name, seen[name])
		}
	}
}

func TestATaskIsStartedAndFollowed(t *testing.T) {
	c, s := newCluster(t), startServer(t, "--demo")
	c.add("v1", s)
	tasks := c.view().Mirrored("v1", fsm.ServerTask)
	s.call(http.MethodPut, "/sesamsim/v1/runs", map[string]any{"queue_time": "50ms", "run_time": "200ms", "next": []string{"SUCCESSFUL", "ERROR"}}, nil)
	for i, end := range []fsm.Status{fsm.Succeeded, fsm.Failed} {
		id := fmt.Sprint("l", i)
		c.do("user:chief", &fsm.CreateLaunch{ID: id, Server: "v1", Task: tasks[0].Name})
		c.until("it has ended", func(v *fsm.View) bool { j, _ := v.Jobs.Get(id); return j.Status.Ended() })
		if j, _ := c.view().Jobs.Get(id); j.Status != end {
			t.Errorf("launch %d is %s: %s", i, j.Status, j.Error)
		}
	}
	results := 0
	for _, m := range c.view().Mirrored("v1", fsm.ServerResult) {
		if m.Parent == tasks[0].Name {
			results++
		}
	}
	if results < 2 {
		t.Errorf("%d results are seen", results)
	}
}

// What is too much for one report comes in several, and what is not among it goes.
func TestManyObjectsAreToldInParts(t *testing.T) {
	c, s := newCluster(t), startServer(t)
	const many = 450
	for i := range many {
		s.call(http.MethodPost, "/sep/api/v2/clients/create", map[string]any{"name": fmt.Sprintf("client-%03d", i)}, nil)
	}
	clients := func(v *fsm.View) int { return len(v.Mirrored("v1", fsm.ServerClient)) }
	c.add("v1", s)
	all := clients(c.view())
	if all < many {
		t.Fatalf("%d of %d are seen", all, many)
	}
	c.do("node:m1", &fsm.ObserveObjects{Server: "v1", Kind: fsm.ServerClient, Objects: []fsm.Observed{{Name: "ghost"}}})
	address := strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // entered in another way, it is looked at afresh
	c.do("user:chief", &fsm.UpdateServer{ID: "v1", Address: &address})
	c.until("what is not there any more goes, and nothing else", func(v *fsm.View) bool {
		_, ghost := v.Mirror("v1", fsm.ServerClient, "ghost")
		return !ghost && clients(v) == all
	})
}

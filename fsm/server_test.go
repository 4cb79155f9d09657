package fsm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const finger = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// served is a furnished lab with a SEP sesam server that m1 looks after.
func served(t testing.TB) *lab {
	l := furnished(t)
	l.do("user:adm", &AddServer{ID: "v1", Name: "sesam-1", Address: "https://sesam-1:11401", Account: "bcm", Password: []byte("sealed"), Fingerprint: finger})
	l.do("plan:members", &MarkNode{ID: "m1", From: Joining, To: Online, LastSeen: l.now})
	l.do("plan:sync", &CarryServer{ID: "v1", To: "m1"})
	l.do("node:m1", &ObserveServer{ID: "v1", Release: "5.2.0.3", Lacks: map[string]string{CanClusterMode: "not offered"}})
	l.do("node:m1",
		&ObserveObjects{Server: "v1", Kind: ServerGroup, Whole: true, Objects: []Observed{
			{Name: "ADMIN", Remote: "1", Facts: Facts{Enabled: true}}, {Name: "Tape", Remote: "7", Facts: Facts{Enabled: true}}}},
		&ObserveObjects{Server: "v1", Kind: ServerUser, Whole: true, Objects: []Observed{
			{Name: "Administrator", Remote: "1", Facts: Facts{Enabled: true, Groups: []string{"SUPERUSER"}}},
			{Name: "op", Remote: "5", Facts: Facts{Enabled: false, Groups: []string{"OPERATOR"}}},
			{Name: "local", Remote: "6", Facts: Facts{Enabled: true, Groups: []string{"OPERATOR", "Tape"}}}}},
		&ObserveObjects{Server: "v1", Kind: ServerClient, Whole: true, Objects: []Observed{{Name: "web", Remote: "3"}}})
	return l
}

// serve has all happen to a server that can.
func (l *lab) serve() {
	l.t.Helper()
	l.do("user:root", &AddServer{ID: "v1", Name: "sesam-1", Address: "https://sesam-1:11401", Account: "bcm", Password: []byte("sealed"), Fingerprint: finger})
	l.do("plan:sync", &CarryServer{ID: "v1", To: "m1"})
	l.do("node:m1", &ObserveServer{ID: "v1", Release: "5.2", Lacks: map[string]string{CanACLs: "too old"}},
		&ObserveObjects{Server: "v1", Kind: ServerUser, Whole: true, Objects: []Observed{{Name: "local", Remote: "6", Facts: Facts{Enabled: true}}}})
	l.do("user:root", &UpdateServer{ID: "v1", Mode: ptr(Managed), Policy: ptr(Adopt), TakeOver: true},
		&CreateUser{ID: "u-three", Name: "three", Groups: []string{Operators}, Password: "hash", Secret: []byte("sealed")})
	l.sync("sync")
	l.do("plan:sync", &SettleServer{ID: "v1", Revision: l.view().Revision()}, &NoteDrift{ID: "v1", Revision: l.view().Revision(), Drift: []Step{{Do: RemoveStep, Kind: ServerUser, Name: "x"}}},
		&AdoptDrift{ID: "v1", Revision: l.view().Revision()})
	l.do("user:root", &RetrySync{IDs: []string{"v1"}}, &CallServer{ID: "v1", Method: "POST", Path: "/sep/api/v2/clients/create"}, &UpdateUser{ID: "u-three", Password: ptr("hash"), Secret: []byte("sealed")})
	l.do("node:m1", &ObserveObjects{Server: "v1", Kind: ServerTask, Objects: []Observed{{Name: "nightly", Parent: "web"}}})
	l.do("user:root", &CreateLaunch{ID: "launch", Server: "sesam-1", Task: "nightly"})
	l.now = l.now.Add(KeepPasswords)
	l.do("plan:sync", &ExpirePassword{ID: "u-three"})
	l.hosted()
	l.do("user:root", l.pair("p1"))
	l.install("p1", Outcome{Status: Succeeded})
}

func (l *lab) server() *Server {
	l.t.Helper()
	s, ok := l.view().Servers.Get("v1")
	if !ok {
		l.t.Fatal("the server is gone")
	}
	return s
}

// steps says in words what would be done to the server.
func (l *lab) steps() []string {
	var said []string
	for _, s := range l.view().Differences(l.server()) {
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", s.Do, s.Kind, s.Name, strings.Join(s.Fields, "+"))))
	}
	return said
}

// carryOut does to the mirrors what a server does when the steps are carried out.
func (l *lab) carryOut(steps []Step) {
	l.t.Helper()
	for _, s := range steps {
		o := ObserveObjects{Server: "v1", Kind: s.Kind}
		if s.Do == RemoveStep {
			o.Gone = []string{s.Name}
		} else {
			o.Objects = []Observed{{Name: s.Name, Remote: "r-" + s.Name, Facts: s.Facts}}
		}
		l.do("node:m1", &o)
	}
}

// order finds one of the orders of m1.
func (l *lab) order(id string) Order {
	l.t.Helper()
	all := l.view().Orders("m1").Items
	i := slices.IndexFunc(all, func(o Order) bool { return o.ID == id })
	if i < 0 {
		l.t.Fatalf("m1 has no order %s", id)
	}
	return all[i]
}

// sync carries out one order for all that differs.
func (l *lab) sync(id string) {
	l.t.Helper()
	l.do("plan:sync", &CreateSync{ID: id, Server: "v1", Revision: l.view().Revision(), Steps: l.view().Differences(l.server())})
	l.do("plan:sync", &AssignJob{ID: id, From: Queued, Node: "m1"})
	l.carryOut(l.order(id).Steps)
	l.do("node:m1", &FinishJob{ID: id, Attempt: 1, Outcome: Outcome{Status: Succeeded}})
}

func TestServerIsSeenAndStandsAlone(t *testing.T) {
	l := served(t)
	n, _ := l.view().Nodes.Get("v1")
	if n.Status != Online || n.Version != "5.2.0.3" || !n.Has(RoleSesam) || l.server().Mode != Standalone {
		t.Errorf("%+v", n)
	}
	o := l.view().Orders("m1")
	if len(o.Items) != 1 || o.Items[0].Kind != WatchOrder || o.Items[0].Servers[0].Address != "https://sesam-1:11401" {
		t.Errorf("orders: %+v", o.Items)
	}
	for name, cmd := range map[string]Command{
		"another node":  &ObserveServer{ID: "v1"},
		"objects of it": &ObserveObjects{Server: "v1", Kind: ServerUser},
	} {
		if _, err := l.try("node:b1", cmd); CodeOf(err) != Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.do("node:m1", &ObserveServer{ID: "v1", Error: "no route"})
	n, _ = l.view().Nodes.Get("v1")
	if n.Status != Offline || n.Reason != "no route" || len(l.view().Mirrored("v1", ServerUser)) != 3 {
		t.Errorf("a server that is away: %+v, its rows %d", n, len(l.view().Mirrored("v1", ServerUser)))
	}
	managed := Managed
	if _, err := l.try("user:adm", &UpdateServer{ID: "v1", Mode: &managed}); CodeOf(err) != Conflict {
		t.Errorf("managed while away: %v", err)
	}
	l.do("user:adm", &RemoveNode{ID: "v1"})
	if l.view().Servers.Len()+l.view().Mirrors.Len() > 0 {
		t.Error("something of it stays")
	}
}

func TestBadServers(t *testing.T) {
	l := served(t)
	good := AddServer{ID: "v2", Name: "sesam-2", Address: "https://sesam-2:11401", Account: "bcm", Password: []byte("x"), Fingerprint: finger}
	for name, bad := range map[string]func(c *AddServer){
		"no name":          func(c *AddServer) { c.Name = "" },
		"name taken":       func(c *AddServer) { c.Name = "sesam-1" },
		"address taken":    func(c *AddServer) { c.Address = "https://sesam-1:11401" },
		"plain http":       func(c *AddServer) { c.Address = "http://sesam-2:11401" },
		"a path":           func(c *AddServer) { c.Address = "https://sesam-2:11401/sep" },
		"somebody's name":  func(c *AddServer) { c.Address = "https://me@sesam-2:11401" },
		"no account":       func(c *AddServer) { c.Account = "" },
		"no password":      func(c *AddServer) { c.Password = nil },
		"half fingerprint": func(c *AddServer) { c.Fingerprint = finger[:32] },
		"through nobody":   func(c *AddServer) { c.Via = "b1" },
	} {
		c := good
		bad(&c)
		if _, err := l.try("user:adm", &c); CodeOf(err) != Invalid && CodeOf(err) != Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	managed, odd := Managed, ClusterMode("odd")
	if _, err := l.try("user:op", &UpdateServer{ID: "v1", Mode: &managed}); CodeOf(err) != Denied {
		t.Errorf("an operator became the master of users: %v", err)
	}
	if _, err := l.try("user:adm", &UpdateServer{ID: "v1", Mode: &odd}); CodeOf(err) != Invalid {
		t.Errorf("an unknown mode: %v", err)
	}
	l.do("user:adm", &good)
}

func TestManagedServerIsBroughtInStep(t *testing.T) {
	l := served(t)
	managed, alone := Managed, Standalone
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed})
	want := []string{"create group Night shift", "create user adm", "create user aud", "create user bu", "create user night",
		"create user off", "change user op enabled", "create user root2", "create user ru", "disable user local enabled", "disable group Tape enabled"}
	got := slices.DeleteFunc(l.steps(), func(s string) bool { return s == "create user root" }) // root is the server's own
	if !slices.Equal(got, want) {
		t.Fatalf("steps:\n%s", strings.Join(got, "\n"))
	}
	l.sync("s1")
	if left := l.steps(); len(left) > 0 {
		t.Fatalf("left: %v", left)
	}
	l.do("plan:sync", &SettleServer{ID: "v1", Revision: l.view().Revision()})
	for _, stale := range []Command{
		&CreateSync{ID: "s9", Server: "v1", Revision: 0, Steps: []Step{{Do: RemoveStep, Kind: ServerUser, Name: "op"}}},
		&NoteDrift{ID: "v1", Revision: l.view().Revision()},
	} {
		if _, err := l.try("plan:sync", stale); CodeOf(err) != Conflict && l.server().Sync.Reached > 0 {
			t.Errorf("%s: %v", KindOf(stale), err)
		}
	}
	l.do("user:adm", &RemoveUser{ID: "u-bu"})
	if got := l.steps(); !slices.Equal(got, []string{"remove user bu"}) || l.view().Revision() == 0 {
		t.Errorf("one that the cluster had put there: %v at %d", got, l.view().Revision())
	}
	if _, err := l.try("user:adm", &RemoveNode{ID: "v1"}); CodeOf(err) != Conflict {
		t.Errorf("removed while managed: %v", err)
	}
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &alone})
	if s := l.server(); s.Sync.Reached != 0 || s.Mode != Standalone {
		t.Errorf("handed back: %+v", s)
	}
}

func TestServerPasswordsAreDeliveredOnce(t *testing.T) {
	l := served(t)
	managed := Managed
	l.do("user:adm", &CreateUser{ID: "u-x", Name: "x", Groups: []string{Operators}, Password: "hash", Secret: []byte("sealed")})
	if l.view().Passwords.Len() > 0 {
		t.Error("a password is kept for nobody")
	}
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed})
	hash := "hash2"
	l.do("user:adm", &UpdateUser{ID: "u-x", Password: &hash, Secret: []byte("sealed2")})
	l.do("plan:sync", &CreateSync{ID: "s1", Server: "v1", Revision: l.view().Revision(), Steps: l.view().Differences(l.server())})
	l.do("plan:sync", &AssignJob{ID: "s1", From: Queued, Node: "m1"})
	l.do("user:adm", &UpdateUser{ID: "u-x", Password: &hash, Secret: []byte("sealed3")}) // while it is on its way
	l.carryOut(l.order("s1").Steps)
	l.do("node:m1", &FinishJob{ID: "s1", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	if p, ok := l.view().Passwords.Get("u-x"); !ok || string(p.Sealed) != "sealed3" || !slices.Equal(p.Waiting, []string{"v1"}) {
		t.Fatalf("the newest password: %+v", p)
	}
	if got := l.steps(); !slices.Equal(got, []string{"change user x password"}) {
		t.Errorf("steps: %v", got)
	}
	j, _ := l.view().Jobs.Get("s1")
	for _, step := range j.Steps {
		if len(step.Sealed) > 0 {
			t.Error("a password stays in the order that has ended")
		}
	}
	l.sync("s2")
	if l.view().Passwords.Len() > 0 || len(l.steps()) > 0 {
		t.Errorf("still waiting: %v", l.steps())
	}
	l.do("user:adm", &UpdateUser{ID: "u-x", Password: &hash, Secret: []byte("sealed4")})
	if _, err := l.try("plan:sync", &ExpirePassword{ID: "u-x"}); CodeOf(err) != Conflict {
		t.Errorf("expired early: %v", err)
	}
	l.now = l.now.Add(KeepPasswords)
	l.do("plan:sync", &ExpirePassword{ID: "u-x"})
}

func TestServerFailuresBackOff(t *testing.T) {
	l := served(t)
	managed := Managed
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed})
	var last Time
	for i := range 3 {
		id := fmt.Sprint("s", i)
		l.do("plan:sync", &CreateSync{ID: id, Server: "v1", Revision: l.view().Revision(), Steps: l.view().Differences(l.server())})
		l.do("plan:sync", &AssignJob{ID: id, From: Queued, Node: "m1"})
		l.do("node:m1", &FinishJob{ID: id, Attempt: 1, Outcome: Outcome{Status: Failed, Error: "no room"}})
		s := l.server().Sync
		if s.Failures != i+1 || s.Error != "no room" || s.RetryAt-l.now <= last {
			t.Errorf("after %d: %+v", i+1, s)
		}
		last = s.RetryAt - l.now
	}
	l.do("user:adm", &RetrySync{IDs: []string{"v1"}})
	if s := l.server().Sync; s.RetryAt != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTakeOverAndAdopt(t *testing.T) {
	l := served(t)
	managed, adopt := Managed, Adopt
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed, Policy: &adopt, TakeOver: true})
	u, ok := l.view().Users.Find("local")
	if !ok || u.Origin != "sesam-1" || u.Password != NoPassword || len(u.Groups) != 2 {
		t.Fatalf("taken over: %+v", u)
	}
	if g, ok := l.view().Groups.Find("Tape"); !ok || len(g.Rights) > 0 {
		t.Errorf("group: %+v", g)
	}
	if _, ok := l.view().Users.Find("Administrator"); ok {
		t.Error("the server's own account was taken over")
	}
	l.sync("s1")
	l.do("plan:sync", &SettleServer{ID: "v1", Revision: l.view().Revision()})
	l.do("node:m1", &ObserveObjects{Server: "v1", Kind: ServerUser, Objects: []Observed{
		{Name: "local", Facts: Facts{Enabled: false}}, {Name: "fresh", Facts: Facts{Enabled: true, Comment: "New here"}}}, Gone: []string{"night"}})
	l.do("plan:sync", &AdoptDrift{ID: "v1", Revision: l.view().Revision()})
	local, _ := l.view().Users.Find("local")
	fresh, ok := l.view().Users.Find("fresh")
	night, _ := l.view().Users.Find("night")
	if local.Enabled || !ok || fresh.FullName != "New here" || !night.Enabled {
		t.Errorf("adopted: %+v %+v %+v", local, fresh, night)
	}
}

// Whatever the cluster wants and whatever a server has, the steps carried out give
// what is wanted, and after them there are none.
func TestStepsLeadToWhatIsWanted(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		l := served(t)
		managed := Managed
		l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed, TakeOver: rnd.IntN(2) == 0})
		groups := []string{Operators, BackupUsers, RestoreUsers, Auditors, "Night shift"}
		for round := range 4 {
			for i := range 6 {
				name := fmt.Sprint("p", rnd.IntN(8))
				if u, ok := l.view().Users.Find(name); ok {
					enabled := rnd.IntN(2) == 0
					in := []string{groups[rnd.IntN(5)], groups[rnd.IntN(5)]}
					_, _ = l.try("user:root", &UpdateUser{ID: u.ID, Enabled: &enabled, Groups: &in})
					if rnd.IntN(3) == 0 {
						_, _ = l.try("user:root", &RemoveUser{ID: u.ID})
					}
				} else {
					_, _ = l.try("user:root", &CreateUser{ID: fmt.Sprint("u", seed, round, i), Name: name, Groups: groups[:rnd.IntN(3)], Password: "h"})
				}
				there := Observed{Name: fmt.Sprint("p", rnd.IntN(10)), Facts: Facts{Enabled: rnd.IntN(2) == 0, Groups: []string{"OPERATOR"}}}
				l.do("node:m1", &ObserveObjects{Server: "v1", Kind: ServerUser, Objects: []Observed{there}, Gone: []string{fmt.Sprint("p", rnd.IntN(10))}})
			}
			l.carryOut(l.view().Differences(l.server()))
			if left := l.steps(); len(left) > 0 {
				t.Fatalf("seed %d: left %v", seed, left)
			}
			for name, want := range l.view().wants(l.server(), ServerUser) {
				m, ok := l.view().Mirror("v1", ServerUser, name)
				if !ok || len(m.Facts.differs(&want.Facts)) > 0 {
					t.Fatalf("seed %d: %s is %+v, wanted %+v", seed, name, m, want.Facts)
				}
			}
			l.do("plan:sync", &SettleServer{ID: "v1", Revision: l.view().Revision()})
		}
		sound(l)
	}
}

func TestAccessListsOnServersGoByName(t *testing.T) {
	l := served(t)
	managed := Managed
	l.do("user:adm", &UpdateServer{ID: "v1", Mode: &managed})
	l.sync("s1")
	l.do("user:adm", &PutACL{Noun: "clients", Object: "web", Users: []string{"ru"}, Groups: []string{Operators, Auditors}},
		&PutACL{Noun: "clients", Object: "db", Groups: []string{Operators}}) // which the server does not have
	steps := l.view().Differences(l.server())
	if len(steps) != 1 || steps[0].Name != "clients/web" || !slices.Equal(steps[0].Facts.Rights, []string{"GROUP/OPERATOR", "USER/ru"}) {
		t.Fatalf("%+v", steps)
	}
	l.do("node:m1", &ObserveServer{ID: "v1", Lacks: map[string]string{CanACLs: "too old"}})
	if steps := l.steps(); len(steps) > 0 {
		t.Errorf("steps for what the server lacks: %v", steps)
	}
}

func TestLaunches(t *testing.T) {
	l := served(t)
	l.do("node:m1", &ObserveObjects{Server: "v1", Kind: ServerTask, Objects: []Observed{{Name: "nightly", Parent: "web"}, {Name: "other"}}})
	for name, c := range map[string]struct {
		by   string
		cmd  CreateLaunch
		want Code
	}{
		"no such task":   {"user:bu", CreateLaunch{ID: "x", Server: "v1", Task: "none"}, Invalid},
		"no such server": {"user:bu", CreateLaunch{ID: "x", Server: "v9", Task: "nightly"}, NotFound},
		"not a server":   {"user:bu", CreateLaunch{ID: "x", Server: "b1", Task: "nightly"}, Conflict},
		"no such level":  {"user:bu", CreateLaunch{ID: "x", Server: "v1", Task: "nightly", Level: "odd"}, Invalid},
		"no right":       {"user:ru", CreateLaunch{ID: "x", Server: "v1", Task: "nightly"}, Denied},
	} {
		if _, err := l.try(c.by, &c.cmd); CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.do("user:bu", &CreateLaunch{ID: "l1", Server: "sesam-1", Task: "nightly"})
	if _, err := l.try("user:bu", &CreateLaunch{ID: "l2", Server: "v1", Task: "nightly"}); CodeOf(err) != Conflict {
		t.Errorf("twice at once: %v", err)
	}
	l.do("plan:sync", &AssignJob{ID: "l1", From: Queued, Node: "m1"})
	if o := l.order("l1"); o.Kind != LaunchOrder || o.Launch.Task != "nightly" || o.Launch.Level != Full || len(o.Servers) != 1 {
		t.Errorf("%+v", o)
	}
	l.do("plan:fail", &InterruptJob{ID: "l1", Attempt: 1, Reason: "node manager-1 is offline"})
	if j, _ := l.view().Jobs.Get("l1"); j.Status != Failed || !strings.Contains(j.Error, "offline") {
		t.Errorf("a launch that nobody follows: %+v", j.Run)
	}
	l.do("user:adm", &PutACL{Noun: "clients", Object: "web"})
	if _, err := l.try("user:bu", &CreateLaunch{ID: "l3", Server: "v1", Task: "nightly"}); CodeOf(err) != Denied {
		t.Errorf("of a client that a list guards: %v", err)
	}
	l.do("user:bu", &CreateLaunch{ID: "l4", Server: "v1", Task: "other"}, &CancelJob{ID: "l4"})
}

package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// placed is a grid of storages s1, s2, … at the given sites, a backup manager at
// each, and a client.
func placed(t *testing.T, sites ...string) *grid {
	t.Helper()
	g := empty(t)
	for i, site := range sites {
		for _, n := range []struct{ id, role string }{{fmt.Sprint("s", i+1), fsm.RoleStorage}, {fmt.Sprint("b", i+1), fsm.RoleBackupManager}} {
			g.node(n.id, n.role)
			g.do("user:admin", &fsm.UpdateNode{ID: n.id, Site: &site, Labels: &map[string]string{"rack": fmt.Sprint(i / 2)}})
		}
	}
	g.client("c1")
	g.task("t1", "c1")
	return g
}

func (g *grid) wish(copies int, p fsm.PlacementChange) {
	g.t.Helper()
	g.do("user:admin", &fsm.UpdateClient{ID: "c1", Copies: &copies, Placement: p})
}

func (g *grid) assigned() *fsm.Assignment {
	g.t.Helper()
	a, ok := g.view().Assignments.Get("c1")
	if !ok {
		g.t.Fatal("no assignment")
	}
	return a
}

// sites gives the sites of nodes, sorted.
func (g *grid) sites(ids []string) (sites []string) {
	for _, id := range ids {
		n, _ := g.view().Nodes.Get(id)
		sites = append(sites, n.Site)
	}
	slices.Sort(sites)
	return sites
}

// Copies lie in different failure domains.
func TestChooseSpread(t *testing.T) {
	site, rack := fsm.SpreadSite, fsm.SpreadLabel+"rack"
	for _, c := range []struct {
		name   string
		copies int
		spread *string
		sites  []string
		want   int // storages
	}{
		{"at different sites if there are any", 2, nil, []string{"fra", "fra", "fra", "ber"}, 2},
		{"at one site when there is no other", 2, nil, []string{"fra", "fra"}, 2},
		{"never at one site", 3, &site, []string{"fra", "fra", "fra", "ber"}, 2},
		{"never in one rack", 3, &rack, []string{"fra", "fra", "fra", "fra"}, 2},
		{"on different nodes", 8, nil, []string{"", "", ""}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := placed(t, c.sites...)
			g.wish(c.copies, fsm.PlacementChange{Spread: c.spread})
			g.carry(plan.Assign)
			storages := g.assigned().Storages
			if len(storages) != c.want {
				t.Fatalf("on %v", storages)
			}
			if sites := g.sites(storages); slices.Contains(c.sites, "ber") && !slices.Contains(sites, "ber") {
				t.Errorf("at %v", sites)
			}
			if c.spread == &rack && (storages[0] < "s3") == (storages[1] < "s3") {
				t.Errorf("in one rack: %v", storages)
			}
		})
	}
}

// Nodes are chosen where they are wanted, and left when they are no longer.
func TestChooseConstraints(t *testing.T) {
	g := placed(t, "fra", "fra", "ber", "ber")
	g.wish(2, fsm.PlacementChange{
		Managers: fsm.ConstraintChange{Sites: &[]string{"ber"}},
		Storages: fsm.ConstraintChange{Labels: &map[string]string{"rack": "0"}},
	})
	g.carry(plan.Assign)
	a := g.assigned()
	if sites := g.sites(a.Managers); !slices.Equal(sites, []string{"ber", "ber"}) {
		t.Errorf("managers at %v", sites)
	}
	if sites := g.sites(a.Storages); !slices.Equal(sites, []string{"fra", "fra"}) {
		t.Errorf("storages at %v", sites)
	}
	g.wish(2, fsm.PlacementChange{Managers: fsm.ConstraintChange{Sites: &[]string{"nowhere"}}})
	g.carry(plan.Assign)
	if a := g.assigned(); len(a.Managers) != 0 {
		t.Errorf("managers %v, where none is wanted", a.Managers)
	}
}

// Storages get repositories by their free space, backup managers by their slots.
func TestChooseByWeight(t *testing.T) {
	g := placed(t, "", "")
	free := func(id string, gib int64) {
		g.do("node:"+id, &fsm.ReportNode{ID: id, Capacity: fsm.Capacity{Total: 8 << 40, Free: gib << 30}})
	}
	free("s1", 1<<10)
	free("s2", 4<<10)
	g.do("node:b2", &fsm.ReportNode{ID: "b2", Slots: 6})
	for i := range 400 {
		name := fmt.Sprint("d", i)
		g.client(name)
		g.task("t-"+name, name)
	}
	g.carry(plan.Assign)
	storages, managers := make(map[string]int), make(map[string]int)
	for a := range g.view().Assignments.All() {
		storages[a.Storages[0]]++
		managers[a.Managers[0]]++
	}
	t.Logf("free 1:4 gave %v, slots 2:6 gave %v", storages, managers)
	if n := storages["s2"]; n < 290 || n > 350 {
		t.Errorf("%d of 401 repositories on the storage with 4/5 of the space", n)
	}
	if n := managers["b2"]; n < 265 || n > 335 {
		t.Errorf("%d of 401 clients with the manager that has 3/4 of the slots", n)
	}
}

// A join takes from the others what it then has, a leave gives away what it had,
// and nothing else moves.
func TestChooseMovesLittle(t *testing.T) {
	const clients, nodes = 200, 20
	g := empty(t)
	join := func(i int) {
		g.node(fmt.Sprintf("b%02d", i), fsm.RoleBackupManager)
		g.node(fmt.Sprintf("s%02d", i), fsm.RoleStorage)
	}
	for i := range nodes {
		join(i)
	}
	for i := range clients {
		name := fmt.Sprintf("c%03d", i)
		g.client(name)
		g.task("t-"+name, name)
	}
	places := func() (managers, storages map[string]string) {
		managers, storages = make(map[string]string), make(map[string]string)
		for a := range g.view().Assignments.All() {
			managers[a.ID], storages[a.ID] = a.Managers[0], a.Storages[0]
		}
		return managers, storages
	}
	moved := func(was, is map[string]string, one string) (n, wrong int) {
		for c := range was {
			if was[c] != is[c] {
				n++
				if was[c] != one && is[c] != one {
					wrong++
				}
			}
		}
		return n, wrong
	}
	g.carry(plan.Assign)
	for c := range g.view().Clients.All() { // half of the repositories have data
		if c.ID < "c100" {
			g.queueOf("r-"+c.ID, c.ID)
			a, _ := g.view().Assignments.Get(c.ID)
			g.do("plan:place", &fsm.AssignBackup{ID: "r-" + c.ID, From: fsm.Queued, Node: a.Managers[0], Storages: a.Storages[:1]})
		}
	}
	m0, s0 := places()
	join(nodes)
	g.carry(plan.Assign)
	m1, s1 := places()
	managers, wrong := moved(m0, m1, "b20")
	storages, wrongly := moved(s0, s1, "s20")
	t.Logf("a join as the 21st: %d of %d clients have another preferred manager, %d another storage (1/21 is %.1f)",
		managers, clients, storages, float64(clients)/(nodes+1))
	if wrong+wrongly > 0 || managers == 0 || managers > 20 || storages > 20 {
		t.Errorf("moved %d and %d; of them %d and %d to others than the one that joined", managers, storages, wrong, wrongly)
	}
	for c := range s1 {
		if c < "c100" && s0[c] != s1[c] {
			t.Errorf("the data of %s moved from %s to %s", c, s0[c], s1[c])
		}
	}
	had := 0
	for _, m := range m1 {
		if m == "b03" {
			had++
		}
	}
	g.do("node:b03", &fsm.LeaveNode{ID: "b03"})
	g.carry(plan.Assign)
	m2, _ := places()
	managers, wrong = moved(m1, m2, "b03")
	t.Logf("a leave of one with %d clients: %d have another preferred manager", had, managers)
	if managers != had || wrong > 0 {
		t.Errorf("moved %d, %d of them from others", managers, wrong)
	}
}

// A manager that drains loses its clients at once; when nothing is left, it is
// drained, and that stands in the audit trail once.
func TestDrain(t *testing.T) {
	g := newGrid(t)
	g.carry(plan.Assign)
	g.queue("r", "t1")
	g.assign("r", "b2")
	g.mode("b2", fsm.Draining)
	g.expect(plan.Assign, "assignment.put c1 [b1] [s1]")
	g.expect(plan.Drain) // the run is not at its end
	g.do("node:b2", &fsm.FinishBackup{ID: "r", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap"}})
	g.expect(plan.Drain, "node.drain b2")
	g.mode("b2", fsm.Active)
	if n, _ := g.view().Nodes.Get("b2"); n.Drained {
		t.Error("a node that is active again is drained")
	}
}

// A storage that drains is joined by another; when that has a complete copy, it
// takes the first place, and the draining one is left.
func TestDrainStorage(t *testing.T) {
	g := newGrid(t)
	g.carry(plan.Assign)
	g.queue("r", "t1")
	g.run("r", fsm.Succeeded)
	g.now = g.now.Add(time.Second)
	g.mode("s1", fsm.Draining)
	g.expect(plan.Assign) // there is no other
	g.node("s2", fsm.RoleStorage)
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1 s2]")
	g.expect(plan.Drain)
	g.expect(plan.Copy, "job.create copy repo-c1 on s2 from s1")
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	g.queue("again", "t1")
	g.do("plan:place", &fsm.AssignBackup{ID: "again", From: fsm.Queued, Node: "b1", Storages: []string{"s1"}})
	g.expect(plan.Assign) // a backup writes to s1
	g.do("node:b1", &fsm.FinishBackup{ID: "again", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap"}})
	g.now = g.now.Add(time.Second)
	g.expect(plan.Assign) // s2 lacks it
	g.carry(plan.Copy)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 6}))
	if n, _ := g.view().Nodes.Get("s1"); g.view().Drained(n) {
		t.Error("a storage with data is drained")
	}
	do, _ := g.plan(plan.Assign)
	if got := show(do); !slices.Equal(got, []string{"repository.promote repo-c1 to s2"}) {
		t.Fatalf("decided %v", got)
	}
	g.do("plan:assign", do[0])
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s2]")
	g.expect(plan.Drain, "node.drain s1")
	if err := g.try("user:admin", &fsm.RemoveNode{ID: "s2"}); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("the storage that has all is removed: %v", err)
	}
	g.do("node:s1", &fsm.LeaveNode{ID: "s1"})
	g.do("user:admin", &fsm.RemoveNode{ID: "s1"})
}

// Data moves to where it is wanted, the same way.
func TestChooseMovesData(t *testing.T) {
	g := placed(t, "fra", "ber")
	g.wish(1, fsm.PlacementChange{Storages: fsm.ConstraintChange{Sites: &[]string{"fra"}}})
	g.carry(plan.Assign)
	g.queue("r", "t1")
	g.run("r", fsm.Succeeded)
	g.now = g.now.Add(time.Second)
	g.wish(1, fsm.PlacementChange{Storages: fsm.ConstraintChange{Sites: &[]string{"ber"}}})
	g.carry(plan.Assign)
	if got := g.assigned().Storages; !slices.Equal(got, []string{"s1", "s2"}) {
		t.Fatalf("on %v", got)
	}
	g.carry(plan.Copy)
	g.end(fsm.CopyJob, whole(fsm.CopyReport{Blobs: 5}))
	do, _ := g.plan(plan.Assign)
	g.do("plan:assign", do[0])
	g.carry(plan.Assign)
	if got := g.assigned().Storages; !slices.Equal(got, []string{"s2"}) {
		t.Errorf("on %v", got)
	}
}

// BenchmarkAssign is one look at a large grid: at all of it, and after a change of
// one client or of one that does not matter.
func BenchmarkAssign(b *testing.B) {
	const clients, nodes = 10_000, 1000
	g := empty(b)
	for i := range nodes {
		g.node(fmt.Sprintf("n%04d", i), fsm.RoleBackupManager, fsm.RoleStorage)
	}
	for i := range clients {
		name := fmt.Sprintf("c%05d", i)
		g.client(name)
		g.task("t-"+name, name)
	}
	all := plan.All()["assign"]
	do, _ := all(g.view(), g.now)
	for _, cmd := range do {
		g.do("plan:assign", cmd)
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if do, _ := plan.Assign(g.view(), g.now); len(do) != 0 {
				b.Fatal(len(do), " commands")
			}
		}
	})
	all(g.view(), g.now)
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			g.do("user:admin", &fsm.UpdateClient{ID: "c00042", Address: new(string)})
			b.StartTimer()
			if do, _ := all(g.view(), g.now); len(do) != 0 {
				b.Fatal(len(do), " commands")
			}
		}
	})
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			all(g.view(), g.now)
		}
	})
}

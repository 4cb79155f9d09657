package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

func TestAssign(t *testing.T) {
	cases := []struct {
		name  string
		given func(g *grid)
		want  []string
	}{
		{"a client with a task", func(*grid) {}, []string{"assignment.put c1 [b2 b1] [s1]"}},
		{"a client with nothing gets nothing", func(g *grid) { g.client("c2") }, []string{"assignment.put c1 [b2 b1] [s1]"}},
		{"a client with a backup and no task", func(g *grid) { g.client("c2"); g.queueOf("r", "c2") },
			[]string{"assignment.put c1 [b2 b1] [s1]", "assignment.put c2 [b2 b1] [s1]"}},
		{"nodes that are not ready", func(g *grid) {
			g.mode("b1", fsm.Draining)
			g.mark("s1", fsm.Offline)
		}, []string{"assignment.put c1 [b2] []"}},
		{"nobody is there", func(g *grid) {
			for _, id := range []string{"b1", "b2", "s1"} {
				g.mark(id, fsm.Offline)
			}
		}, nil},
		{"a storage that is nearly full takes no new repository", func(g *grid) {
			g.do("node:s1", &fsm.ReportNode{ID: "s1", Capacity: fsm.Capacity{Total: 100, Free: 4}})
		}, []string{"assignment.put c1 [b2 b1] []"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			g.expect(plan.Assign, c.want...)
		})
	}
}

// A node that is offline keeps its places for a while, and the plan says when
// it looks again.
func TestAssignPatience(t *testing.T) {
	g := newGrid(t)
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1]")
	g.mark("b2", fsm.Offline)
	do, next := g.plan(plan.Assign)
	if len(do) != 0 || !next.Equal(g.now.Add(5*time.Minute)) {
		t.Fatalf("at once: %v, next in %v", show(do), next.Sub(g.now))
	}
	g.now = next
	g.expect(plan.Assign, "assignment.put c1 [b1] [s1]")
	g.mark("b2", fsm.Online)
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1]")
}

// A repository that has data stays on its storage whatever happens to that,
// until it is removed from the grid.
func TestAssignKeepsData(t *testing.T) {
	g := newGrid(t)
	g.carry(plan.Assign)
	g.queue("r", "t1")
	g.run("r", fsm.Failed) // it may have written
	g.node("s2", fsm.RoleStorage)
	for _, id := range []string{"s3", "s4", "s5", "s6"} {
		g.node(id, fsm.RoleStorage)
	}
	g.expect(plan.Assign)
	g.mark("s1", fsm.Offline)
	g.now = g.now.Add(time.Hour)
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1 s6]") // a copy, for it may not come back
	g.mode("s1", fsm.Draining)
	g.expect(plan.Assign)
	g.do("user:admin", &fsm.RemoveNode{ID: "s1", Force: true})
	if do := g.carry(plan.Assign); len(do) != 1 {
		t.Fatalf("after its storage is gone for good: %v", do)
	}
}

// As many storages as are wanted keep the data of a client; those of the client
// that wants the most count where several share a repository.
func TestAssignCopies(t *testing.T) {
	g := newGrid(t)
	g.carry(plan.Assign)
	g.queue("r", "t1")
	g.run("r", fsm.Succeeded)
	g.node("s2", fsm.RoleStorage)
	g.node("s3", fsm.RoleStorage)
	copies := func(client string, n int) { g.do("user:admin", &fsm.UpdateClient{ID: client, Copies: &n}) }
	copies("c1", 2)
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1 s3]")
	g.do("user:admin", &fsm.CreateClient{ID: "c2", Name: "c2", Share: "c1", Copies: 3})
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1 s3 s2]")
	copies("c2", 8)
	g.expect(plan.Assign) // there are no more
	copies("c2", 1)
	g.expect(plan.Assign) // none is left before another has all of it
	g.do("user:admin", &fsm.RemoveNode{ID: "s3", Force: true})
	g.expect(plan.Assign, "assignment.put c1 [b2 b1] [s1 s2]")
}

// A node that joins takes its share and moves nothing else; when it leaves, all
// is as it was.
func TestAssignMovesLittle(t *testing.T) {
	const clients, managers = 200, 5
	g := empty(t)
	for i := range managers {
		g.node(fmt.Sprint("b", i), fsm.RoleBackupManager)
		g.node(fmt.Sprint("s", i), fsm.RoleStorage)
	}
	for i := range clients {
		name := fmt.Sprintf("c%03d", i)
		g.client(name)
		g.task("t-"+name, name)
	}
	first := func(v *fsm.View) (m, s map[string]string) {
		m, s = map[string]string{}, map[string]string{}
		for a := range v.Assignments.All() {
			m[a.ID], s[a.ID] = a.Managers[0], a.Storages[0]
		}
		return m, s
	}
	g.carry(plan.Assign)
	m1, s1 := first(g.view())
	for i := range managers {
		id := fmt.Sprint("b", i)
		n := 0
		for _, m := range m1 {
			if m == id {
				n++
			}
		}
		if n < clients/managers/2 || n > clients/managers*2 {
			t.Errorf("%s is the first of %d of %d clients", id, n, clients)
		}
	}
	g.node("b9", fsm.RoleBackupManager)
	g.node("s9", fsm.RoleStorage)
	g.carry(plan.Assign)
	m2, s2 := first(g.view())
	moved := 0
	for c := range m1 {
		if m2[c] != m1[c] {
			moved++
			if m2[c] != "b9" {
				t.Errorf("client %s moved from %s to %s when b9 came", c, m1[c], m2[c])
			}
		}
		if s2[c] != s1[c] && s2[c] != "s9" {
			t.Errorf("the data of client %s moved from %s to %s when s9 came", c, s1[c], s2[c])
		}
	}
	if moved == 0 || moved > clients/3 {
		t.Errorf("%d of %d clients moved", moved, clients)
	}
	g.do("node:b9", &fsm.LeaveNode{ID: "b9"})
	g.do("node:s9", &fsm.LeaveNode{ID: "s9"})
	g.carry(plan.Assign)
	m3, s3 := first(g.view())
	for c := range m1 {
		if m3[c] != m1[c] || s3[c] != s1[c] {
			t.Errorf("client %s did not come back to %s and %s", c, m1[c], s1[c])
		}
	}
}

// Clients that share a repository have one storage.
func TestAssignSharedRepository(t *testing.T) {
	g := empty(t)
	for i := range 8 {
		g.node(fmt.Sprint("s", i), fsm.RoleStorage)
	}
	g.node("b", fsm.RoleBackupManager)
	g.client("c0")
	for i := range 6 {
		name := fmt.Sprint("c", i)
		if i > 0 {
			g.do("user:admin", &fsm.CreateClient{ID: name, Name: name, Share: "c0"})
		}
		g.task("t"+name, name)
	}
	g.carry(plan.Assign)
	var all []string
	for a := range g.view().Assignments.All() {
		all = append(all, a.Storages...)
	}
	if slices.Sort(all); len(slices.Compact(all)) != 1 {
		t.Errorf("storages %v", all)
	}
}

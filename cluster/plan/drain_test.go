package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// work lets the nodes do what they are told, all but what is held back, and tells what
// was begun on a node.
func (g *grid) work(hold map[string]bool) {
	g.t.Helper()
	v := g.view()
	for _, status := range []fsm.Status{fsm.Assigned, fsm.Running} {
		for b := range v.Backups.By("status", string(status)) {
			if !hold[b.ID] {
				g.do("node:"+b.Node, &fsm.FinishBackup{ID: b.ID, Attempt: b.Attempt,
					Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-" + b.ID}})
			}
		}
		for j := range v.Jobs.By("status", string(status)) {
			out := fsm.Outcome{Status: fsm.Succeeded}
			if j.Kind == fsm.CopyJob || j.Kind == fsm.ScrubJob {
				out.Copy = &fsm.CopyReport{Blobs: 5, Bytes: 5}
			}
			g.do("node:"+j.Node, &fsm.FinishJob{ID: j.ID, Attempt: j.Attempt, Outcome: out})
		}
	}
}

// Draining a backup manager and a storage moves what they answer for, lets what they
// run come to its end, gives them nothing new, and ends. All plans are at work.
func TestDrainingEnds(t *testing.T) {
	g := newGrid(t)
	plans := plan.All()
	for i := range 4 {
		name := fmt.Sprint("d", i)
		g.client(name)
		g.task("u"+name, name)
	}
	settle(g, plans)
	for i := range 4 {
		g.queue(fmt.Sprint("first", i), fmt.Sprint("ud", i))
	}
	for range 4 {
		settle(g, plans)
		g.work(nil)
		g.now = g.now.Add(time.Minute)
	}
	g.node("s2", fsm.RoleStorage)
	settle(g, plans)
	g.queue("held", "t1")
	g.queue("held2", "ud0")
	settle(g, plans)
	held, _ := g.view().Backups.Get("held")
	if !held.Status.Live() {
		t.Fatalf("%+v", held)
	}
	leaving := held.Node
	g.do("node:"+leaving, &fsm.StartBackup{ID: "held", Attempt: 1})
	g.mode(leaving, fsm.Draining)
	g.mode("s1", fsm.Draining)
	for i := range 3 { // d0 is at work
		g.queue(fmt.Sprint("second", i), fmt.Sprint("ud", i+1))
	}
	hold := map[string]bool{"held": true}
	drained := func(id string) bool {
		n, _ := g.view().Nodes.Get(id)
		return n.Drained
	}
	for round := range 40 {
		if round == 20 {
			if drained(leaving) {
				t.Error("it is drained, with a backup at work")
			}
			delete(hold, "held")
		}
		settle(g, plans)
		for b := range g.view().Backups.By("active", leaving) {
			if strings.HasPrefix(b.ID, "second") {
				t.Fatalf("%s was begun on a node that drains", b.ID)
			}
		}
		g.work(hold)
		g.now = g.now.Add(time.Minute)
	}
	settle(g, plans)
	if !drained(leaving) || !drained("s1") {
		t.Errorf("%s: %v, s1: %v", leaving, drained(leaving), drained("s1"))
	}
	v := g.view()
	for b := range v.Backups.All() {
		if b.Status != fsm.Succeeded || b.Attempt != 1 {
			t.Errorf("%s is %s in attempt %d", b.ID, b.Status, b.Attempt)
		}
	}
	if b, _ := v.Backups.Get("held"); b.Node != leaving {
		t.Errorf("what it ran was moved to %s", b.Node)
	}
	for a := range v.Assignments.All() {
		if slices.Contains(a.Managers, leaving) || !slices.Equal(a.Storages, []string{"s2"}) {
			t.Errorf("%s is left to %v on %v", a.ID, a.Managers, a.Storages)
		}
	}
	g.mayGo(leaving)
}

// mayGo tries to remove the drained nodes, which goes, and the storage that has the last
// copies, which must be said twice.
func (g *grid) mayGo(manager string) {
	g.t.Helper()
	for _, id := range []string{manager, "s1"} {
		g.do("node:"+id, &fsm.LeaveNode{ID: id})
		g.do("user:admin", &fsm.RemoveNode{ID: id})
	}
	g.mark("s2", fsm.Offline)
	err := g.try("user:admin", &fsm.RemoveNode{ID: "s2"})
	if fsm.CodeOf(err) != fsm.Conflict || !strings.Contains(err.Error(), "only complete copy") || !strings.Contains(err.Error(), "d0") {
		g.t.Errorf("the last copies: %v", err)
	}
	g.do("user:admin", &fsm.RemoveNode{ID: "s2", Force: true})
}

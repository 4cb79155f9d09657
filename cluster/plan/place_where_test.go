package plan_test

import (
	"fmt"
	"testing"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// confine lets only these nodes handle the data of c1.
func confine(g *grid, nodes ...string) {
	labels := map[string]string{"trusted": "yes"}
	for _, id := range nodes {
		g.do("user:admin", &fsm.UpdateNode{ID: id, Labels: &labels})
	}
	g.do("user:admin", &fsm.UpdateClient{ID: "c1", Placement: fsm.PlacementChange{Managers: fsm.ConstraintChange{Labels: &labels}}})
}

// Where a client's data may be handled also holds for those that stand in when
// the nodes that answer for it are busy.
func TestPlaceMindsWhereDataMayBeHandled(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(g *grid)
		want  []string
	}{
		{"only where the client's data may be handled, though others are free", func(g *grid) {
			g.node("b3", fsm.RoleBackupManager)
			prefer(g)
			confine(g, "b2", "b3")
			for i := range 5 {
				g.queueOf(fmt.Sprint("r", i), "c1")
			}
		}, []string{"backup.assign r0 queued/0 b2 [s1]", "backup.assign r1 queued/0 b2 [s1]",
			"backup.assign r2 queued/0 b3 [s1]", "backup.assign r3 queued/0 b3 [s1]"}},
		{"not where the task may run and the client's data may not be handled", func(g *grid) {
			prefer(g)
			confine(g, "b2")
			g.task("t9", "c1", func(c *fsm.CreateTask) { c.Nodes = []string{"b1"} })
			g.queue("r", "t9")
		}, nil},
		{"nowhere when no node will do", func(g *grid) {
			prefer(g)
			confine(g)
			g.queue("r", "t1")
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			g.expect(plan.Place, c.want...)
		})
	}
}

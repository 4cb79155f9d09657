package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// settle carries all plans out until none has anything left, as a leader does. A
// plan that remembers decides as one that does not.
func settle(g *grid, plans map[string]plan.Func) {
	g.t.Helper()
	for round := 0; ; round++ {
		var left []string
		for _, name := range slices.Sorted(maps.Keys(plans)) {
			do, next := plans[name](g.view(), g.now)
			if name == "assign" {
				want, then := plan.Assign(g.view(), g.now)
				if fmt.Sprint(show(do)) != fmt.Sprint(show(want)) || !next.Equal(then) {
					g.t.Fatalf("decided %v, next %v, and afresh %v, next %v", show(do), next, show(want), then)
				}
			}
			for _, cmd := range do {
				g.do("plan:"+name, cmd)
			}
			left = append(left, show(do)...)
		}
		if len(left) == 0 {
			return
		}
		if round == 20 {
			g.t.Fatalf("the plans never come to rest: %v", left)
		}
	}
}

// Whatever happens to a grid, its plans come to rest, none of their commands is
// refused, no node has more than its slots and no task two backups at work.
func TestPlansComeToRest(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			g := newGrid(t)
			cron(g, "*/7 * * * *", "Europe/Berlin", "")
			g.node("b3", fsm.RoleBackupManager, fsm.RoleStorage)
			for i := range 5 {
				g.client(fmt.Sprint("d", i))
				g.task(fmt.Sprint("u", i), fmt.Sprint("d", i), func(c *fsm.CreateTask) {
					c.Schedule, c.Retention.Last = "sch", 1+i
				})
			}
			plans := plan.All()
			for step := range 150 {
				g.now = g.now.Add(time.Duration(rnd.IntN(200)) * time.Second)
				disturb(g, rnd, step)
				settle(g, plans)
				checkInvariants(g)
			}
			if g.view().Backups.Count("status", string(fsm.Succeeded)) == 0 {
				t.Error("nothing succeeded: the grid was not at work")
			}
		})
	}
}

// disturb does one thing that happens in a grid; a refusal is as good.
func disturb(g *grid, rnd *rand.Rand, step int) {
	node := []string{"b1", "b2", "b3", "s1"}[rnd.IntN(4)]
	n, _ := g.view().Nodes.Get(node)
	by := "node:" + node
	switch rnd.IntN(9) {
	case 7:
		copies := 1 + rnd.IntN(3)
		_ = g.try("user:admin", &fsm.UpdateClient{ID: fmt.Sprint("d", rnd.IntN(5)), Copies: &copies})
	case 8:
		_ = g.try("node:"+node, &fsm.ReportNode{ID: node, Capacity: fsm.Capacity{Total: 1 << 40, Free: rnd.Int64N(1 << 40)}, Slots: n.Slots})
	case 0:
		to := []fsm.NodeStatus{fsm.Online, fsm.Offline, fsm.Degraded}[rnd.IntN(3)]
		_ = g.try("plan:members", &fsm.MarkNode{ID: node, From: n.Status, To: to, LastSeen: fsm.At(g.now)})
	case 1:
		mode := []fsm.NodeMode{fsm.Active, fsm.Active, fsm.Draining, fsm.Maintenance}[rnd.IntN(4)]
		_ = g.try("user:admin", &fsm.UpdateNode{ID: node, Mode: &mode})
	case 2:
		_ = g.try("user:admin", &fsm.CreateBackup{ID: fmt.Sprint("x", step), Task: fmt.Sprint("u", rnd.IntN(5))})
	case 3:
		for b := range g.view().Backups.By("status", string(fsm.Succeeded)) {
			_ = g.try("user:admin", &fsm.CreateJob{ID: fmt.Sprint("j", step), Kind: fsm.RestoreJob, Backup: b.ID, Node: "b1",
				Restore: fsm.Restore{Target: "/r"}})
			break
		}
	default:
		for b := range g.view().Backups.By("active", node) {
			_ = g.try(by, &fsm.StartBackup{ID: b.ID, Attempt: b.Attempt})
			_ = g.try(by, &fsm.FinishBackup{ID: b.ID, Attempt: b.Attempt,
				Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-" + b.ID}})
		}
		for j := range g.view().Jobs.By("active", node) {
			_ = g.try(by, &fsm.FinishJob{ID: j.ID, Attempt: j.Attempt, Outcome: fsm.Outcome{Status: fsm.Succeeded}})
		}
	}
}

func checkInvariants(g *grid) {
	g.t.Helper()
	v := g.view()
	for n := range v.Nodes.All() {
		if busy := v.Backups.Count("active", n.ID) + v.Jobs.Count("active", n.ID); busy > n.Slots {
			g.t.Fatalf("node %s has %d runs in %d slots", n.Name, busy, n.Slots)
		}
	}
	for task := range v.Tasks.All() {
		live := 0
		for b := range v.Backups.By("open", task.ID) {
			if b.Status.Live() {
				live++
			}
		}
		if live > 1 {
			g.t.Fatalf("task %s has %d backups at work", task.Name, live)
		}
	}
}

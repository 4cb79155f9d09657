package plan_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// noon is when the grids of these tests begin: a Thursday.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// grid is a state that is changed by commands, as in life, and a clock.
type grid struct {
	t     testing.TB
	state *fsm.FSM
	index uint64
	now   time.Time
}

// newGrid makes a cluster with two backup managers and a storage, all online,
// each manager with two slots, and one client with one task.
func newGrid(t *testing.T) *grid {
	t.Helper()
	g := empty(t)
	g.node("b1", fsm.RoleBackupManager)
	g.node("b2", fsm.RoleBackupManager)
	g.node("s1", fsm.RoleStorage)
	g.client("c1")
	g.task("t1", "c1")
	return g
}

func empty(t testing.TB) *grid {
	t.Helper()
	g := &grid{t: t, state: fsm.New(hclog.NewNullLogger()), now: noon}
	g.do("system:init", &fsm.InitCluster{Cluster: "cl",
		Admin:       fsm.CreateUser{ID: "u", Name: "admin", Groups: []string{fsm.Superusers}, Password: "x"},
		Manager:     fsm.NewNode{ID: "m1", Name: "m1", Roles: []string{fsm.RoleManager}},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "cert-m1"}}})
	return g
}

// try applies a command at the time of the grid.
func (g *grid) try(by string, cmd fsm.Command) error {
	g.t.Helper()
	e, err := fsm.NewEntry(context.Background(), by, cmd)
	if err != nil {
		g.t.Fatal(err)
	}
	e.At = fsm.At(g.now)
	g.index++
	answers, err := g.state.Replay(g.index, e)
	if err != nil {
		g.t.Fatal(err)
	}
	_, err = answers.At(0)
	return err
}

func (g *grid) do(by string, cmd fsm.Command) {
	g.t.Helper()
	if err := g.try(by, cmd); err != nil {
		g.t.Fatalf("%s by %s: %v", fsm.KindOf(cmd), by, err)
	}
}

func (g *grid) view() *fsm.View { return g.state.Now() }

// node admits a node and marks it online.
func (g *grid) node(id string, roles ...string) {
	g.t.Helper()
	token := fsm.CreateToken{ID: "token-" + id, Kind: fsm.JoinToken, Hash: []byte(id), Roles: roles, Uses: 1, TTL: time.Hour}
	g.do("system:test", &token)
	g.do("system:join", &fsm.JoinNode{Token: token.ID, Secret: token.Hash, Key: []byte(id),
		Node:        fsm.NewNode{ID: id, Name: id, Roles: roles, Slots: 2},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "cert-" + id}}})
	g.mark(id, fsm.Online)
}

func (g *grid) mark(id string, to fsm.NodeStatus) {
	g.t.Helper()
	n, _ := g.view().Nodes.Get(id)
	g.do("plan:members", &fsm.MarkNode{ID: id, From: n.Status, To: to, LastSeen: fsm.At(g.now)})
}

func (g *grid) mode(id string, mode fsm.NodeMode) {
	g.t.Helper()
	g.do("user:admin", &fsm.UpdateNode{ID: id, Mode: &mode})
}

func (g *grid) client(name string) {
	g.t.Helper()
	g.do("user:admin", &fsm.CreateClient{ID: name, Name: name,
		Repository: fsm.NewRepository{ID: "repo-" + name, Password: []byte("sealed")}})
}

func (g *grid) task(name, client string, change ...func(*fsm.CreateTask)) {
	g.t.Helper()
	c := &fsm.CreateTask{ID: name, Name: name, Client: client, Source: fsm.Source{Paths: []string{"/srv"}}}
	for _, do := range change {
		do(c)
	}
	g.do("user:admin", c)
}

// queue makes a backup of a task, or of a path of a client that has no task.
func (g *grid) queue(id, task string) {
	g.t.Helper()
	g.do("user:admin", &fsm.CreateBackup{ID: id, Task: task})
}

func (g *grid) queueOf(id, client string) {
	g.t.Helper()
	g.do("user:admin", &fsm.CreateBackup{ID: id, Client: client, Source: &fsm.Source{Paths: []string{"/x"}}})
}

// run brings a queued backup to an end on b1, at the time of the grid.
func (g *grid) run(id string, status fsm.Status) {
	g.t.Helper()
	g.assign(id, "b1")
	g.do("node:b1", &fsm.StartBackup{ID: id, Attempt: 1})
	outcome := fsm.Outcome{Status: status}
	if status == fsm.Succeeded || status == fsm.Warning {
		outcome.Snapshot = "snap-" + id
	}
	g.do("node:b1", &fsm.FinishBackup{ID: id, Attempt: 1, Outcome: outcome})
}

func (g *grid) assign(id, node string) {
	g.t.Helper()
	b, _ := g.view().Backups.Get(id)
	g.do("plan:place", &fsm.AssignBackup{ID: id, From: b.Status, Attempt: b.Attempt, Node: node, Storages: []string{"s1"}})
}

// plan runs a plan, checks that it gives the same again, and returns its
// commands in short.
func (g *grid) plan(p plan.Func) ([]fsm.Command, time.Time) {
	g.t.Helper()
	v := g.view()
	do, next := p(v, g.now)
	if again, then := p(v, g.now); fmt.Sprint(show(again)) != fmt.Sprint(show(do)) || !then.Equal(next) {
		g.t.Fatalf("the same view gave %v and then %v", show(do), show(again))
	}
	return do, next
}

// carry applies what a plan decides, and fails unless the plan then has nothing
// left to do.
func (g *grid) carry(p plan.Func) []string {
	g.t.Helper()
	do, _ := g.plan(p)
	for _, cmd := range do {
		g.do("plan:test", cmd)
	}
	if left, _ := g.plan(p); len(left) != 0 {
		g.t.Fatalf("carried out %v, and the plan still wants %v", show(do), show(left))
	}
	return show(do)
}

// expect runs a plan and compares what it decides, line by line.
func (g *grid) expect(p plan.Func, want ...string) {
	g.t.Helper()
	if got := g.carry(p); !slices.Equal(got, want) {
		g.t.Errorf("the plan decided\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// show gives commands in short.
func show(do []fsm.Command) []string {
	var lines []string
	for _, cmd := range do {
		line := fsm.KindOf(cmd)
		switch c := cmd.(type) {
		case *fsm.AssignBackup:
			line += fmt.Sprintf(" %s %s/%d %s %v", c.ID, c.From, c.Attempt, c.Node, c.Storages)
		case *fsm.AssignJob:
			line += fmt.Sprintf(" %s %s/%d %s", c.ID, c.From, c.Attempt, c.Node)
		case *fsm.InterruptBackup:
			line += fmt.Sprintf(" %s/%d %s", c.ID, c.Attempt, c.Reason)
		case *fsm.InterruptJob:
			line += fmt.Sprintf(" %s/%d %s", c.ID, c.Attempt, c.Reason)
		case *fsm.PutAssignment:
			line += fmt.Sprintf(" %s %v %v", c.Client, c.Managers, c.Storages)
		case *fsm.CreateBackup:
			line += fmt.Sprintf(" %s %s", c.Task, c.Slot)
		case *fsm.CreateJob:
			line += fmt.Sprintf(" %s %s on %s", c.Kind, c.Repository, c.Node)
			if c.Storage != "" {
				line += " from " + c.Storage
			}
			if c.Trim != "" {
				line += " trim " + string(c.Trim)
			}
			if c.Repair {
				line += " repair"
			}
		case *fsm.PromoteCopy:
			line += fmt.Sprintf(" %s to %s", c.Repository, c.Storage)
		case *fsm.StopBackup:
			line += fmt.Sprintf(" %s/%d %s", c.ID, c.Attempt, c.Reason)
		case *fsm.DrainNode:
			line += " " + c.ID
		case *fsm.DeleteBackup:
			line += " " + c.ID
		}
		lines = append(lines, line)
	}
	return lines
}

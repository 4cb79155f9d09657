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

// later is a Thursday three years on: time does not run backwards, and these
// tests need a past.
var later = noon.AddDate(3, 0, 3)

// history makes backups of t1 at the given times before later, oldest first;
// each is named by its distance from it.
func history(g *grid, ago ...time.Duration) {
	g.t.Helper()
	slices.SortFunc(ago, func(a, b time.Duration) int { return int(b - a) })
	for _, d := range ago {
		g.now = later.Add(-d)
		id := strings.Replace(d.String(), "h0m0s", "h", 1)
		g.queue(id, "t1")
		g.run(id, fsm.Succeeded)
	}
	g.now = later
}

func hours(n ...int) []time.Duration {
	var all []time.Duration
	for _, h := range n {
		all = append(all, time.Duration(h)*time.Hour)
	}
	return all
}

func TestRetain(t *testing.T) {
	const day = 24
	cases := []struct {
		name  string
		rule  fsm.Retention
		given func(g *grid)
		gone  []string // the oldest first
	}{
		{"all zero keeps all", fsm.Retention{}, func(g *grid) { history(g, hours(1, 2, 3, 1000, 20000)...) }, nil},
		{"the last ones", fsm.Retention{Last: 2}, func(g *grid) { history(g, hours(1, 2, 3, 4)...) }, []string{"4h", "3h"}},
		{"one an hour", fsm.Retention{Hourly: 2}, func(g *grid) {
			history(g, time.Hour, time.Hour+10*time.Minute, time.Hour+20*time.Minute, 3*time.Hour, 4*time.Hour)
		}, []string{"4h", "3h", "1h20m0s"}},
		{"one a day, whichever days have one", fsm.Retention{Daily: 3}, func(g *grid) {
			history(g, hours(1, 2, day, day+1, 9*day, 10*day)...)
		}, []string{"240h", "25h", "2h"}},
		{"one a week", fsm.Retention{Weekly: 2}, func(g *grid) { history(g, hours(day, 2*day, 4*day, 6*day, 20*day)...) },
			[]string{"480h", "144h", "48h"}},
		{"one a month and one a year", fsm.Retention{Monthly: 2, Yearly: 2}, func(g *grid) {
			history(g, hours(day, 2*day, 20*day, 30*day, 60*day, 400*day)...)
		}, []string{"9600h", "1440h", "720h", "48h"}},
		{"rules add up", fsm.Retention{Last: 1, Daily: 2}, func(g *grid) { history(g, hours(1, 2, day, day+2)...) },
			[]string{"26h", "2h"}},
		{"a failed one counts for nothing and is left alone", fsm.Retention{Last: 1}, func(g *grid) {
			history(g, hours(5, 6)...)
			g.queue("bad", "t1")
			g.run("bad", fsm.Failed)
		}, []string{"6h"}},
		{"one that is being restored from stays", fsm.Retention{Last: 1}, func(g *grid) {
			history(g, hours(1, 2, 3)...)
			job(g, "j", fsm.RestoreJob, "3h", "b1")
		}, []string{"2h"}},
		{"the only one stays", fsm.Retention{Daily: 1}, func(g *grid) { history(g, hours(9000)...) }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			g.do("user:admin", &fsm.UpdateTask{ID: "t1", Retention: &c.rule})
			var want []string
			for _, id := range c.gone {
				want = append(want, "backup.delete "+id)
			}
			g.expect(plan.Retain, want...)
			for b := range g.view().Backups.By("task", "t1") {
				if b.Status == fsm.Succeeded {
					return
				}
			}
			t.Error("no good backup is left")
		})
	}
}

// A backup of another task, and an old one of a task in which nothing changed,
// are not touched; deleting is by the same id whoever does it.
func TestRetainLooksOnlyWhereSomethingChanged(t *testing.T) {
	g := newGrid(t)
	history(g, hours(3, 4)...)
	g.do("user:admin", &fsm.UpdateTask{ID: "t1", Retention: &fsm.Retention{Last: 1}})
	do, _ := g.plan(plan.Retain)
	again, _ := g.plan(plan.Retain)
	if len(do) != 1 || do[0].(*fsm.DeleteBackup).Job != again[0].(*fsm.DeleteBackup).Job {
		t.Fatalf("%v and %v", show(do), show(again))
	}
	g.now = g.now.Add(time.Hour)
	if do, _ := g.plan(plan.Retain); len(do) != 0 {
		t.Errorf("an hour later: %v", show(do))
	}
	g.queue("new", "t1")
	g.run("new", fsm.Succeeded)
	g.expect(plan.Retain, "backup.delete 4h", "backup.delete 3h")
	if n := fmt.Sprint(g.view().Jobs.Len()); n != "2" {
		t.Errorf("%s jobs to forget snapshots", n)
	}
}

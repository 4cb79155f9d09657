package plan_test

import (
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// cron makes a schedule and binds t1 to it.
func cron(g *grid, expr, zone string, missed fsm.Missed) {
	g.t.Helper()
	g.do("user:admin", &fsm.CreateSchedule{ID: "sch", Name: "sch", Cron: expr, Zone: zone, Missed: missed})
	id := "sch"
	g.do("user:admin", &fsm.UpdateTask{ID: "t1", Schedule: &id})
}

func TestSchedule(t *testing.T) {
	off := false
	cases := []struct {
		name  string
		given func(g *grid)
		want  []string
		next  string // of the plan, before its commands are applied; RFC 3339
	}{
		{"no schedule", func(*grid) {}, nil, ""},
		{"not yet", func(g *grid) { cron(g, "0 13 * * *", "", "") }, nil, "2026-01-15T13:00:00Z"},
		{"the slot has come", func(g *grid) {
			cron(g, "0 13 * * *", "", "")
			g.now = noon.Add(time.Hour)
		}, []string{"backup.create t1 2026-01-15T13:00:00Z"}, "2026-01-16T13:00:00Z"},
		{"a slot before the schedule was bound", func(g *grid) { cron(g, "0 11 * * *", "", "") }, nil, "2026-01-16T11:00:00Z"},
		{"its time zone", func(g *grid) {
			cron(g, "0 8 * * *", "America/New_York", "")
			g.now = noon.Add(61 * time.Minute)
		}, []string{"backup.create t1 2026-01-15T13:00:00Z"}, "2026-01-16T13:00:00Z"},
		{"the slot of summer time", func(g *grid) {
			cron(g, "30 3 * * *", "Europe/Berlin", "")
			g.now = time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		}, []string{"backup.create t1 2026-03-29T01:30:00Z"}, "2026-03-30T01:30:00Z"},
		{"many missed slots make one backup", func(g *grid) {
			cron(g, "*/10 * * * *", "", fsm.RunOnce)
			g.now = noon.Add(50*time.Hour + 7*time.Minute)
		}, []string{"backup.create t1 2026-01-17T14:00:00Z"}, "2026-01-17T14:10:00Z"},
		{"a year later", func(g *grid) {
			cron(g, "* * 1 2 *", "", fsm.RunOnce)
			g.now = noon.AddDate(1, 0, 0)
		}, []string{"backup.create t1 2026-02-01T23:59:00Z"}, "2027-02-01T00:00:00Z"},
		{"missed slots are skipped", func(g *grid) {
			cron(g, "0 13 * * *", "", fsm.Skip)
			g.now = noon.Add(66 * time.Minute)
		}, nil, "2026-01-16T13:00:00Z"},
		{"a little late is not missed", func(g *grid) {
			cron(g, "0 13 * * *", "", fsm.Skip)
			g.now = noon.Add(64 * time.Minute)
		}, []string{"backup.create t1 2026-01-15T13:00:00Z"}, "2026-01-16T13:00:00Z"},
		{"the last one is still at work", func(g *grid) {
			cron(g, "0 13 * * *", "", "")
			g.queue("r", "t1")
			g.now = noon.Add(time.Hour)
		}, nil, "2026-01-16T13:00:00Z"},
		{"a task that is off", func(g *grid) {
			cron(g, "0 13 * * *", "", "")
			g.do("user:admin", &fsm.UpdateTask{ID: "t1", Enabled: &off})
			g.now = noon.Add(time.Hour)
		}, nil, ""},
		{"a schedule that is off", func(g *grid) {
			cron(g, "0 13 * * *", "", "")
			g.do("user:admin", &fsm.UpdateSchedule{ID: "sch", Enabled: &off})
			g.now = noon.Add(time.Hour)
		}, nil, ""},
		{"every so often, counted from when it was bound", func(g *grid) {
			cron(g, "@every 90m", "", "")
			g.now = noon.Add(200 * time.Minute)
		}, []string{"backup.create t1 2026-01-15T15:00:00Z"}, "2026-01-15T16:30:00Z"},
		{"what cannot be read is passed over", func(g *grid) {
			cron(g, "soon", "Nowhere/Atlantis", "")
			g.now = noon.Add(time.Hour)
		}, nil, ""},
		{"a day that never comes", func(g *grid) { cron(g, "0 0 30 2 *", "", "") }, nil, ""},
		{"the clock was set back", func(g *grid) {
			cron(g, "0 * * * *", "", "")
			g.now = noon.Add(time.Hour)
			g.carry(plan.Schedule)
			g.queue0("t1")
			g.now = noon.Add(-10 * time.Hour)
		}, nil, "2026-01-15T03:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrid(t)
			c.given(g)
			_, next := g.plan(plan.Schedule)
			if got := rfc(next); got != c.next {
				t.Errorf("looks again at %q, not at %q", got, c.next)
			}
			g.expect(plan.Schedule, c.want...)
		})
	}
}

func rfc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// queue0 cancels what the task has unfinished.
func (g *grid) queue0(task string) {
	g.t.Helper()
	for b := range g.view().Backups.By("open", task) {
		g.do("user:admin", &fsm.CancelBackup{ID: b.ID})
	}
}

// Two leaders make the same backup of a slot, and the second is refused.
func TestScheduleOncePerSlot(t *testing.T) {
	g := newGrid(t)
	cron(g, "0 13 * * *", "", "")
	g.now = noon.Add(time.Hour)
	one, _ := g.plan(plan.Schedule)
	two, _ := g.plan(plan.Schedule)
	a, b := one[0].(*fsm.CreateBackup), two[0].(*fsm.CreateBackup)
	if a.ID != b.ID || len(a.ID) != 26 {
		t.Fatalf("ids %q and %q", a.ID, b.ID)
	}
	g.do("plan:schedule", a)
	if err := g.try("plan:schedule", b); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("the second leader got %v", err)
	}
	b.ID = "another"
	if err := g.try("plan:schedule", b); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("the same slot under another id got %v", err)
	}
}

// A leader whose clock is ahead of that of the log cannot use up slots to come.
func TestScheduleRefusesTheFuture(t *testing.T) {
	g := newGrid(t)
	cron(g, "0 13 * * *", "", "")
	do, _ := plan.Schedule(g.view(), noon.Add(61*time.Minute)) // a clock that is wrong; the log is at noon
	if err := g.try("plan:schedule", do[0]); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("a slot an hour ahead got %v", err)
	}
	g.now = noon.Add(56 * time.Minute)
	if err := g.try("plan:schedule", do[0]); err != nil {
		t.Errorf("a slot four minutes ahead got %v", err)
	}
}

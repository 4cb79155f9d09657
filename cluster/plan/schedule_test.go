package plan_test

import (
	"fmt"
	"math/rand/v2"
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

// timed makes a schedule and binds t1 to it.
func timed(g *grid, c fsm.CreateSchedule) {
	g.t.Helper()
	c.ID, c.Name = "sch", "sch"
	g.do("user:admin", &c)
	g.do("user:admin", &fsm.UpdateTask{ID: "t1", Schedule: &c.ID})
}

// pause lets the schedule rest for some time, or until it is resumed.
func pause(g *grid, d time.Duration) {
	g.t.Helper()
	yes := true
	cmd := &fsm.UpdateSchedule{ID: "sch", Paused: &yes}
	if d > 0 {
		until := fsm.At(g.now.Add(d))
		cmd.PausedUntil = &until
	}
	g.do("user:admin", cmd)
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
		}, nil, "2026-01-15T14:00:00Z"},
		{"a calendar", func(g *grid) {
			timed(g, fsm.CreateSchedule{Calendar: []fsm.Rule{{Weekdays: []string{"fri"}, Nth: 3, At: []string{"02:30"}}}, Zone: "Europe/Berlin"})
			g.now = noon.Add(14 * time.Hour)
		}, []string{"backup.create t1 2026-01-16T01:30:00Z"}, "2026-02-20T01:30:00Z"},
		{"within its window", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13 * * *", Window: 2 * time.Hour})
			g.now = noon.Add(3 * time.Hour)
		}, []string{"backup.create t1 2026-01-15T13:00:00Z"}, "2026-01-16T13:00:00Z"},
		{"after its window", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13 * * *", Window: 2 * time.Hour})
			g.now = noon.Add(3*time.Hour + time.Second)
		}, nil, "2026-01-16T13:00:00Z"},
		{"paused", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13 * * *"})
			pause(g, 0)
			g.now = noon.Add(3 * time.Hour)
		}, nil, ""},
		{"paused until later", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13 * * *"})
			pause(g, 90*time.Minute)
			g.now = noon.Add(61 * time.Minute)
		}, nil, "2026-01-15T13:30:00Z"},
		{"after a pause, whose slots are not made up for", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13,14 * * *"})
			pause(g, 90*time.Minute)
			g.now = noon.Add(100 * time.Minute)
		}, nil, "2026-01-15T14:00:00Z"},
		{"the slot that ends a pause", func(g *grid) {
			timed(g, fsm.CreateSchedule{Cron: "0 13 * * *"})
			pause(g, time.Hour)
			g.now = noon.Add(time.Hour)
		}, []string{"backup.create t1 2026-01-15T13:00:00Z"}, "2026-01-16T13:00:00Z"},
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

// The tasks of a slot are spread over its jitter: each is made at its moment, all
// within the jitter, and each once.
func TestScheduleJitter(t *testing.T) {
	g := newGrid(t)
	timed(g, fsm.CreateSchedule{Cron: "0 13 * * *", Jitter: 10 * time.Minute})
	id := "sch"
	for i := range 50 {
		g.task(fmt.Sprintf("x%02d", i), "c1", func(c *fsm.CreateTask) { c.Schedule = id })
	}
	slot, begun := fsm.At(noon.Add(time.Hour)), make(map[string]time.Duration)
	for _, next := g.plan(plan.Schedule); len(begun) < 51 && next.Before(noon.Add(2*time.Hour)); _, next = g.plan(plan.Schedule) {
		g.now = next
		do, _ := g.plan(plan.Schedule)
		for _, cmd := range do {
			c := cmd.(*fsm.CreateBackup)
			if _, twice := begun[c.Task]; twice || c.Slot != slot {
				t.Fatalf("%+v", c)
			}
			begun[c.Task] = g.now.Sub(slot.Time())
			g.do("plan:schedule", c)
		}
	}
	sch, _ := g.view().Schedules.Get("sch")
	for task, after := range begun {
		if after != sch.Delay(task, slot) || after >= 10*time.Minute {
			t.Errorf("%s was begun after %v", task, after)
		}
	}
	if len(begun) != 51 {
		t.Errorf("%d of 51 tasks were begun", len(begun))
	}
}

// A jitter longer than the time between slots makes backups rarer, and keeps no
// task from running.
func TestScheduleLongJitter(t *testing.T) {
	g := newGrid(t)
	timed(g, fsm.CreateSchedule{Cron: "* * * * *", Jitter: time.Hour})
	for range 180 {
		g.now = g.now.Add(time.Minute)
		g.carry(plan.Schedule)
		g.queue0("t1")
	}
	if n := g.view().Backups.Len(); n < 3 {
		t.Errorf("%d backups in three hours of a slot each minute", n)
	}
}

// Whatever the clock of the leader does, each day of a year with two changes of the
// time has one backup.
func TestScheduleOncePerDay(t *testing.T) {
	g := newGrid(t)
	cron(g, "30 2 * * *", "Europe/Berlin", fsm.RunOnce)
	rnd := rand.New(rand.NewPCG(3, 4))
	days := make(map[string]int)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for real := noon; real.Before(noon.AddDate(1, 0, 0)); real = real.Add(time.Duration(1 + rnd.Int64N(int64(4*time.Hour)))) {
		g.now = real.Add(time.Duration(rnd.Int64N(int64(2*time.Hour))) - time.Hour) // what the leader takes it for
		do, _ := g.plan(plan.Schedule)
		for _, cmd := range do {
			c := cmd.(*fsm.CreateBackup)
			days[c.Slot.Time().In(zone).Format(time.DateOnly)]++
			g.do("plan:schedule", c)
			g.queue0("t1")
		}
	}
	for day := noon.AddDate(0, 0, 1); day.Before(noon.AddDate(0, 11, 0)); day = day.AddDate(0, 0, 1) {
		if n := days[day.Format(time.DateOnly)]; n != 1 {
			t.Errorf("%d backups of %s", n, day.Format(time.DateOnly))
		}
	}
}

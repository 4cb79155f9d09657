package fsm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

func slotsIn(t *testing.T, s *Schedule, zone string) (*Slots, *time.Location) {
	t.Helper()
	at, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := s.Slots(at)
	if err != nil {
		t.Fatal(err)
	}
	return slots, at
}

// after lists the slots after a moment, on the wall clock of their zone.
func after(t *testing.T, s *Schedule, zone, begin string, n int) (list []string) {
	t.Helper()
	slots, at := slotsIn(t, s, zone)
	now, err := time.ParseInLocation("2006-01-02 15:04", begin, at)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		now = slots.Next(now)
		list = append(list, now.In(at).Format("2006-01-02 15:04 -0700"))
	}
	return list
}

func TestCalendar(t *testing.T) {
	rule := func(r Rule) *Schedule { return &Schedule{Calendar: []Rule{r}} }
	at := []string{"02:30"}
	for _, c := range []struct {
		name string
		s    *Schedule
		want []string
	}{
		{"daily, twice", rule(Rule{At: []string{"18:00", "06:15"}}), []string{"01-15 18:00", "01-16 06:15", "01-16 18:00"}},
		{"weekly", rule(Rule{Weekdays: []string{"mon", "fri"}, At: at}), []string{"01-16 02:30", "01-19 02:30", "01-23 02:30"}},
		{"monthly", rule(Rule{Day: 31, At: at}), []string{"01-31 02:30", "03-31 02:30", "05-31 02:30"}},
		{"the last of the month", rule(Rule{Day: -1, At: at}), []string{"01-31 02:30", "02-28 02:30", "03-31 02:30"}},
		{"the first Sunday", rule(Rule{Weekdays: []string{"sun"}, Nth: 1, At: at}), []string{"02-01 02:30", "03-01 02:30", "04-05 02:30"}},
		{"the fifth Friday", rule(Rule{Weekdays: []string{"fri"}, Nth: 5, At: at}), []string{"01-30 02:30", "05-29 02:30", "07-31 02:30"}},
		{"the last Sunday", rule(Rule{Weekdays: []string{"sun"}, Nth: -1, At: at}), []string{"01-25 02:30", "02-22 02:30", "03-29 03:00"}},
		{"any of several", &Schedule{Calendar: []Rule{{Day: 1, At: at}, {Weekdays: []string{"sun"}, Nth: 1, At: at}, {Day: 2, At: []string{"00:00"}}}},
			[]string{"02-01 02:30", "02-02 00:00", "03-01 02:30"}},
	} {
		got := after(t, c.s, "Europe/Berlin", "2026-01-15 12:00", len(c.want))
		for i, want := range c.want {
			if got[i][5:16] != want {
				t.Errorf("%s: slot %d is %s, not %s", c.name, i, got[i], want)
			}
		}
	}
}

// A spring forward leaves a time of day out and an autumn brings one twice; a slot
// is there once all the same.
func TestDaylightSaving(t *testing.T) {
	cron := func(expr string) *Schedule { return &Schedule{Cron: expr} }
	for _, c := range []struct {
		name, zone, begin string
		s                 *Schedule
		want              []string
	}{
		{"left out", "Europe/Berlin", "2026-03-28 12:00", cron("30 2 * * *"), []string{"2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"}},
		{"two left out are one", "Europe/Berlin", "2026-03-29 00:00", cron("15,45 2 * * *"), []string{"2026-03-29 03:00 +0200", "2026-03-30 02:15 +0200"}},
		{"twice", "Europe/Berlin", "2026-10-24 12:00", cron("30 2 * * *"), []string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"every hour, left out", "Europe/Berlin", "2026-03-29 00:40", cron("30 * * * *"), []string{"2026-03-29 01:30 +0100", "2026-03-29 03:30 +0200"}},
		{"every hour, twice", "Europe/Berlin", "2026-10-25 01:40", cron("30 * * * *"), []string{"2026-10-25 02:30 +0200", "2026-10-25 02:30 +0100", "2026-10-25 03:30 +0100"}},
		{"New York, left out", "America/New_York", "2026-03-07 12:00", cron("15 2 * * *"), []string{"2026-03-08 03:00 -0400", "2026-03-09 02:15 -0400"}},
		{"New York, twice", "America/New_York", "2026-10-31 12:00", cron("15 1 * * *"), []string{"2026-11-01 01:15 -0400", "2026-11-02 01:15 -0500"}},
		{"half an hour, left out", "Australia/Lord_Howe", "2026-10-03 12:00", cron("10 2 * * *"), []string{"2026-10-04 02:30 +1100", "2026-10-05 02:10 +1100"}},
		{"half an hour, twice", "Australia/Lord_Howe", "2026-04-04 12:00", cron("45 1 * * *"), []string{"2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"}},
		{"midnight left out", "Africa/Cairo", "2026-04-23 12:00", cron("0 0 * * *"), []string{"2026-04-24 01:00 +0300", "2026-04-25 00:00 +0300"}},
	} {
		if got := after(t, c.s, c.zone, c.begin, len(c.want)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

// Over real transitions a daily slot is there once for each day, whatever time it
// has; slots grow, and the last one up to a moment is the one that was next before.
func TestSlotsProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata", "UTC"} {
		for range 12 {
			clock := fmt.Sprintf("%02d:%02d", rnd.IntN(5), rnd.IntN(60))
			s := &Schedule{Calendar: []Rule{{At: []string{clock}}}}
			slots, at := slotsIn(t, s, zone)
			now := time.Date(2026, 1, 1, 12, 0, 0, 0, at)
			for day := 2; day < 366; day++ {
				slot := slots.Next(now)
				local, want := slot.In(at), time.Date(2026, 1, day, 12, 0, 0, 0, at)
				if !slot.After(now) || local.YearDay() != want.YearDay() {
					t.Fatalf("%s at %s: after %v comes %v, not a moment of day %d", zone, clock, now, local, day)
				}
				_, offset := local.Zone()
				_, before := local.Add(-1).Zone()
				if text := local.Format("15:04"); text != clock && (text < clock || offset <= before) { // only where a spring forward left it out
					t.Fatalf("%s at %s: the slot is at %v", zone, clock, local)
				}
				between := slot.Add(time.Duration(rnd.Int64N(int64(22 * time.Hour))))
				if last := slots.Last(between); !last.Equal(slot) {
					t.Fatalf("%s at %s: the last slot up to %v is %v, not %v", zone, clock, between, last, slot)
				}
				now = between
			}
		}
	}
}

// Every hour is every hour that passes, for each minute.
func TestHourlySlotsFollowTime(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York"} {
		slots, _ := slotsIn(t, &Schedule{Cron: "20 * * * *"}, zone)
		last := slots.Next(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		for last.Month() < time.December {
			next := slots.Next(last)
			if next.Sub(last) != time.Hour {
				t.Fatalf("%s: after %v comes %v", zone, last, next)
			}
			last = next
		}
	}
}

func TestSlotsThatNeverCome(t *testing.T) {
	slots, _ := slotsIn(t, &Schedule{Cron: "0 0 30 2 *"}, "UTC")
	if next, last := slots.Next(dawn.Time()), slots.Last(dawn.Time()); !next.IsZero() || !last.IsZero() {
		t.Errorf("next %v, last %v", next, last)
	}
	rare, _ := slotsIn(t, &Schedule{Cron: "0 0 29 2 *"}, "UTC")
	if last := rare.Last(time.Date(2104, 1, 1, 0, 0, 0, 0, time.UTC)); last.Year() != 2096 {
		t.Errorf("the last leap day before 2104 is %v", last)
	}
}

// The delay is the same whoever works it out, lies within the jitter, and spreads
// tasks over it.
func TestDelay(t *testing.T) {
	s := &Schedule{Jitter: 10 * time.Minute}
	var early, late int
	for i := range 1000 {
		d := s.Delay(fmt.Sprint("task", i), dawn)
		if d < 0 || d >= s.Jitter || d != s.Delay(fmt.Sprint("task", i), dawn) {
			t.Fatalf("delay %v", d)
		}
		if d < s.Jitter/2 {
			early++
		} else {
			late++
		}
	}
	if early < 400 || late < 400 {
		t.Errorf("%d in the first half and %d in the second", early, late)
	}
}

func TestScheduleChecks(t *testing.T) {
	l := furnished(t)
	at := []string{"02:30"}
	for _, c := range []struct {
		field string
		cmd   CreateSchedule
	}{
		{"cron", CreateSchedule{}},
		{"cron", CreateSchedule{Cron: "@daily", Calendar: []Rule{{At: at}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: []string{"2:30"}}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: []string{"24:00"}}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: at, Weekdays: []string{"monday"}}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: at, Nth: 1}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: at, Nth: 6, Weekdays: []string{"mon"}}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: at, Day: 32}}}},
		{"calendar", CreateSchedule{Calendar: []Rule{{At: at, Day: 1, Weekdays: []string{"mon"}}}}},
		{"calendar", CreateSchedule{Calendar: slices.Repeat([]Rule{{At: at}}, 65)}},
		{"window", CreateSchedule{Cron: "@daily", Window: time.Second}},
		{"jitter", CreateSchedule{Cron: "@daily", Jitter: 25 * time.Hour}},
		{"jitter", CreateSchedule{Cron: "@daily", Jitter: time.Hour, Window: time.Hour}},
	} {
		c.cmd.ID, c.cmd.Name = "bad", "bad"
		_, err := l.try("user:adm", &c.cmd)
		if e, ok := errors.AsType[*Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != c.field {
			t.Errorf("%+v: %v", c.cmd, err)
		}
	}
}

// A calendar takes the place of an expression and the other way round, and what was
// missed during a pause is not made up for.
func TestUpdateSchedule(t *testing.T) {
	l := furnished(t)
	row := func() *Schedule { s, _ := l.view().Schedules.Get("nightly"); return s }
	l.do("user:adm", &UpdateSchedule{ID: "nightly", Calendar: &[]Rule{{At: []string{"02:30"}}}})
	if s := row(); s.Cron != "" || len(s.Calendar) != 1 {
		t.Errorf("%+v", s)
	}
	l.do("user:adm", &UpdateSchedule{ID: "nightly", Cron: ptr("@daily"), Window: ptr(time.Hour)})
	if s := row(); s.Cron != "@daily" || len(s.Calendar) != 0 || s.Window != time.Hour {
		t.Errorf("%+v", s)
	}
	if _, err := l.try("user:adm", &UpdateSchedule{ID: "nightly", Paused: ptr(true), PausedUntil: ptr(l.now.Add(-time.Hour))}); CodeOf(err) != Invalid {
		t.Errorf("a pause until an hour ago: %v", err)
	}
	l.do("user:adm", &UpdateSchedule{ID: "nightly", Paused: ptr(true)})
	l.now = l.now.Add(100 * time.Hour)
	if s := row(); !s.PausedAt(l.now) {
		t.Errorf("%+v", s)
	}
	l.do("user:adm", &UpdateSchedule{ID: "nightly", Paused: ptr(false)})
	for task := range l.view().Tasks.By("schedule", "nightly") {
		if task.LastSlot < l.now {
			t.Errorf("task %s would make up for slots since %s", task.Name, task.LastSlot)
		}
	}
	sound(l)
}

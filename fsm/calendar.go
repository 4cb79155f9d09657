package fsm

import (
	"slices"
	"sort"
	"time"

	"github.com/robfig/cron/v3"
)

// Rule is a rule of a calendar: on which days, and at which times of them. What
// is empty does not restrict; without a day of the month or a weekday it is
// every day.
type Rule struct {
	Weekdays []string `cbor:"weekdays,omitempty" json:"weekdays,omitempty"` // mon, tue, wed, thu, fri, sat, sun
	Nth      int      `cbor:"nth,omitempty" json:"nth,omitempty"`           // of these weekdays in a month, only the 1st to 5th; -1 is the last
	Day      int      `cbor:"day,omitempty" json:"day,omitempty"`           // of the month; -1 is the last, and a month without it is passed over
	At       []string `cbor:"at" json:"at"`                                 // times of day as 02:30
}

// maxRules bounds the rules of a calendar, and the times of each.
const maxRules = 64

// weekdays are the days of a week in the order of [time.Weekday].
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (r *Rule) check() error {
	switch {
	case r.Day < -1 || r.Day > 31:
		return invalidField("calendar", "a day of the month lies between 1 and 31, or is -1 for the last; not %d", r.Day)
	case r.Nth < -1 || r.Nth > 5:
		return invalidField("calendar", "nth lies between 1 and 5, or is -1 for the last; not %d", r.Nth)
	case r.Nth != 0 && len(r.Weekdays) == 0:
		return invalidField("calendar", "nth needs weekdays beside it")
	case r.Day != 0 && len(r.Weekdays) > 0:
		return invalidField("calendar", "a rule takes a day of the month or weekdays, not both")
	case len(r.At) == 0 || len(r.At) > maxRules:
		return invalidField("calendar", "a rule needs one to %d times of day, as 02:30", maxRules)
	}
	for _, d := range r.Weekdays {
		if !slices.Contains(weekdays, d) {
			return invalidField("calendar", "%q is not one of mon, tue, wed, thu, fri, sat, sun", d)
		}
	}
	for _, at := range r.At {
		if _, err := timeOfDay(at); err != nil {
			return invalidField("calendar", "%q is not a time of day; an example is 02:30", at)
		}
	}
	return nil
}

// timeOfDay reads 02:30.
func timeOfDay(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err == nil && len(text) != len("15:04") {
		return 0, invalidField("at", "%q is not a time of day; an example is 02:30", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// on tells whether the rule holds on a day.
func (r *Rule) on(day time.Time) bool {
	ends := day.AddDate(0, 0, 1).Month() != day.Month()
	switch {
	case r.Day == -1:
		return ends
	case r.Day != 0:
		return day.Day() == r.Day
	case len(r.Weekdays) == 0:
		return true
	case !slices.Contains(r.Weekdays, weekdays[day.Weekday()]):
		return false
	case r.Nth == -1:
		return day.AddDate(0, 0, 7).Month() != day.Month()
	}
	return r.Nth == 0 || (day.Day()-1)/7+1 == r.Nth
}

// rules are a calendar as a [cron.Schedule], on the wall clock.
type rules []Rule

// Next gives the first moment after t at which a rule holds. No rule is without
// one for more than the eight years between two 29ths of February.
func (rs rules) Next(t time.Time) time.Time {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	for range 9 * 366 {
		var first time.Time
		for i := range rs {
			if !rs[i].on(day) {
				continue
			}
			for _, text := range rs[i].At {
				at, err := timeOfDay(text)
				if slot := day.Add(at); err == nil && slot.After(t) && (first.IsZero() || slot.Before(first)) {
					first = slot
				}
			}
		}
		if !first.IsZero() {
			return first
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// Slots are the moments that a schedule names, in its time zone. Daylight saving
// neither skips nor doubles one: a time of day that a spring forward leaves out
// stands for the first moment after it, and one that an autumn brings twice for
// the first. What runs in every hour runs whenever the clock shows its minute,
// and so goes by the time that passes.
type Slots struct {
	spec  cron.Schedule
	zone  *time.Location
	every time.Duration // of @every; 0 otherwise
	wall  bool          // it is worked out on the wall clock
}

// allHours are the bits of the hours in a [cron.SpecSchedule].
const allHours = 1<<24 - 1

// Slots reads what the schedule says.
func (s *Schedule) Slots(zone *time.Location) (*Slots, error) {
	if len(s.Calendar) > 0 {
		return &Slots{spec: rules(s.Calendar), zone: zone, wall: true}, nil
	}
	spec, err := cron.ParseStandard(s.Cron)
	if err != nil {
		return nil, Errorf(Invalid, "cron %q cannot be read: %v; an example is 30 2 * * *", s.Cron, err)
	}
	slots := &Slots{spec: spec, zone: zone}
	switch spec := spec.(type) {
	case cron.ConstantDelaySchedule:
		slots.every = spec.Delay
	case *cron.SpecSchedule: // its times are of the zone of the moment that it is asked about
		slots.wall = spec.Hour&allHours != allHours
	}
	return slots, nil
}

// LastOf is the last slot up to now for a task whose last slot used was used: what
// runs every so often is counted from there.
func (s *Slots) LastOf(used, now time.Time) time.Time {
	if s.every == 0 {
		return s.Last(now)
	}
	return used.Add(max(0, now.Sub(used)/s.every) * s.every)
}

// Shared tells whether the slots are the same for all tasks.
func (s *Slots) Shared() bool { return s.every == 0 }

// Next gives the first slot after t, zero when there is none.
func (s *Slots) Next(t time.Time) time.Time {
	if !s.wall {
		return s.spec.Next(t.In(s.zone)).UTC()
	}
	local := t.In(s.zone)
	_, offset := local.Zone()
	// A wall clock as if it were UTC, which has no gaps.
	for wall := t.UTC().Add(time.Duration(offset) * time.Second); ; {
		if wall = s.spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if slot := s.moment(wall); slot.After(t) {
			return slot
		}
	}
}

// moment is when the wall clock first shows that time, or a later one.
func (s *Slots) moment(wall time.Time) time.Time {
	at := wall.Add(-26 * time.Hour).In(s.zone) // before it in every zone
	for {
		begin, end := at.ZoneBounds()
		_, offset := at.Zone()
		slot := wall.Add(-time.Duration(offset) * time.Second)
		switch {
		case !begin.IsZero() && slot.Before(begin):
			return begin.UTC()
		case end.IsZero() || slot.Before(end):
			return slot.UTC()
		}
		at = end
	}
}

// farthest is how long ago a slot that was missed may lie.
const farthest = 9 * 366 * 24 * time.Hour

// Last finds the last slot up to now by halving: the later one begins to look,
// the later is the slot that one finds. It is zero when there is none.
func (s *Slots) Last(now time.Time) time.Time {
	found := func(seconds int) (time.Time, bool) {
		t := s.Next(now.Add(-time.Duration(seconds) * time.Second))
		return t, !t.IsZero() && !t.After(now)
	}
	near, far := 0, 60
	for {
		if _, ok := found(far); ok {
			break
		}
		if far > int(farthest/time.Second) {
			return time.Time{}
		}
		near, far = far, 2*far
	}
	back := near + sort.Search(far-near, func(n int) bool { _, ok := found(near + n); return ok })
	last, _ := found(back)
	return last
}

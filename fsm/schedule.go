package fsm

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// Schedule is when: a cron expression or a calendar, in a time zone.
type Schedule struct {
	Meta
	Name        string        `cbor:"name"`
	Cron        string        `cbor:"cron"`               // "" with a calendar
	Calendar    []Rule        `cbor:"calendar,omitempty"` // a slot is what any of the rules names
	Zone        string        `cbor:"zone"`               // an IANA name
	Window      time.Duration `cbor:"window,omitempty"`   // after the slot, in which a run may be begun; 0 is without end
	Jitter      time.Duration `cbor:"jitter,omitempty"`   // over which the tasks of a slot are spread
	Missed      Missed        `cbor:"missed"`             // what becomes of slots that nobody could start
	Enabled     bool          `cbor:"enabled"`
	Paused      bool          `cbor:"paused,omitempty"`
	PausedUntil Time          `cbor:"paused_until,omitempty"` // slots before it are passed over; with Paused, 0 is until resumed
}

// PausedAt tells whether the schedule starts nothing for now.
func (s *Schedule) PausedAt(now Time) bool {
	return s.Paused && (s.PausedUntil == 0 || now < s.PausedUntil)
}

// Delay is how long after a slot a task is begun: a part of the jitter that is
// the same whoever works it out.
func (s *Schedule) Delay(task string, slot Time) time.Duration {
	if s.Jitter < time.Second {
		return 0
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(task), uint64(slot)))
	return time.Duration(binary.BigEndian.Uint64(sum[:])%uint64(s.Jitter/time.Second)) * time.Second
}

// Missed is what becomes of slots that passed while nobody could start them.
type Missed string

// maxSpan bounds windows, pauses and the like.
const maxSpan = 366 * 24 * time.Hour

// The missed-run rules.
const (
	RunOnce Missed = "run_once" // one backup for all of them
	Skip    Missed = "skip"
)

var schedules = define(schema[Schedule]{
	name:  "schedules",
	meta:  func(s *Schedule) *Meta { return &s.Meta },
	label: func(s *Schedule) *string { return &s.Name },
	texts: func(s *Schedule, emit func(string)) {
		emit(s.Cron)
		emit(s.Zone)
	},
})

func (tx *Tx) checkSchedule(s *Schedule) error {
	if err := s.check(); err != nil {
		return err
	}
	return unused(&tx.Schedules, "schedule", s.ID, s.Name)
}

// check completes a schedule and checks all but the cron expression and the zone:
// the door has read those, and plans pass over one that they cannot read.
func (s *Schedule) check() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	switch {
	case s.Cron == "" && len(s.Calendar) == 0:
		return invalidField("cron", "a schedule needs a cron expression or a calendar")
	case s.Cron != "" && len(s.Calendar) > 0:
		return invalidField("cron", "a schedule has a cron expression or a calendar, not both")
	case len(s.Calendar) > maxRules:
		return invalidField("calendar", "takes at most %d rules", maxRules)
	case s.Window < 0 || s.Window > maxSpan || s.Window > 0 && s.Window < time.Minute:
		return invalidField("window", "lies between 1m and %s, or is 0 for without end", maxSpan)
	case s.Jitter < 0 || s.Jitter > 24*time.Hour:
		return invalidField("jitter", "lies between 0 and 24h")
	case s.Window > 0 && s.Jitter >= s.Window:
		return invalidField("jitter", "must be shorter than the window, %s", s.Window)
	}
	for i := range s.Calendar {
		if err := s.Calendar[i].check(); err != nil {
			return err
		}
	}
	if !s.Paused {
		s.PausedUntil = 0
	}
	if s.Zone == "" {
		s.Zone = "UTC"
	}
	if s.Missed == "" {
		s.Missed = RunOnce
	}
	if !slices.Contains([]Missed{RunOnce, Skip}, s.Missed) {
		return invalidField("missed", "%q is not one of run_once, skip", s.Missed)
	}
	return nil
}

// CreateSchedule makes a schedule.
type CreateSchedule struct {
	ID       string `cbor:"id"`
	Name     string `cbor:"name"`
	Cron     string `cbor:"cron"`
	Zone     string `cbor:"zone,omitempty"`
	Missed   Missed `cbor:"missed,omitempty"`
	Disabled bool   `cbor:"disabled,omitempty"`

	Calendar []Rule        `cbor:"calendar,omitempty"` // instead of a cron expression
	Window   time.Duration `cbor:"window,omitempty"`
	Jitter   time.Duration `cbor:"jitter,omitempty"`
}

func (c *CreateSchedule) row() *Schedule {
	return &Schedule{Meta: Meta{ID: c.ID}, Name: c.Name, Cron: c.Cron, Calendar: c.Calendar, Zone: c.Zone,
		Window: c.Window, Jitter: c.Jitter, Missed: c.Missed, Enabled: !c.Disabled}
}

// Preview gives the schedule as it would be made, and refuses one that would not
// be, but for its name.
func (c *CreateSchedule) Preview() (*Schedule, error) {
	s := c.row()
	return s, s.check()
}

func (c *CreateSchedule) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Schedules, "schedule", c.ID); err != nil {
		return "", err
	}
	s := c.row()
	if err := tx.checkSchedule(s); err != nil {
		return "", err
	}
	put(tx, &tx.Schedules, s)
	return s.ID, nil
}

// UpdateSchedule changes a schedule; slots before the change are not made up for,
// and neither are those of a pause. A calendar takes the place of a cron
// expression, and the other way round.
type UpdateSchedule struct {
	ID      string      `cbor:"id"`
	IfIndex uint64      `cbor:"if_index,omitempty"`
	Name    Opt[string] `cbor:"name,omitempty"`
	Cron    Opt[string] `cbor:"cron,omitempty"`
	Zone    Opt[string] `cbor:"zone,omitempty"`
	Missed  Opt[Missed] `cbor:"missed,omitempty"`
	Enabled Opt[bool]   `cbor:"enabled,omitempty"`

	Calendar    Opt[[]Rule]        `cbor:"calendar,omitempty"`
	Window      Opt[time.Duration] `cbor:"window,omitempty"`
	Jitter      Opt[time.Duration] `cbor:"jitter,omitempty"`
	Paused      Opt[bool]          `cbor:"paused,omitempty"`
	PausedUntil Opt[Time]          `cbor:"paused_until,omitempty"`
}

func (c *UpdateSchedule) apply(tx *Tx) (string, error) {
	old, ok := tx.Schedules.Get(c.ID)
	if !ok {
		return "", notFound("schedule", c.ID)
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	s := *old
	c.change(&s)
	if s.Paused && s.PausedUntil != 0 && (s.PausedUntil <= tx.At || s.PausedUntil > tx.At.Add(maxSpan)) {
		return "", invalidField("paused_until", "must lie ahead, by %s at most", maxSpan)
	}
	if err := tx.checkSchedule(&s); err != nil {
		return "", err
	}
	put(tx, &tx.Schedules, &s)
	moved := s.Cron != old.Cron || s.Zone != old.Zone || c.Calendar != nil
	if moved || s.Enabled && !old.Enabled || old.PausedAt(tx.At) && !s.PausedAt(tx.At) {
		tx.skipSlots(s.ID)
	}
	return s.ID, nil
}

func (c *UpdateSchedule) change(s *Schedule) {
	set(&s.Name, c.Name)
	if c.Cron != nil && *c.Cron != "" {
		s.Calendar = nil
	}
	if c.Calendar != nil && len(*c.Calendar) > 0 {
		s.Cron = ""
	}
	set(&s.Cron, c.Cron)
	set(&s.Calendar, c.Calendar)
	set(&s.Zone, c.Zone)
	set(&s.Window, c.Window)
	set(&s.Jitter, c.Jitter)
	set(&s.Missed, c.Missed)
	set(&s.Enabled, c.Enabled)
	if c.Paused != nil {
		s.Paused, s.PausedUntil = *c.Paused, 0
	}
	set(&s.PausedUntil, c.PausedUntil)
}

// skipSlots lets all tasks of a schedule begin with the next slot.
func (tx *Tx) skipSlots(schedule string) {
	var bound []*Task
	for t := range tx.Tasks.By("schedule", schedule) {
		bound = append(bound, t)
	}
	for _, t := range bound {
		n := *t
		n.LastSlot = max(n.LastSlot, tx.At)
		put(tx, &tx.Tasks, &n)
	}
}

// RemoveSchedule removes a schedule that no task uses.
type RemoveSchedule struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveSchedule) apply(tx *Tx) (string, error) {
	s, ok := tx.Schedules.Get(c.ID)
	if !ok {
		return "", notFound("schedule", c.ID)
	}
	if err := fresh(&s.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if n := tx.Tasks.Count("schedule", s.ID); n > 0 {
		return "", Errorf(Conflict, "schedule %s is used by %d tasks", s.Name, n)
	}
	drop(tx, &tx.Schedules, s.ID)
	return s.ID, nil
}

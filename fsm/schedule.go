package fsm

import "slices"

// Schedule is when: a cron expression in a time zone.
type Schedule struct {
	Meta
	Name    string `cbor:"name"`
	Cron    string `cbor:"cron"`
	Zone    string `cbor:"zone"`   // an IANA name
	Missed  Missed `cbor:"missed"` // what becomes of slots that nobody could start
	Enabled bool   `cbor:"enabled"`
}

// Missed is what becomes of slots that passed while nobody could start them.
type Missed string

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

// checkSchedule checks all but the cron expression and the zone: the door has
// read those, and plans pass over one that they cannot read.
func (tx *Tx) checkSchedule(s *Schedule) error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if s.Cron == "" {
		return invalidField("cron", "must not be empty")
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
	return unused(&tx.Schedules, "schedule", s.ID, s.Name)
}

// CreateSchedule makes a schedule.
type CreateSchedule struct {
	ID       string `cbor:"id"`
	Name     string `cbor:"name"`
	Cron     string `cbor:"cron"`
	Zone     string `cbor:"zone,omitempty"`
	Missed   Missed `cbor:"missed,omitempty"`
	Disabled bool   `cbor:"disabled,omitempty"`
}

func (c *CreateSchedule) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Schedules, "schedule", c.ID); err != nil {
		return "", err
	}
	s := &Schedule{Meta: Meta{ID: c.ID}, Name: c.Name, Cron: c.Cron, Zone: c.Zone, Missed: c.Missed, Enabled: !c.Disabled}
	if err := tx.checkSchedule(s); err != nil {
		return "", err
	}
	put(tx, &tx.Schedules, s)
	return s.ID, nil
}

// UpdateSchedule changes a schedule; slots before the change are not made up for.
type UpdateSchedule struct {
	ID      string      `cbor:"id"`
	IfIndex uint64      `cbor:"if_index,omitempty"`
	Name    Opt[string] `cbor:"name,omitempty"`
	Cron    Opt[string] `cbor:"cron,omitempty"`
	Zone    Opt[string] `cbor:"zone,omitempty"`
	Missed  Opt[Missed] `cbor:"missed,omitempty"`
	Enabled Opt[bool]   `cbor:"enabled,omitempty"`
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
	set(&s.Name, c.Name)
	set(&s.Cron, c.Cron)
	set(&s.Zone, c.Zone)
	set(&s.Missed, c.Missed)
	set(&s.Enabled, c.Enabled)
	if err := tx.checkSchedule(&s); err != nil {
		return "", err
	}
	put(tx, &tx.Schedules, &s)
	if s.Cron != old.Cron || s.Zone != old.Zone || s.Enabled && !old.Enabled {
		tx.skipSlots(s.ID)
	}
	return s.ID, nil
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

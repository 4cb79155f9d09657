package api

import (
	"slices"
	"strconv"
	"time"

	"bcm/fsm"
)

// Slots are the next moments at which a schedule starts tasks, and what else is
// started in the same minutes.
type Slots struct {
	Zone  string `json:"zone"`
	Items []Slot `json:"items" doc:"Of a schedule that is disabled or paused, those that it would have"`
	Total int    `json:"total"`
}

// Slot is a moment at which a schedule starts tasks.
type Slot struct {
	At     time.Time `json:"at"`
	Local  time.Time `json:"local" doc:"The same moment in the zone of the schedule"`
	Others int       `json:"others" doc:"How many tasks of other schedules are started in the same minute"`
	Tasks  []string  `json:"tasks" doc:"Names of the first of them"`
}

const (
	someSlots = 10
	mostSlots = 100
	mostNamed = 20
)

// nextSlots tells the next slots of a schedule.
func nextSlots(c *call) (Slots, error) {
	s, err := find(&c.view.Schedules, "schedule", c.param("schedule"))
	if err != nil {
		return Slots{}, err
	}
	return c.slots(s)
}

// previewSchedule tells the slots of a schedule that has not been made, which may
// be as wrong as one that is to be.
func previewSchedule(c *call, in *ScheduleInput) (Slots, error) {
	if in.Name == "" {
		in.Name = "preview"
	}
	cmd, err := in.command()
	if err != nil {
		return Slots{}, err
	}
	s, err := cmd.Preview()
	if err != nil {
		return Slots{}, err
	}
	return c.slots(s)
}

// slots tells the next slots of a schedule.
func (c *call) slots(s *fsm.Schedule) (Slots, error) {
	count := someSlots
	if text := c.query.Get("count"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil || count < 1 || count > mostSlots {
			return Slots{}, invalid("count", "%q is not a number from 1 to %d", text, mostSlots)
		}
	}
	slots, ok := slotsOf(s)
	zone, err := time.LoadLocation(s.Zone)
	if !ok || err != nil {
		return Slots{}, fsm.Errorf(fsm.Conflict, "schedule %s cannot be read by this manager", s.Name)
	}
	out := Slots{Zone: s.Zone, Items: []Slot{}}
	others := c.others(s)
	for at := slots.Next(c.Now()); !at.IsZero() && len(out.Items) < count; at = slots.Next(at) {
		slot := Slot{At: at.UTC(), Local: at.In(zone), Tasks: []string{}}
		for _, o := range others {
			if next := o.slots.Next(at.Truncate(time.Minute).Add(-1)); next.IsZero() || !next.Before(at.Truncate(time.Minute).Add(time.Minute)) {
				continue
			}
			slot.Others += len(o.tasks)
			slot.Tasks = append(slot.Tasks, o.tasks[:min(len(o.tasks), mostNamed-len(slot.Tasks))]...)
		}
		out.Items = append(out.Items, slot)
	}
	out.Total = len(out.Items)
	return out, nil
}

// other is a schedule that starts tasks, beside the one that is looked at.
type other struct {
	slots *fsm.Slots
	tasks []string // names
}

func (c *call) others(not *fsm.Schedule) (all []other) {
	for s := range c.view.Schedules.All() {
		if s.ID == not.ID || !s.Enabled || s.PausedAt(fsm.At(c.Now())) && s.PausedUntil == 0 {
			continue
		}
		slots, ok := slotsOf(s)
		if !ok || !slots.Shared() {
			continue
		}
		var tasks []string
		for t := range c.view.Tasks.By("schedule", s.ID) {
			if t.Enabled && c.sees(t) {
				tasks = append(tasks, t.Name)
			}
		}
		if len(tasks) > 0 {
			slices.Sort(tasks)
			all = append(all, other{slots, tasks})
		}
	}
	return all
}

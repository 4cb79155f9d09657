package api

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Schedule is when tasks run.
type Schedule struct {
	Meta
	Name    string     `json:"name"`
	Cron    string     `json:"cron"`
	Zone    string     `json:"zone"`
	Missed  string     `json:"missed" doc:"What becomes of slots that nobody could start: run_once or skip"`
	Enabled bool       `json:"enabled"`
	Tasks   int        `json:"tasks" doc:"How many are bound to it"`
	NextAt  *time.Time `json:"next_at" doc:"The next slot; null while disabled"`
}

// ScheduleInput is a schedule to be made.
type ScheduleInput struct {
	Name    string `json:"name"`
	Cron    string `json:"cron" doc:"Minute, hour, day of month, month, day of week; or @daily and the like" example:"30 2 * * *"`
	Zone    string `json:"zone,omitempty" doc:"An IANA name such as Europe/Berlin; UTC unless said otherwise"`
	Missed  string `json:"missed,omitempty" doc:"run_once (unless said otherwise) or skip"`
	Enabled *bool  `json:"enabled,omitempty" doc:"True unless said otherwise"`
}

// ScheduleChange is what should become different in a schedule.
type ScheduleChange struct {
	Name    *string `json:"name,omitempty"`
	Cron    *string `json:"cron,omitempty"`
	Zone    *string `json:"zone,omitempty"`
	Missed  *string `json:"missed,omitempty"`
	Enabled *bool   `json:"enabled,omitempty"`
}

func scheduleMeta(s *fsm.Schedule) *fsm.Meta { return &s.Meta }
func scheduleID(s *fsm.Schedule) string      { return s.ID }

func scheduleName(v *fsm.View, id string) string {
	return nameIn(&v.Schedules, id, func(s *fsm.Schedule) string { return s.Name })
}

func showSchedule(a *API, v *fsm.View, s *fsm.Schedule) Schedule {
	return Schedule{Meta: metaOf(&s.Meta), Name: s.Name, Cron: s.Cron, Zone: s.Zone, Missed: string(s.Missed),
		Enabled: s.Enabled, Tasks: v.Tasks.Count("schedule", s.ID), NextAt: nextSlot(s, a.Now())}
}

// nextSlot is the first moment after now that a schedule names.
func nextSlot(s *fsm.Schedule, now time.Time) *time.Time {
	slots, err := cron.ParseStandard(s.Cron)
	zone, zerr := time.LoadLocation(s.Zone)
	if err != nil || zerr != nil || !s.Enabled {
		return nil
	}
	next := slots.Next(now.In(zone))
	if next.IsZero() {
		return nil
	}
	next = next.UTC()
	return &next
}

// checkCron refuses an expression that cannot be read, or that brings a time
// zone of its own.
func checkCron(s string) error {
	if strings.Contains(s, "TZ=") {
		return invalid("cron", "%q names a time zone; put it into zone", s)
	}
	if _, err := cron.ParseStandard(s); err != nil {
		return invalid("cron", "%q cannot be read: %v; an example is 30 2 * * *", s, err)
	}
	return nil
}

func checkZone(s string) error {
	if s == "Local" {
		return invalid("zone", "must be named: managers may stand in different ones")
	}
	if _, err := time.LoadLocation(s); err != nil {
		return invalid("zone", "%q is not a known time zone; an example is Europe/Berlin", s)
	}
	return nil
}

func scheduleListing() listing[fsm.Schedule, Schedule] {
	return listing[fsm.Schedule, Schedule]{
		table: func(v *fsm.View) *fsm.Table[fsm.Schedule] { return &v.Schedules },
		meta:  scheduleMeta,
		show:  showSchedule,
		sort:  "name",
		filters: []filter[fsm.Schedule]{
			yesNo("enabled", "Only enabled or only disabled schedules", func(s *fsm.Schedule) bool { return s.Enabled }),
		},
		orders: []order[fsm.Schedule]{
			byName("name", func(s *fsm.Schedule) string { return s.Name }),
			byName("cron", func(s *fsm.Schedule) string { return s.Cron }),
			byName("zone", func(s *fsm.Schedule) string { return s.Zone }),
			byNumber("enabled", func(s *fsm.Schedule) int64 { return bit(s.Enabled) }),
			byCreation("", scheduleMeta),
			byChange(scheduleMeta),
		},
	}
}

func (c *call) showSchedule(id string) (Schedule, error) {
	s, err := made(&c.view.Schedules, "schedule", id)
	if err != nil {
		return Schedule{}, err
	}
	return showSchedule(c.API, c.view, s), nil
}

func getSchedule(c *call) (Schedule, error) {
	s, err := find(&c.view.Schedules, "schedule", c.param("schedule"))
	if err != nil {
		return Schedule{}, err
	}
	return showSchedule(c.API, c.view, s), nil
}

func createSchedule(c *call, in *ScheduleInput) (Schedule, error) {
	if err := checkCron(in.Cron); err != nil {
		return Schedule{}, err
	}
	if err := checkZone(in.Zone); err != nil {
		return Schedule{}, err
	}
	result, err := c.apply(&fsm.CreateSchedule{ID: pki.NewID(), Name: in.Name, Cron: in.Cron, Zone: in.Zone,
		Missed: fsm.Missed(in.Missed), Disabled: in.Enabled != nil && !*in.Enabled})
	if err != nil {
		return Schedule{}, err
	}
	return c.showSchedule(result.ID)
}

func updateSchedule(c *call, in *ScheduleChange) (Schedule, error) {
	if in.Cron != nil {
		if err := checkCron(*in.Cron); err != nil {
			return Schedule{}, err
		}
	}
	if in.Zone != nil {
		if err := checkZone(*in.Zone); err != nil {
			return Schedule{}, err
		}
	}
	id, index, err := target(c, &c.view.Schedules, "schedule", scheduleID)
	if err != nil {
		return Schedule{}, err
	}
	result, err := c.apply(&fsm.UpdateSchedule{ID: id, IfIndex: index, Name: in.Name, Cron: in.Cron, Zone: in.Zone,
		Missed: cast[fsm.Missed](in.Missed), Enabled: in.Enabled})
	if err != nil {
		return Schedule{}, err
	}
	return c.showSchedule(result.ID)
}

func removeSchedule(c *call) error {
	id, index, err := target(c, &c.view.Schedules, "schedule", scheduleID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveSchedule{ID: id, IfIndex: index})
	return err
}

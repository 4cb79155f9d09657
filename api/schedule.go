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
	Cron    string     `json:"cron" doc:"Empty with a calendar"`
	Zone    string     `json:"zone"`
	Missed  string     `json:"missed" doc:"What becomes of slots that nobody could start: run_once or skip"`
	Enabled bool       `json:"enabled"`
	Tasks   int        `json:"tasks" doc:"How many are bound to it"`
	NextAt  *time.Time `json:"next_at" doc:"The next slot; null while disabled, and while paused until it is resumed"`

	Calendar    []Rule     `json:"calendar" doc:"A slot is what any of the rules names; none with a cron expression"`
	Window      string     `json:"window" doc:"How long after its slot a run may still be begun, or tried again, as a duration; empty is without end"`
	Jitter      string     `json:"jitter" doc:"Over how long the tasks of a slot are spread, as a duration; empty is not at all"`
	Paused      bool       `json:"paused" doc:"It starts nothing; the slots of a pause are not made up for"`
	PausedUntil *time.Time `json:"paused_until" doc:"When the pause ends by itself"`
	Origin
}

// Rule is a rule of a calendar: on which days, and at which times of them.
type Rule struct {
	Weekdays []string `json:"weekdays,omitempty" doc:"mon, tue, wed, thu, fri, sat, sun; every day without them and without a day"`
	Nth      int      `json:"nth,omitempty" doc:"Of these weekdays in a month only the 1st to 5th, or -1 for the last"`
	Day      int      `json:"day,omitempty" doc:"Of the month, 1 to 31, or -1 for the last; a month without it is passed over"`
	At       []string `json:"at" doc:"Times of day as 02:30"`
}

func rulesOf(in []Rule) []fsm.Rule {
	out := make([]fsm.Rule, 0, len(in))
	for _, r := range in {
		out = append(out, fsm.Rule(r))
	}
	return out
}

// ScheduleInput is a schedule to be made.
type ScheduleInput struct {
	Name    string `json:"name"`
	Cron    string `json:"cron,omitempty" doc:"Minute, hour, day of month, month, day of week; or @daily and the like" example:"30 2 * * *"`
	Zone    string `json:"zone,omitempty" doc:"An IANA name such as Europe/Berlin; UTC unless said otherwise"`
	Missed  string `json:"missed,omitempty" doc:"run_once (unless said otherwise) or skip"`
	Enabled *bool  `json:"enabled,omitempty" doc:"True unless said otherwise"`

	Calendar []Rule `json:"calendar,omitempty" doc:"Instead of a cron expression: a slot is what any of the rules names"`
	Window   string `json:"window,omitempty" doc:"How long after its slot a run may still be begun; without end unless said otherwise" example:"4h"`
	Jitter   string `json:"jitter,omitempty" doc:"Over how long the tasks of a slot are spread" example:"15m"`
}

// ScheduleChange is what should become different in a schedule.
type ScheduleChange struct {
	Name    *string `json:"name,omitempty"`
	Cron    *string `json:"cron,omitempty"`
	Zone    *string `json:"zone,omitempty"`
	Missed  *string `json:"missed,omitempty"`
	Enabled *bool   `json:"enabled,omitempty"`

	Calendar    *[]Rule    `json:"calendar,omitempty" doc:"Takes the place of a cron expression"`
	Window      *string    `json:"window,omitempty" doc:"Empty is without end"`
	Jitter      *string    `json:"jitter,omitempty" doc:"Empty is not at all"`
	Paused      *bool      `json:"paused,omitempty"`
	PausedUntil *time.Time `json:"paused_until,omitempty" doc:"With paused: when it goes on by itself; otherwise once paused is false"`
}

func scheduleMeta(s *fsm.Schedule) *fsm.Meta { return &s.Meta }
func scheduleID(s *fsm.Schedule) string      { return s.ID }

func scheduleName(v *fsm.View, id string) string {
	return nameIn(&v.Schedules, id, func(s *fsm.Schedule) string { return s.Name })
}

func showSchedule(a *API, v *fsm.View, s *fsm.Schedule) Schedule {
	out := Schedule{Meta: metaOf(&s.Meta), Name: s.Name, Cron: s.Cron, Zone: s.Zone, Missed: string(s.Missed),
		Enabled: s.Enabled, Tasks: v.Tasks.Count("schedule", s.ID), NextAt: nextSlot(s, a.Now()),
		Origin: originOf(v, s.ID), Calendar: []Rule{}, Window: spanOf(s.Window), Jitter: spanOf(s.Jitter), Paused: s.PausedAt(fsm.At(a.Now()))}
	for _, r := range s.Calendar {
		out.Calendar = append(out.Calendar, Rule(r))
	}
	if out.Paused {
		out.PausedUntil = moment(s.PausedUntil)
	}
	return out
}

// spanOf writes a duration; "" for none.
func spanOf(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// slotsOf reads a schedule; false when that cannot be done.
func slotsOf(s *fsm.Schedule) (*fsm.Slots, bool) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, false
	}
	slots, err := s.Slots(zone)
	return slots, err == nil
}

// nextSlot is the first moment after now at which a schedule starts tasks.
func nextSlot(s *fsm.Schedule, now time.Time) *time.Time {
	if s.PausedAt(fsm.At(now)) {
		if s.PausedUntil == 0 {
			return nil
		}
		now = (s.PausedUntil - 1).Time()
	}
	slots, ok := slotsOf(s)
	if !ok || !s.Enabled {
		return nil
	}
	next := slots.Next(now)
	if next.IsZero() {
		return nil
	}
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
		table:   func(v *fsm.View) *fsm.Table[fsm.Schedule] { return &v.Schedules },
		meta:    scheduleMeta,
		show:    showSchedule,
		foreign: foreign(fsm.ServerSchedule, foreignSchedule),
		veil:    veilSchedule,
		sort:    "name",
		filters: []filter[fsm.Schedule]{
			byOrigin(scheduleMeta),
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

// veilSchedule counts the tasks that access lists do not hide.
func veilSchedule(c *call, s *fsm.Schedule, shown *Schedule) {
	shown.Tasks = 0
	for t := range c.view.Tasks.By("schedule", s.ID) {
		shown.Tasks += int(bit(c.sees(t)))
	}
}

func (c *call) showSchedule(id string) (Schedule, error) {
	s, err := made(&c.view.Schedules, "schedule", id)
	if err != nil {
		return Schedule{}, err
	}
	l := scheduleListing()
	return l.shown(c, s), nil
}

func getSchedule(c *call) (Schedule, error) {
	s, err := find(&c.view.Schedules, "schedule", c.param("schedule"))
	if err != nil {
		return Schedule{}, err
	}
	l := scheduleListing()
	return l.shown(c, s), nil
}

// command makes the command of a schedule to be made. It has been checked as far as
// the state does not do so itself.
func (in *ScheduleInput) command() (*fsm.CreateSchedule, error) {
	if in.Cron != "" || len(in.Calendar) == 0 {
		if err := checkCron(in.Cron); err != nil {
			return nil, err
		}
	}
	if err := checkZone(in.Zone); err != nil {
		return nil, err
	}
	window, err := duration("window", in.Window, 0)
	if err != nil {
		return nil, err
	}
	jitter, err := duration("jitter", in.Jitter, 0)
	if err != nil {
		return nil, err
	}
	return &fsm.CreateSchedule{ID: pki.NewID(), Name: in.Name, Cron: in.Cron, Calendar: rulesOf(in.Calendar), Zone: in.Zone,
		Window: window, Jitter: jitter, Missed: fsm.Missed(in.Missed), Disabled: in.Enabled != nil && !*in.Enabled}, nil
}

func createSchedule(c *call, in *ScheduleInput) (Schedule, error) {
	cmd, err := in.command()
	if err != nil {
		return Schedule{}, err
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Schedule{}, err
	}
	return c.showSchedule(result.ID)
}

// command makes the command of a change.
func (in *ScheduleChange) command() (*fsm.UpdateSchedule, error) {
	cmd := &fsm.UpdateSchedule{Name: in.Name, Cron: in.Cron, Zone: in.Zone, Missed: cast[fsm.Missed](in.Missed),
		Enabled: in.Enabled, Paused: in.Paused}
	if in.Cron != nil && *in.Cron != "" {
		if err := checkCron(*in.Cron); err != nil {
			return nil, err
		}
	}
	if in.Zone != nil {
		if err := checkZone(*in.Zone); err != nil {
			return nil, err
		}
	}
	if in.Calendar != nil {
		rules := rulesOf(*in.Calendar)
		cmd.Calendar = &rules
	}
	if in.PausedUntil != nil {
		if in.Paused == nil || !*in.Paused {
			return nil, invalid("paused_until", "goes with paused: true")
		}
		until := fsm.At(*in.PausedUntil)
		cmd.PausedUntil = &until
	}
	var err error
	if cmd.Window, err = span("window", in.Window); err != nil {
		return nil, err
	}
	cmd.Jitter, err = span("jitter", in.Jitter)
	return cmd, err
}

// span reads the duration of a change; nil when it stays.
func span(field string, text *string) (*time.Duration, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // nothing is to be changed
	}
	d, err := duration(field, *text, 0)
	return &d, err
}

func updateSchedule(c *call, in *ScheduleChange) (Schedule, error) {
	cmd, err := in.command()
	if err != nil {
		return Schedule{}, err
	}
	if cmd.ID, cmd.IfIndex, err = target(c, &c.view.Schedules, "schedule", scheduleID); err != nil {
		return Schedule{}, err
	}
	result, err := c.apply(cmd)
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

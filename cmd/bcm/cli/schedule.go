package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) schedules() *cobra.Command {
	return noun("schedule", "When tasks are run",
		list(a, listing[client.Schedule]{
			what: "schedules", path: at("schedules"), columns: scheduleColumns, id: func(s client.Schedule) string { return s.Id },
			filters: []filter{{name: "enabled", usage: "true: those that are enabled; false: that are disabled", yesno: true}},
		}),
		show(a, one[client.Schedule]{what: "schedule", path: schedulePath, refs: scheduleRefs, fields: scheduleFields}),
		a.scheduleAdd(), a.scheduleUpdate(), a.schedulePause(), a.scheduleResume(), a.scheduleNext(), a.schedulePreview(),
		a.remover(removal{what: "schedule", path: schedulePath, refs: scheduleRefs, short: "Remove a schedule that no task uses"}),
	)
}

func schedulePath(ref string) string { return at("schedules", ref) }

func scheduleColumns(a *app) []column[client.Schedule] {
	return []column[client.Schedule]{
		{title: "name", of: func(s client.Schedule) string { return s.Name }},
		{title: "when", of: func(s client.Schedule) string { return when(s, "; ") }},
		{title: "zone", of: func(s client.Schedule) string { return s.Zone }},
		{title: "missed", of: func(s client.Schedule) string { return s.Missed }},
		{title: "state", of: scheduleState, state: true},
		{title: "tasks", of: func(s client.Schedule) string { return count(s.Tasks) }, right: true},
		{title: "next", of: func(s client.Schedule) string { return next(a, s) }},
	}
}

// scheduleState tells whether a schedule starts tasks.
func scheduleState(s client.Schedule) string {
	if s.Paused {
		return "paused"
	}
	return enabled(s.Enabled)
}

// when writes when a schedule starts its tasks.
func when(s client.Schedule, between string) string {
	texts := make([]string, 0, len(s.Calendar))
	for _, r := range s.Calendar {
		texts = append(texts, ruleText(r))
	}
	return first(s.Cron, strings.Join(texts, between))
}

// next is when a schedule starts its tasks again.
func next(a *app, s client.Schedule) string {
	if s.NextAt == nil {
		return ""
	}
	return ago(*s.NextAt, a.now())
}

func scheduleFields(a *app, s client.Schedule) []field {
	return []field{
		{"Name", s.Name},
		{"ID", s.Id},
		{"When", when(s, "\n")},
		{"Zone", s.Zone},
		{"Window", first(s.Window, "without end")},
		{"Jitter", s.Jitter},
		{"When missed", s.Missed},
		{"State", scheduleState(s)},
		{"Paused until", a.instant(value(s.PausedUntil))},
		{"Tasks", count(s.Tasks)},
		{"Next", a.instant(value(s.NextAt))},
		{"Changed", a.instant(s.UpdatedAt)},
	}
}

// scheduleFlags are the flags that describe a schedule.
type scheduleFlags struct {
	name, cron, zone, missed, window, jitter string
	enabled                                  bool
	on                                       []string
}

func (s *scheduleFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.cron, "cron", "", "minute, hour, day, month and weekday, as in '30 2 * * 1-5'")
	f.StringArrayVar(&s.on, "on", nil, "calendar instead of --cron, may be repeated: 'daily 02:30', 'mon,fri 18:00 22:00', 'day 15 02:30', 'last day 23:00', 'first sun 02:30'")
	f.StringVar(&s.zone, "zone", "", "time zone, as in Europe/Berlin; UTC when not given")
	f.StringVar(&s.window, "window", "", "how long after its time a run may still be begun or tried again, as 4h; without end when not given")
	f.StringVar(&s.jitter, "jitter", "", "over how long the tasks of one time are spread, as 15m")
	f.StringVar(&s.missed, "missed", "", "what becomes of runs that nobody could start: run_once or skip")
	f.BoolVar(&s.enabled, "enabled", true, "let it start tasks")
	complete(cmd, "missed", []string{string(fsm.RunOnce), string(fsm.Skip)})
}

func (s *scheduleFlags) body(cmd *cobra.Command) (changes, error) {
	body := make(changes)
	if err := excludes(cmd, "cron", "on"); err != nil {
		return nil, err
	}
	take(body, cmd, "cron", "cron", s.cron)
	if len(s.on) > 0 {
		rules, err := rulesOf(s.on)
		if err != nil {
			return nil, err
		}
		body["calendar"] = rules
	}
	take(body, cmd, "zone", "zone", s.zone)
	take(body, cmd, "window", "window", s.window)
	take(body, cmd, "jitter", "jitter", s.jitter)
	take(body, cmd, "missed", "missed", s.missed)
	take(body, cmd, "enabled", "enabled", s.enabled)
	return body, nil
}

// whole is the body of a schedule to be made.
func (s *scheduleFlags) whole(cmd *cobra.Command) (changes, error) {
	body, err := s.body(cmd)
	if err == nil && body["cron"] == nil && body["calendar"] == nil {
		err = Usagef("%s needs --cron or --on\nUsage: %s", cmd.CommandPath(), cmd.UseLine())
	}
	return body, err
}

func (a *app) scheduleAdd() *cobra.Command {
	var s scheduleFlags
	var r result
	cmd := &cobra.Command{
		Use:   "add NAME --cron EXPRESSION",
		Short: "Add a schedule",
		Long: `Add a schedule: a cron expression, or a calendar. A time of day that a change to
summer time leaves out stands for the first moment after it, and one that the
change back brings twice for the first; what runs every hour goes by the time
that passes.`,
		Example: `  bcm schedule add nightly --cron '30 2 * * *' --zone Europe/Berlin --window 4h
  bcm schedule add monthly --on 'first sun 02:30' --on 'last day 23:00' --jitter 30m`,
		Args: Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := s.whole(cmd)
			if err != nil {
				return err
			}
			body["name"] = args[0]
			data, err := a.send(cmd, "POST", at("schedules"), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "schedule %s is added", args[0])
		},
	}
	s.flags(cmd)
	r.flags(cmd)
	return cmd
}

func (a *app) scheduleUpdate() *cobra.Command {
	var s scheduleFlags
	var r result
	cmd := &cobra.Command{
		Use:               "update SCHEDULE",
		Short:             "Change a schedule; runs before the change are not made up for",
		Args:              Takes("SCHEDULE"),
		ValidArgsFunction: a.firstArg(scheduleRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := s.body(cmd)
			if err != nil {
				return err
			}
			take(body, cmd, "name", "name", s.name)
			return a.update(cmd, schedulePath(args[0]), body, &r, "schedule "+args[0])
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&s.name, "name", "", "another name")
	r.flags(cmd)
	return cmd
}

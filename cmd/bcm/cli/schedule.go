package cli

import (
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
		a.scheduleAdd(), a.scheduleUpdate(),
		a.remover(removal{what: "schedule", path: schedulePath, refs: scheduleRefs, short: "Remove a schedule that no task uses"}),
	)
}

func schedulePath(ref string) string { return at("schedules", ref) }

func scheduleColumns(a *app) []column[client.Schedule] {
	return []column[client.Schedule]{
		{title: "name", of: func(s client.Schedule) string { return s.Name }},
		{title: "cron", of: func(s client.Schedule) string { return s.Cron }},
		{title: "zone", of: func(s client.Schedule) string { return s.Zone }},
		{title: "missed", of: func(s client.Schedule) string { return s.Missed }},
		{title: "state", of: func(s client.Schedule) string { return enabled(s.Enabled) }, state: true},
		{title: "tasks", of: func(s client.Schedule) string { return count(s.Tasks) }, right: true},
		{title: "next", of: func(s client.Schedule) string { return next(a, s) }},
	}
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
		{"Cron", s.Cron},
		{"Zone", s.Zone},
		{"When missed", s.Missed},
		{"State", enabled(s.Enabled)},
		{"Tasks", count(s.Tasks)},
		{"Next", a.instant(value(s.NextAt))},
		{"Changed", a.instant(s.UpdatedAt)},
	}
}

// scheduleFlags are the flags that describe a schedule.
type scheduleFlags struct {
	name, cron, zone, missed string
	enabled                  bool
}

func (s *scheduleFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.cron, "cron", "", "minute, hour, day, month and weekday, as in '30 2 * * 1-5'")
	f.StringVar(&s.zone, "zone", "", "time zone, as in Europe/Berlin; UTC when not given")
	f.StringVar(&s.missed, "missed", "", "what becomes of runs that nobody could start: run_once or skip")
	f.BoolVar(&s.enabled, "enabled", true, "let it start tasks")
	complete(cmd, "missed", []string{string(fsm.RunOnce), string(fsm.Skip)})
}

func (s *scheduleFlags) body(cmd *cobra.Command) changes {
	body := make(changes)
	take(body, cmd, "cron", "cron", s.cron)
	take(body, cmd, "zone", "zone", s.zone)
	take(body, cmd, "missed", "missed", s.missed)
	take(body, cmd, "enabled", "enabled", s.enabled)
	return body
}

func (a *app) scheduleAdd() *cobra.Command {
	var s scheduleFlags
	var r result
	cmd := &cobra.Command{
		Use:     "add NAME --cron EXPRESSION",
		Short:   "Add a schedule",
		Example: "  bcm schedule add nightly --cron '30 2 * * *' --zone Europe/Berlin",
		Args:    Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "cron"); err != nil {
				return err
			}
			body := s.body(cmd)
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
			body := s.body(cmd)
			take(body, cmd, "name", "name", s.name)
			return a.update(cmd, schedulePath(args[0]), body, &r, "schedule "+args[0])
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&s.name, "name", "", "another name")
	r.flags(cmd)
	return cmd
}

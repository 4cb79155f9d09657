package cli

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bcm/fsm"
)

// schedule is what the command line shows of a schedule.
type schedule struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Cron      string    `json:"cron"`
	Zone      string    `json:"zone"`
	Missed    string    `json:"missed"`
	Enabled   bool      `json:"enabled"`
	Tasks     int       `json:"tasks"`
	NextAt    time.Time `json:"next_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (a *app) schedules() *cobra.Command {
	return noun("schedule", "When tasks are run",
		list(a, listing[schedule]{
			what: "schedules", path: at("schedules"), columns: scheduleColumns, id: func(s schedule) string { return s.ID },
			filters: []filter{{name: "enabled", usage: "enabled ones; with =false disabled ones", yesno: true}},
		}),
		show(a, one[schedule]{what: "schedule", path: schedulePath, refs: scheduleRefs, fields: scheduleFields}),
		a.scheduleAdd(), a.scheduleUpdate(),
		a.remover(removal{what: "schedule", path: schedulePath, refs: scheduleRefs, short: "Remove a schedule that no task uses"}),
	)
}

func schedulePath(ref string) string { return at("schedules", ref) }

func scheduleColumns(a *app) []column[schedule] {
	return []column[schedule]{
		{title: "name", of: func(s schedule) string { return s.Name }},
		{title: "cron", of: func(s schedule) string { return s.Cron }},
		{title: "zone", of: func(s schedule) string { return s.Zone }},
		{title: "missed", of: func(s schedule) string { return s.Missed }},
		{title: "state", of: func(s schedule) string { return enabled(s.Enabled) }, state: true},
		{title: "tasks", of: func(s schedule) string { return strconv.Itoa(s.Tasks) }, right: true},
		{title: "next", of: func(s schedule) string { return s.next(a) }},
	}
}

func (s schedule) next(a *app) string {
	if s.NextAt.IsZero() {
		return ""
	}
	return ago(s.NextAt, a.now())
}

func scheduleFields(a *app, s schedule) []field {
	return []field{
		{"Name", s.Name},
		{"ID", s.ID},
		{"Cron", s.Cron},
		{"Zone", s.Zone},
		{"When missed", s.Missed},
		{"State", enabled(s.Enabled)},
		{"Tasks", strconv.Itoa(s.Tasks)},
		{"Next", a.instant(s.NextAt)},
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

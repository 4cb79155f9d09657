package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) tasks() *cobra.Command {
	return noun("task", "What to back up",
		list(a, listing[client.Task]{
			what: "tasks", path: at("tasks"), columns: taskColumns, id: func(t client.Task) string { return t.Id },
			filters: []filter{
				{name: "client", usage: "of this client", refs: clientRefs},
				{name: "schedule", usage: "bound to this schedule", refs: scheduleRefs},
				{name: "enabled", usage: "true: those that are enabled; false: that are disabled", yesno: true},
			},
		}),
		show(a, one[client.Task]{what: "task", path: taskPath, refs: taskRefs, fields: taskFields}),
		a.taskAdd(), a.taskUpdate(), a.taskRetention(),
		a.runOf("run TASK", "Back up now"),
		a.setter("enable", "task", "Let the schedule of a task start it again", taskRefs, taskPath, changes{"enabled": true}, "enabled"),
		a.setter("disable", "task", "Keep the schedule of a task from starting it", taskRefs, taskPath, changes{"enabled": false}, "disabled"),
		a.remover(removal{what: "task", path: taskPath, refs: taskRefs, short: "Remove a task; its backups stay",
			asks: "remove task %s (its backups stay)"}),
	)
}

func taskPath(ref string) string { return at("tasks", ref) }

func taskColumns(a *app) []column[client.Task] {
	return []column[client.Task]{
		{title: "name", of: func(t client.Task) string { return t.Name }},
		{title: "client", of: func(t client.Task) string { return t.Client }},
		{title: "source", of: func(t client.Task) string { return sourceOf(t.Source, " ") }},
		{title: "level", of: func(t client.Task) string { return t.Level }},
		{title: "schedule", of: func(t client.Task) string { return value(t.Schedule) }},
		{title: "keeps", of: func(t client.Task) string { return keeps(t.Retention) }},
		{title: "state", of: func(t client.Task) string { return enabled(t.Enabled) }, state: true},
	}
}

func taskFields(a *app, t client.Task) []field {
	return []field{
		{"Name", t.Name},
		{"ID", t.Id},
		{"Client", t.Client},
		{"Source", sourceOf(t.Source, "\n")},
		{"Excludes", strings.Join(value(t.Source.Exclude), "\n")},
		{"Level", t.Level},
		{"Keeps", keeps(t.Retention)},
		{"Schedule", value(t.Schedule)},
		{"Labels", labels(t.Labels)},
		{"Priority", figure(int64(t.Priority), count)},
		{"At most", t.MaxRuntime},
		{"When it fails", retryText(t.Retry)},
		{"Bandwidth", bandwidthText(value(&t.Bandwidth))},
		{"Before", strings.Join(t.Pre, " ")},
		{"After", strings.Join(t.Post, " ")},
		{"State", enabled(t.Enabled)},
		{"May run on", first(strings.Join(t.Nodes, ", "), "any backup manager")},
		{"Added", a.instant(t.CreatedAt)},
		{"Changed", a.instant(t.UpdatedAt)},
	}
}

// sourceOf writes a source: its paths, or its command and where the output goes.
func sourceOf(s client.Source, between string) string {
	if command := value(s.Command); len(command) > 0 {
		return strings.Join(command, " ") + " > " + value(s.Name)
	}
	return strings.Join(value(s.Paths), between)
}

// keeps writes which backups a task keeps, as "7 daily, 4 weekly".
func keeps(r client.Retention) string {
	var parts []string
	for _, k := range []struct {
		n    *int64
		what string
	}{{r.Last, "last"}, {r.Hourly, "hourly"}, {r.Daily, "daily"}, {r.Weekly, "weekly"}, {r.Monthly, "monthly"}, {r.Yearly, "yearly"}} {
		if n := value(k.n); n > 0 {
			parts = append(parts, count(n)+" "+k.what)
		}
	}
	return first(strings.Join(parts, ", "), "all")
}

// taskFlags are the flags that describe a task.
type taskFlags struct {
	name, level, schedule string
	source                sourceFlags
	conduct               conductFlags
	keep                  fsm.Retention
	nodes                 []string
}

func (t *taskFlags) flags(a *app, cmd *cobra.Command) {
	t.source.flags(cmd)
	f := cmd.Flags()
	levelFlag(cmd, &t.level)
	f.StringVar(&t.schedule, "schedule", "", `schedule that starts it; "" for none`)
	f.StringSliceVar(&t.nodes, "node", nil, "backup manager that it may run on; may be repeated; any when not given")
	t.keepFlags(cmd)
	t.conduct.flags(cmd)
	a.completeRefs(cmd, "schedule", scheduleRefs)
	a.completeRefs(cmd, "node", runnerRefs)
}

func (t *taskFlags) keepFlags(cmd *cobra.Command) {
	for _, k := range t.keeps() {
		cmd.Flags().IntVar(k.n, k.flag, 0, "backups to keep: "+k.usage)
	}
}

// keepFlag is the flag for one number of a retention.
type keepFlag struct {
	flag, usage string
	n           *int
}

func (t *taskFlags) keeps() []keepFlag {
	return []keepFlag{
		{"keep-last", "the last ones", &t.keep.Last},
		{"keep-hourly", "the last of each hour", &t.keep.Hourly},
		{"keep-daily", "the last of each day", &t.keep.Daily},
		{"keep-weekly", "the last of each week", &t.keep.Weekly},
		{"keep-monthly", "the last of each month", &t.keep.Monthly},
		{"keep-yearly", "the last of each year", &t.keep.Yearly},
	}
}

func (t *taskFlags) body(cmd *cobra.Command) (changes, error) {
	body := make(changes)
	source, given, err := t.source.source(cmd)
	if err != nil {
		return nil, err
	}
	if given {
		body["source"] = source
	}
	take(body, cmd, "level", "level", t.level)
	take(body, cmd, "schedule", "schedule", t.schedule)
	take(body, cmd, "node", "nodes", append([]string{}, t.nodes...))
	for _, k := range t.keeps() {
		take(body, cmd, k.flag, "retention", t.keep)
	}
	return body, t.conduct.body(cmd, body)
}

func (a *app) taskAdd() *cobra.Command {
	var t taskFlags
	var r result
	var client string
	var disabled bool
	cmd := &cobra.Command{
		Use:   "add NAME --client CLIENT --path PATH",
		Short: "Add a task",
		Example: `  bcm task add web-data --client web-1 --path /srv/data --exclude '*.tmp' --schedule nightly --keep-daily 7
  bcm task add db --client db-1 --command pg_dump --command db --file db.sql`,
		Args: Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "client"); err != nil {
				return err
			}
			body, err := t.body(cmd)
			if err != nil {
				return err
			}
			if body["source"] == nil {
				return Usagef("%s needs --path, or --command and --file\nUsage: %s", cmd.CommandPath(), cmd.UseLine())
			}
			body["name"], body["client"], body["enabled"] = args[0], client, !disabled
			data, err := a.send(cmd, "POST", at("tasks"), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "task %s is added", args[0])
		},
	}
	t.flags(a, cmd)
	cmd.Flags().StringVar(&client, "client", "", "client whose data it is")
	cmd.Flags().BoolVar(&disabled, "disabled", false, "keep the schedule from starting it for now")
	a.completeRefs(cmd, "client", clientRefs)
	r.flags(cmd)
	return cmd
}

func (a *app) taskUpdate() *cobra.Command {
	var t taskFlags
	var r result
	cmd := &cobra.Command{
		Use:   "update TASK",
		Short: "Change a task",
		Long: `Change a task. A source that is given replaces the one that the task has, and
so do numbers of backups to keep: those not given become zero.`,
		Args:              Takes("TASK"),
		ValidArgsFunction: a.firstArg(taskRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := t.body(cmd)
			if err != nil {
				return err
			}
			take(body, cmd, "name", "name", t.name)
			return a.update(cmd, taskPath(args[0]), body, &r, "task "+args[0])
		},
	}
	t.flags(a, cmd)
	cmd.Flags().StringVar(&t.name, "name", "", "another name")
	r.flags(cmd)
	return cmd
}

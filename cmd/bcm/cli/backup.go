package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) backups() *cobra.Command {
	cmd := noun("backup", "Runs of tasks, and what they have stored",
		list(a, listing[client.Backup]{
			what: "backups", path: at("backups"), columns: backupColumns, id: func(b client.Backup) string { return b.Id },
			filters: []filter{
				{name: "status", usage: "in this state", values: statuses()},
				{name: "client", usage: "of this client", refs: clientRefs},
				{name: "task", usage: "of this task", refs: taskRefs},
				{name: "node", usage: "run by this node", refs: nodeRefs},
				{name: "pinned", usage: "true: those that are pinned; false: that are not", yesno: true},
				{name: "from", usage: "begun at this moment or later: 2026-01-31, RFC 3339, or how long ago as 24h or 7d", when: true},
				{name: "to", usage: "begun before this moment", when: true},
			},
		}),
		show(a, one[client.Backup]{what: "backup", path: backupPath, refs: backupRefs, fields: backupFields}),
		a.runOf("run [TASK]", "Back up a task, or data of a client, now"),
		a.backupLog(), a.backupWatch(), a.backupCancel(), a.backupRerun(), a.backupRestore(),
		a.backupDownload(), a.backupFiles(), a.backupFind(), a.backupHistory(), a.backupVerify(), a.backupDrill(),
		a.remover(removal{what: "backup", path: backupPath, refs: backupRefs, short: "Give up what a backup has stored",
			asks: "give up what backup %s has stored"}),
	)
	cmd.AddCommand(a.protectors()...)
	return cmd
}

func backupPath(ref string) string { return at("backups", ref) }

func statuses() []string {
	all := []fsm.Status{fsm.Queued, fsm.Assigned, fsm.Running, fsm.Succeeded, fsm.Warning, fsm.Failed, fsm.Cancelled, fsm.Interrupted, fsm.Deleted}
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return names
}

func backupColumns(a *app) []column[client.Backup] {
	return []column[client.Backup]{
		{title: "id", of: func(b client.Backup) string { return b.Id }},
		{title: "task", of: func(b client.Backup) string { return b.Task }},
		{title: "client", of: func(b client.Backup) string { return b.Client }},
		{title: "status", of: backupState, state: true},
		{title: "node", of: func(b client.Backup) string { return b.Node }},
		{title: "begun", of: func(b client.Backup) string { return ago(begun(b), a.now()) }},
		{title: "took", of: func(b client.Backup) string { return took(b, a.now()) }, right: true},
		{title: "files", of: func(b client.Backup) string { n, _ := amount(b); return figure(n, count) }, right: true},
		{title: "size", of: func(b client.Backup) string { _, n := amount(b); return figure(n, size) }, right: true},
		{title: "new", of: func(b client.Backup) string { return figure(b.Stats.NewBytes, size) }, right: true},
	}
}

// backupState is the status, and how far a backup that runs is.
func backupState(b client.Backup) string {
	if p := b.Progress; p != nil && p.TotalBytes > 0 {
		return fmt.Sprintf("%s %d%%", b.Status, percent(p))
	}
	return b.Status
}

// amount is how many files and bytes a backup has gone through.
func amount(b client.Backup) (files, bytes int64) {
	if b.Progress != nil {
		return b.Progress.Files, b.Progress.Bytes
	}
	return b.Stats.Files, b.Stats.Bytes
}

// took is how long a backup took, or has taken up to now.
func took(b client.Backup, now time.Time) string {
	if b.StartedAt == nil {
		return ""
	}
	if b.FinishedAt != nil {
		now = *b.FinishedAt
	}
	return lasted(now.Sub(*b.StartedAt))
}

// begun is when a backup was started, or at least asked for.
func begun(b client.Backup) time.Time {
	if b.StartedAt != nil {
		return *b.StartedAt
	}
	return b.CreatedAt
}

func figure(n int64, write func(int64) string) string {
	if n == 0 {
		return ""
	}
	return write(n)
}

func backupFields(a *app, b client.Backup) []field {
	attempt := ""
	if b.Attempt > 1 {
		attempt = strconv.Itoa(int(b.Attempt))
	}
	doing := ""
	if b.Progress != nil {
		doing = b.Progress.Phase + ": " + far(b.Progress)
	}
	figures := ""
	if b.Stats.Files > 0 {
		figures = summary(b.Stats, value(b.StartedAt), value(b.FinishedAt))
	}
	stored, read, wrong, warned := "", figures, value(b.Error), figure(b.Stats.Warnings, count)
	switch fsm.Status(b.Status) {
	case fsm.Succeeded:
		stored, read = figures, ""
	case fsm.Warning: // the error is the first of the warnings
		stored, read = figures, ""
		wrong, warned = "", strings.TrimSuffix(warned+": "+wrong, ": ")
	}
	return []field{
		{"ID", b.Id},
		{"Status", b.Status},
		{"Task", b.Task},
		{"Client", b.Client},
		{"Level", b.Level},
		{"Node", b.Node},
		{"Storages", strings.Join(b.Storages, ", ")},
		{"Attempt", attempt},
		{"Progress", doing},
		{"Stored", stored},
		{"Protected", protection(a, b)},
		{"Restore tested", a.instant(value(b.RestoreTestedAt))},
		{"Read", read},
		{"Warnings", warned},
		{"Error", wrong},
		{"Tried again", a.instant(value(b.RetryAt))},
		{"Queued", a.instant(b.CreatedAt)},
		{"Started", a.instant(value(b.StartedAt))},
		{"Finished", a.instant(value(b.FinishedAt))},
	}
}

// runOf makes the verb that starts a backup; task and backup both have it.
func (a *app) runOf(use, short string) *cobra.Command {
	var r result
	var source sourceFlags
	var of, level string
	var wait bool
	ofSource := strings.Contains(use, "[")
	cmd := &cobra.Command{
		Use:               use,
		Short:             short,
		Args:              Takes(strings.Fields(use)[1]),
		ValidArgsFunction: a.firstArg(taskRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := runBody(cmd, args, of, &source)
			if err != nil {
				return err
			}
			take(body, cmd, "level", "level", level)
			return a.runBackup(cmd, body, wait, &r)
		},
	}
	if ofSource {
		cmd.Example = "  bcm backup run web-data --wait\n  bcm backup run --client web-1 --path /srv/data"
		cmd.Flags().StringVar(&of, "client", "", "client whose data it is, for a backup without a task")
		a.completeRefs(cmd, "client", clientRefs)
		source.flags(cmd)
	}
	levelFlag(cmd, &level)
	cmd.Flags().BoolVarP(&wait, "wait", "w", false, "wait for its end and show how far it is; exit code 3 when it fails")
	r.flags(cmd)
	return cmd
}

func runBody(cmd *cobra.Command, args []string, of string, flags *sourceFlags) (changes, error) {
	source, given, err := flags.source(cmd)
	switch {
	case err != nil:
		return nil, err
	case len(args) == 1 && (given || of != ""):
		return nil, Usagef("%s: a task has a client and a source of its own; leave out the task, or --client and --path", cmd.CommandPath())
	case len(args) == 1:
		return changes{"task": args[0]}, nil
	case of == "" || !given:
		return nil, Usagef("%s needs a task, or --client and --path\nUsage: %s", cmd.CommandPath(), cmd.UseLine())
	}
	return changes{"client": of, "source": source}, nil
}

func (a *app) runBackup(cmd *cobra.Command, body changes, wait bool, r *result) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	data, err := g.call(cmd.Context(), "POST", at("backups"), nil, body)
	if err != nil {
		return err
	}
	var queued run
	if err := json.Unmarshal(data, &queued); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !wait {
		return r.write(cmd, data, "backup %s is %s; watch it with: bcm backup watch %s", queued.ID, queued.Status, queued.ID)
	}
	if r.quiet {
		fmt.Fprintln(cmd.OutOrStdout(), line(queued.ID))
	}
	return a.follow(cmd, g, backupRun(queued.ID), r)
}

// backupRun is a backup to follow.
func backupRun(id string) followed {
	return followed{what: "backup", id: id, path: backupPath(id), done: func(r run) string {
		return fmt.Sprintf("backup %s %s: %s", r.ID, r.Status, r.summary())
	}}
}

func (a *app) backupWatch() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "watch BACKUP",
		Short:             "Wait for the end of a backup and show how far it is",
		Long:              "Wait for the end of a backup and show how far it is.\nThe exit code is 3 when it did not succeed.",
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(liveRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			return a.follow(cmd, g, backupRun(args[0]), &r)
		},
	}
	jsonFlag(cmd, &r.json)
	return cmd
}

func (a *app) backupCancel() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "cancel BACKUP",
		Short:             "End a backup that has not ended",
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(liveRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("backups", args[0], "cancel"), nil)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "backup %s is asked to end", args[0])
		},
	}
	r.flags(cmd)
	return cmd
}

package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) jobs() *cobra.Command {
	return noun("job", "Long work on what is stored: restores, verifications, copies, scrubs, clean-ups",
		list(a, listing[client.Job]{
			what: "jobs", path: at("jobs"), columns: jobColumns, id: func(j client.Job) string { return j.Id },
			filters: []filter{
				{name: "kind", usage: "of this kind", values: []string{"restore", "verify", "forget", "prune", "copy", "scrub", "sync", "certify"}},
				{name: "status", usage: "in this state", values: statuses()},
				{name: "repository", usage: "on this repository", refs: repositoryRefs},
				{name: "backup", usage: "on this backup", refs: backupRefs},
				{name: "node", usage: "done by this node", refs: nodeRefs},
				{name: "from", usage: "begun at this moment or later: 2026-01-31, RFC 3339, or how long ago as 24h or 7d", when: true},
				{name: "to", usage: "begun before this moment", when: true},
			},
		}),
		show(a, one[client.Job]{what: "job", path: jobPath, refs: jobRefs, fields: jobFields}),
		a.jobWatch(), a.jobCancel(),
	)
}

func jobPath(ref string) string { return at("jobs", ref) }

func jobColumns(a *app) []column[client.Job] {
	return []column[client.Job]{
		{title: "id", of: func(j client.Job) string { return j.Id }},
		{title: "kind", of: func(j client.Job) string { return j.Kind }},
		{title: "repository", of: func(j client.Job) string { return j.Repository }},
		{title: "backup", of: func(j client.Job) string { return j.Backup }},
		{title: "status", of: jobState, state: true},
		{title: "node", of: func(j client.Job) string { return first(j.Node, value(j.WantedNode)) }},
		{title: "asked", of: func(j client.Job) string { return ago(j.CreatedAt, a.now()) }},
		{title: "by", of: func(j client.Job) string { return j.By }},
		{title: "size", of: func(j client.Job) string { return figure(j.Stats.Bytes, size) }, right: true},
	}
}

// jobState is the status, and how far a job that runs is.
func jobState(j client.Job) string {
	if p := j.Progress; p != nil && p.TotalBytes > 0 {
		return fmt.Sprintf("%s %d%%", j.Status, percent(p))
	}
	return j.Status
}

func jobFields(a *app, j client.Job) []field {
	doing, figures := "", ""
	if j.Progress != nil {
		doing = j.Progress.Phase + ": " + far(j.Progress)
	}
	if j.Stats.Files > 0 {
		figures = summary(j.Stats, value(j.StartedAt), value(j.FinishedAt))
	}
	return []field{
		{"ID", j.Id},
		{"Kind", j.Kind},
		{"Status", j.Status},
		{"Repository", j.Repository},
		{"Backup", j.Backup},
		{"Client", j.Client},
		{"Node", first(j.Node, value(j.WantedNode))},
		{"From", value(j.Storage)},
		{"Target", value(j.Target)},
		{"As of", a.instant(value(j.AsOf))},
		{"Damaged", strings.Join(value(j.DamagedBackups), ", ")},
		{"Asked by", j.By},
		{"Progress", doing},
		{"Done", figures},
		{"Warnings", figure(j.Stats.Warnings, count)},
		{"Error", value(j.Error)},
		{"Asked", a.instant(j.CreatedAt)},
		{"Started", a.instant(value(j.StartedAt))},
		{"Finished", a.instant(value(j.FinishedAt))},
	}
}

func (a *app) jobWatch() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "watch JOB",
		Short:             "Wait for the end of a job and show how far it is",
		Long:              "Wait for the end of a job and show how far it is.\nThe exit code is 3 when it did not succeed.",
		Args:              Takes("JOB"),
		ValidArgsFunction: a.firstArg(liveJobRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			done := func(j run) string { return fmt.Sprintf("job %s %s: %s", j.ID, j.Status, j.summary()) }
			return a.follow(cmd, g, followed{what: "job", id: args[0], path: jobPath(args[0]), done: done}, &r)
		},
	}
	jsonFlag(cmd, &r.json)
	return cmd
}

func (a *app) jobCancel() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "cancel JOB",
		Short:             "End a job that has not ended",
		Args:              Takes("JOB"),
		ValidArgsFunction: a.firstArg(liveJobRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("jobs", args[0], "cancel"), nil)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "job %s is asked to end", args[0])
		},
	}
	r.flags(cmd)
	return cmd
}

// begins says what a verb begins: what it is called, where it is asked for, and
// below what it is watched.
type begins struct{ what, path, noun string }

// work begins long work, and waits for it when asked to.
func (a *app) work(cmd *cobra.Command, b begins, body changes, wait bool, r *result, done func(run) string) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	data, err := g.call(cmd.Context(), "POST", b.path, nil, body)
	if err != nil {
		return err
	}
	var begun run
	if err := json.Unmarshal(data, &begun); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !wait {
		return r.write(cmd, data, "%s %s is %s", b.what, begun.ID, begun.Status)
	}
	if r.quiet {
		fmt.Fprintln(cmd.OutOrStdout(), line(begun.ID))
	}
	return a.follow(cmd, g, followed{what: b.what, id: begun.ID, path: at(b.noun, begun.ID), done: done}, r)
}

func waitFlag(cmd *cobra.Command, wait *bool) {
	cmd.Flags().BoolVarP(wait, "wait", "w", true, "wait for its end and show how far it is; exit code 3 when it fails")
}

// argsOf lists the arguments that a line of usage names.
func argsOf(use string) []string { return strings.Fields(use)[1:] }

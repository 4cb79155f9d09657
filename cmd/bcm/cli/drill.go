package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) drills() *cobra.Command {
	return noun("drill", "Restores of samples, to prove that it can be done",
		list(a, listing[client.Job]{
			what: "drills", path: at("drills"), columns: drillColumns, id: func(j client.Job) string { return j.Id },
			filters: []filter{
				{name: "status", usage: "in this state", values: statuses()},
				{name: "backup", usage: "of this backup", refs: backupRefs},
				{name: "node", usage: "on this node", refs: nodeRefs},
				{name: "from", usage: "begun at this moment or later", when: true},
				{name: "to", usage: "begun before this moment", when: true},
			},
		}),
		show(a, one[client.Job]{what: "drill", path: func(ref string) string { return at("drills", ref) }, refs: drillRefs, fields: drillFields}),
	)
}

func drillColumns(a *app) []column[client.Job] {
	return []column[client.Job]{
		{title: "id", of: func(j client.Job) string { return j.Id }},
		{title: "backup", of: func(j client.Job) string { return j.Backup }},
		{title: "client", of: func(j client.Job) string { return j.Client }},
		{title: "status", of: func(j client.Job) string { return j.Status }, state: true},
		{title: "node", of: func(j client.Job) string { return j.Node }},
		{title: "ended", of: func(j client.Job) string { return ago(value(j.FinishedAt), a.now()) }},
		{title: "files", of: func(j client.Job) string { return figure(j.Stats.Files, count) }, right: true},
		{title: "size", of: func(j client.Job) string { return figure(j.Stats.Bytes, size) }, right: true},
		{title: "signature", of: func(j client.Job) string { return signature(j.Report) }},
	}
}

// signature says whether what a drill has proved is signed by its node.
func signature(r *client.DrillReport) string {
	switch {
	case r == nil:
		return ""
	case r.SignatureValid:
		return "valid"
	}
	return "invalid"
}

func drillFields(a *app, j client.Job) []field {
	fields := []field{
		{"ID", j.Id},
		{"Status", j.Status},
		{"Backup", j.Backup},
		{"Client", j.Client},
		{"Node", j.Node},
		{"Asked by", j.By},
		{"Error", value(j.Error)},
		{"Queued", a.instant(j.CreatedAt)},
		{"Finished", a.instant(value(j.FinishedAt))},
	}
	r := j.Report
	if r == nil {
		return fields
	}
	took := time.Duration(r.Seconds * float64(time.Second))
	return append(fields,
		field{"Restored alike", fmt.Sprintf("%s, %s in %s", plural(r.Files, "file"), size(r.Bytes), lasted(took))},
		field{"Otherwise", figure(r.Mismatches, count)},
		field{"Snapshot", r.Snapshot},
		field{"At", a.instant(r.At)},
		field{"Signature", signature(r)})
}

func (a *app) backupDrill() *cobra.Command {
	var r result
	var node string
	var files int
	var wait bool
	cmd := &cobra.Command{
		Use:   "drill BACKUP",
		Short: "Restore a sample of a backup to see that it can be done",
		Long: `Restore a sample of a backup into a scratch directory of a backup manager, compare
it with what the repository has, and keep a report that the node signs.`,
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "files", "files", files)
			take(body, cmd, "node", "node", node)
			done := func(j run) string { return fmt.Sprintf("a sample of backup %s was restored: %s", args[0], j.summary()) }
			return a.work(cmd, begins{"drill", at("backups", args[0], "drill"), "drills"}, body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.IntVar(&files, "files", 0, "how many files to restore; as the settings say when not given")
	f.StringVar(&node, "node", "", "backup manager to restore on; any when not given")
	f.BoolVarP(&wait, "wait", "w", true, "wait for its end and show how far it is; exit code 3 when it fails")
	a.completeRefs(cmd, "node", runnerRefs)
	r.flags(cmd)
	return cmd
}

package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) syncs() *cobra.Command {
	return noun("sync", "How far SEP sesam servers are in step with the cluster", a.syncStatus(), a.syncDiff(), a.syncRun())
}

// syncStatus ends with 3 when a server is not in step, so that scripts can ask.
func (a *app) syncStatus() *cobra.Command {
	status := list(a, listing[client.SyncState]{
		what: "servers", use: "status", short: "List the servers and how far they are; exits 3 when one that is managed is not in step",
		path: at("sync"), columns: syncColumns, id: func(s client.SyncState) string { return s.Id },
		filters: []filter{{name: "cluster_mode", usage: "with this master", values: []string{"standalone", "managed"}}},
		wished: func(all []client.SyncState) error {
			var behind []string
			for _, s := range all {
				if s.ClusterMode == "managed" && s.Status != "in-step" {
					behind = append(behind, s.Node+" ("+s.Status+")")
				}
			}
			if len(behind) > 0 {
				return unwishedf("not in step: %s", strings.Join(behind, ", "))
			}
			return nil
		},
	})
	return status
}

func syncColumns(a *app) []column[client.SyncState] {
	return []column[client.SyncState]{
		{title: "server", of: func(s client.SyncState) string { return s.Node }},
		{title: "mode", of: func(s client.SyncState) string { return s.ClusterMode }, state: true},
		{title: "status", of: func(s client.SyncState) string { return s.Status }, state: true},
		{title: "wanted", of: func(s client.SyncState) string { return count(s.WantedRevision) }, right: true},
		{title: "reached", of: func(s client.SyncState) string { return count(s.ReachedRevision) }, right: true},
		{title: "differs in", of: func(s client.SyncState) string { return count(s.Drift) }, right: true},
		{title: "passwords", of: func(s client.SyncState) string { return count(s.WaitingPasswords) }, right: true},
		{title: "in step", of: func(s client.SyncState) string { return ago(value(s.ReachedAt), a.now()) }},
		{title: "error", of: func(s client.SyncState) string { return s.Error }},
	}
}

func (a *app) syncDiff() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "diff SERVER",
		Short:             "Show what a server differs in; of a standalone one, what managing it would do",
		Args:              Takes("SERVER"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "GET", at("sync", args[0], "diff"), nil)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
			}
			var d client.SyncDiff
			if err := json.Unmarshal(data, &d); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			writeDiff(cmd, d)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// writeDiff tells the steps line by line.
func writeDiff(cmd *cobra.Command, d client.SyncDiff) {
	out := cmd.OutOrStdout()
	if d.Stale {
		fmt.Fprintf(out, "%s cannot be reached; this is how it was\n", line(d.Node))
	}
	if len(d.Steps) == 0 {
		fmt.Fprintf(out, "%s has all that the cluster wants\n", line(d.Node))
		return
	}
	for _, s := range d.Steps {
		text := fmt.Sprintf("%-8s %-6s %s", s.Do, s.Kind, s.Name)
		if len(s.Fields) > 0 {
			text += "  (" + strings.Join(s.Fields, ", ") + ")"
		}
		fmt.Fprintln(out, line(text))
	}
	if d.ClusterMode == "standalone" {
		fmt.Fprintf(out, "%s would be done if %s were managed; with --take-over, %s would become the cluster's instead of being disabled there\n",
			plural(len(d.Steps), "step"), line(d.Node), plural(len(d.TakeOver), "object"))
	}
}

func (a *app) syncRun() *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use:               "run [SERVER...]",
		Short:             "Bring managed servers in step at once, what is only reported as drift included",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("sync"), changes{"nodes": args, "dry_run": dry})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
			}
			var answer client.SyncAnswer
			if err := json.Unmarshal(data, &answer); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			for _, d := range answer.Diffs {
				writeDiff(cmd, d)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be done")
	jsonFlag(cmd, &asJSON)
	return cmd
}

package cli

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) repositorySnapshots() *cobra.Command {
	var p past
	return a.looking("snapshots REPOSITORY", "List what a repository itself says that it has",
		`List what a repository itself says that it has, also what the grid knows nothing
of. With --as-of it shows what was there at an earlier time, before an attack say,
for as long as storages keep what was deleted.`,
		&p, func(cmd *cobra.Command, args []string, query url.Values, asJSON bool) error {
			rows, data, err := pageOf[client.Snapshot](cmd, a, at("repositories", args[0], "snapshots"), query)
			return shown(a, cmd, "snapshots", snapshotColumns(a), rows, data, asJSON, err)
		})
}

func (a *app) repositoryFiles() *cobra.Command {
	var p past
	return a.looking("files REPOSITORY SNAPSHOT PATH", "List a directory of a snapshot of a repository",
		"List a directory of a snapshot of a repository, as it is or was.",
		&p, func(cmd *cobra.Command, args []string, query url.Values, asJSON bool) error {
			query.Set("path", args[2])
			rows, data, err := pageOf[client.File](cmd, a, at("repositories", args[0], "snapshots", args[1], "files"), query)
			columns := []column[client.File]{
				{title: "mode", of: func(f client.File) string { return f.Mode }},
				{title: "size", of: func(f client.File) string { return size(f.Size) }, right: true},
				{title: "changed", of: func(f client.File) string { return a.instant(f.ModifiedAt) }},
				{title: "path", of: func(f client.File) string { return f.Path }},
			}
			return shown(a, cmd, "files", columns, rows, data, asJSON, err)
		})
}

// looking makes a verb that looks into a repository as it is or was.
func (a *app) looking(use, short, long string, p *past, look func(*cobra.Command, []string, url.Values, bool) error) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args:              Takes(argsOf(use)...),
		ValidArgsFunction: a.firstArg(repositoryRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := p.query(a)
			if err != nil {
				return err
			}
			return look(cmd, args, query, asJSON)
		},
	}
	p.flags(a, cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// shown writes rows as a table, or the answer as it came.
func shown[T any](a *app, cmd *cobra.Command, what string, columns []column[T], rows []T, data []byte, asJSON bool, err error) error {
	if err != nil {
		return err
	}
	if asJSON {
		var p struct{ Items json.RawMessage }
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		return writeJSON(cmd.OutOrStdout(), p.Items)
	}
	if len(rows) == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "no %s\n", what)
		return nil
	}
	return writeTable(a, cmd.OutOrStdout(), columns, rows)
}

func snapshotColumns(a *app) []column[client.Snapshot] {
	return []column[client.Snapshot]{
		{title: "snapshot", of: func(s client.Snapshot) string { return s.Id }},
		{title: "client", of: func(s client.Snapshot) string { return s.Client }},
		{title: "task", of: func(s client.Snapshot) string { return s.Task }},
		{title: "begun", of: func(s client.Snapshot) string { return a.instant(s.StartedAt) }},
		{title: "files", of: func(s client.Snapshot) string { return count(s.Files) }, right: true},
		{title: "size", of: func(s client.Snapshot) string { return size(s.Bytes) }, right: true},
		{title: "backup", of: func(s client.Snapshot) string {
			if s.Known {
				return s.Backup
			}
			return s.Backup + " (not known any more)"
		}},
	}
}

func (a *app) repositoryRestore() *cobra.Command {
	var r result
	var p past
	var node, target, path, overwrite string
	var wait bool
	cmd := &cobra.Command{
		Use:   "restore REPOSITORY SNAPSHOT --node NODE --target DIR",
		Short: "Restore a snapshot that a repository has, or had",
		Long: `Restore a snapshot that a repository itself lists, without a backup that the grid
knows. With --as-of the repository is read as it was at an earlier time.`,
		Example:           "  bcm repository restore web-1 k5f… --as-of 2026-01-31T18:00:00Z --node backup-1 --target /srv/restore",
		Args:              Takes("REPOSITORY", "SNAPSHOT"),
		ValidArgsFunction: a.firstArg(repositoryRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "node", "target"); err != nil {
				return err
			}
			query, err := p.query(a)
			if err != nil {
				return err
			}
			body := changes{"snapshot": args[1], "node": node, "target": target, "path": path}
			for name := range query {
				body[name] = query.Get(name)
			}
			take(body, cmd, "overwrite", "overwrite", overwrite)
			done := func(j run) string { return fmt.Sprintf("restored to %s on %s: %s", target, node, j.summary()) }
			return a.work(cmd, begins{"restore", at("repositories", args[0], "restore"), "restores"}, body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.StringVar(&node, "node", "", "backup manager to restore on")
	f.StringVar(&target, "target", "", "absolute path of the directory to restore to")
	f.StringVar(&path, "path", "/", "what to restore; / is all")
	f.StringVar(&overwrite, "overwrite", "", "what becomes of files that are there already: never, always or if-newer")
	p.flags(a, cmd)
	waitFlag(cmd, &wait)
	a.completeRefs(cmd, "node", runnerRefs)
	complete(cmd, "overwrite", []string{"never", "always", "if-newer"})
	r.flags(cmd)
	return cmd
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) backupRerun() *cobra.Command {
	var r result
	var failed bool
	var since string
	cmd := &cobra.Command{
		Use:   "rerun [BACKUP]",
		Short: "Make a backup again that has not succeeded",
		Long: `Make a backup again that has not succeeded, as a new one. With --failed, make one
for each task whose last backup has failed.`,
		Example:           "  bcm backup rerun kq3…\n  bcm backup rerun --failed --since 24h",
		Args:              Takes("[BACKUP]"),
		ValidArgsFunction: a.firstArg(backupRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if failed == (len(args) == 1) {
				return Usagef("%s needs a backup, or --failed\nUsage: %s", cmd.CommandPath(), cmd.UseLine())
			}
			if since != "" && !failed {
				return Usagef("%s: --since goes with --failed", cmd.CommandPath())
			}
			g, err := a.grid()
			if err != nil {
				return err
			}
			if !failed {
				return rerun(cmd, g, args[0], "", &r)
			}
			from, err := a.moment("since", first(since, "24h"))
			if err != nil {
				return err
			}
			return rerunFailed(cmd, g, from, &r)
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "each task whose last backup has failed")
	cmd.Flags().StringVar(&since, "since", "", "with --failed: only backups made since then; 24h when not given")
	r.flags(cmd)
	return cmd
}

// rerun makes one backup again; of is what it is of, when that is known.
func rerun(cmd *cobra.Command, g *grid, id, of string, r *result) error {
	data, err := g.call(cmd.Context(), "POST", at("backups", id, "rerun"), nil, nil)
	if err != nil {
		return err
	}
	var made client.Backup
	if err := json.Unmarshal(data, &made); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if of == "" {
		of = "backup " + id
	}
	return r.write(cmd, data, "%s is run again, as backup %s", of, made.Id)
}

// rerunFailed makes the last backup of each task again, if it failed. One that is
// at work already is left alone.
func rerunFailed(cmd *cobra.Command, g *grid, from string, r *result) error {
	rows, err := g.rows(cmd.Context(), at("backups"), url.Values{"status": {string(fsm.Failed)}, "from": {from}, "sort": {"-created_at"}}, 0)
	if err != nil {
		return err
	}
	seen, again := make(map[string]bool), 0
	for _, row := range rows.Items {
		var b client.Backup
		if err := json.Unmarshal(row, &b); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		if b.Task == "" || seen[b.Task] {
			continue
		}
		seen[b.Task] = true
		newer, err := tried(cmd.Context(), g, b.Task, b.CreatedAt)
		if err != nil {
			return err
		}
		if newer {
			continue
		}
		if err := rerun(cmd, g, b.Id, "task "+b.Task, r); fsm.CodeOf(err) == fsm.Conflict {
			fmt.Fprintf(cmd.ErrOrStderr(), "task %s: %v\n", b.Task, err)
			continue
		} else if err != nil {
			return err
		}
		again++
	}
	if again == 0 && !r.json && !r.quiet {
		fmt.Fprintln(cmd.OutOrStdout(), "no task's last backup has failed")
	}
	return nil
}

// tried tells whether a backup of the task was made after that time.
func tried(ctx context.Context, g *grid, task string, failed time.Time) (bool, error) {
	after := failed.Add(time.Second).UTC().Format(time.RFC3339)
	rows, err := g.rows(ctx, at("backups"), url.Values{"task": {task}, "from": {after}}, 1)
	return err == nil && len(rows.Items) > 0, err
}

package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) backupRestore() *cobra.Command {
	var r result
	var node, target, path, overwrite string
	var wait bool
	cmd := &cobra.Command{
		Use:   "restore BACKUP --node NODE --target DIR",
		Short: "Restore from a backup",
		Long: `Restore from a backup to a directory of a backup manager. What is in the path is
put into the target: for "/" the content of the source path, or one folder for
each source path when there are several.`,
		Example:           "  bcm backup restore kq3… --node backup-1 --target /srv/restore --path /etc",
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "node", "target"); err != nil {
				return err
			}
			body := changes{"path": path, "node": node, "target": target}
			take(body, cmd, "overwrite", "overwrite", overwrite)
			done := func(j run) string {
				text := fmt.Sprintf("restored to %s on %s: %s", target, node, j.summary())
				if n := value(j.Stats.Skipped); n > 0 {
					text += fmt.Sprintf("; %s were there already and left as they are (see --overwrite)", count(n))
				}
				return text
			}
			return a.job(cmd, "restore", args[0], body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.StringVar(&node, "node", "", "backup manager to restore on")
	f.StringVar(&target, "target", "", "absolute path of the directory to restore to")
	f.StringVar(&path, "path", "/", "what to restore; / is all")
	f.StringVar(&overwrite, "overwrite", "", "what becomes of files that are there already: never, always or if-newer")
	f.BoolVarP(&wait, "wait", "w", true, "wait for its end and show how far it is; exit code 3 when it fails")
	a.completeRefs(cmd, "node", runnerRefs)
	complete(cmd, "overwrite", []string{"never", "always", "if-newer"})
	r.flags(cmd)
	return cmd
}

func (a *app) backupVerify() *cobra.Command {
	var r result
	var node string
	var percent int
	var wait bool
	cmd := &cobra.Command{
		Use:               "verify BACKUP",
		Short:             "Check that what a backup has stored can be read",
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "percent", "percent", percent)
			take(body, cmd, "node", "node", node)
			done := func(j run) string { return fmt.Sprintf("backup %s can be read: %s", args[0], j.summary()) }
			return a.job(cmd, "verify", args[0], body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.IntVar(&percent, "percent", 100, "how much of the data to read, besides all that describes it")
	f.StringVar(&node, "node", "", "backup manager to verify on; any when not given")
	f.BoolVarP(&wait, "wait", "w", true, "wait for its end and show how far it is; exit code 3 when it fails")
	a.completeRefs(cmd, "node", runnerRefs)
	r.flags(cmd)
	return cmd
}

// job begins long work on a backup, and waits for it when asked to.
func (a *app) job(cmd *cobra.Command, verb, ref string, body changes, wait bool, r *result, done func(run) string) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	data, err := g.call(cmd.Context(), "POST", at("backups", ref, verb), nil, body)
	if err != nil {
		return err
	}
	var begun run
	if err := json.Unmarshal(data, &begun); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	noun := map[string]string{"restore": "restores", "verify": "verifications", "drill": "drills"}[verb]
	if !wait {
		return r.write(cmd, data, "%s %s is %s", map[string]string{"restore": "restore", "verify": "verification", "drill": "drill"}[verb], begun.ID, begun.Status)
	}
	if r.quiet {
		fmt.Fprintln(cmd.OutOrStdout(), line(begun.ID))
	}
	return a.follow(cmd, g, followed{what: verb, id: begun.ID, path: at(noun, begun.ID), done: done}, r)
}

package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

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
			return a.work(cmd, begins{"verification", at("backups", args[0], "verify"), "verifications"}, body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.IntVar(&percent, "percent", 100, "how much of the data to read, besides all that describes it")
	f.StringVar(&node, "node", "", "backup manager to verify on; any when not given")
	waitFlag(cmd, &wait)
	a.completeRefs(cmd, "node", runnerRefs)
	r.flags(cmd)
	return cmd
}

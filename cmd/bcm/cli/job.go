package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) backupVerify() *cobra.Command {
	cmd := a.verify("backup", "backups", storedRefs)
	cmd.Short = "Check that what a backup has stored can be read"
	return cmd
}

func (a *app) repositoryVerify() *cobra.Command {
	cmd := a.verify("repository", "repositories", repositoryRefs)
	cmd.Short = "Check that all that a repository has can be read"
	cmd.Long = `Check that all that a repository has can be read. With --percent 0 only that all of it
is there. When a storage has lost something, bcm job show of the verification names the
backups that cannot be restored whole.`
	return cmd
}

// verify makes the verb that verifies one thing.
func (a *app) verify(noun, path string, refs completer) *cobra.Command {
	var r result
	var node string
	var percent int
	var wait bool
	cmd := &cobra.Command{
		Use:               "verify " + strings.ToUpper(noun),
		Args:              Takes(strings.ToUpper(noun)),
		ValidArgsFunction: a.firstArg(refs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "percent", "percent", percent)
			take(body, cmd, "node", "node", node)
			done := func(j run) string { return fmt.Sprintf("%s %s can be read: %s", noun, args[0], j.summary()) }
			return a.work(cmd, begins{"verification", at(path, args[0], "verify"), "verifications"}, body, wait, &r, done)
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

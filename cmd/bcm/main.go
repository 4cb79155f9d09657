package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	_ "time/tzdata" // schedules know their zones on any host

	"bcm/cmd/bcm/cli"
	"bcm/fsm"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := newRoot()
	err := root.ExecuteContext(ctx)
	stop()
	os.Exit(exitCode(err))
}

// newRoot builds the tree of commands: the processes here, the verbs in cli.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:     "bcm",
		Short:   "Backup Cluster Manager: a grid of backup nodes, run as one system",
		Version: version,
	}
	cli.Manners(root)
	root.AddCommand(newManager(), newAgent(), newDev(), newOpenAPI(), newVersion())
	root.AddCommand(cli.Commands(version)...)
	root.SetHelpCommand(newHelp())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			cli.Manners(c)
		}
	}
	return root
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return cli.Usagef("there is no command %q to tell about\nMore with: %s --help", strings.Join(args, " "), about.CommandPath())
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

func newVersion() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(thisBuild())
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "bcm", version)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON, with what the program was built with")
	return cmd
}

// build says what the program is.
type build struct {
	Version     string `json:"version"`
	Go          string `json:"go"`
	Platform    string `json:"platform"`
	Understands int    `json:"understands"` // the newest version of commands
}

func thisBuild() build {
	return build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Understands: fsm.Version}
}

// usageError is a mistake in the words of the command.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// exitCode prints an error, once, and gives the code that goes with it.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 1 // a signal; whoever sent it knows
	}
	cli.PrintError(os.Stderr, err)
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return cli.ExitCode(err)
}

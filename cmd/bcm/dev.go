package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bcm/agent"
	"bcm/cmd/bcm/cli"

	"github.com/spf13/cobra"
)

// devOptions say what grid `bcm dev` starts.
type devOptions struct {
	managers, backupManagers, storages, sesam int
	dir                                       string
	apiPort                                   int
	demo                                      bool
	logLevel                                  string
}

func newDev() *cobra.Command {
	o := devOptions{}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a whole grid on this machine, for trying out, demos and tests",
		Long: `Starts each member of a grid as a process of its own on loopback, waits until
the grid is healthy, and says where everything is; the same stands in
DIR/dev.json. A member that dies stays dead, so that you can kill one and watch;
bcm dev restart NAME brings it back. Ctrl-C stops all. Started again with the
same directory, the same grid comes back.`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return usageError{err}
			}
			return runDev(cmd.Context(), o)
		},
	}
	f := cmd.PersistentFlags()
	f.StringVar(&o.dir, "data-dir", envOr("BCM_DATA_DIR", ".dev"), "directory of the grid (BCM_DATA_DIR)")
	f = cmd.Flags()
	f.IntVar(&o.managers, "managers", 3, "managers: 1, 3 or 5")
	f.IntVar(&o.backupManagers, "backup-managers", 2, "nodes that run backups")
	f.IntVar(&o.storages, "storages", 2, "nodes that keep data")
	f.IntVar(&o.sesam, "sesam", 2, "simulated SEP sesam servers")
	f.IntVar(&o.apiPort, "api-port", 7443, "HTTPS port of manager 1; manager i takes 10 more than the one before; 0 takes free ones")
	f.BoolVar(&o.demo, "demo", true, "add clients, users, a schedule and a task, and run one real backup")
	f.StringVar(&o.logLevel, "log-level", "info", "of the members; their logs lie in DIR/NAME/log")
	cmd.AddCommand(&cobra.Command{
		Use:   "restart NAME",
		Short: "Bring back a member that died, or end and start one that runs",
		Args:  cli.Takes("NAME"),
		RunE:  func(cmd *cobra.Command, args []string) error { return restartMember(cmd.Context(), o.dir, args[0]) },
	})
	return cmd
}

func (o devOptions) validate() error {
	switch {
	case o.managers != 1 && o.managers != 3 && o.managers != 5:
		return fmt.Errorf("--managers %d: a grid has 1, 3 or 5", o.managers)
	case o.backupManagers < 0 || o.backupManagers > 50 || o.storages < 0 || o.storages > 50 || o.sesam < 0 || o.sesam > 200:
		return errors.New("--backup-managers and --storages lie between 0 and 50, --sesam between 0 and 200")
	case o.apiPort < 0 || o.apiPort+10*o.managers > 65535:
		return fmt.Errorf("--api-port %d leaves no room below 65536", o.apiPort)
	}
	return nil
}

// Limits for a machine that is busy.
const (
	devStartLimit = 2 * time.Minute
	devStopLimit  = 30 * time.Second
)

// runDev starts the grid, tells about it, and stays until ctx ends.
func runDev(ctx context.Context, o devOptions) (err error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return err
	}
	o.dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := agent.LockDir(dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	g, err := openDevGrid(o)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Println("stopping the grid")
		err = errors.Join(err, g.stopAll())
	}()
	starting, cancel := context.WithTimeout(ctx, devStartLimit)
	defer cancel()
	if err := g.start(starting); err != nil {
		return fmt.Errorf("starting the grid: %w; the members' logs lie in %s/*/log", err, dir)
	}
	if err := g.publish(); err != nil {
		return err
	}
	if o.demo && g.fresh && o.backupManagers > 0 && o.storages > 0 {
		if err := g.demo(ctx); err != nil {
			return fmt.Errorf("the demonstration: %w", err)
		}
	}
	g.tell(os.Stdout)
	return g.watch(ctx)
}

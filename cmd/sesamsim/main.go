package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

// version is set by the linker.
//
//nolint:gochecknoglobals // the linker can set nothing else
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "sesamsim:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:           "sesamsim",
		Short:         "A SEP sesam server to test against",
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.complete(); err != nil {
				return err
			}
			return run(c.Context(), o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	o.flags(root)
	root.AddCommand(reloadCommand())
	return root
}

// reloadCommand stands for "sm_main reload rmi" on the host of a real server.
func reloadCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "reload --data-dir DIR",
		Short: "Make the server that runs in DIR look for its certificate again",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := os.ReadFile(filepath.Join(dir, "sesamsim.pid"))
			if err != nil {
				return err
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err != nil {
				return fmt.Errorf("no server runs in %s", dir)
			}
			return syscall.Kill(pid, syscall.SIGHUP)
		},
	}
	c.Flags().StringVar(&dir, "data-dir", "", "data directory of the server")
	if err := c.MarkFlagRequired("data-dir"); err != nil {
		panic(err) // the flag was defined a line above
	}
	return c
}

// ready is the line that says where the server is.
type ready struct {
	URL      string `json:"url"`
	Admin    string `json:"admin"`
	Password string `json:"password"`
	PID      int    `json:"pid"`
}

// run serves until ctx ends.
func run(ctx context.Context, o options, out, logTo io.Writer) error {
	log := hclog.New(&hclog.LoggerOptions{Name: "sesamsim", Level: hclog.LevelFromString(o.logLevel), Output: logTo})
	// Caught before anything is said to be ready: a reload must not kill.
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	s, err := newServer(o, time.Now, log)
	if err != nil {
		return err
	}
	s.serve()
	if err := s.announce(out); err != nil {
		return errors.Join(err, s.close())
	}
	for {
		select {
		case <-reload:
			if err := s.pair.reload(); err != nil {
				log.Error("the certificate stays as it was", "err", err)
			}
		case <-ctx.Done():
			log.Info("stopping")
			return s.close()
		}
	}
}

// announce writes the ready line. A password that was changed since the server
// was made is not known and left empty.
func (s *server) announce(out io.Writer) error {
	r := ready{URL: s.url(), Admin: s.opt.admin, Password: s.opt.password, PID: os.Getpid()}
	known, err := s.passwordHolds()
	if err != nil {
		return err
	}
	if !known {
		s.log.Warn("the password of the superuser is not the one of --password", "admin", s.opt.admin)
		r.Password = ""
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if s.opt.readyFile != "" {
		part := s.opt.readyFile + ".part"
		if err := os.WriteFile(part, line, 0o600); err != nil {
			return err
		}
		if err := os.Rename(part, s.opt.readyFile); err != nil {
			return err
		}
	}
	_, err = out.Write(line)
	return err
}

// passwordHolds says whether the superuser still has the password of the command
// line. It is no login: nothing is counted.
func (s *server) passwordHolds() (bool, error) {
	var hash string
	err := s.state.view(s.now(), func(t *tx) error {
		hash = t.named("users", s.opt.admin).text("hash")
		return nil
	})
	return verifies(hash, s.opt.password), err
}

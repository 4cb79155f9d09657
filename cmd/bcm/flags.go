package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// bindFlags gives the flags that a process has to fields of c.
func bindFlags(f *pflag.FlagSet, c *config, manager bool) {
	f.StringVar(&c.DataDir, "data-dir", c.DataDir, "directory that keeps everything of this member (BCM_DATA_DIR)")
	f.StringVar(&c.Name, "name", c.Name, "name of the node (default the host's name)")
	f.StringVar(&c.LogLevel, "log-level", c.LogLevel, "trace, debug, info, warn or error")
	f.BoolVar(&c.LogJSON, "log-json", c.LogJSON, "write the log as JSON")
	f.StringSliceVar(&c.Join, "join", c.Join, "join tokens and addresses (host:7443) of managers, in any order")
	f.StringVar(&c.Site, "site", c.Site, "where the node stands")
	f.StringToStringVar(&c.Labels, "label", c.Labels, "labels of the node, as key=value")
	if manager {
		f.IntVar(&c.BootstrapExpect, "bootstrap-expect", c.BootstrapExpect, "create a cluster that is to have so many managers")
		f.StringVar(&c.AdminPassword, "admin-password-file", c.AdminPassword, "the first administrator's password (default one is made and printed)")
		f.StringVar(&c.Listen.API, "listen-api", c.Listen.API, "HTTPS API and console")
		f.StringVar(&c.Listen.Member, "listen-member", c.Listen.Member, "managers and nodes, mTLS")
		f.StringVar(&c.Listen.Gossip, "listen-gossip", c.Listen.Gossip, "gossip, TCP and UDP")
		f.StringVar(&c.Advertise.API, "advertise-api", c.Advertise.API, "where others find the API")
		f.StringVar(&c.Advertise.Member, "advertise-member", c.Advertise.Member, "where members find this one")
		f.StringVar(&c.Advertise.Gossip, "advertise-gossip", c.Advertise.Gossip, "where gossip finds this member")
		f.DurationVar(&c.Raft.StableFor, "stable-for", c.Raft.StableFor, "how long a new manager keeps up before it votes")
		return
	}
	f.StringSliceVar(&c.Roles, "roles", c.Roles, "what the node does: backup-manager, backup-storage")
	f.IntVar(&c.Slots, "slots", c.Slots, "runs that a backup manager takes at once")
	f.StringVar(&c.Listen.Storage, "listen-storage", c.Listen.Storage, "blob service of a storage, mTLS")
	f.StringVar(&c.Advertise.Storage, "advertise-storage", c.Advertise.Storage, "where others find the blob service")
	f.StringVar(&c.Listen.Metrics, "listen-metrics", c.Listen.Metrics, "Prometheus metrics of the agent (default none)")
	f.StringVar(&c.Storage.Dir, "storage-dir", c.Storage.Dir, "where blobs are kept (default DATA_DIR/storage)")
	f.StringVar(&c.Gossip.KeyFile, "gossip-key-file", c.Gossip.KeyFile, "find managers by gossip with the key in this file")
	f.StringSliceVar(&c.Gossip.Seeds, "gossip", c.Gossip.Seeds, "addresses (host:7445) at which gossip begins")
}

// loadConfig puts the configuration of a process together from the defaults, the
// file and the flags that were given, the last winning.
func loadConfig(cmd *cobra.Command, manager bool) (config, error) {
	c := defaultConfig()
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return c, err
	}
	if path != "" {
		if err := c.readFile(path); err != nil {
			return c, usageError{err}
		}
	}
	over := pflag.NewFlagSet("", pflag.ContinueOnError)
	bindFlags(over, &c, manager)
	var errs []error
	cmd.Flags().Visit(func(given *pflag.Flag) {
		if to := over.Lookup(given.Name); to != nil {
			errs = append(errs, copyFlag(to, given))
		}
	})
	if c.Name == "" {
		c.Name, err = os.Hostname()
		errs = append(errs, err)
	}
	if err := errors.Join(append(errs, c.validate())...); err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// copyFlag sets a flag to what another of the same kind was given.
func copyFlag(to, from *pflag.Flag) error {
	if list, ok := from.Value.(pflag.SliceValue); ok {
		return to.Value.(pflag.SliceValue).Replace(list.GetSlice())
	}
	text := from.Value.String()
	if from.Value.Type() == "stringToString" && len(text) >= 2 {
		text = text[1 : len(text)-1] // it prints itself in brackets, and does not read them
	}
	return to.Value.Set(text)
}

func knownLevel(name string) bool {
	return slices.Contains([]string{"trace", "debug", "info", "warn", "error"}, name)
}

// newLog makes the one logger, which is passed on.
func newLog(c config) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: c.Name, Level: hclog.LevelFromString(c.LogLevel), JSONFormat: c.LogJSON, Output: os.Stderr,
	})
}

// process makes a command that runs a member with its configuration.
func process(use, short, long string, manager bool, run func(cmd *cobra.Command, c config, log hclog.Logger) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%s takes no arguments, got %q", use, args)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd, manager)
			if err != nil {
				return err
			}
			log := newLog(c)
			return serviced(cmd, manager, log, func() error { return run(cmd, c, log) })
		},
	}
	cmd.Flags().String("config", "", "configuration file, YAML")
	shown := defaultConfig()
	bindFlags(cmd.Flags(), &shown, manager)
	return cmd
}

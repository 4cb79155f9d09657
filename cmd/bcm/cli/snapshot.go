package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bcm/fsm"
)

func (a *app) snapshotSave() *cobra.Command {
	return &cobra.Command{
		Use:   "save FILE",
		Short: "Save the whole state to a file, and check it",
		Long: `Save the whole state to a file, and check what has arrived. Secrets in it are
sealed with the key of the cluster, which it does not contain: keep a copy of the
data directory of a manager as well.`,
		Args: Takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			res, err := g.open(cmd.Context(), "GET", at("cluster", "snapshot"), nil, nil)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			var view *fsm.View
			n, err := save(args[0], res.Body, func(f *os.File) error {
				view, err = fsm.ReadSnapshot(f)
				return err
			})
			if err != nil {
				return fmt.Errorf("saving the snapshot: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, state of index %d\n", line(args[0]), size(n), view.Index)
			return nil
		},
	}
}

// snapshot is what is in a file with the whole state.
type snapshot struct {
	Cluster string         `json:"cluster"`
	Index   uint64         `json:"index"`
	At      time.Time      `json:"at"`
	Digest  string         `json:"digest"`
	Rows    map[string]int `json:"rows"`
	order   []string
}

func describe(v *fsm.View) snapshot {
	s := snapshot{Index: v.Index, At: v.At.Time(), Digest: v.Digest(), Rows: make(map[string]int)}
	if id, ok := v.Settings.Get(fsm.ClusterID); ok {
		s.Cluster = string(id.Value)
	}
	for _, t := range []interface {
		Name() string
		Len() int
	}{
		&v.Settings, &v.Nodes, &v.Groups, &v.Users, &v.Tokens, &v.Certificates, &v.Repositories, &v.Clients,
		&v.Schedules, &v.Tasks, &v.Assignments, &v.Backups, &v.Jobs, &v.Events,
	} {
		s.order = append(s.order, t.Name())
		s.Rows[t.Name()] = t.Len()
	}
	return s
}

func readSnapshot(path string) (*fsm.View, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v, err := fsm.ReadSnapshot(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func (a *app) snapshotInspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Check a snapshot and tell what is in it; asks no manager",
		Args:  Takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := readSnapshot(args[0])
			if err != nil {
				return err
			}
			s := describe(v)
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), s)
			}
			fields := []field{
				{"Cluster", s.Cluster},
				{"Index", strconv.FormatUint(s.Index, 10)},
				{"Taken of", a.instant(s.At)},
				{"Digest", s.Digest},
			}
			for _, name := range s.order {
				fields = append(fields, field{name, count(int64(s.Rows[name]))})
			}
			return writeFields(cmd.OutOrStdout(), fields)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) snapshotRestore() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the whole state of all managers by that in a file",
		Args:  Takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := readSnapshot(args[0])
			if err != nil {
				return err
			}
			if err := a.confirm(cmd, yes, "replace the whole state of all managers by that of %s", a.instant(v.At.Time())); err != nil {
				return err
			}
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			g, err := a.grid()
			if err != nil {
				return err
			}
			if _, err := g.call(cmd.Context(), "POST", at("cluster", "snapshot"), nil, io.Reader(f)); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the state is that of %s\n", a.instant(v.At.Time()))
			return nil
		},
	}
	yesFlag(cmd, &yes)
	return cmd
}

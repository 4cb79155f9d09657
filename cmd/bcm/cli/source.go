package cli

import (
	"github.com/spf13/cobra"

	"bcm/fsm"
)

// sourceFlags are the flags that say what to back up.
type sourceFlags struct {
	paths, exclude, command []string
	file                    string
}

func (s *sourceFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.paths, "path", nil, "absolute path on the backup manager to back up; may be repeated")
	f.StringArrayVar(&s.exclude, "exclude", nil, "pattern of names to leave out; may be repeated")
	f.StringArrayVar(&s.command, "command", nil, "command whose output is backed up; repeated for its arguments")
	f.StringVar(&s.file, "file", "", "file name that the output of --command is kept under")
}

// source makes the source that the flags describe, and tells whether they do.
func (s *sourceFlags) source(cmd *cobra.Command) (fsm.Source, bool, error) {
	given := false
	for _, name := range []string{"path", "exclude", "command", "file"} {
		given = given || cmd.Flags().Changed(name)
	}
	if !given {
		return fsm.Source{}, false, nil
	}
	if err := excludes(cmd, "path", "command"); err != nil {
		return fsm.Source{}, false, err
	}
	switch {
	case len(s.paths) == 0 && len(s.command) == 0:
		return fsm.Source{}, false, Usagef("%s: --exclude and --file need --path or --command beside them", cmd.CommandPath())
	case len(s.command) > 0 && s.file == "":
		return fsm.Source{}, false, Usagef("%s: --command needs --file, the name to keep its output under", cmd.CommandPath())
	case len(s.paths) > 0 && s.file != "":
		return fsm.Source{}, false, Usagef("%s: --file goes with --command", cmd.CommandPath())
	}
	return fsm.Source{Paths: s.paths, Exclude: s.exclude, Command: s.command, Name: s.file}, true, nil
}

func levelFlag(cmd *cobra.Command, level *string) {
	levels := []string{string(fsm.Full), string(fsm.Incremental), string(fsm.Differential), string(fsm.Copy)}
	cmd.Flags().StringVar(level, "level", "", "full, incremental, differential or copy; shown, while the engine is incremental for ever and every backup restores as a full one")
	complete(cmd, "level", levels)
}

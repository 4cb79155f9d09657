package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// noun makes the command that holds the verbs of one noun. Without a verb, or
// with one that it does not have, it says which there are.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	Manners(cmd)
	cmd.AddCommand(verbs...)
	return cmd
}

// Manners gives a command that only holds others, and those below it, the
// manners of this command line: errors are returned and printed once, at the end
// of main; a verb or a flag that does not exist is a wrong usage with a
// suggestion.
func Manners(cmd *cobra.Command) {
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = needsVerb
	cmd.SetFlagErrorFunc(flagError)
}

func needsVerb(cmd *cobra.Command, args []string) error {
	var verbs []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			verbs = append(verbs, c.Name())
		}
	}
	what := "verb"
	if !cmd.HasParent() {
		what = "command"
	}
	known := "\nThere are: " + strings.Join(verbs, ", ") + ". More with: " + cmd.CommandPath() + " --help"
	if len(args) == 0 {
		return Usagef("%s needs a %s%s", cmd.CommandPath(), what, known)
	}
	return Usagef("%s has no %s %q%s%s", cmd.CommandPath(), what, args[0], didYouMean(args[0], verbs, ""), known)
}

// flagError gives the error about an unknown or unreadable flag its exit code,
// and names the nearest flag that exists.
func flagError(cmd *cobra.Command, err error) error {
	hint := ""
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		hint = didYouMean(unknown.GetSpecifiedName(), known, "--")
	}
	return Usagef("%v%s\nFlags: %s --help", err, hint, cmd.CommandPath())
}

// didYouMean names the known word nearest to the one given, "" when none is near.
func didYouMean(given string, known []string, prefix string) string {
	best, far := "", max(2, len(given)/3)+1
	for _, k := range known {
		d := distance(given, k)
		if strings.HasPrefix(k, given) {
			d = min(d, 1)
		}
		if d < far {
			best, far = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + prefix + best + "?"
}

// distance counts the letters to add, take away, change or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// Takes refuses any other arguments than the ones named. The last name may end
// in "..." for one or more, and be in brackets when it may be missing.
func Takes(names ...string) cobra.PositionalArgs {
	least, most := len(names), len(names)
	if n := len(names); n > 0 {
		if strings.HasPrefix(names[n-1], "[") {
			least--
		}
		if strings.Contains(names[n-1], "...") {
			most = -1
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return Usagef("%s needs %s\nUsage: %s", cmd.CommandPath(), names[len(args)], cmd.UseLine())
		case most >= 0 && len(args) > most:
			return Usagef("%s does not take %q\nUsage: %s", cmd.CommandPath(), args[most], cmd.UseLine())
		}
		if i := slices.Index(args, ""); i >= 0 {
			return Usagef("%s: %s must not be empty", cmd.CommandPath(), names[min(i, len(names)-1)])
		}
		return nil
	}
}

// needs refuses a command line on which one of the flags is missing.
func needs(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if !cmd.Flags().Changed(name) {
			return Usagef("%s needs --%s\nUsage: %s", cmd.CommandPath(), name, cmd.UseLine())
		}
	}
	return nil
}

// excludes refuses a command line on which two of the flags stand.
func excludes(cmd *cobra.Command, flags ...string) error {
	first := ""
	for _, name := range flags {
		if !cmd.Flags().Changed(name) {
			continue
		}
		if first != "" {
			return Usagef("%s takes --%s or --%s, not both", cmd.CommandPath(), first, name)
		}
		first = name
	}
	return nil
}

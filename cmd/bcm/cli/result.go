package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// value is what a field that may be missing has, or nothing.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// result is how a verb that changes something says what it did: in a sentence,
// as the JSON that the grid answered, or with an id alone.
type result struct{ json, quiet bool }

func (r *result) flags(cmd *cobra.Command) {
	jsonFlag(cmd, &r.json)
	cmd.Flags().BoolVarP(&r.quiet, "quiet", "q", false, "write the id alone")
}

// write says what was done; data is what the grid answered, which may be
// nothing.
func (r *result) write(cmd *cobra.Command, data []byte, format string, args ...any) error {
	out := cmd.OutOrStdout()
	var row struct {
		ID string `json:"id"`
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &row); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
	}
	switch {
	case r.json && len(data) > 0:
		return writeJSON(out, json.RawMessage(data))
	case r.json:
		return writeJSON(out, struct{}{})
	case r.quiet:
		fmt.Fprintln(out, line(row.ID))
	default:
		fmt.Fprintln(out, line(fmt.Sprintf(format, args...)))
	}
	return nil
}

// send makes one call of a verb and gives the answer.
func (a *app) send(cmd *cobra.Command, method, path string, body any) ([]byte, error) {
	g, err := a.grid()
	if err != nil {
		return nil, err
	}
	return g.call(cmd.Context(), method, path, nil, body)
}

// changes are the fields of an update, those that were given on the command line.
type changes map[string]any

// take adds the value of a flag when it was given.
func take[T any](c changes, cmd *cobra.Command, flag, name string, value T) {
	if cmd.Flags().Changed(flag) {
		c[name] = value
	}
}

// check refuses an update that changes nothing.
func (c changes) check(cmd *cobra.Command) error {
	if len(c) == 0 {
		return Usagef("%s: nothing to change was given; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}

// removal is a verb that takes one object away.
type removal struct {
	what  string // "node"
	use   string // "remove" when empty
	short string
	asks  string // what it will do, with %s for the object
	done  string // what the object is then; "removed" when empty
	path  func(ref string) string
	query func() url.Values
	last  func(cmd *cobra.Command, g *grid, ref string) error // the last word before it is done; may be nil
	refs  completer
}

// remover makes the verb of a removal: it asks, and takes away one object after
// the other, up to the first that it cannot.
func (a *app) remover(m removal) *cobra.Command {
	var r result
	var yes bool
	cmd := &cobra.Command{
		Use:               first(m.use, "remove") + " " + strings.ToUpper(m.what) + "...",
		Short:             first(m.short, "Remove a "+m.what),
		Args:              Takes(strings.ToUpper(m.what) + "..."),
		ValidArgsFunction: a.firstArg(m.refs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(cmd, yes, first(m.asks, "remove "+m.what+" %s"), strings.Join(args, ", ")); err != nil {
				return err
			}
			g, err := a.grid()
			if err != nil {
				return err
			}
			var query url.Values
			if m.query != nil {
				query = m.query()
			}
			for _, ref := range args {
				if m.last != nil {
					if err := m.last(cmd, g, ref); err != nil {
						return err
					}
				}
				data, err := g.call(cmd.Context(), "DELETE", m.path(ref), query, nil)
				if err != nil {
					return err
				}
				if err := r.write(cmd, data, "%s %s is %s", m.what, ref, first(m.done, "removed")); err != nil {
					return err
				}
			}
			return nil
		},
	}
	yesFlag(cmd, &yes)
	r.flags(cmd)
	return cmd
}

// update changes the given fields of an object.
func (a *app) update(cmd *cobra.Command, path string, body changes, r *result, what string) error {
	if err := body.check(cmd); err != nil {
		return err
	}
	data, err := a.send(cmd, "PATCH", path, body)
	if err != nil {
		return err
	}
	return r.write(cmd, data, "%s is changed", what)
}

// setter makes a verb that sets fields of an object to fixed values.
func (a *app) setter(use, what, short string, refs completer, path func(ref string) string, body changes, done string) *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               use + " " + strings.ToUpper(what),
		Short:             short,
		Args:              Takes(strings.ToUpper(what)),
		ValidArgsFunction: a.firstArg(refs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "PATCH", path(args[0]), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "%s %s is %s", what, args[0], done)
		},
	}
	r.flags(cmd)
	return cmd
}

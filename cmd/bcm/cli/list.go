package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// listing is what a list verb shows: where the rows come from, by what they can
// be filtered, and what stands in a table.
type listing[T any] struct {
	what    string // "nodes"
	use     string // "list" when empty
	short   string
	path    string        // with %s for the argument of a listing below one object
	where   func() string // the path, when flags decide on it
	refs    completer
	filters []filter
	columns func(a *app) []column[T]
	id      func(row T) string
	// wished, when set, refuses a state of the rows that is not the wished one: the
	// listing is written, and the exit code is 3.
	wished func(rows []T) error
}

// filter narrows a listing. It is a flag of the same name as in the HTTP API.
type filter struct {
	name   string
	usage  string
	values []string // for completion
	refs   completer
	yesno  bool // true or false
	when   bool // a moment, or how long ago it was
}

const (
	pageLimit    = 1000 // rows that the API gives at once
	defaultLimit = 100
)

// page is a part of a listing, rows as they came.
type page struct {
	Items []json.RawMessage `json:"items"`
	Total int               `json:"total"`
	Next  string            `json:"next"`
}

// listOptions are the flags that every listing has.
type listOptions struct {
	json, quiet  bool
	search, sort string
	limit        int
}

func list[T any](a *app, l listing[T]) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:               first(l.use, "list"),
		Short:             first(l.short, "List "+l.what),
		Args:              Takes(strings.Fields(l.use)[min(1, len(strings.Fields(l.use))):]...),
		ValidArgsFunction: a.firstArg(l.refs),
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := l.query(a, cmd, o)
			if err != nil {
				return err
			}
			g, err := a.grid()
			if err != nil {
				return err
			}
			rows, err := g.rows(cmd.Context(), l.at(args), query, o.limit)
			if err != nil {
				return err
			}
			return l.write(a, cmd, o, rows)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "write JSON, as the HTTP API gives it")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "write ids alone")
	f.StringVar(&o.search, "search", "", "only those in whose name, id or other texts this occurs")
	f.SetNormalizeFunc(searched)
	f.StringVar(&o.sort, "sort", "", "order by these fields, with commas between; a minus before one turns its order round")
	f.IntVar(&o.limit, "limit", defaultLimit, "list this many at most; 0 lists all")
	for _, one := range l.filters {
		one.add(a, cmd)
	}
	return cmd
}

// searched lets the search be named as in the HTTP API, too.
func searched(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "q" {
		name = "search"
	}
	return pflag.NormalizedName(name)
}

// at is the path of the listing, of the object named by the argument if it takes
// one.
func (l listing[T]) at(args []string) string {
	if l.where != nil {
		return l.where()
	}
	if len(args) == 0 {
		return l.path
	}
	return fmt.Sprintf(l.path, url.PathEscape(args[0]))
}

func (f filter) add(a *app, cmd *cobra.Command) {
	if f.yesno || f.when {
		cmd.Flags().String(f.name, "", f.usage)
	} else {
		cmd.Flags().StringSlice(f.name, nil, f.usage)
	}
	if f.yesno {
		f.values = []string{"true", "false"}
	}
	complete(cmd, f.name, f.values)
	if f.refs.path != "" {
		a.completeRefs(cmd, f.name, f.refs)
	}
}

// query makes the query of a listing from its flags.
func (l listing[T]) query(a *app, cmd *cobra.Command, o listOptions) (url.Values, error) {
	if o.limit < 0 {
		return nil, Usagef("--limit %d: it must not be negative", o.limit)
	}
	if o.json && o.quiet {
		return nil, Usagef("%s takes --json or -q, not both", cmd.CommandPath())
	}
	query := make(url.Values)
	if o.search != "" {
		query.Set("q", o.search)
	}
	if o.sort != "" {
		query.Set("sort", o.sort)
	}
	for _, f := range l.filters {
		values, err := f.given(a, cmd)
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			query[f.name] = values
		}
	}
	return query, nil
}

// given is what the filter's flag says, in the form of the HTTP API.
func (f filter) given(a *app, cmd *cobra.Command) ([]string, error) {
	if !cmd.Flags().Changed(f.name) {
		return nil, nil
	}
	if !f.yesno && !f.when {
		return cmd.Flags().GetStringSlice(f.name)
	}
	text, err := cmd.Flags().GetString(f.name)
	if err != nil {
		return nil, err
	}
	if f.when {
		text, err = a.moment(f.name, text)
		return []string{text}, err
	}
	if _, err := strconv.ParseBool(text); err != nil {
		return nil, Usagef("--%s %q: it is true or false", f.name, text)
	}
	return []string{text}, nil
}

// rows follows the cursors of a listing until it has as many rows as asked for;
// 0 means all.
func (g *grid) rows(ctx context.Context, path string, query url.Values, limit int) (page, error) {
	var all page
	for {
		ask := pageLimit
		if limit > 0 {
			ask = min(limit-len(all.Items), pageLimit)
		}
		query.Set("limit", strconv.Itoa(ask))
		data, err := g.call(ctx, "GET", path, query, nil)
		if err != nil {
			return page{}, err
		}
		var p page
		if err := json.Unmarshal(data, &p); err != nil {
			return page{}, fmt.Errorf("reading the answer: %w", err)
		}
		all.Items = append(all.Items, p.Items...)
		all.Total, all.Next = p.Total, p.Next
		if p.Next == "" || limit > 0 && len(all.Items) >= limit {
			return all, nil
		}
		query.Set("next", p.Next)
	}
}

func (l listing[T]) write(a *app, cmd *cobra.Command, o listOptions, p page) error {
	rows := make([]T, len(p.Items))
	for i, item := range p.Items {
		if err := json.Unmarshal(item, &rows[i]); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
	}
	if err := l.print(a, cmd, o, p, rows); err != nil || l.wished == nil {
		return err
	}
	return l.wished(rows)
}

func (l listing[T]) print(a *app, cmd *cobra.Command, o listOptions, p page, rows []T) error {
	out := cmd.OutOrStdout()
	if o.json {
		if p.Items == nil {
			p.Items = []json.RawMessage{}
		}
		return writeJSON(out, p.Items)
	}
	if o.quiet {
		for _, r := range rows {
			fmt.Fprintln(out, line(l.id(r)))
		}
		return nil
	}
	if len(rows) == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "no %s\n", l.what)
		return nil
	}
	if err := writeTable(a, out, l.columns(a), rows); err != nil {
		return err
	}
	if p.Next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d of %s %s; all with --limit 0\n", len(rows), count(int64(p.Total)), l.what)
	}
	return nil
}

// one is what a show verb shows.
type one[T any] struct {
	what   string // "node"
	path   func(ref string) string
	refs   completer
	fields func(a *app, row T) []field
}

func show[T any](a *app, s one[T]) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "show " + strings.ToUpper(s.what),
		Short:             "Show one " + s.what + ", named by name or id",
		Args:              Takes(strings.ToUpper(s.what)),
		ValidArgsFunction: a.firstArg(s.refs),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			data, err := g.call(cmd.Context(), "GET", s.path(args[0]), nil, nil)
			if err != nil {
				return err
			}
			return writeOne(a, cmd, asJSON, data, s.fields)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "write JSON, as the HTTP API gives it")
}

// writeOne writes one object as fields, or as the JSON that it came as.
func writeOne[T any](a *app, cmd *cobra.Command, asJSON bool, data []byte, fields func(a *app, row T) []field) error {
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
	}
	var row T
	if err := json.Unmarshal(data, &row); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return writeFields(cmd.OutOrStdout(), fields(a, row))
}

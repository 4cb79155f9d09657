package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// searchFlags say in which backups of a client to look.
type searchFlags struct {
	of, task, from, to string
	json, quiet        bool
}

func (s *searchFlags) flags(a *app, cmd *cobra.Command, quiet string) {
	f := cmd.Flags()
	f.StringVar(&s.of, "client", "", "client in whose backups to look")
	f.StringVar(&s.task, "task", "", "only in backups of this task")
	f.StringVar(&s.from, "from", "", "only in backups begun at this moment or later: 2026-01-31, RFC 3339, or how long ago as 24h or 7d")
	f.StringVar(&s.to, "to", "", "only in backups begun before this moment")
	f.BoolVarP(&s.quiet, "quiet", "q", false, quiet)
	jsonFlag(cmd, &s.json)
	a.completeRefs(cmd, "client", clientRefs)
	a.completeRefs(cmd, "task", taskRefs)
}

// ask asks about the client's backups.
func (s *searchFlags) ask(a *app, cmd *cobra.Command, what string, query url.Values) ([]byte, error) {
	if err := needs(cmd, "client"); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"from": s.from, "to": s.to} {
		if text == "" {
			continue
		}
		at, err := a.moment(name, text)
		if err != nil {
			return nil, err
		}
		query.Set(name, at)
	}
	if s.task != "" {
		query.Set("task", s.task)
	}
	g, err := a.grid()
	if err != nil {
		return nil, err
	}
	return g.call(cmd.Context(), "GET", at("clients", s.of, what), query, nil)
}

func (a *app) backupFind() *cobra.Command {
	var s searchFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "find NAME --client CLIENT",
		Short: "Look for a file by its name in all backups of a client",
		Long: `Look for a file by its name in all backups of a client, the newest first. NAME is
a part of the name, or a pattern of all of it with * ? [a-z]. A file that several
backups have alike stands there once, with the newest of them.`,
		Example: `  bcm backup find invoice --client web-1
  bcm backup find '*.kdbx' --client web-1 --from 30d`,
		Args: Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 || limit > pageLimit {
				return Usagef("--limit %d: it must lie between 1 and %d", limit, pageLimit)
			}
			data, err := s.ask(a, cmd, "files", url.Values{"name": {args[0]}, "limit": {strconv.Itoa(limit)}})
			if err != nil {
				return err
			}
			return s.found(a, cmd, data)
		},
	}
	s.flags(a, cmd, "write paths alone")
	cmd.Flags().IntVar(&limit, "limit", defaultLimit, "list this many at most")
	return cmd
}

// found writes what was found, and what may be missing.
func (s *searchFlags) found(a *app, cmd *cobra.Command, data []byte) error {
	if s.json {
		return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
	}
	var p struct {
		page
		Backups  int  `json:"backups"`
		Searched int  `json:"searched"`
		Partial  bool `json:"partial"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	shown := p.page
	shown.Next = ""
	l := listing[client.FoundFile]{what: "files of that name", columns: foundColumns, id: func(f client.FoundFile) string { return f.Path }}
	if err := l.write(a, cmd, listOptions{quiet: s.quiet}, shown); err != nil {
		return err
	}
	if p.Next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d of %s are shown; see --limit, or give more of the name\n", len(p.Items), count(int64(p.Total)))
	}
	if p.Partial {
		fmt.Fprintf(cmd.ErrOrStderr(), "the search went through %d of %s and was ended: there may be more; give more of the name, or --from and --to\n",
			p.Searched, plural(int64(p.Backups), "backup"))
	}
	return nil
}

func foundColumns(a *app) []column[client.FoundFile] {
	return []column[client.FoundFile]{
		{title: "size", of: func(f client.FoundFile) string { return size(f.Size) }, right: true},
		{title: "changed", of: func(f client.FoundFile) string { return f.ModifiedAt.UTC().Format(time.DateTime) }},
		{title: "backup", of: func(f client.FoundFile) string { return f.Backup }},
		{title: "made", of: func(f client.FoundFile) string { return ago(f.StartedAt, a.now()) }},
		{title: "also in", of: func(f client.FoundFile) string { return figure(f.Unchanged, count) }, right: true},
		{title: "path", of: func(f client.FoundFile) string {
			if f.Type == "directory" {
				return f.Path + "/"
			}
			return f.Path
		}},
	}
}

func (a *app) backupHistory() *cobra.Command {
	var s searchFlags
	cmd := &cobra.Command{
		Use:     "history PATH --client CLIENT",
		Short:   "Show the states of one file in the backups of a client",
		Long:    "Show the states of one file in the backups of a client, the newest first. PATH is that within the backups.",
		Example: "  bcm backup history /etc/hosts --client web-1",
		Args:    Takes("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := s.ask(a, cmd, "history", url.Values{"path": {args[0]}})
			if err != nil {
				return err
			}
			var p page
			if err := json.Unmarshal(data, &p); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			l := listing[client.FileVersion]{what: "states of " + args[0], columns: versionColumns,
				id: func(v client.FileVersion) string { return v.Backups[0] }}
			return l.write(a, cmd, listOptions{json: s.json, quiet: s.quiet}, p)
		},
	}
	s.flags(a, cmd, "write the newest backup of each state alone")
	return cmd
}

func versionColumns(*app) []column[client.FileVersion] {
	return []column[client.FileVersion]{
		{title: "changed", of: func(v client.FileVersion) string { return v.ModifiedAt.UTC().Format(time.DateTime) }},
		{title: "size", of: func(v client.FileVersion) string { return size(v.Size) }, right: true},
		{title: "mode", of: func(v client.FileVersion) string { return v.Mode }},
		{title: "object", of: func(v client.FileVersion) string { return v.Object[:min(len(v.Object), 12)] }},
		{title: "backups", of: func(v client.FileVersion) string { return count(int64(len(v.Backups))) }, right: true},
		{title: "newest", of: func(v client.FileVersion) string { return v.Backups[0] }},
	}
}

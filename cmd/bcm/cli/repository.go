package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) repositories() *cobra.Command {
	return noun("repository", "Where data is kept: storages, copies, and what they hold",
		list(a, listing[client.Repository]{
			what: "repositories", path: at("repositories"), columns: repositoryColumns, id: func(r client.Repository) string { return r.Id },
			filters: []filter{{name: "node", usage: "kept by this storage", refs: keeperRefs}},
		}),
		show(a, one[client.Repository]{what: "repository", path: repositoryPath, refs: repositoryRefs, fields: repositoryFields}),
		a.repositoryUpdate(), a.repositoryVerify(), a.repositoryScrub(), a.repositoryCopy(), a.repositorySnapshots(), a.repositoryFiles(), a.repositoryRestore(),
	)
}

func repositoryPath(ref string) string { return at("repositories", ref) }

func repositoryColumns(_ *app) []column[client.Repository] {
	return []column[client.Repository]{
		{title: "name", of: func(r client.Repository) string { return r.Name }},
		{title: "clients", of: func(r client.Repository) string { return strings.Join(r.Clients, ", ") }},
		{title: "copies", of: copiesLine},
		{title: "size", of: func(r client.Repository) string { return figure(largest(r), size) }, right: true},
		{title: "quota", of: func(r client.Repository) string { return figure(r.Quota, size) }, right: true},
	}
}

// copiesLine is each storage of a repository and how its copy is.
func copiesLine(r client.Repository) string {
	var all []string
	for _, c := range r.Copies {
		all = append(all, c.Storage+" ("+c.State+")")
	}
	return strings.Join(all, ", ")
}

func largest(r client.Repository) (n int64) {
	for _, c := range r.Copies {
		n = max(n, c.Bytes)
	}
	return n
}

func repositoryFields(a *app, r client.Repository) []field {
	fields := []field{
		{"Name", r.Name},
		{"ID", r.Id},
		{"Clients", strings.Join(r.Clients, ", ")},
		{"Quota", figure(r.Quota, size)},
		{"Changed", a.instant(r.UpdatedAt)},
	}
	for _, c := range r.Copies {
		fields = append(fields, field{"On " + c.Storage, copyLine(a, c)})
	}
	return fields
}

// copyLine is all that matters of one copy.
func copyLine(a *app, c client.Copy) string {
	said := []string{c.State}
	if c.Blobs > 0 {
		said = append(said, fmt.Sprintf("%s in %s", size(c.Bytes), plural(c.Blobs, "blob")))
	}
	if c.AsOf != nil {
		said = append(said, "as of "+a.instant(*c.AsOf))
	}
	if c.ScrubbedAt != nil {
		said = append(said, "read again "+ago(*c.ScrubbedAt, a.now()))
	}
	for _, n := range []struct {
		n    int64
		what string
	}{{c.Lost, "lost"}, {value(c.Differ), "with other bytes than the source"}, {value(c.Extra), "that the source has no more"}} {
		if n.n > 0 {
			said = append(said, plural(n.n, "blob")+" "+n.what)
		}
	}
	if why := value(c.Error); why != "" {
		said = append(said, "the last job failed: "+why)
	}
	return strings.Join(said, ", ")
}

func (a *app) repositoryUpdate() *cobra.Command {
	var r result
	var name, quota string
	cmd := &cobra.Command{
		Use:               "update REPOSITORY",
		Short:             "Change a repository",
		Args:              Takes("REPOSITORY"),
		ValidArgsFunction: a.firstArg(repositoryRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "name", "name", name)
			if cmd.Flags().Changed("quota") {
				n, err := bytesOf("quota", quota)
				if err != nil {
					return err
				}
				body["quota"] = n
			}
			return a.update(cmd, repositoryPath(args[0]), body, &r, "repository "+args[0])
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "another name")
	cmd.Flags().StringVar(&quota, "quota", "", "bytes that it may take on each storage, as 500GB or 2TiB; 0 does not limit it")
	r.flags(cmd)
	return cmd
}

func (a *app) repositoryScrub() *cobra.Command {
	var r result
	var storage string
	var giveUp, yes, wait bool
	cmd := &cobra.Command{
		Use:   "scrub REPOSITORY",
		Short: "Read again what a storage has of a repository",
		Long: `Read again what a storage has of a repository and compare all checksums. Damaged
blobs are set aside, and fetched from another copy where there is one.

With --give-up, the storage that is written to is to miss no more what it has lost and
no copy has. bcm repository verify tells first which backups that hits; these stay as
damaged as they are, and an alert names them until they are deleted.`,
		Args:              Takes("REPOSITORY"),
		ValidArgsFunction: a.firstArg(repositoryRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "storage", "storage", storage)
			take(body, cmd, "give-up", "give_up", giveUp)
			if giveUp {
				if err := a.mayGiveUp(cmd, yes, args[0]); err != nil {
					return err
				}
			}
			done := func(j run) string {
				if giveUp {
					return fmt.Sprintf("%s of %s given up", plural(value(j.Stats.Deleted), "lost blob"), args[0])
				}
				return fmt.Sprintf("read %s of %s again: nothing is damaged", size(j.Stats.Bytes), args[0])
			}
			return a.work(cmd, begins{"scrub", at("repositories", args[0], "scrub"), "jobs"}, body, wait, &r, done)
		},
	}
	cmd.Flags().StringVar(&storage, "storage", "", "storage to read on; the one that is written to when not given")
	cmd.Flags().BoolVar(&giveUp, "give-up", false, "miss no more what is lost and no copy has")
	yesFlag(cmd, &yes)
	waitFlag(cmd, &wait)
	a.completeRefs(cmd, "storage", keeperRefs)
	r.flags(cmd)
	return cmd
}

func (a *app) repositoryCopy() *cobra.Command {
	var r result
	var to, from string
	var trim, wait bool
	cmd := &cobra.Command{
		Use:   "copy REPOSITORY",
		Short: "Bring a copy of a repository up to date now",
		Long: `Bring a storage what another one has of a repository. Copies keep themselves up
to date; this is for when one should not wait. A copy keeps blobs that its source
has lost or pruned in a suspicious number until --trim says that they may go.`,
		Args:              Takes("REPOSITORY"),
		ValidArgsFunction: a.firstArg(repositoryRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "to", "to", to)
			take(body, cmd, "from", "from", from)
			take(body, cmd, "trim", "trim", trim)
			done := func(j run) string {
				return fmt.Sprintf("the copy of %s is up to date: %s fetched (%s)", args[0], plural(j.Stats.Files, "blob"), size(j.Stats.Bytes))
			}
			return a.work(cmd, begins{"copy", at("repositories", args[0], "copy"), "jobs"}, body, wait, &r, done)
		},
	}
	f := cmd.Flags()
	f.StringVar(&to, "to", "", "storage to bring it to")
	f.StringVar(&from, "from", "", "storage to take it from; the one that is written to when not given")
	f.BoolVar(&trim, "trim", false, "take away what the source does not have any more, however much it is")
	waitFlag(cmd, &wait)
	a.completeRefs(cmd, "to", keeperRefs)
	a.completeRefs(cmd, "from", keeperRefs)
	r.flags(cmd)
	return cmd
}

// past are the flags that say which copy of a repository to read, and as of when.
type past struct{ asOf, storage string }

func (p *past) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.asOf, "as-of", "", "as it was at this moment: RFC 3339, 2026-01-31, or how long ago as 24h or 7d")
	cmd.Flags().StringVar(&p.storage, "storage", "", "storage whose copy to read; any that is up when not given")
	a.completeRefs(cmd, "storage", keeperRefs)
}

func (p *past) query(a *app) (url.Values, error) {
	query := make(url.Values)
	if p.storage != "" {
		query.Set("storage", p.storage)
	}
	if p.asOf != "" {
		at, err := a.moment("as-of", p.asOf)
		if err != nil {
			return nil, err
		}
		query.Set("as_of", at)
	}
	return query, nil
}

// pageOf reads all rows that a path has at once.
func pageOf[T any](cmd *cobra.Command, a *app, path string, query url.Values) (rows []T, data []byte, err error) {
	g, err := a.grid()
	if err != nil {
		return nil, nil, err
	}
	if data, err = g.call(cmd.Context(), "GET", path, query, nil); err != nil {
		return nil, nil, err
	}
	var p struct{ Items []T }
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, nil, fmt.Errorf("reading the answer: %w", err)
	}
	return p.Items, data, nil
}

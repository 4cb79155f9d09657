package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) clients() *cobra.Command {
	return noun("client", "Machines and data sources to be protected",
		list(a, listing[client.Client]{
			what: "clients", path: at("clients"), columns: clientColumns, id: func(c client.Client) string { return c.Id },
			filters: []filter{{name: "repository", usage: "kept in this repository", refs: repositoryRefs}},
		}),
		show(a, one[client.Client]{what: "client", path: clientPath, refs: clientRefs, fields: clientFields}),
		a.clientAdd(), a.clientUpdate(), a.clientExplain(),
		a.remover(removal{what: "client", path: clientPath, refs: clientRefs, short: "Remove a client without tasks and backups"}),
	)
}

func clientPath(ref string) string { return at("clients", ref) }

func clientColumns(a *app) []column[client.Client] {
	return []column[client.Client]{
		{title: "name", of: func(c client.Client) string { return c.Name }},
		{title: "address", of: func(c client.Client) string { return c.Address }},
		{title: "labels", of: func(c client.Client) string { return labels(c.Labels) }},
		{title: "repository", of: func(c client.Client) string { return c.Repository }},
		{title: "changed", of: func(c client.Client) string { return ago(c.UpdatedAt, a.now()) }},
	}
}

func clientFields(a *app, c client.Client) []field {
	return []field{
		{"Name", c.Name},
		{"ID", c.Id},
		{"Address", c.Address},
		{"Labels", labels(c.Labels)},
		{"Repository", c.Repository},
		{"Copies", count(c.Copies)},
		{"Managers", constraintText(c.Placement.Managers)},
		{"Storages", constraintText(c.Placement.Storages)},
		{"Spread", c.Placement.Spread},
		{"At once", atOnce(c.Parallel)},
		{"Added", a.instant(c.CreatedAt)},
		{"Changed", a.instant(c.UpdatedAt)},
	}
}

// atOnce writes how many backups are at work at once.
func atOnce(n int64) string {
	if n == 0 {
		return ""
	}
	return count(n) + " backups"
}

// clientFlags are the flags that describe a client.
type clientFlags struct {
	name, address string
	parallel      int
	labels        []string
	placement     placementFlags
}

func (c *clientFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.address, "address", "", "where people find it")
	f.StringSliceVar(&c.labels, "label", nil, "name=value; may be repeated")
	f.IntVar(&c.parallel, "parallel", 0, "how many backups of it are at work at once; 0 for without end")
	c.placement.flags(cmd)
}

func (c *clientFlags) body(cmd *cobra.Command) (changes, error) {
	body := make(changes)
	take(body, cmd, "address", "address", c.address)
	take(body, cmd, "parallel", "parallel", c.parallel)
	pairs, err := pairsOf("label", c.labels)
	take(body, cmd, "label", "labels", pairs)
	if err != nil {
		return nil, err
	}
	return body, c.placement.into(body, cmd)
}

// pairsOf reads name=value pairs.
func pairsOf(flag string, texts []string) (map[string]string, error) {
	pairs := make(map[string]string)
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok && text == "" {
			continue // --label "" takes all labels away
		}
		if !ok || name == "" {
			return nil, Usagef("--%s %q: write it as name=value", flag, text)
		}
		pairs[name] = value
	}
	return pairs, nil
}

func (a *app) clientAdd() *cobra.Command {
	var c clientFlags
	var r result
	var repository, quota string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a client, with a repository of its own",
		Long: `Add a client. It gets a repository of its own, unless it shares one: clients of
one repository are deduplicated against each other, and who can restore from one
can restore from all.`,
		Example: `  bcm client add web-1 --address web-1.example.org --label tier=front
  bcm client add db-1 --copies 2 --spread site --storage-label class=disk`,
		Args: Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := excludes(cmd, "repository", "quota"); err != nil {
				return err
			}
			body, err := c.body(cmd)
			if err != nil {
				return err
			}
			body["name"] = args[0]
			take(body, cmd, "repository", "repository", repository)
			if quota != "" {
				if body["quota"], err = bytesOf("quota", quota); err != nil {
					return err
				}
			}
			data, err := a.send(cmd, "POST", at("clients"), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "client %s is added", args[0])
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&repository, "repository", "", "repository to share, instead of one of its own")
	cmd.Flags().StringVar(&quota, "quota", "", "bytes that its repository may take on each storage, as 500GB or 2TiB")
	a.completeRefs(cmd, "repository", repositoryRefs)
	r.flags(cmd)
	return cmd
}

func (a *app) clientUpdate() *cobra.Command {
	var c clientFlags
	var r result
	cmd := &cobra.Command{
		Use:   "update CLIENT",
		Short: "Change a client",
		Long: `Change a client. Labels and sites that are given replace those that it has;
--label "" takes all away. Where its data should be is made so by and by: a
storage is left only when another has a complete copy.`,
		Args:              Takes("CLIENT"),
		ValidArgsFunction: a.firstArg(clientRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := c.body(cmd)
			if err != nil {
				return err
			}
			take(body, cmd, "name", "name", c.name)
			return a.update(cmd, clientPath(args[0]), body, &r, "client "+args[0])
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&c.name, "name", "", "another name")
	r.flags(cmd)
	return cmd
}

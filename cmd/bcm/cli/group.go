package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) groups() *cobra.Command {
	return noun("group", "Groups of users, and what they may do",
		list(a, listing[client.Group]{
			what: "groups", path: at("groups"), columns: groupColumns, id: func(g client.Group) string { return g.Id },
			filters: []filter{
				{name: "predefined", usage: "true: those that every cluster has; false: the others", yesno: true},
				{name: "origin", usage: "from there"},
			},
		}),
		show(a, one[client.Group]{what: "group", path: groupPath, refs: groupRefs, fields: groupFields}),
		a.groupCreate(), a.groupUpdate(),
		a.remover(removal{what: "group", path: groupPath, refs: groupRefs, short: "Remove a group without members"}),
	)
}

func groupPath(ref string) string { return at("groups", ref) }

func groupColumns(*app) []column[client.Group] {
	return []column[client.Group]{
		{title: "name", of: func(g client.Group) string { return g.Name }},
		{title: "rank", of: func(g client.Group) string { return count(g.Rank) }, right: true},
		{title: "rights", of: func(g client.Group) string { return rightsShort(g.Rights) }},
		{title: "members", of: func(g client.Group) string { return count(g.Members) }, right: true},
		{title: "predefined", of: func(g client.Group) string { return yesNo(g.Predefined) }},
		{title: "description", of: func(g client.Group) string { return g.Description }},
	}
}

// rightsShort names few rights and counts many.
func rightsShort(rights []string) string {
	switch {
	case len(rights) == 1 && rights[0] == string(fsm.All):
		return "all"
	case len(rights) > 3:
		return strconv.Itoa(len(rights))
	}
	return strings.Join(rights, " ")
}

// rightsLong names all rights.
func rightsLong(rights []string, between string) string {
	words := slices.Clone(rights)
	if i := slices.Index(words, string(fsm.All)); i >= 0 {
		words[i] = "all"
	}
	return strings.Join(words, between)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func groupFields(a *app, g client.Group) []field {
	return []field{
		{"Name", g.Name},
		{"ID", g.Id},
		{"Description", g.Description},
		{"Rank", count(g.Rank)},
		{"Rights", rightsLong(g.Rights, "\n")},
		{"Members", count(g.Members)},
		{"Predefined", yesNo(g.Predefined)},
		{"Origin", g.Origin},
		{"Changed", a.instant(g.UpdatedAt)},
	}
}

// groupFlags are the flags that describe a group.
type groupFlags struct {
	name, description string
	rights            []string
	rank              int
}

func (g *groupFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.description, "description", "", "what the group is for")
	f.StringSliceVar(&g.rights, "right", nil, "what its members may do, as in backups:run; may be repeated")
	f.IntVar(&g.rank, "rank", 0, "0 to 100; nobody acts on users of a higher rank")
	rights := []string{string(fsm.All)}
	for _, r := range fsm.Rights() {
		rights = append(rights, string(r))
	}
	complete(cmd, "right", rights)
}

func (g *groupFlags) body(cmd *cobra.Command) changes {
	body := make(changes)
	take(body, cmd, "description", "description", g.description)
	take(body, cmd, "right", "rights", append([]string{}, g.rights...))
	take(body, cmd, "rank", "rank", g.rank)
	return body
}

func (a *app) groupCreate() *cobra.Command {
	var g groupFlags
	var r result
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a group",
		Example: "  bcm group create 'Night shift' --right backups:read,backups:run --rank 30",
		Args:    Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := g.body(cmd)
			body["name"], body["rights"] = args[0], append([]string{}, g.rights...)
			data, err := a.send(cmd, "POST", at("groups"), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "group %s is created", args[0])
		},
	}
	g.flags(cmd)
	r.flags(cmd)
	return cmd
}

func (a *app) groupUpdate() *cobra.Command {
	var g groupFlags
	var r result
	cmd := &cobra.Command{
		Use:               "update GROUP",
		Short:             "Change a group that is not predefined",
		Long:              "Change a group that is not predefined. Rights that are given replace those that it has.",
		Args:              Takes("GROUP"),
		ValidArgsFunction: a.firstArg(groupRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := g.body(cmd)
			take(body, cmd, "name", "name", g.name)
			return a.update(cmd, groupPath(args[0]), body, &r, "group "+args[0])
		},
	}
	g.flags(cmd)
	cmd.Flags().StringVar(&g.name, "name", "", "another name")
	r.flags(cmd)
	return cmd
}

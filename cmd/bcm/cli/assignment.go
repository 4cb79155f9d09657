package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) assignments() *cobra.Command {
	return noun("assignment", "Which nodes answer for whose data",
		list(a, listing[client.Assignment]{
			what: "assignments", path: at("assignments"), columns: assignmentColumns, id: func(s client.Assignment) string { return s.Id },
			filters: []filter{
				{name: "client", usage: "of this client", refs: clientRefs},
				{name: "node", usage: "in which this node has a part", refs: nodeRefs},
			},
		}),
	)
}

func assignmentColumns(a *app) []column[client.Assignment] {
	return []column[client.Assignment]{
		{title: "client", of: func(s client.Assignment) string { return s.Client }},
		{title: "managers", of: func(s client.Assignment) string { return strings.Join(s.Managers, ",") }},
		{title: "storages", of: func(s client.Assignment) string { return strings.Join(s.Storages, ",") }},
		{title: "complete", of: func(s client.Assignment) string { return fmt.Sprintf("%d/%d", s.Complete, s.Copies) }, right: true},
		{title: "changed", of: func(s client.Assignment) string { return ago(s.UpdatedAt, a.now()) }},
	}
}

func (a *app) clientExplain() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain CLIENT",
		Short: "Say of each node why it answers for a client's data, or does not",
		Long: `Say of each node why it would answer for a client's data if that were decided
now, or would not. Roles that a node does not have are left out, but for --json.`,
		Args:              Takes("CLIENT"),
		ValidArgsFunction: a.firstArg(clientRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("assignments", "explain"), changes{"client": args[0]})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
			}
			var e client.PlacementExplanation
			if err := json.Unmarshal(data, &e); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			var rows []client.Verdict
			for _, v := range e.Nodes {
				if v.Reason != "role" {
					rows = append(rows, v)
				}
			}
			return writeTable(a, cmd.OutOrStdout(), verdictColumns(), rows)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func verdictColumns() []column[client.Verdict] {
	return []column[client.Verdict]{
		{title: "node", of: func(v client.Verdict) string { return v.Node }},
		{title: "role", of: func(v client.Verdict) string { return v.Role }},
		{title: "is", of: func(v client.Verdict) string { return v.As }},
		{title: "why", of: func(v client.Verdict) string { return v.Detail }},
	}
}

func (a *app) nodeImpact() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "impact NODE",
		Short:             "Say what depends on a node: what stands still, or is lost, when it dies",
		Args:              Takes("NODE"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "GET", at("nodes", args[0], "impact"), nil)
			if err != nil {
				return err
			}
			return writeOne(a, cmd, asJSON, data, impactFields)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func impactFields(_ *app, i client.Impact) []field {
	return []field{
		{"Node", i.Node},
		{"Answers for", orNobody(i.Clients)},
		{"Without a runner", orNobody(i.WithoutRunner)},
		{"Waiting", orNobody(i.Waiting)},
		{"Only copies", orNobody(onlyCopies(i))},
		{"Running", strings.Join(append(i.Backups, i.Jobs...), "\n")},
	}
}

// onlyCopies names the repositories that would be lost, and whose they are.
func onlyCopies(i client.Impact) []string {
	var all []string
	for _, o := range i.OnlyCopies {
		all = append(all, fmt.Sprintf("%s (of %s)", o.Repository, strings.Join(o.Clients, ", ")))
	}
	return all
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ", ")
}

package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) nodes() *cobra.Command {
	return noun("node", "The members of the grid",
		list(a, listing[client.Node]{
			what: "nodes", path: at("nodes"), columns: nodeColumns, id: func(n client.Node) string { return n.Id },
			filters: []filter{
				{name: "status", usage: "in this state", values: []string{"joining", "online", "degraded", "offline", "left"}},
				{name: "role", usage: "with this role", values: fsm.Roles()},
				{name: "mode", usage: "in this mode", values: modes()},
				{name: "site", usage: "at this site"},
			},
		}),
		show(a, one[client.Node]{what: "node", path: func(ref string) string { return at("nodes", ref) }, refs: nodeRefs, fields: nodeFields}),
		a.nodeMode(), a.nodeDrain(), a.nodeLimit(), a.nodeEvents(), a.nodeRemove(),
	)
}

func modes() []string {
	return []string{string(fsm.Active), string(fsm.Draining), string(fsm.Maintenance)}
}

func nodeColumns(a *app) []column[client.Node] {
	return []column[client.Node]{
		{title: "name", of: func(n client.Node) string { return n.Name }},
		{title: "roles", of: func(n client.Node) string { return strings.Join(n.Roles, ",") }},
		{title: "status", of: func(n client.Node) string { return n.Status }, state: true},
		{title: "mode", of: func(n client.Node) string { return n.Mode }, state: true},
		{title: "site", of: func(n client.Node) string { return n.Site }},
		{title: "address", of: func(n client.Node) string { return n.Address }},
		{title: "version", of: func(n client.Node) string { return n.Version }},
		{title: "runs", of: func(n client.Node) string { return runs(n, "%d/%d") }, right: true},
		{title: "last seen", of: func(n client.Node) string { return seen(a, n) }},
	}
}

// seen is when a node that is away was last heard of.
func seen(a *app, n client.Node) string {
	if n.Status == string(fsm.Online) || n.Status == string(fsm.Degraded) {
		return "now"
	}
	return ago(value(n.LastSeen), a.now())
}

// runs is how many runs a node has, and may have at once, if it runs any.
func runs(n client.Node, format string) string {
	if !slices.Contains(n.Roles, fsm.RoleBackupManager) {
		return ""
	}
	return fmt.Sprintf(format, n.Running, n.Slots)
}

// stores is how much a storage keeps.
func stores(n client.Node) string {
	if n.Capacity.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%s in blobs; %s of %s free", size(n.Capacity.Used), size(n.Capacity.Free), size(n.Capacity.Total))
}

func nodeFields(a *app, n client.Node) []field {
	return []field{
		{"Name", n.Name},
		{"ID", n.Id},
		{"Roles", strings.Join(n.Roles, ", ")},
		{"Status", strings.TrimSpace(n.Status + " " + n.Reason)},
		{"Mode", n.Mode},
		{"Site", n.Site},
		{"Labels", labels(n.Labels)},
		{"Address", n.Address},
		{"Version", n.Version},
		{"Runs", runs(n, "%d of %d at once")},
		{"Written at once", atOnce(n.Parallel)},
		{"Storage", stores(n)},
		{"Last seen", seen(a, n)},
		{"Certificate", until(a, value(n.CertificateNotAfter))},
		{"Joined", a.instant(n.CreatedAt)},
	}
}

func until(a *app, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + a.instant(t)
}

func (a *app) nodeMode() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:   "mode NODE active|draining|maintenance",
		Short: "Say what a node is wanted for: work, finish what runs, or rest",
		Args:  Takes("NODE", "MODE"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return modes(), cobra.ShellCompDirectiveNoFileComp
			}
			return a.firstArg(nodeRefs)(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "PATCH", at("nodes", args[0]), changes{"mode": args[1]})
			if err != nil {
				return err
			}
			return r.write(cmd, data, "node %s is %s", args[0], args[1])
		},
	}
	r.flags(cmd)
	return cmd
}

func (a *app) nodeLimit() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "limit STORAGE BACKUPS",
		Short:             "Say how many backups may write to a storage at once; 0 for without end",
		Args:              Takes("STORAGE", "BACKUPS"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return Usagef("%s: %q is not a number of backups", cmd.CommandPath(), args[1])
			}
			data, err := a.send(cmd, "PATCH", at("nodes", args[0]), changes{"parallel": n})
			if err != nil {
				return err
			}
			return r.write(cmd, data, "node %s takes %s", args[0], first(atOnce(int64(n)), "as many backups as come"))
		},
	}
	r.flags(cmd)
	return cmd
}

func (a *app) nodeDrain() *cobra.Command {
	var r result
	var wait bool
	cmd := &cobra.Command{
		Use:               "drain NODE",
		Short:             "Let a node finish what it runs, and give it nothing new",
		Args:              Takes("NODE"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			data, err := g.call(cmd.Context(), "POST", at("nodes", args[0], "drain"), nil, nil)
			if err != nil {
				return err
			}
			if wait {
				if err := a.idle(cmd, g, args[0]); err != nil {
					return err
				}
				return r.write(cmd, data, "node %s runs nothing any more", args[0])
			}
			return r.write(cmd, data, "node %s finishes what it runs; bring it back with: bcm node mode %s active", args[0], args[0])
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the node runs nothing any more")
	r.flags(cmd)
	return cmd
}

// idle waits until a node runs nothing any more.
func (a *app) idle(cmd *cobra.Command, g *grid, ref string) error {
	last := int64(0)
	return a.each(cmd.Context(), cmd.ErrOrStderr(), func() (bool, error) {
		data, err := g.call(cmd.Context(), "GET", at("nodes", ref), nil, nil)
		if err != nil {
			return false, err
		}
		var n client.Node
		if err := json.Unmarshal(data, &n); err != nil {
			return false, fmt.Errorf("reading the answer: %w", err)
		}
		if n.Running != last && n.Running > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s left\n", plural(int(n.Running), "run"))
		}
		last = n.Running
		return n.Running == 0, nil
	})
}

func (a *app) nodeEvents() *cobra.Command {
	return list(a, listing[client.Event]{
		what: "events", use: "events NODE", short: "List what was done to a node, and what became of it",
		path: "/v1/nodes/%s/events", refs: nodeRefs, columns: eventColumns, id: func(e client.Event) string { return e.Id },
	})
}

func (a *app) nodeRemove() *cobra.Command {
	var force bool
	cmd := a.remover(removal{
		what: "node", refs: nodeRefs, path: func(ref string) string { return at("nodes", ref) },
		short: "Take a node out of the grid for good; its certificates are revoked",
		asks:  "take node %s out of the grid for good",
		query: func() url.Values {
			if force {
				return url.Values{"force": {"true"}}
			}
			return nil
		},
	})
	cmd.Flags().BoolVar(&force, "force", false, "even when it is online, or holds the only copy of data")
	return cmd
}

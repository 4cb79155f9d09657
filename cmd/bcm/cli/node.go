package cli

import (
	"encoding/json"
	"errors"
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
		a.nodeAdd(), a.nodeObjects(), a.nodeStart(), a.nodeMode(), a.nodeDrain(), a.nodeImpact(), a.nodeLimit(), a.nodeEvents(), a.nodeRemove(),
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
	return append([]field{
		{"Name", n.Name},
		{"ID", n.Id},
		{"Roles", strings.Join(n.Roles, ", ")},
		{"Status", strings.TrimSpace(n.Status + " " + n.Reason)},
		{"Mode", modeText(n)},
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
	}, serverFields(n)...)
}

// modeText is what is wanted of a node, and whether that is reached.
func modeText(n client.Node) string {
	if n.Drained {
		return n.Mode + ", and has nothing left"
	}
	return n.Mode
}

func until(a *app, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "until " + a.instant(t)
}

func (a *app) nodeMode() *cobra.Command {
	var r result
	var takeOver bool
	var policy string
	cmd := &cobra.Command{
		Use:   "mode NODE active|draining|maintenance|standalone|managed",
		Short: "Say what a node is wanted for: work, finish what runs, or rest; of a SEP sesam server, who is its master",
		Long: `Say what a node is wanted for: work, finish what runs, or rest.

Of a SEP sesam server, say who is the master of its users, groups and access
lists: the server itself (standalone), or the cluster (managed). What managing
would do, tells: bcm sync diff NODE`,
		Args: Takes("NODE", "MODE"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return append(modes(), masters()...), cobra.ShellCompDirectiveNoFileComp
			}
			return a.firstArg(nodeRefs)(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			body := changes{"mode": args[1]}
			if slices.Contains(masters(), args[1]) {
				body = changes{"cluster_mode": args[1]}
				take(body, cmd, "take-over", "take_over", takeOver)
				take(body, cmd, "drift", "drift_policy", policy)
			}
			data, err := a.send(cmd, "PATCH", at("nodes", args[0]), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "node %s is %s", args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&takeOver, "take-over", false, "with managed: users and groups that only the server has become the cluster's")
	cmd.Flags().StringVar(&policy, "drift", "", "with managed: what becomes of changes made on the server: repair, report or adopt")
	complete(cmd, "drift", []string{string(fsm.Repair), string(fsm.ReportOnly), string(fsm.Adopt)})
	r.flags(cmd)
	return cmd
}

// masters are the cluster modes of a SEP sesam server.
func masters() []string { return []string{string(fsm.Standalone), string(fsm.Managed)} }

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
		Use:   "drain NODE",
		Short: "Let a node finish what it runs, and give away all that it answers for",
		Long: `Let a node finish what it runs, and give it nothing new. Others answer for its
clients at once. Of the repositories that it keeps another storage gets a copy,
and when that is complete the node is left. With --wait the verb ends when the
node has nothing left; see what it has with: bcm node impact NODE`,
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
				if err := a.drained(cmd, g, args[0]); err != nil {
					return err
				}
				return r.write(cmd, data, "node %s is drained: it runs nothing, and nothing lies on it", args[0])
			}
			return r.write(cmd, data, "node %s finishes what it runs; bring it back with: bcm node mode %s active", args[0], args[0])
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the node has nothing left")
	r.flags(cmd)
	return cmd
}

// drained waits until a node has nothing left, and tells what there still is each
// time that this has changed.
func (a *app) drained(cmd *cobra.Command, g *grid, ref string) error {
	last := ""
	return a.each(cmd.Context(), cmd.ErrOrStderr(), func() (bool, error) {
		data, err := g.call(cmd.Context(), "GET", at("nodes", ref), nil, nil)
		if err != nil {
			return false, err
		}
		var n client.Node
		if err := json.Unmarshal(data, &n); err != nil {
			return false, fmt.Errorf("reading the answer: %w", err)
		}
		if n.Mode != string(fsm.Draining) {
			return false, fmt.Errorf("node %s is %s now, and no longer drains", ref, n.Mode)
		}
		if n.Drained {
			return true, nil
		}
		left := plural(int(n.Running), "run") + " left"
		if n.Running == 0 {
			left = "nothing runs; its clients and their data are on their way to others"
		}
		if left != last {
			fmt.Fprintln(cmd.ErrOrStderr(), left)
		}
		last = left
		return false, nil
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
		last: func(cmd *cobra.Command, g *grid, ref string) error {
			if !force {
				return nil
			}
			return a.mayLose(cmd, g, ref)
		},
	})
	cmd.Flags().BoolVar(&force, "force", false, "even when it is online, or holds the only complete copy of data")
	return cmd
}

// mayLose lets people type the name of a node with which data would be lost.
func (a *app) mayLose(cmd *cobra.Command, g *grid, ref string) error {
	data, err := g.call(cmd.Context(), "GET", at("nodes", ref, "impact"), nil, nil)
	if err != nil {
		return err
	}
	var i client.Impact
	if err := json.Unmarshal(data, &i); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if len(i.OnlyCopies) == 0 {
		return nil
	}
	lost := line(strings.Join(onlyCopies(i), ", "))
	typed, err := a.ask(cmd, fmt.Sprintf("With node %s the only complete copy is lost of: %s\nType the name of the node to give that up: ", line(i.Node), lost))
	if err != nil {
		return err
	}
	if typed != i.Node {
		return errors.New("nothing was done")
	}
	return nil
}

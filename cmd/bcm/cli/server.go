package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

// serverFlags are what is said of a server that is added.
type serverFlags struct {
	roles                                 []string
	address, user, file, trust, via, site string
	labels                                []string
	passThrough, yes                      bool
}

func (in *serverFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&in.roles, "roles", nil, "sesam-server")
	f.StringVar(&in.address, "address", "", "where the server is, as https://HOST:11401")
	f.StringVar(&in.user, "user", "", "account on the server with all rights")
	f.StringVar(&in.trust, "fingerprint", "", "SHA-256 of the certificate that is trusted")
	f.StringVar(&in.via, "via", "", "id or name of the node that the server is reached through; otherwise any manager")
	f.StringVar(&in.site, "site", "", "where it stands")
	f.StringSliceVar(&in.labels, "label", nil, "name=value; may be repeated")
	f.BoolVar(&in.passThrough, "passthrough", false, "let the server's own clients reach it through the cluster")
	passwordFlag(cmd, &in.file)
	yesFlag(cmd, &in.yes)
}

// nodeAdd makes a SEP sesam server a node of the grid: other nodes join by themselves.
func (a *app) nodeAdd() *cobra.Command {
	var in serverFlags
	var r result
	cmd := &cobra.Command{
		Use:   "add NAME --roles sesam-server --address https://HOST:11401 --user ACCOUNT",
		Short: "Add a SEP sesam server to the grid",
		Long: `Add a SEP sesam server to the grid. Nodes with other roles join by themselves,
with a token: bcm token create.

The server's certificate is shown and must be trusted first; --fingerprint says
beforehand which one it is. The account needs all rights on the server and no
second factor. The server stays its own master until: bcm node mode NAME managed`,
		Example: "  bcm node add sesam-1 --roles sesam-server --address https://sesam-1:11401 --user Administrator",
		Args:    Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Equal(in.roles, []string{fsm.RoleSesam}) {
				return Usagef("%s: only a %s is added with --roles %s; other nodes join with a token: bcm token create", cmd.CommandPath(), fsm.RoleSesam, fsm.RoleSesam)
			}
			if in.address == "" || in.user == "" {
				return Usagef("%s: --address and --user are needed", cmd.CommandPath())
			}
			labels, err := pairsOf("label", in.labels)
			if err != nil {
				return err
			}
			fingerprint := in.trust
			if fingerprint == "" {
				if fingerprint, err = a.trust(cmd, in.address, in.yes); err != nil {
					return err
				}
			}
			password, err := a.password(cmd, in.file, fmt.Sprintf("Password of %s on the server: ", in.user), false)
			if err != nil {
				return err
			}
			data, err := a.send(cmd, "POST", at("nodes"), changes{"name": args[0], "roles": in.roles, "address": in.address, "user": in.user,
				"password": password, "fingerprint": fingerprint, "via": in.via, "site": in.site, "labels": labels, "passthrough": in.passThrough})
			if err != nil {
				return err
			}
			return r.write(cmd, data, "server %s belongs to the grid; see what it has with: bcm node objects %s", args[0], args[0])
		},
	}
	in.flags(cmd)
	r.flags(cmd)
	return cmd
}

// trust shows the certificate of a server and has a person say that it is the one.
func (a *app) trust(cmd *cobra.Command, address string, yes bool) (fingerprint string, err error) {
	data, err := a.send(cmd, "POST", at("nodes", "probe"), changes{"address": address})
	if err != nil {
		return "", err
	}
	var cert client.ServerCertificate
	if err := json.Unmarshal(data, &cert); err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "The server at %s shows this certificate:\n  subject      %s\n  issuer       %s\n  valid until  %s\n  SHA-256      %s\n",
		address, line(cert.Subject), line(cert.Issuer), a.instant(cert.NotAfter), line(cert.Fingerprint))
	return cert.Fingerprint, a.confirm(cmd, yes, "trust it")
}

// serverFields is what a SEP sesam server has beside what all nodes have.
func serverFields(n client.Node) []field {
	s := n.Server
	if s == nil {
		return nil
	}
	fields := []field{
		{"Cluster mode", value(n.ClusterMode)},
		{"Drift", s.DriftPolicy},
		{"Account", s.User},
		{"SHA-256", s.Fingerprint},
		{"Reached by", strings.TrimSpace(s.Carrier + " " + map[bool]string{true: "(only)"}[s.Via != ""])},
		{"Pass-through", yesNo(s.Passthrough)},
		{"Error", s.Error},
	}
	for _, what := range slices.Sorted(maps.Keys(s.Lacks)) {
		fields = append(fields, field{"Lacks " + what, s.Lacks[what]})
	}
	return fields
}

// nodeObjects lists what a server has.
func (a *app) nodeObjects() *cobra.Command {
	kinds := make([]string, 0, len(fsm.MirrorKinds()))
	for _, k := range fsm.MirrorKinds() {
		kinds = append(kinds, string(k))
	}
	return list(a, listing[client.ServerObject]{
		what: "objects", use: "objects SERVER", short: "List what a SEP sesam server has, as it was seen last", path: "/v1/nodes/%s/objects", refs: nodeRefs,
		columns: objectColumns, id: func(o client.ServerObject) string { return o.Id },
		filters: []filter{
			{name: "kind", usage: "of this kind", values: kinds},
			{name: "status", usage: "in this state"},
			{name: "enabled", usage: "enabled or not", yesno: true},
		},
	})
}

func objectColumns(a *app) []column[client.ServerObject] {
	return []column[client.ServerObject]{
		{title: "kind", of: func(o client.ServerObject) string { return o.Kind }},
		{title: "name", of: func(o client.ServerObject) string { return o.Name }},
		{title: "of", of: func(o client.ServerObject) string { return o.Parent }},
		{title: "status", of: func(o client.ServerObject) string { return o.Status }, state: true},
		{title: "enabled", of: func(o client.ServerObject) string { return yesNo(o.Enabled) }},
		{title: "groups", of: func(o client.ServerObject) string { return strings.Join(o.Groups, ",") }},
		{title: "seen", of: func(o client.ServerObject) string {
			if o.Stale {
				return ago(o.UpdatedAt, a.now()) + ", stale"
			}
			return ago(o.UpdatedAt, a.now())
		}},
	}
}

// nodeStart has a server run one of its tasks, and follows it to its end.
func (a *app) nodeStart() *cobra.Command {
	var r result
	var level string
	cmd := &cobra.Command{
		Use:               "start SERVER TASK",
		Short:             "Have a SEP sesam server run one of its tasks; follow it with bcm job watch",
		Args:              Takes("SERVER", "TASK"),
		ValidArgsFunction: a.firstArg(nodeRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("nodes", args[0], "start"), changes{"task": args[1], "level": level})
			if err != nil {
				return err
			}
			var j client.Job
			if err := json.Unmarshal(data, &j); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			return r.write(cmd, data, "task %s is started on %s; follow it with: bcm job watch %s", args[1], args[0], j.Id)
		},
	}
	cmd.Flags().StringVar(&level, "level", "", "full, incremental, differential or copy")
	r.flags(cmd)
	return cmd
}

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) acls() *cobra.Command {
	return noun("acl", "Access lists: who may do what with one client, task or repository",
		list(a, listing[client.ACL]{
			what: "access lists", path: at("acls"), columns: aclColumns, id: func(l client.ACL) string { return l.Id },
			filters: []filter{{name: "kind", usage: "of this kind", values: fsm.Listable()}},
		}),
		show(a, one[client.ACL]{what: "object", path: aclPath, fields: aclFields}),
		a.aclSet(),
		a.remover(removal{what: "object", path: aclPath, short: "Open an object to all who have the right by a group",
			asks: "open %s to all who have the right by a group", done: "open"}),
	)
}

// aclPath is the path of the access list of an object named as in clients/web-1.
func aclPath(ref string) string {
	kind, object, _ := strings.Cut(ref, "/")
	return at("acls", kind, object)
}

func aclColumns(*app) []column[client.ACL] {
	return []column[client.ACL]{
		{title: "object", of: func(l client.ACL) string { return l.Kind + "/" + l.Object }},
		{title: "users", of: func(l client.ACL) string { return strings.Join(l.Users, " ") }},
		{title: "groups", of: func(l client.ACL) string { return strings.Join(l.Groups, ", ") }},
	}
}

func aclFields(a *app, l client.ACL) []field {
	return []field{
		{"Object", l.Kind + "/" + l.Object},
		{"Users", strings.Join(l.Users, "\n")},
		{"Groups", strings.Join(l.Groups, "\n")},
		{"Changed", a.instant(l.UpdatedAt)},
	}
}

func (a *app) aclSet() *cobra.Command {
	var users, groups []string
	var r result
	cmd := &cobra.Command{
		Use:   "set OBJECT",
		Short: "Let only some users and groups at an object",
		Long: `Let only some users and groups at an object: clients/NAME, tasks/NAME or
repositories/NAME. They still need the right by a group. Groups with a rank of 80
and more are never left out. What was on the list before is replaced.`,
		Example: "  bcm acl set clients/web-1 --user ada --group 'Restore users'",
		Args:    Takes("OBJECT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := changes{"users": append([]string{}, users...), "groups": append([]string{}, groups...)}
			data, err := a.send(cmd, "PUT", aclPath(args[0]), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "%s is open only to those on its access list", args[0])
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&users, "user", nil, "user on the list; may be repeated")
	f.StringSliceVar(&groups, "group", nil, "group on the list; may be repeated")
	a.completeRefs(cmd, "user", userRefs)
	a.completeRefs(cmd, "group", groupRefs)
	r.flags(cmd)
	return cmd
}

package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) certificates() *cobra.Command {
	return noun("cert", "Certificates of the members; they renew themselves",
		list(a, listing[client.Certificate]{
			what: "certificates", path: at("certificates"), columns: certColumns, id: func(c client.Certificate) string { return c.Id },
			filters: []filter{
				{name: "node", usage: "of this node", refs: nodeRefs},
				{name: "revoked", usage: "true: those that are revoked; false: the others", yesno: true},
			},
		}),
		show(a, one[client.Certificate]{what: "certificate", path: func(ref string) string { return at("certificates", ref) }, refs: certRefs, fields: certFields}),
		a.certRevoke(),
	)
}

func (a *app) certRevoke() *cobra.Command {
	var r result
	var yes bool
	cmd := &cobra.Command{
		Use:               "revoke CERTIFICATE",
		Short:             "Make a certificate worthless at once; its node is shut out",
		Args:              Takes("CERTIFICATE"),
		ValidArgsFunction: a.firstArg(certRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(cmd, yes, "make certificate %s worthless at once and shut its node out", args[0]); err != nil {
				return err
			}
			data, err := a.send(cmd, "POST", at("certificates", args[0], "revoke"), nil)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "certificate %s is revoked", args[0])
		},
	}
	yesFlag(cmd, &yes)
	r.flags(cmd)
	return cmd
}

// certState tells whether a certificate is good for anything.
func certState(c client.Certificate, now time.Time) string {
	switch {
	case c.RevokedAt != nil:
		return "revoked"
	case now.After(c.NotAfter):
		return "expired"
	}
	return "good"
}

func certColumns(a *app) []column[client.Certificate] {
	return []column[client.Certificate]{
		{title: "serial", of: func(c client.Certificate) string { return c.Id }},
		{title: "node", of: func(c client.Certificate) string { return c.Node }},
		{title: "roles", of: func(c client.Certificate) string { return strings.Join(c.Roles, ",") }},
		{title: "state", of: func(c client.Certificate) string { return certState(c, a.now()) }, state: true},
		{title: "issued", of: func(c client.Certificate) string { return ago(c.NotBefore, a.now()) }},
		{title: "ends", of: func(c client.Certificate) string { return ago(c.NotAfter, a.now()) }},
	}
}

func certFields(a *app, c client.Certificate) []field {
	return []field{
		{"Serial", c.Id},
		{"Node", c.Node},
		{"Roles", strings.Join(c.Roles, ", ")},
		{"State", certState(c, a.now())},
		{"Good from", a.instant(c.NotBefore)},
		{"Good until", a.instant(c.NotAfter)},
		{"Revoked", a.instant(value(c.RevokedAt))},
		{"PEM", strings.TrimSpace(c.Pem)},
	}
}

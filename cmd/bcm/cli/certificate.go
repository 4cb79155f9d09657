package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) certificates() *cobra.Command {
	return noun("cert", "Certificates of the members, and of SEP sesam servers; they are renewed in time",
		list(a, listing[client.Certificate]{
			what: "certificates", path: at("certificates"), columns: certColumns, id: func(c client.Certificate) string { return c.Id },
			filters: []filter{
				{name: "node", usage: "of this node", refs: nodeRefs},
				{name: "kind", usage: "of this kind", values: []string{"member", "https"}},
				{name: "revoked", usage: "true: those that are revoked; false: the others", yesno: true},
			},
		}),
		show(a, one[client.Certificate]{what: "certificate", path: func(ref string) string { return at("certificates", ref) }, refs: certRefs, fields: certFields}),
		a.certIssue(), a.certImport(), a.certRotate(), a.certRevoke(),
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

func certColumns(a *app) []column[client.Certificate] {
	return []column[client.Certificate]{
		{title: "id", of: func(c client.Certificate) string { return c.Id }},
		{title: "kind", of: func(c client.Certificate) string { return c.Kind }},
		{title: "node", of: func(c client.Certificate) string { return c.Node }},
		{title: "roles", of: func(c client.Certificate) string { return strings.Join(c.Roles, ",") }},
		{title: "status", of: func(c client.Certificate) string { return c.Status }, state: true},
		{title: "issued", of: func(c client.Certificate) string { return ago(c.NotBefore, a.now()) }},
		{title: "ends", of: func(c client.Certificate) string { return ago(c.NotAfter, a.now()) }},
	}
}

func certFields(a *app, c client.Certificate) []field {
	return []field{
		{"ID", c.Id},
		{"Kind", c.Kind},
		{"Node", c.Node},
		{"Roles", strings.Join(c.Roles, ", ")},
		{"Status", c.Status},
		{"Error", value(c.Error)},
		{"Fingerprint", value(c.Fingerprint)},
		{"Good from", a.instant(c.NotBefore)},
		{"Good until", a.instant(c.NotAfter)},
		{"Renewed", a.instant(value(c.RenewAt))},
		{"Installed", a.instant(value(c.InstalledAt))},
		{"Revoked", a.instant(value(c.RevokedAt))},
		{"PEM", strings.TrimSpace(c.Pem)},
	}
}

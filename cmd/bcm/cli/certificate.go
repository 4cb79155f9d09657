package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// certificate is what the command line shows of a certificate.
type certificate struct {
	ID        string    `json:"id"`
	Node      string    `json:"node"`
	Roles     []string  `json:"roles"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	RevokedAt time.Time `json:"revoked_at"`
	PEM       string    `json:"pem"`
}

func (a *app) certificates() *cobra.Command {
	return noun("cert", "Certificates of the members; they renew themselves",
		list(a, listing[certificate]{
			what: "certificates", path: at("certificates"), columns: certColumns, id: func(c certificate) string { return c.ID },
			filters: []filter{
				{name: "node", usage: "of this node", refs: nodeRefs},
				{name: "revoked", usage: "revoked ones; with =false the others", yesno: true},
			},
		}),
		show(a, one[certificate]{what: "certificate", path: func(ref string) string { return at("certificates", ref) }, refs: certRefs, fields: certFields}),
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

func (c certificate) state(now time.Time) string {
	switch {
	case !c.RevokedAt.IsZero():
		return "revoked"
	case now.After(c.NotAfter):
		return "expired"
	}
	return "good"
}

func certColumns(a *app) []column[certificate] {
	return []column[certificate]{
		{title: "serial", of: func(c certificate) string { return c.ID }},
		{title: "node", of: func(c certificate) string { return c.Node }},
		{title: "roles", of: func(c certificate) string { return strings.Join(c.Roles, ",") }},
		{title: "state", of: func(c certificate) string { return c.state(a.now()) }, state: true},
		{title: "issued", of: func(c certificate) string { return ago(c.NotBefore, a.now()) }},
		{title: "ends", of: func(c certificate) string { return ago(c.NotAfter, a.now()) }},
	}
}

func certFields(a *app, c certificate) []field {
	return []field{
		{"Serial", c.ID},
		{"Node", c.Node},
		{"Roles", strings.Join(c.Roles, ", ")},
		{"State", c.state(a.now())},
		{"Good from", a.instant(c.NotBefore)},
		{"Good until", a.instant(c.NotAfter)},
		{"Revoked", a.instant(c.RevokedAt)},
		{"PEM", strings.TrimSpace(c.PEM)},
	}
}

package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) audit() *cobra.Command {
	return noun("audit", "Who did what to which object, with which result",
		list(a, listing[client.Event]{
			what: "events", short: "List the audit trail", path: at("events"), columns: eventColumns,
			id: func(e client.Event) string { return e.Id },
			filters: []filter{
				{name: "by", usage: "done by this user, node or plan, as in user:ada"},
				{name: "action", usage: "of this kind, as in user.create"},
				{name: "kind", usage: "about this kind of object, as in users"},
				{name: "object", usage: "about this object, by id"},
				{name: "result", usage: "with this result; ok, or why it was refused"},
				{name: "from", usage: "at this moment or later: 2026-01-31, RFC 3339, or how long ago as 24h or 7d", when: true},
				{name: "to", usage: "before this moment", when: true},
			},
		}),
		a.auditVerify(),
	)
}

func eventColumns(*app) []column[client.Event] {
	return []column[client.Event]{
		{title: "time", of: func(e client.Event) string { return e.CreatedAt.UTC().Format(time.RFC3339) }},
		{title: "by", of: func(e client.Event) string { return e.Actor }},
		{title: "action", of: func(e client.Event) string { return e.Action }},
		{title: "object", of: func(e client.Event) string { return first(e.Object.Name, e.Object.Id) }},
		{title: "result", of: func(e client.Event) string { return e.Result }, state: true},
		{title: "detail", of: func(e client.Event) string { return e.Detail }},
	}
}

func (a *app) auditVerify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no row of the audit trail was changed, inserted or taken out",
		Long: `Check that no row of the audit trail was changed, inserted or taken out: each row
has a hash over itself and the row before. The exit code is 3 when one does not fit.`,
		Args: Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := a.send(cmd, "GET", at("events", "verify"), nil)
			if err != nil {
				return err
			}
			var found client.Verified
			if err := json.Unmarshal(data, &found); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), json.RawMessage(data)); err != nil {
					return err
				}
			}
			if broken := value(found.Broken); broken != "" {
				return unwishedf("the audit trail is broken at row %s: it, or the one before it, was changed, inserted or taken out", line(broken))
			}
			if !asJSON {
				fmt.Fprintf(cmd.OutOrStdout(), "%s rows, all in order\n", count(found.Events))
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

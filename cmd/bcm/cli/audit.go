package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// event is what the command line shows of a row of the audit trail.
type event struct {
	ID     string `json:"id"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Object struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"object"`
	Result    string    `json:"result"`
	Detail    string    `json:"detail"`
	CreatedAt time.Time `json:"created_at"`
}

func (a *app) audit() *cobra.Command {
	return noun("audit", "Who did what to which object, with which result",
		list(a, listing[event]{
			what: "events", short: "List the audit trail", path: at("events"), columns: eventColumns,
			id: func(e event) string { return e.ID },
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

func eventColumns(*app) []column[event] {
	return []column[event]{
		{title: "time", of: func(e event) string { return e.CreatedAt.UTC().Format(time.RFC3339) }},
		{title: "by", of: func(e event) string { return e.Actor }},
		{title: "action", of: func(e event) string { return e.Action }},
		{title: "object", of: func(e event) string { return first(e.Object.Name, e.Object.ID) }},
		{title: "result", of: func(e event) string { return e.Result }, state: true},
		{title: "detail", of: func(e event) string { return e.Detail }},
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
			var found struct {
				Events int    `json:"events"`
				Broken string `json:"broken"`
			}
			if err := json.Unmarshal(data, &found); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), json.RawMessage(data)); err != nil {
					return err
				}
			}
			if found.Broken != "" {
				return unwishedf("the audit trail is broken at row %s: it, or the one before it, was changed, inserted or taken out", line(found.Broken))
			}
			if !asJSON {
				fmt.Fprintf(cmd.OutOrStdout(), "%s rows, all in order\n", count(int64(found.Events)))
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

package cli

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// approvalHeader is in the answer to a change that was not made: it waits for the
// approval that this names.
const approvalHeader = "Bcm-Approval"

// waiting makes the error of an answer that says that the change waits for another
// user; nil for any other answer.
func waiting(res *http.Response, body []byte) error {
	id := res.Header.Get(approvalHeader)
	if id == "" || res.StatusCode != http.StatusAccepted {
		return nil
	}
	var approval client.Approval
	if err := json.Unmarshal(body, &approval); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return unwishedf("not done yet: %s. Another user must grant it: bcm approval grant %s", approval.Reason, id)
}

func (a *app) approvals() *cobra.Command {
	return noun("approval", "Destructive changes that wait for a second person",
		list(a, listing[client.Approval]{
			what: "approvals", path: at("approvals"), columns: approvalColumns, id: func(p client.Approval) string { return p.Id },
			filters: []filter{
				{name: "status", usage: "in this state", values: []string{"pending", "granted", "denied", "expired"}},
				{name: "by", usage: "asked for by this user, as user:ada"},
			},
		}),
		show(a, one[client.Approval]{what: "approval", path: approvalPath, refs: approvalRefs, fields: approvalFields}),
		a.decide("grant", "Make a change that waits; it needs another user than who asked for it", "granted: the change is made"),
		a.decide("deny", "End an approval without the change; who asked for it may do so, too", "denied"),
	)
}

func approvalPath(ref string) string { return at("approvals", ref) }

func approvalColumns(a *app) []column[client.Approval] {
	return []column[client.Approval]{
		{title: "id", of: func(p client.Approval) string { return p.Id }},
		{title: "asked by", of: func(p client.Approval) string { return p.By }},
		{title: "action", of: func(p client.Approval) string { return p.Action }},
		{title: "object", of: func(p client.Approval) string { return first(p.Object.Name, p.Object.Id) }},
		{title: "status", of: func(p client.Approval) string { return p.Status }, state: true},
		{title: "asked", of: func(p client.Approval) string { return ago(p.CreatedAt, a.now()) }},
		{title: "because", of: func(p client.Approval) string { return p.Reason }},
	}
}

func approvalFields(a *app, p client.Approval) []field {
	return []field{
		{"ID", p.Id},
		{"Status", p.Status},
		{"Action", p.Action},
		{"Object", first(p.Object.Name, p.Object.Id)},
		{"Because", p.Reason},
		{"Asked by", p.By},
		{"Asked", a.instant(p.CreatedAt)},
		{"Expires", a.instant(p.ExpiresAt)},
		{"Decided by", p.DecidedBy},
		{"Decided", a.instant(value(p.DecidedAt))},
	}
}

func (a *app) decide(verb, short, done string) *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               verb + " APPROVAL",
		Short:             short,
		Args:              Takes("APPROVAL"),
		ValidArgsFunction: a.firstArg(approvalRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "POST", at("approvals", args[0], verb), nil)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "approval %s is %s", args[0], done)
		},
	}
	r.flags(cmd)
	return cmd
}

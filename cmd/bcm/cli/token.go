package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/fsm"
)

// token is a [client.JoinToken], which has roles and uses, or a
// [client.APIToken], which has a user.
type token struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	Uses      int       `json:"uses"`
	Used      int       `json:"used"`
	User      string    `json:"user"`
	Revoked   bool      `json:"revoked"`
	ExpiresAt time.Time `json:"expires_at"`
	CreatedAt time.Time `json:"created_at"`
}

func (a *app) tokens() *cobra.Command {
	return noun("token", "Tokens with which nodes join, and with which programs speak for users",
		a.tokenCreate(), a.tokenList(), a.tokenRevoke())
}

// tokenPath is where tokens of a kind are.
func tokenPath(speaks bool) string {
	if speaks {
		return at("api-tokens")
	}
	return at("join-tokens")
}

func apiFlag(cmd *cobra.Command, speaks *bool) {
	cmd.Flags().BoolVar(speaks, "api", false, "a token that speaks for a user, instead of one that lets nodes join")
}

func (a *app) tokenList() *cobra.Command {
	var speaks bool
	cmd := list(a, listing[token]{
		what: "tokens", short: "List tokens with which nodes join; with --api, those that speak for users",
		where: func() string { return tokenPath(speaks) }, columns: tokenColumns, id: func(t token) string { return t.ID },
		filters: []filter{
			{name: "role", usage: "good for this role", values: fsm.Roles()},
			{name: "user", usage: "speaking for this user (with --api)", refs: userRefs},
			{name: "revoked", usage: "true: those that are revoked; false: the others", yesno: true},
		},
	})
	apiFlag(cmd, &speaks)
	return cmd
}

func tokenColumns(a *app) []column[token] {
	return []column[token]{
		{title: "id", of: func(t token) string { return t.ID }},
		{title: "name", of: func(t token) string { return t.Name }},
		{title: "for", of: func(t token) string { return first(t.User, strings.Join(t.Roles, ",")) }},
		{title: "used", of: token.usage},
		{title: "state", of: func(t token) string { return t.state(a.now()) }, state: true},
		{title: "expires", of: func(t token) string { return ago(t.ExpiresAt, a.now()) }},
		{title: "created", of: func(t token) string { return ago(t.CreatedAt, a.now()) }},
	}
}

func (t token) usage() string {
	if t.Uses == 0 {
		return ""
	}
	return strconv.Itoa(t.Used) + " of " + strconv.Itoa(t.Uses)
}

func (t token) state(now time.Time) string {
	switch {
	case t.Revoked:
		return "revoked"
	case !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt):
		return "expired"
	case t.Uses > 0 && t.Used >= t.Uses:
		return "used up"
	}
	return "good"
}

func (a *app) tokenCreate() *cobra.Command {
	var r result
	var name, user, ttl string
	var roles []string
	var uses int
	var speaks bool
	cmd := &cobra.Command{
		Use:   "create --roles ROLES",
		Short: "Make a token: for nodes to join with, or with --api for a program to speak with",
		Long: `Make a token. It is shown now and never again: the grid keeps its hash alone.

A join token lets as many nodes as said join with the roles said; what is printed
is the command for the new host. With --api it is a token that speaks for a user,
for BCM_TOKEN or an Authorization header.`,
		Example: `  bcm token create --roles backup-manager,backup-storage --uses 10 --ttl 1h
  bcm token create --api --name nightly-report --ttl 90d`,
		Args: Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			body := make(changes)
			take(body, cmd, "name", "name", name)
			if cmd.Flags().Changed("ttl") {
				d, err := duration(ttl)
				if err != nil {
					return Usagef("--ttl %q: write a duration as 90m, 24h or 7d", ttl)
				}
				body["ttl"] = d.String()
			}
			if speaks {
				return a.createAPIToken(cmd, body, user, &r)
			}
			return a.createJoinToken(cmd, body, roles, uses, &r)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&roles, "roles", nil, "roles that nodes may join with")
	f.IntVar(&uses, "uses", 1, "how many nodes may join with it")
	f.StringVar(&ttl, "ttl", "1h", "how long it is good; without end when not given with --api")
	f.StringVar(&name, "name", "", "what it is for, for people")
	f.StringVar(&user, "user", "", "user that it speaks for; you, when not given (with --api)")
	apiFlag(cmd, &speaks)
	complete(cmd, "roles", fsm.Roles())
	a.completeRefs(cmd, "user", userRefs)
	r.flags(cmd)
	return cmd
}

// made is a [client.MadeJoinToken], or a [client.MadeAPIToken], which has no
// command.
type made struct {
	ID        string    `json:"id"`
	Token     string    `json:"token"`
	Command   string    `json:"command"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *app) createJoinToken(cmd *cobra.Command, body changes, roles []string, uses int, r *result) error {
	if cmd.Flags().Changed("user") {
		return Usagef("%s: --user goes with --api", cmd.CommandPath())
	}
	if err := needs(cmd, "roles"); err != nil {
		return err
	}
	body["roles"], body["uses"] = roles, uses
	if body["ttl"] == nil {
		body["ttl"] = "1h0m0s"
	}
	m, err := a.makeToken(cmd, false, body, r)
	if m == nil || err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "good for %s until %s; on the new host:\n", plural(uses, "node"), a.instant(m.ExpiresAt))
	fmt.Fprintln(cmd.OutOrStdout(), line(first(m.Command, m.Token)))
	return nil
}

func (a *app) createAPIToken(cmd *cobra.Command, body changes, user string, r *result) error {
	for _, flag := range []string{"roles", "uses"} {
		if cmd.Flags().Changed(flag) {
			return Usagef("%s: --%s is for tokens with which nodes join; leave out --api", cmd.CommandPath(), flag)
		}
	}
	take(body, cmd, "user", "user", user)
	m, err := a.makeToken(cmd, true, body, r)
	if m == nil || err != nil {
		return err
	}
	end := "without end"
	if !m.ExpiresAt.IsZero() {
		end = "until " + a.instant(m.ExpiresAt)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "good %s; keep it safe, it is not shown again:\n", end)
	fmt.Fprintln(cmd.OutOrStdout(), line(m.Token))
	return nil
}

// makeToken makes a token. It gives nil when nothing is left to be said: with
// --json, and with -q, which writes the token alone.
func (a *app) makeToken(cmd *cobra.Command, speaks bool, body changes, r *result) (*made, error) {
	data, err := a.send(cmd, "POST", tokenPath(speaks), body)
	if err != nil {
		return nil, err
	}
	if r.json {
		return nil, writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
	}
	m := new(made)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if r.quiet {
		fmt.Fprintln(cmd.OutOrStdout(), line(m.Token))
		return nil, nil
	}
	return m, nil
}

func (a *app) tokenRevoke() *cobra.Command {
	var speaks bool
	cmd := a.remover(removal{
		what: "token", use: "revoke", short: "End a token at once; nodes that joined with it stay",
		asks: "end token %s at once", done: "revoked",
		path: func(ref string) string { return tokenPath(speaks) + "/" + at(ref)[len("/v1/"):] },
	})
	apiFlag(cmd, &speaks)
	return cmd
}

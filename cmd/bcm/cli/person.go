package cli

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) userExplain() *cobra.Command {
	var asJSON bool
	var object string
	cmd := &cobra.Command{
		Use:   "explain USER RIGHT",
		Short: "Tell which group gives a user a right, or what is missing",
		Long: `Tell which group gives a user a right, or what is missing. The exit code is 3 when
the user does not have the right.`,
		Example:           "  bcm user explain ada backups:run",
		Args:              Takes("USER", "RIGHT"),
		ValidArgsFunction: a.firstArg(userRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.grid()
			if err != nil {
				return err
			}
			query := url.Values{"user": {args[0]}, "right": {args[1]}}
			if object != "" {
				query.Set("object", object)
			}
			data, err := g.call(cmd.Context(), "GET", at("access", "explain"), query, nil)
			if err != nil {
				return err
			}
			return explained(cmd, data, asJSON)
		},
	}
	cmd.Flags().StringVar(&object, "object", "", "to what, as in tasks/web")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func explained(cmd *cobra.Command, data []byte, asJSON bool) error {
	var x client.Explanation
	if err := json.Unmarshal(data, &x); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if asJSON {
		if err := writeJSON(cmd.OutOrStdout(), json.RawMessage(data)); err != nil {
			return err
		}
	}
	if !x.Allowed {
		return unwishedf("%s", x.Text)
	}
	if !asJSON {
		fmt.Fprintln(cmd.OutOrStdout(), line(x.Text))
	}
	return nil
}

func (a *app) userPasswd() *cobra.Command {
	var r result
	var old, file string
	cmd := &cobra.Command{
		Use:   "passwd",
		Short: "Change your own password; your other sessions end",
		Args:  Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if old == "-" && file == "-" {
				return Usagef("%s: both passwords cannot come from standard input", cmd.CommandPath())
			}
			before, err := a.password(cmd, old, "Old password: ", false)
			if err != nil {
				return err
			}
			after, err := a.password(cmd, file, "New password: ", true)
			if err != nil {
				return err
			}
			data, err := a.send(cmd, "POST", at("me", "password"), map[string]string{"old_password": before, "new_password": after})
			if err != nil {
				return err
			}
			return r.write(cmd, data, "the password is changed; your other sessions have ended")
		},
	}
	cmd.Flags().StringVar(&old, "old-password-file", "", `file with the old password in its first line; "-" reads it from standard input`)
	passwordFlag(cmd, &file)
	jsonFlag(cmd, &r.json)
	return cmd
}

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

func (a *app) login() *cobra.Command {
	var name, file string
	cmd := &cobra.Command{
		Use:   "login [NAME]",
		Short: "Log in to a grid and keep the session",
		Long: `Log in to a grid with a name and a password. The session is kept in a file
that nobody else may read, together with the address and the certificate
authority of the grid, so that other verbs need not be told.`,
		Example: `  bcm login --addr https://manager-1:7443 --cacert ca.pem ada
  bcm login --password-file - ada < secret`,
		Args: Takes("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				name = args[0]
			}
			return a.logIn(cmd, name, file)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "who to log in as; asked for when it is not given")
	passwordFlag(cmd, &file)
	return lone(cmd)
}

// lone gives a command without verbs the manners of those with.
func lone(cmd *cobra.Command) *cobra.Command {
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetFlagErrorFunc(flagError)
	return cmd
}

func (a *app) logIn(cmd *cobra.Command, name, file string) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	if name == "" {
		if !a.isTerminal(cmd.InOrStdin()) {
			return Usagef("%s: there is no terminal to ask for the name on\nUsage: %s", cmd.CommandPath(), cmd.UseLine())
		}
		if name, err = a.ask(cmd, "Name: "); err != nil {
			return err
		}
	}
	password, err := a.password(cmd, file, "Password: ", false)
	if err != nil {
		return err
	}
	data, err := g.call(cmd.Context(), "POST", at("login"), nil, map[string]string{"name": name, "password": password})
	if fsm.CodeOf(err) == fsm.Unauthorized {
		return errors.New(err.Error()) // without the hint to log in
	}
	if err != nil {
		return err
	}
	var in client.LoggedIn
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	err = a.saveSession(session{Addr: g.target.addrs, User: name, Token: in.Token, CA: string(g.target.ca), ExpiresAt: in.ExpiresAt})
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "logged in as %s; the session ends %s\n", line(name), ago(in.ExpiresAt, a.now()))
	return nil
}

func (a *app) logout() *cobra.Command {
	return lone(&cobra.Command{
		Use:   "logout",
		Short: "End the session that login began",
		Args:  Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, err := a.loadSession()
			if err != nil {
				return errors.Join(err, a.dropSession())
			}
			if kept.Token == "" {
				fmt.Fprintln(cmd.OutOrStdout(), "there is no session")
				return a.dropSession()
			}
			g, err := a.gridOf(target{addrs: kept.Addr, token: kept.Token, ca: []byte(kept.CA)})
			if err != nil {
				return err
			}
			_, err = g.call(cmd.Context(), "POST", at("logout"), nil, nil)
			if fsm.CodeOf(err) == fsm.Unauthorized {
				err = nil // it had ended already
			}
			if err = errors.Join(err, a.dropSession()); err != nil {
				return fmt.Errorf("the session is forgotten here, but may not have ended there: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "logged out")
			return nil
		},
	})
}

func (a *app) whoami() *cobra.Command {
	var asJSON bool
	cmd := lone(&cobra.Command{
		Use:   "whoami",
		Short: "Tell who you are to the grid, and what you may do",
		Args:  Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := a.send(cmd, "GET", at("me"), nil)
			if err != nil {
				return err
			}
			return writeOne(a, cmd, asJSON, data, meFields)
		},
	})
	jsonFlag(cmd, &asJSON)
	return cmd
}

func meFields(_ *app, m client.Me) []field {
	return []field{
		{"User", m.User.Name},
		{"Groups", strings.Join(m.Groups, ", ")},
		{"Rights", rightsLong(m.Rights, ", ")},
	}
}

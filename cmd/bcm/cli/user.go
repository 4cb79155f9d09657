package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) users() *cobra.Command {
	return noun("user", "People, and programs that act like them",
		list(a, listing[client.User]{
			what: "users", path: at("users"), columns: userColumns, id: func(u client.User) string { return u.Id },
			filters: []filter{
				{name: "enabled", usage: "true: those who are enabled; false: who are disabled", yesno: true},
				{name: "group", usage: "members of this group", refs: groupRefs},
				{name: "origin", usage: "from there"},
			},
		}),
		show(a, one[client.User]{what: "user", path: userPath, refs: userRefs, fields: userFields}),
		a.userCreate(), a.userUpdate(), a.userPasswd(), a.userImport(), a.userExplain(),
		a.setter("enable", "user", "Let a user in again", userRefs, userPath, changes{"enabled": true}, "enabled"),
		a.setter("disable", "user", "Keep a user out; running sessions end", userRefs, userPath, changes{"enabled": false}, "disabled"),
		a.remover(removal{what: "user", path: userPath, refs: userRefs, short: "Remove a user with all sessions and tokens",
			asks: "remove user %s with all sessions and tokens"}),
	)
}

func userPath(ref string) string { return at("users", ref) }

func userColumns(a *app) []column[client.User] {
	return []column[client.User]{
		{title: "name", of: func(u client.User) string { return u.Name }},
		{title: "full name", of: func(u client.User) string { return u.FullName }},
		{title: "groups", of: func(u client.User) string { return strings.Join(u.Groups, ", ") }},
		{title: "state", of: func(u client.User) string { return enabled(u.Enabled) }, state: true},
		{title: "origin", of: func(u client.User) string { return u.Origin }},
		{title: "changed", of: func(u client.User) string { return ago(u.UpdatedAt, a.now()) }},
	}
}

func enabled(yes bool) string {
	if yes {
		return "enabled"
	}
	return "disabled"
}

func userFields(a *app, u client.User) []field {
	return []field{
		{"Name", u.Name},
		{"ID", u.Id},
		{"Full name", u.FullName},
		{"Email", u.Email},
		{"Groups", strings.Join(u.Groups, ", ")},
		{"State", enabled(u.Enabled)},
		{"Origin", u.Origin},
		{"Created", a.instant(u.CreatedAt)},
		{"Changed", a.instant(u.UpdatedAt)},
	}
}

// person are the flags that describe a user.
type person struct {
	fullName, email, passwordFile string
	groups                        []string
}

func (p *person) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.fullName, "full-name", "", "name as people write it")
	f.StringVar(&p.email, "email", "", "address of mail")
	f.StringSliceVarP(&p.groups, "group", "g", nil, "group that the user belongs to; may be repeated")
	a.completeRefs(cmd, "group", groupRefs)
	passwordFlag(cmd, &p.passwordFile)
}

func (a *app) userCreate() *cobra.Command {
	var p person
	var r result
	var disabled bool
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make a user; the password is asked for",
		Example: "  bcm user create ada --group Operators\n  bcm user create ci -g 'Backup users' --password-file - < secret",
		Args:    Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := a.password(cmd, p.passwordFile, "Password of "+line(args[0])+": ", true)
			if err != nil {
				return err
			}
			body := changes{"name": args[0], "password": password, "enabled": !disabled, "groups": append([]string{}, p.groups...)}
			take(body, cmd, "full-name", "full_name", p.fullName)
			take(body, cmd, "email", "email", p.email)
			data, err := a.send(cmd, "POST", at("users"), body)
			if err != nil {
				return err
			}
			return r.write(cmd, data, "user %s is created", args[0])
		},
	}
	p.flags(a, cmd)
	cmd.Flags().BoolVar(&disabled, "disabled", false, "keep the user out for now")
	r.flags(cmd)
	return cmd
}

func (a *app) userUpdate() *cobra.Command {
	var p person
	var r result
	var newPassword bool
	cmd := &cobra.Command{
		Use:               "update USER",
		Short:             "Change a user",
		Long:              "Change a user. Groups that are given replace those that the user has.",
		Args:              Takes("USER"),
		ValidArgsFunction: a.firstArg(userRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			take(body, cmd, "full-name", "full_name", p.fullName)
			take(body, cmd, "email", "email", p.email)
			take(body, cmd, "group", "groups", append([]string{}, p.groups...))
			if newPassword || p.passwordFile != "" {
				password, err := a.password(cmd, p.passwordFile, "New password of "+line(args[0])+": ", true)
				if err != nil {
					return err
				}
				body["password"] = password
			}
			return a.update(cmd, userPath(args[0]), body, &r, "user "+args[0])
		},
	}
	p.flags(a, cmd)
	cmd.Flags().BoolVar(&newPassword, "password", false, "ask for a new password; sessions of the user end")
	r.flags(cmd)
	return cmd
}

package cli

import (
	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) settings() *cobra.Command {
	return noun("settings", "What holds for the whole cluster", a.settingsShow(), a.settingsSet())
}

func (a *app) settingsShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the settings",
		Args:  Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := a.send(cmd, "GET", at("settings"), nil)
			if err != nil {
				return err
			}
			return writeOne(a, cmd, asJSON, data, settingFields)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func settingFields(_ *app, s client.Settings) []field {
	m := s.Maintenance
	return []field{
		{"Room is given back", every(m.PruneEvery)},
		{"Repositories are verified", every(m.VerifyEvery)},
		{"Data read then", count(m.VerifyPercent) + " %"},
		{"Restores are tried", every(m.DrillEvery)},
		{"Files restored then", count(m.DrillFiles)},
		{"Storages are read again", every(m.ScrubEvery)},
		{"Destructive changes", map[bool]string{true: "need two people", false: "need one person"}[s.Approval.Required]},
		{"Certificates at a time", count(s.Renewal.Percent) + " % of the servers"},
	}
}

// every writes how often something is done.
func every(text string) string {
	d, err := duration(text)
	switch {
	case err != nil:
		return text
	case d == 0:
		return "never"
	}
	return "every " + lasted(d)
}

func (a *app) settingsSet() *cobra.Command {
	var s struct {
		prune, verify, drill, scrub string
		percent, files, renew       int
		approval, json              bool
	}
	cmd := &cobra.Command{
		Use:     "set",
		Short:   "Change settings; those not named stay",
		Example: "  bcm settings set --drill-every 1d --drill-files 50\n  bcm settings set --approval-required",
		Args:    Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			upkeep, body := make(changes), make(changes)
			for _, f := range []struct{ flag, name, text string }{{"prune-every", "prune_every", s.prune},
				{"verify-every", "verify_every", s.verify}, {"drill-every", "drill_every", s.drill}, {"scrub-every", "scrub_every", s.scrub}} {
				if !cmd.Flags().Changed(f.flag) {
					continue
				}
				d, err := duration(f.text)
				if err != nil {
					return Usagef("--%s %q: write a duration as 12h or 7d, or 0 for never", f.flag, f.text)
				}
				upkeep[f.name] = d.String()
			}
			take(upkeep, cmd, "verify-percent", "verify_percent", s.percent)
			take(upkeep, cmd, "drill-files", "drill_files", s.files)
			if len(upkeep) > 0 {
				body["maintenance"] = upkeep
			}
			take(body, cmd, "approval-required", "approval", changes{"required": s.approval})
			take(body, cmd, "renew-percent", "renewal", changes{"percent": s.renew})
			if err := body.check(cmd); err != nil {
				return err
			}
			data, err := a.send(cmd, "PATCH", at("settings"), body)
			if err != nil {
				return err
			}
			return writeOne(a, cmd, s.json, data, settingFields)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.prune, "prune-every", "", "how often room is given back where something was deleted")
	f.StringVar(&s.verify, "verify-every", "", "how often each repository is verified")
	f.IntVar(&s.percent, "verify-percent", 0, "how much of the data is read then")
	f.StringVar(&s.drill, "drill-every", "", "how often a sample of each task's newest backup is restored")
	f.IntVar(&s.files, "drill-files", 0, "how many files such a sample has")
	f.StringVar(&s.scrub, "scrub-every", "", "how often a storage reads again all that it has")
	f.BoolVar(&s.approval, "approval-required", false, "let destructive changes wait until a second user grants them")
	f.IntVar(&s.renew, "renew-percent", 0, "how many of the SEP sesam servers are given their next certificate at a time, at most")
	jsonFlag(cmd, &s.json)
	return cmd
}

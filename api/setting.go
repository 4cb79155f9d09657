package api

import (
	"time"

	"bcm/fsm"
)

// Settings are what holds for the whole cluster and people may change.
type Settings struct {
	Maintenance MaintenanceSettings `json:"maintenance"`
	Approval    ApprovalSettings    `json:"approval"`
	Renewal     RenewalSettings     `json:"renewal"`
}

// MaintenanceSettings say how often what is stored is looked after.
type MaintenanceSettings struct {
	PruneEvery    string `json:"prune_every" doc:"How often room is given back in a repository from which something was deleted" example:"24h0m0s"`
	VerifyEvery   string `json:"verify_every" doc:"How often a repository is verified"`
	VerifyPercent int    `json:"verify_percent" doc:"How much of the data is read when it is"`
	DrillEvery    string `json:"drill_every" doc:"How often a sample of a task's newest backup is restored and compared"`
	DrillFiles    int    `json:"drill_files" doc:"Files of such a sample"`
	ScrubEvery    string `json:"scrub_every" doc:"How often a storage reads again all that it has of a repository"`
}

// ApprovalSettings say whether destructive changes need two people.
type ApprovalSettings struct {
	Required bool `json:"required" doc:"Destructive changes wait until a second user grants them"`
}

// RenewalSettings say how the HTTPS certificates of SEP sesam servers are renewed.
type RenewalSettings struct {
	Percent int `json:"percent" doc:"How many of the servers are given a certificate at a time, at most; but one in any case"`
}

// SettingsChange is what should become different in the settings.
type SettingsChange struct {
	Maintenance *MaintenanceChange `json:"maintenance,omitempty"`
	Approval    *ApprovalChange    `json:"approval,omitempty"`
	Renewal     *RenewalChange     `json:"renewal,omitempty"`
}

// MaintenanceChange is what should become different in how often what is stored is
// looked after.
type MaintenanceChange struct {
	PruneEvery    *string `json:"prune_every,omitempty" doc:"0 for never; otherwise a duration from 1m, as are the others"`
	VerifyEvery   *string `json:"verify_every,omitempty"`
	VerifyPercent *int    `json:"verify_percent,omitempty"`
	DrillEvery    *string `json:"drill_every,omitempty"`
	DrillFiles    *int    `json:"drill_files,omitempty"`
	ScrubEvery    *string `json:"scrub_every,omitempty"`
}

// ApprovalChange is what should become different in who decides.
type ApprovalChange struct {
	Required *bool `json:"required,omitempty"`
}

// RenewalChange is what should become different in how certificates are renewed.
type RenewalChange struct {
	Percent *int `json:"percent,omitempty" doc:"1 to 100"`
}

func showSettings(v *fsm.View) Settings {
	u := v.Upkeep()
	return Settings{
		Maintenance: MaintenanceSettings{PruneEvery: u.PruneEvery.String(), VerifyEvery: u.VerifyEvery.String(),
			VerifyPercent: u.VerifyPercent, DrillEvery: u.DrillEvery.String(), DrillFiles: u.DrillFiles, ScrubEvery: u.ScrubEvery.String()},
		Approval: ApprovalSettings{Required: v.ApprovalRule().Required},
		Renewal:  RenewalSettings{Percent: v.RenewalRule().Percent},
	}
}

func getSettings(c *call) (Settings, error) { return showSettings(c.view), nil }

func changeSettings(c *call, in *SettingsChange) (Settings, error) {
	var cmd fsm.ChangeSettings
	if m := in.Maintenance; m != nil {
		cmd.Upkeep.VerifyPercent, cmd.Upkeep.DrillFiles = m.VerifyPercent, m.DrillFiles
		for _, every := range []struct {
			name string
			text *string
			to   **time.Duration
		}{
			{"prune_every", m.PruneEvery, &cmd.Upkeep.PruneEvery}, {"verify_every", m.VerifyEvery, &cmd.Upkeep.VerifyEvery},
			{"drill_every", m.DrillEvery, &cmd.Upkeep.DrillEvery}, {"scrub_every", m.ScrubEvery, &cmd.Upkeep.ScrubEvery},
		} {
			if every.text == nil {
				continue
			}
			d, err := time.ParseDuration(*every.text)
			if err != nil {
				return Settings{}, invalid("maintenance."+every.name, "%q is not a duration, such as 24h or 0", *every.text)
			}
			*every.to = &d
		}
	}
	if in.Approval != nil {
		cmd.Approval = in.Approval.Required
	}
	if in.Renewal != nil {
		cmd.Renew = in.Renewal.Percent
	}
	if _, err := c.apply(&cmd); err != nil {
		return Settings{}, err
	}
	return showSettings(c.view), nil
}

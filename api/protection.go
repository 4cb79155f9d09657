package api

import (
	"time"

	"bcm/fsm"
)

// Hold keeps a backup until a moment.
type Hold struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	By     string    `json:"by" doc:"Who put it there"`
}

// BackupChange is what should become different in what protects a backup.
type BackupChange struct {
	Pinned *bool       `json:"pinned,omitempty" doc:"A pinned backup never expires and cannot be deleted"`
	Hold   *HoldChange `json:"hold,omitempty" doc:"Until its end a backup on hold does not expire and cannot be deleted; an empty object lifts the hold"`
}

// HoldChange is a hold to be put on a backup, or with neither field lifted.
type HoldChange struct {
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

func showHold(h *fsm.Hold) *Hold {
	if h == nil {
		return nil
	}
	return &Hold{Until: h.Until.Time(), Reason: h.Reason, By: h.By}
}

func protectBackup(c *call, in *BackupChange) (Backup, error) {
	id, index, err := target(c, &c.view.Backups, "backup", backupID)
	if err != nil {
		return Backup{}, err
	}
	cmd := &fsm.ProtectBackup{ID: id, IfIndex: index, Pinned: in.Pinned}
	if h := in.Hold; h != nil {
		cmd.Hold = &fsm.Hold{Reason: h.Reason}
		switch {
		case h.Until != nil:
			cmd.Hold.Until = fsm.At(*h.Until)
		case h.Reason != "":
			return Backup{}, invalid("hold.until", "say until when")
		}
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Backup{}, err
	}
	return c.showBackup(result.ID)
}

package plan

import (
	"fmt"
	"time"

	"bcm/fsm"
)

// Fail gives up the runs whose node cannot be working on them any more. That
// withdraws the node's grant to write, so that an attempt which lives on unseen
// stores nothing; [Place] tries the run again later.
func Fail(v *fsm.View, _ time.Time) (do []fsm.Command, next time.Time) {
	for _, status := range []fsm.Status{fsm.Assigned, fsm.Running} {
		for b := range v.Backups.By("status", string(status)) {
			if reason := lost(v, b.Node, fsm.RoleBackupManager); reason != "" {
				do = append(do, &fsm.InterruptBackup{ID: b.ID, Attempt: b.Attempt, Reason: reason})
			}
		}
		for j := range v.Jobs.By("status", string(status)) {
			if reason := lost(v, j.Node, j.Kind.Role()); reason != "" {
				do = append(do, &fsm.InterruptJob{ID: j.ID, Attempt: j.Attempt, Reason: reason})
			}
		}
	}
	return do, time.Time{}
}

// lost tells why a node cannot be working on a run; "" when it may.
func lost(v *fsm.View, id, role string) string {
	n, ok := v.Nodes.Get(id)
	switch {
	case !ok:
		return fmt.Sprintf("node %s was removed from the grid", id)
	case n.Status == fsm.Offline:
		return fmt.Sprintf("node %s is offline", n.Name)
	case n.Status == fsm.Left:
		return fmt.Sprintf("node %s has left the grid", n.Name)
	case n.Mode == fsm.Maintenance:
		return fmt.Sprintf("node %s is in maintenance", n.Name)
	case !n.Has(role):
		return fmt.Sprintf("node %s is no %s any more", n.Name, role)
	}
	return ""
}

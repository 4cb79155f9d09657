package plan

import (
	"fmt"
	"time"

	"bcm/fsm"
)

// What a node that answers is given to begin an attempt, and to end one that is to
// be cancelled. After that the attempt is given up, so that none is stuck.
const (
	beginGrace  = 5 * time.Minute
	cancelGrace = 5 * time.Minute
)

// Fail gives up the runs whose node cannot be working on them any more, or does
// not do what it should. That withdraws the node's grant to write, so that an
// attempt which lives on unseen stores nothing; [Place] tries the run again
// later. Backups that have had their time have failed: those that nobody could
// begin within their window, and those that take longer than their task allows.
func Fail(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	look := func(at time.Time) bool { // whether it is that time
		if at.After(now) {
			next = earlier(next, at)
			return false
		}
		return true
	}
	for _, b := range v.Backups.Walk("active", false, nil) {
		if reason := givenUp(v, &b.Run, &b.Meta, fsm.RoleBackupManager, look); reason != "" {
			do = append(do, &fsm.InterruptBackup{ID: b.ID, Attempt: b.Attempt, Reason: reason})
			continue
		}
		t, ok := v.Tasks.Get(b.Task)
		if ok && t.MaxRuntime > 0 && b.Status == fsm.Running && !b.Cancel && look(b.StartedAt.Add(t.MaxRuntime).Time()) {
			do = append(do, &fsm.StopBackup{ID: b.ID, Attempt: b.Attempt, Reason: fmt.Sprintf("stopped: it took longer than %s, the most that its task allows", t.MaxRuntime)})
		}
	}
	for _, j := range v.Jobs.Walk("active", false, nil) {
		if reason := givenUp(v, &j.Run, &j.Meta, j.Kind.Role(), look); reason != "" {
			do = append(do, &fsm.InterruptJob{ID: j.ID, Attempt: j.Attempt, Reason: reason})
		}
	}
	for _, b := range v.Backups.Walk("until", false, nil) {
		if !look(b.Until.Add(1).Time()) {
			break
		}
		do = append(do, &fsm.StopBackup{ID: b.ID, Attempt: b.Attempt, Reason: expired(b)})
	}
	return do, next
}

// expired says why a backup whose window has passed has failed.
func expired(b *fsm.Backup) string {
	window := fmt.Sprintf("the window of its schedule ended at %s", b.Until)
	if b.Attempt == 0 {
		return "not begun: " + window
	}
	return fmt.Sprintf("not tried again: %s; attempt %d: %s", window, b.Attempt, b.Error)
}

// givenUp tells why an attempt should be given up; "" while it may go on.
func givenUp(v *fsm.View, r *fsm.Run, m *fsm.Meta, role string, look func(time.Time) bool) string {
	if reason := lost(v, r.Node, role); reason != "" {
		return reason
	}
	switch {
	case r.Cancel && look(m.UpdatedAt.Add(cancelGrace).Time()):
		return fmt.Sprintf("the node has not ended it within %s", cancelGrace)
	case r.Status == fsm.Assigned && !r.Cancel && look(m.UpdatedAt.Add(beginGrace).Time()):
		return fmt.Sprintf("the node has not begun it within %s", beginGrace)
	}
	return ""
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
	case !n.Does(role):
		return fmt.Sprintf("node %s is no %s any more", n.Name, role)
	}
	return ""
}

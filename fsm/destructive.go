package fsm

import (
	"fmt"
	"strings"
	"time"
)

// What counts as destructive: after it data is lost, sooner or later, that the
// cluster had promised to keep, or one person could do such a thing alone.

func (c *UpdateTask) destroys(tx *Tx) string {
	t, ok := tx.Tasks.Get(c.ID)
	if !ok || c.Retention == nil || !c.Retention.shorter(t.Retention) {
		return ""
	}
	return fmt.Sprintf("it shortens the retention of task %s from %s to %s", t.Name, t.Retention, *c.Retention)
}

// shorter tells whether there are backups that the retention does not keep and
// the one before did.
func (r Retention) shorter(before Retention) bool {
	switch {
	case r.all():
		return false
	case before.all():
		return true
	}
	old := before.rules()
	for i, now := range r.rules() {
		if now.most < old[i].most {
			return true
		}
	}
	return false
}

// String writes a retention as "7 daily, 4 weekly".
func (r Retention) String() string {
	var parts []string
	for _, rule := range r.rules() {
		if rule.most > 0 {
			parts = append(parts, fmt.Sprint(rule.most, " ", rule.name))
		}
	}
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// oneDeletion is how long after one backup a person may delete another alone.
const oneDeletion = 10 * time.Minute

// A person may delete a backup alone now and then, but not several, and not the
// last good one of a task.
func (c *DeleteBackup) destroys(tx *Tx) string {
	b, ok := tx.Backups.Get(c.ID)
	if !ok || !b.good() {
		return ""
	}
	if b.Task != "" && tx.Backups.Count("good", b.Task) == 1 {
		return fmt.Sprintf("it deletes the last good backup of its task, %s", b.ID)
	}
	for _, e := range tx.Events.Walk(ChangedIndex, true, nil) {
		if tx.At.Sub(e.CreatedAt) >= oneDeletion {
			break
		}
		if e.Action == "backup.delete" && e.By == tx.By && e.Result == "" {
			return fmt.Sprintf("it deletes backup %s within %v of another", b.ID, oneDeletion)
		}
	}
	return ""
}

func (c *ProtectBackup) destroys(tx *Tx) string {
	b, ok := tx.Backups.Get(c.ID)
	if !ok {
		return ""
	}
	if after, err := c.after(tx, b.Protection); err == nil && after.weaker(&b.Protection, tx.At) {
		return "it gives up the protection of backup " + b.ID
	}
	return ""
}

func (c *RemoveNode) destroys(tx *Tx) string {
	n, ok := tx.Nodes.Get(c.ID)
	if !ok {
		return ""
	}
	for r := range tx.Repositories.By("storage", n.ID) {
		if r.Filled {
			return fmt.Sprintf("it removes storage %s, which has data of repository %s", n.Name, r.Name)
		}
	}
	return ""
}

func (c *RemoveClient) destroys(tx *Tx) string {
	row, ok := tx.Clients.Get(c.ID)
	if !ok {
		return ""
	}
	if r, ok := tx.Repositories.Get(row.Repository); ok && r.Filled {
		return fmt.Sprintf("it removes client %s, of which repository %s has data", row.Name, r.Name)
	}
	return ""
}

func (c *ChangeSettings) destroys(tx *Tx) string {
	if c.Approval != nil && !*c.Approval && tx.ApprovalRule().Required {
		return "it lets one person alone make destructive changes"
	}
	return ""
}

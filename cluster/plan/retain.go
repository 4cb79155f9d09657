package plan

import (
	"slices"
	"time"

	"bcm/fsm"
)

// recently is how long after a change of a task, or of one of its backups,
// Retain looks at the task. Only such a change can make a backup superfluous;
// one that was in use at that time goes when the next backup has been made.
const recently = 2 * time.Minute

// Retain deletes the good backups of a task that its retention does not keep and
// that nothing protects. The oldest go first.
func Retain(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	for _, id := range changedTasks(v, fsm.At(now.Add(-recently))) {
		t, ok := v.Tasks.Get(id)
		if !ok || t.Retention == (fsm.Retention{}) {
			continue
		}
		kept := t.Retention.Keep(v.GoodBackups(t.ID), zoneOf(v, t), fsm.At(now))
		for _, k := range slices.Backward(kept) {
			if b := k.Backup; !k.Keep && !inUse(v, b) {
				do = append(do, &fsm.DeleteBackup{ID: b.ID, IfIndex: b.Index, Job: idOf("forget", b.ID)})
			}
		}
	}
	return do, time.Time{}
}

// changedTasks lists the tasks that changed after since, or whose backups did.
func changedTasks(v *fsm.View, since fsm.Time) []string {
	var ids []string
	for _, t := range v.Tasks.Walk(fsm.ChangedIndex, true, nil) {
		if t.UpdatedAt < since {
			break
		}
		ids = append(ids, t.ID)
	}
	for _, b := range v.Backups.Walk(fsm.ChangedIndex, true, nil) {
		if b.UpdatedAt < since {
			break
		}
		if b.Task != "" && b.Status != fsm.Deleted {
			ids = append(ids, b.Task)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// zoneOf is the time zone in which the days of a task begin and end.
func zoneOf(v *fsm.View, t *fsm.Task) *time.Location {
	zone, err := time.LoadLocation(v.Zone(t))
	if err != nil {
		return time.UTC
	}
	return zone
}

// inUse tells whether a job works with the backup, or will.
func inUse(v *fsm.View, b *fsm.Backup) bool {
	for j := range v.Jobs.By("backup", b.ID) {
		if !j.Status.Ended() {
			return true
		}
	}
	return false
}

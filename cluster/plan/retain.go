package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bcm/fsm"
)

// recently is how long after a change of a task, or of one of its backups,
// Retain looks at the task. Only such a change can make a backup superfluous;
// one that was in use at that time goes when the next backup has been made.
const recently = 2 * time.Minute

// Retain deletes the good backups of a task that its retention does not keep. It
// counts backups, not days: as time alone deletes nothing, a task that makes no
// new backups keeps the old ones. The last good backup is always kept.
func Retain(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	for _, id := range changedTasks(v, fsm.At(now.Add(-recently))) {
		t, ok := v.Tasks.Get(id)
		if !ok || t.Retention == (fsm.Retention{}) {
			continue
		}
		for _, b := range superfluous(goodBackups(v, t), t.Retention, zoneOf(v, t)) {
			if !inUse(v, b) {
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

// goodBackups lists what a task has stored, the newest first.
func goodBackups(v *fsm.View, t *fsm.Task) []*fsm.Backup {
	var good []*fsm.Backup
	for b := range v.Backups.By("task", t.ID) {
		if b.Snapshot != "" && (b.Status == fsm.Succeeded || b.Status == fsm.Warning) {
			good = append(good, b)
		}
	}
	slices.SortFunc(good, func(a, b *fsm.Backup) int {
		return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	return good
}

// superfluous gives those of the backups that no rule keeps, the oldest first.
// Each rule keeps the newest backup of as many periods as it says.
func superfluous(newestFirst []*fsm.Backup, r fsm.Retention, zone *time.Location) []*fsm.Backup {
	rules := []struct {
		left   int
		period func(time.Time) string
		last   string
	}{
		{r.Last, func(t time.Time) string { return "" }, ""},
		{r.Hourly, func(t time.Time) string { return t.UTC().Format("2006-01-02 15") }, ""},
		{r.Daily, func(t time.Time) string { return t.Format("2006-01-02") }, ""},
		{r.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, "/", w) }, ""},
		{r.Monthly, func(t time.Time) string { return t.Format("2006-01") }, ""},
		{r.Yearly, func(t time.Time) string { return t.Format("2006") }, ""},
	}
	var old []*fsm.Backup
	for i, b := range newestFirst {
		at, keep := b.StartedAt.Time().In(zone), i == 0
		for k := range rules {
			rule := &rules[k]
			period := rule.period(at)
			if rule.left > 0 && (period == "" || period != rule.last) {
				rule.last, keep = period, true
				rule.left--
			}
		}
		if !keep {
			old = append(old, b)
		}
	}
	slices.Reverse(old)
	return old
}

// zoneOf is the time zone in which the days of a task begin and end.
func zoneOf(v *fsm.View, t *fsm.Task) *time.Location {
	if s, ok := v.Schedules.Get(t.Schedule); ok {
		if zone, err := time.LoadLocation(s.Zone); err == nil {
			return zone
		}
	}
	return time.UTC
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

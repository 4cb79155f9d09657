package plan

import (
	"sort"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"

	"bcm/fsm"
)

const (
	// onTime is how late a slot may be turned into a backup under a schedule
	// that skips what it has missed.
	onTime = 5 * time.Minute
	// farthest is how long ago a slot that was missed may lie.
	farthest = 8 * 366 * 24 * time.Hour
)

// Schedule makes the backups whose slot has come. Several slots that have passed
// unused make one backup, that of the last of them, or none under a schedule
// that skips. While a backup of the task has not ended, its slots wait.
//
// The id of such a backup is made from the cluster, the task and the slot: two
// leaders make the same one. No slot after now is ever taken, and fsm refuses
// one that has gone before, so that a clock that jumps makes nothing twice.
func Schedule(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	cluster, zones := string(v.Setting(fsm.ClusterID)), make(zones)
	for s := range v.Schedules.All() {
		if !s.Enabled {
			continue
		}
		c, ok := zones.calendar(s)
		if !ok {
			continue // the door refuses such a schedule
		}
		for t := range v.Tasks.By("schedule", s.ID) {
			if !t.Enabled {
				continue
			}
			last, following := c.around(t.LastSlot.Time(), now)
			next = earlier(next, following)
			if due(s, t, last, now) && !unfinished(v, t) {
				slot := fsm.At(last)
				id := idOf(cluster, t.ID, strconv.FormatInt(int64(slot), 10))
				do = append(do, &fsm.CreateBackup{ID: id, Task: t.ID, Slot: slot})
			}
		}
	}
	return do, next
}

func due(s *fsm.Schedule, t *fsm.Task, last, now time.Time) bool {
	if last.IsZero() || fsm.At(last) <= t.LastSlot {
		return false
	}
	return s.Missed != fsm.Skip || now.Sub(last) <= onTime
}

func unfinished(v *fsm.View, t *fsm.Task) bool {
	for range v.Backups.By("open", t.ID) {
		return true
	}
	return false
}

// calendar gives the slots of one schedule. The slots of a cron expression are
// the same for all tasks, and are worked out once.
type calendar struct {
	spec            cron.Schedule
	zone            *time.Location
	known           bool
	last, following time.Time
}

// zones are the time zones that one look at the schedules has met.
type zones map[string]*time.Location

// calendar reads a schedule; false when its expression or its time zone cannot
// be read.
func (z zones) calendar(s *fsm.Schedule) (*calendar, bool) {
	spec, err := cron.ParseStandard(s.Cron)
	if err != nil {
		return nil, false
	}
	zone, ok := z[s.Zone]
	if !ok {
		if zone, err = time.LoadLocation(s.Zone); err != nil {
			return nil, false
		}
		z[s.Zone] = zone
	}
	return &calendar{spec: spec, zone: zone}, true
}

// around gives the last slot up to now and the first after it, for a task whose
// last slot used was used; each is zero when there is none.
func (c *calendar) around(used, now time.Time) (last, following time.Time) {
	if every, ok := c.spec.(cron.ConstantDelaySchedule); ok {
		n := max(0, now.Sub(used)/every.Delay)
		return used.Add(n * every.Delay), used.Add((n + 1) * every.Delay)
	}
	if !c.known {
		c.known = true
		c.last, c.following = c.before(now), c.after(now)
	}
	return c.last, c.following
}

func (c *calendar) after(t time.Time) time.Time { return c.spec.Next(t.In(c.zone)) }

// before finds the last slot up to now by halving: the later one begins to look,
// the later is the slot that one finds.
func (c *calendar) before(now time.Time) time.Time {
	found := func(seconds int) (time.Time, bool) {
		t := c.after(now.Add(-time.Duration(seconds+1) * time.Second))
		return t, !t.IsZero() && !t.After(now)
	}
	back := sort.Search(int(farthest/time.Second), func(s int) bool { _, ok := found(s); return ok })
	if t, ok := found(back); ok {
		return t
	}
	return time.Time{}
}

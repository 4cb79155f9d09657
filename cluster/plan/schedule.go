package plan

import (
	"strconv"
	"time"

	"bcm/fsm"
)

// onTime is how late a slot may be turned into a backup under a schedule that
// skips what it has missed.
const onTime = 5 * time.Minute

// Schedule makes the backups whose slot has come. Several slots that have passed
// unused make one backup, that of the last of them, or none under a schedule
// that skips or whose window has passed. While a backup of the task has not
// ended, its slots wait. The tasks of a slot are spread over the jitter of the
// schedule.
//
// The id of such a backup is made from the cluster, the task and the slot: two
// leaders make the same one. No slot after now is ever taken, and fsm refuses
// one that has gone before, so that a clock that jumps makes nothing twice.
func Schedule(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	cluster, zones := string(v.Setting(fsm.ClusterID)), make(zones)
	for s := range v.Schedules.All() {
		if !s.Enabled || v.Tasks.Count("schedule", s.ID) == 0 {
			continue
		}
		if s.PausedAt(fsm.At(now)) {
			next = earlier(next, s.PausedUntil.Time())
			continue
		}
		c, ok := zones.calendar(s, now)
		if !ok {
			continue // the door refuses such a schedule
		}
		for t := range v.Tasks.By("schedule", s.ID) {
			if !t.Enabled {
				continue
			}
			slot, look := c.due(t)
			next = earlier(next, look)
			if !slot.IsZero() && !unfinished(v, t) {
				id := idOf(cluster, t.ID, strconv.FormatInt(int64(fsm.At(slot)), 10))
				do = append(do, &fsm.CreateBackup{ID: id, Task: t.ID, Slot: fsm.At(slot)})
			}
		}
	}
	return do, next
}

func unfinished(v *fsm.View, t *fsm.Task) bool {
	for range v.Backups.By("open", t.ID) {
		return true
	}
	return false
}

// zones are the time zones that one look at the schedules has met.
type zones map[string]*time.Location

// calendar reads a schedule; false when its expression or its time zone cannot
// be read.
func (z zones) calendar(s *fsm.Schedule, now time.Time) (*calendar, bool) {
	zone, ok := z[s.Zone]
	if !ok {
		var err error
		if zone, err = time.LoadLocation(s.Zone); err != nil {
			return nil, false
		}
		z[s.Zone] = zone
	}
	slots, err := s.Slots(zone)
	if err != nil {
		return nil, false
	}
	return &calendar{schedule: s, slots: slots, now: now, asked: make(map[question]time.Time)}, true
}

// calendar is one schedule at one time. Most of its tasks have used the same slot,
// and what is asked for one of them is asked once.
type calendar struct {
	schedule *fsm.Schedule
	slots    *fsm.Slots
	now      time.Time
	asked    map[question]time.Time
}

// question is for the slot after a moment, or for the last one up to it.
type question struct {
	last bool
	at   fsm.Time
}

func (c *calendar) ask(q question, work func(time.Time) time.Time) time.Time {
	answer, ok := c.asked[q]
	if !ok {
		answer = work(q.at.Time())
		c.asked[q] = answer
	}
	return answer
}

func (c *calendar) after(t time.Time) time.Time {
	return c.ask(question{false, fsm.At(t)}, c.slots.Next)
}

func (c *calendar) before(t, used time.Time) time.Time {
	if !c.slots.Shared() {
		return c.slots.LastOf(used, t)
	}
	return c.ask(question{true, fsm.At(t)}, c.slots.Last)
}

// due gives the slot that should be turned into a backup of the task now, zero
// when there is none, and when to look again.
func (c *calendar) due(t *fsm.Task) (slot, next time.Time) {
	used := max(t.LastSlot, c.schedule.PausedUntil-1)
	first := c.after(used.Time())
	if first.IsZero() || first.After(c.now) {
		return time.Time{}, c.begin(t, first)
	}
	last := c.before(c.now, used.Time())
	next = c.begin(t, c.after(last))
	tries := []time.Time{last}
	if c.schedule.Jitter > 0 { // the last may not have come for this task, though the one before has
		tries = append(tries, c.before(last.Add(-1), used.Time()), c.before(c.now.Add(-c.schedule.Jitter), used.Time()))
	}
	for _, slot := range tries {
		if slot.IsZero() || fsm.At(slot) <= used {
			continue
		}
		begin := c.begin(t, slot)
		if begin.After(c.now) {
			next = earlier(next, begin)
			continue
		}
		if c.missed(slot, begin) {
			return time.Time{}, next
		}
		return slot, next
	}
	return time.Time{}, next
}

// begin is when a task is begun for a slot; zero for none.
func (c *calendar) begin(t *fsm.Task, slot time.Time) time.Time {
	if slot.IsZero() {
		return slot
	}
	return slot.Add(c.schedule.Delay(t.ID, fsm.At(slot)))
}

// missed tells whether it is too late for a slot.
func (c *calendar) missed(slot, begin time.Time) bool {
	return c.schedule.Missed == fsm.Skip && c.now.Sub(begin) > onTime ||
		c.schedule.Window > 0 && c.now.Sub(slot) > c.schedule.Window
}

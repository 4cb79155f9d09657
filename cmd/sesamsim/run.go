package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
)

// runs says how backups go. It is the JSON of the control endpoint too.
type runs struct {
	QueueTime span `json:"queue_time"`
	RunTime   span `json:"run_time"`
	// Ends weighs how backups end: {"SUCCESSFUL": 9, "ERROR": 1}. Empty: all
	// succeed.
	Ends map[string]int `json:"ends"`
	// Next are the ends of the next backups, before Ends is asked.
	Next []string `json:"next"`
}

func (r *runs) flags(c *cobra.Command) {
	f := c.Flags()
	f.DurationVar((*time.Duration)(&r.QueueTime), "queue-time", 200*time.Millisecond, "time a backup waits in the queue")
	f.DurationVar((*time.Duration)(&r.RunTime), "run-time", 2*time.Second, "time a backup is active")
	f.StringToIntVar(&r.Ends, "backup-ends", nil, "how backups end, by weight: SUCCESSFUL=9,INFO=1,ERROR=1,CANCELLED=1")
}

func (r *runs) valid() error {
	ends := slices.Concat(slices.Collect(maps.Keys(r.Ends)), r.Next)
	for _, e := range ends {
		if l := stateLetters()[e]; l == "" || l > "9" {
			return fmt.Errorf("a backup ends as SUCCESSFUL, INFO, ERROR or CANCELLED, not %q", e)
		}
	}
	for _, weight := range r.Ends {
		if weight < 0 || weight > 1_000_000 {
			return errors.New("the weight of an end is from 0 to 1000000")
		}
	}
	if r.QueueTime < 0 || r.RunTime < 0 {
		return errors.New("the times of a backup cannot be negative")
	}
	return nil
}

// runner moves backups on: queued, active, ended. It does so when a request
// comes and something was due before it, so that no time passes between what a
// client sees and what is kept.
type runner struct {
	dice *dice
	zone *time.Location
	due  atomic.Int64 // ms of the next step; 0: none

	mu   sync.Mutex
	opts runs
}

func newRunner(opts runs, d *dice, zone *time.Location) *runner {
	return &runner{dice: d, zone: zone, opts: opts}
}

func (n *runner) set(opts runs) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opts = opts
}

func (n *runner) get() runs {
	n.mu.Lock()
	defer n.mu.Unlock()
	opts := n.opts
	opts.Next = slices.Clone(opts.Next)
	return opts
}

// end decides how the next backup ends.
func (n *runner) end() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.opts.Next) > 0 {
		e := n.opts.Next[0]
		n.opts.Next = n.opts.Next[1:]
		return e
	}
	sum := 0
	for _, weight := range n.opts.Ends {
		sum += weight
	}
	if sum == 0 {
		return "SUCCESSFUL"
	}
	at := n.dice.below(sum)
	for _, e := range slices.Sorted(maps.Keys(n.opts.Ends)) {
		if at -= n.opts.Ends[e]; at < 0 {
			return e
		}
	}
	return "SUCCESSFUL"
}

// startBackups starts a backup for each element of the body and answers what
// was started.
func (c *call) startBackups(d *resource) (any, error) {
	l, err := c.elements()
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, badRequest("backups: nothing to start")
	}
	return c.alter(func(t *tx) (any, error) {
		out := []any{}
		for _, v := range l {
			body, ok := v.(map[string]any)
			if !ok {
				return nil, badRequest("backups: a list of objects is needed, not %s", brief(v))
			}
			r, err := c.startBackup(t, d, body)
			if err != nil {
				return nil, err
			}
			out = append(out, map[string]any{"savesetId": r["savesetId"], "taskName": r["task"], "state": r["state"]})
		}
		return out, nil
	})
}

func (c *call) startBackup(t *tx, d *resource, body map[string]any) (row, error) {
	name, _ := asText(body["taskName"])
	task := t.get("tasks", name)
	if task == nil {
		return nil, absent("tasks", name)
	}
	if !c.who.sees(t, t.s.resource("tasks"), task) {
		return nil, forbidden("an access list does not let you start " + name)
	}
	pool, err := t.poolFor(name, body["mediaPoolName"])
	if err != nil {
		return nil, err
	}
	level := "FULL"
	if v := body["backupLevel"]; v != nil {
		level, _ = asText(v)
	}
	now, opts := t.now.UnixMilli(), c.runner.get()
	active := now + time.Duration(opts.QueueTime).Milliseconds()
	r := row{"id": t.nextID(d.name), "name": name, "task": name, "mediaPool": pool, "state": "IN_QUEUE",
		"backupLevel": level, "client": t.reference("clients", task.num("client")),
		"activeAt": active, "endAt": active + time.Duration(opts.RunTime).Milliseconds(),
		"volume": int64(1+c.dice.below(50_000)) << 20}
	for i := range d.fields {
		if f := &d.fields[i]; r[f.name] == nil {
			r[f.name] = nil // every row has all members
		}
	}
	if err := t.store(d, nil, r); err != nil {
		return nil, err
	}
	r = r.clone() // drawn only now: a refused start takes no end away
	r["endState"] = c.runner.end()
	t.put(d, r)
	t.result(name, "IN_QUEUE")
	c.runner.wake(active)
	return r, nil
}

// poolFor is the media pool that was asked for, or the one that an event of the
// task names, or the first.
func (t *tx) poolFor(task string, wanted any) (any, error) {
	if name, ok := asText(wanted); ok && name != "" {
		if t.get("mediapools", name) == nil {
			return nil, absent("mediapools", name)
		}
		return name, nil
	}
	for _, e := range t.all("backupevents") {
		if e.text("object") == task && e["mediaPool"] != nil {
			return e["mediaPool"], nil
		}
	}
	for _, p := range t.all("mediapools") {
		return p["name"], nil
	}
	return nil, nil
}

// result keeps the last state of a task with it.
func (t *tx) result(task, state string) {
	r := t.get("tasks", task)
	if r == nil {
		return
	}
	r = r.clone()
	r["resultsSts"] = state
	t.put(t.s.resource("tasks"), r)
}

// wake makes sure that something happens at a time.
func (n *runner) wake(at int64) {
	for {
		due := n.due.Load()
		if due != 0 && due <= at {
			return
		}
		if n.due.CompareAndSwap(due, at) {
			return
		}
	}
}

// advance does all steps that are due.
func (n *runner) advance(s *state, now time.Time) error {
	due := n.due.Load()
	if due == 0 || now.UnixMilli() < due {
		return nil
	}
	return s.change(now, func(t *tx) error {
		n.due.Store(0) // under the lock, as every wake of a start is
		d := s.resource("backups")
		for _, o := range s.tables["backups"].rows {
			if r := o.row; r["endAt"] != nil {
				n.step(t, d, r)
			}
		}
		return nil
	})
}

// step moves one run on.
func (n *runner) step(t *tx, d *resource, r row) {
	now, state := t.now.UnixMilli(), r.text("state")
	switch {
	case now >= r.num("endAt"):
		n.finish(t, d, r, r.text("endState"), r.num("endAt"), messageOf(r.text("endState")))
	case now >= r.num("activeAt"):
		if state != "ACTIVE" {
			r = r.clone()
			r["state"], r["resultsSts"], r["mtime"] = "ACTIVE", "a", now
			t.put(d, r)
			t.result(r.text("task"), "ACTIVE")
		}
		n.wake(r.num("endAt"))
	default:
		n.wake(r.num("activeAt"))
	}
}

// finish ends a run; a failed or cancelled one has brought half of its data.
func (n *runner) finish(t *tx, d *resource, r row, state string, at int64, message string) {
	r = r.clone()
	size := r.num("volume")
	if state == "ERROR" || state == "CANCELLED" {
		size /= 2
	}
	seconds := max(1, (at-r.num("activeAt"))/1000)
	r["state"], r["resultsSts"], r["msg"] = state, shortState(state), message
	r["stopTime"], r["mtime"], r["dataSize"] = at, t.now.UnixMilli(), size
	r["blocks"], r["throughput"] = size/1024, size/1024/seconds
	r["endAt"], r["activeAt"], r["endState"] = nil, nil, nil
	t.put(d, r)
	t.result(r.text("task"), state)
}

func messageOf(state string) string {
	return map[string]string{
		"SUCCESSFUL": "backup successful", "INFO": "backup successful with warnings: 3 files were skipped",
		"ERROR": "backup failed: the client closed the connection", "CANCELLED": "backup cancelled by a user",
	}[state]
}

// restart breaks off what ran when the server went down.
func (n *runner) restart(t *tx) {
	d := t.s.resource("backups")
	for _, r := range t.all("backups") {
		if r["endAt"] != nil {
			n.finish(t, d, r, "CANCELLED", t.now.UnixMilli(), "broken off: the server was restarted")
		}
	}
}

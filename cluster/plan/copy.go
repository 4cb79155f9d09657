package plan

import (
	"fmt"
	"time"

	"bcm/fsm"
)

const (
	// promoteAfter is how long the storage that is written to stays away before a
	// whole copy takes its place: longer than a backup at work waits for it.
	promoteAfter = 20 * time.Minute
	// The time between a job on a storage that failed and the next one: it doubles
	// with each failure.
	firstRepeat = time.Minute
	lastRepeat  = 6 * time.Hour
)

// Copy keeps what the further storages of a repository have up with the one that is
// written to: after backups, after prunes, and when a storage is new to the
// repository. What a storage has lost it gets back from another. When the one that
// is written to is lost for good, or away for long, a whole copy takes its place.
func Copy(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	c := copying{v: v, now: now, busy: jobsAt(v, fsm.CopyJob)}
	for r := range v.Repositories.All() {
		if r.Filled && len(r.Storages) > 1 {
			c.look(r)
		}
	}
	return c.do, c.next
}

// copying is one look at all repositories.
type copying struct {
	v    *fsm.View
	now  time.Time
	busy map[place]bool // where a copy job is at work, or will be
	do   []fsm.Command
	next time.Time
}

func (c *copying) look(r *fsm.Repository) {
	if promote := c.promote(r); promote != nil {
		c.do = append(c.do, promote)
		return
	}
	first := r.Storages[0]
	main, ok := c.v.Holdings.Get(fsm.HoldingID(r.ID, first))
	if !ok || main.ChangedAt == 0 || !usable(c.v, first) {
		return
	}
	if source := c.healthy(r, main); main.Lost > 0 && source != "" {
		c.create(r, main, fsm.CreateJob{Node: first, Storage: source, Repair: true}, main)
	}
	for _, id := range r.Storages[1:] {
		have, ok := c.v.Holdings.Get(fsm.HoldingID(r.ID, id))
		if !ok {
			have = &fsm.Holding{Meta: fsm.Meta{ID: fsm.HoldingID(r.ID, id)}}
		}
		// What the source has lost must not count as pruned.
		trim := main.PrunedAt >= have.TrimmedAt && main.PrunedAt != 0 && main.Lost == 0
		if have.AsOf > main.ChangedAt && have.Lost == 0 && !trim {
			continue
		}
		job := fsm.CreateJob{Node: id, Storage: first}
		if trim {
			job.Trim = fsm.TrimBounded
		}
		c.create(r, have, job, main)
	}
}

// create makes a job that brings a storage what it lacks, unless one is on its way
// or the last has just failed. Its id tells what the plan saw.
func (c *copying) create(r *fsm.Repository, have *fsm.Holding, job fsm.CreateJob, main *fsm.Holding) {
	if c.busy[place{r.ID, job.Node}] || !usable(c.v, job.Node) {
		return
	}
	if at := repeatAt(have); at.After(c.now) {
		c.next = earlier(c.next, at)
		return
	}
	job.ID = idOf("copy", have.ID, fmt.Sprint(r.Index, have.Index, main.ChangedAt, main.PrunedAt))
	job.Kind, job.Repository = fsm.CopyJob, r.ID
	c.do = append(c.do, &job)
}

// healthy is another storage that may have what the first has lost: after each
// failure the next one.
func (c *copying) healthy(r *fsm.Repository, main *fsm.Holding) string {
	var all []string
	for _, id := range r.Storages[1:] {
		if h, ok := c.v.Holdings.Get(fsm.HoldingID(r.ID, id)); ok && h.AsOf != 0 && usable(c.v, id) {
			all = append(all, id)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[int(main.Failures)%len(all)]
}

// promote puts the best copy in the place of a storage that is lost or draining; nil
// when it is neither, or when there is no copy that may be written to. While the
// storage is there, or may come back, only one that has all of it may.
func (c *copying) promote(r *fsm.Repository) fsm.Command {
	first, known := c.v.Nodes.Get(r.Storages[0])
	if known && first.Mode != fsm.Draining {
		if first.Up() || first.Mode == fsm.Maintenance {
			return nil
		}
		if back := max(first.LastSeen, first.UpdatedAt).Add(promoteAfter).Time(); back.After(c.now) {
			c.next = earlier(c.next, back)
			return nil
		}
	}
	var best *fsm.Holding
	for _, id := range r.Storages[1:] {
		h, ok := c.v.Holdings.Get(fsm.HoldingID(r.ID, id))
		if ok && h.AsOf != 0 && (!known || c.v.Whole(r, id)) && usable(c.v, id) && (best == nil || h.AsOf > best.AsOf) {
			best = h
		}
	}
	if best == nil || atWork(c.v, r) {
		return nil
	}
	return &fsm.PromoteCopy{Repository: r.ID, From: r.Index, Storage: best.Storage}
}

// atWork tells whether a backup writes into a repository or a job maintains it.
func atWork(v *fsm.View, r *fsm.Repository) bool {
	for range v.Jobs.By("lease", r.ID) {
		return true
	}
	for _, status := range []fsm.Status{fsm.Assigned, fsm.Running} {
		for b := range v.Backups.By("status", string(status)) {
			if b.Repository == r.ID {
				return true
			}
		}
	}
	return false
}

// usable tells whether a storage can be worked with.
func usable(v *fsm.View, id string) bool {
	n, ok := v.Nodes.Get(id)
	return ok && n.Up() && n.Mode != fsm.Maintenance
}

// repeatAt is when the next job on a storage may be made.
func repeatAt(h *fsm.Holding) time.Time {
	if h.Failures == 0 {
		return time.Time{}
	}
	return h.TriedAt.Add(min(firstRepeat<<min(h.Failures-1, 16), lastRepeat)).Time()
}

// place is a repository on a storage.
type place struct{ repository, storage string }

// jobsAt tells where jobs of the kind are at work, or will be.
func jobsAt(v *fsm.View, kind fsm.JobKind) map[place]bool {
	busy := make(map[place]bool)
	for _, status := range []fsm.Status{fsm.Queued, fsm.Interrupted, fsm.Assigned, fsm.Running} {
		for j := range v.Jobs.By("status", string(status)) {
			if j.Kind == kind {
				busy[place{j.Repository, j.Wish}] = true
			}
		}
	}
	return busy
}

package plan

import (
	"iter"
	"slices"
	"time"

	"bcm/fsm"
)

// The time between an interruption and the next attempt: it doubles with each
// attempt. The first is long enough for storages to hear that the attempt given
// up may not write any more.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
)

// Place gives queued and interrupted runs to backup managers that have a slot
// free: restores first, as people wait for them, then backups by their priority,
// then all else; among equals in the order in which they were asked for. A run
// waits while its storage is down, while another backup of its task is at work,
// while its client or its storage has as many at work as it may have, and for a
// while after an interruption.
//
// With nothing waiting it looks at nothing else, and only what it has to ask for
// a run that waits does it ask the state; the least busy nodes stand in a heap.
func Place(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	p := newPlacing(v)
	for w := range p.waiting() {
		if at := w.retryAt(); at.After(now) {
			next = earlier(next, at)
			continue
		}
		if w.late(now) {
			continue // Fail ends it
		}
		if cmd := p.place(w); cmd != nil {
			do = append(do, cmd)
		}
	}
	return do, next
}

// waiting is a run that no node works on: a backup, or else a job.
type waiting struct {
	run    *fsm.Run
	meta   *fsm.Meta
	backup *fsm.Backup
	job    *fsm.Job
}

func (w waiting) retryAt() time.Time {
	if w.run.Status != fsm.Interrupted || w.run.RetryAt != 0 {
		return w.run.RetryAt.Time()
	}
	wait := firstRetry << min(max(w.run.Attempt-1, 0), 16)
	return w.meta.UpdatedAt.Add(min(wait, lastRetry)).Time()
}

// late tells whether the window of a backup has passed.
func (w waiting) late(now time.Time) bool {
	return w.backup != nil && w.backup.Until != 0 && fsm.At(now) > w.backup.Until
}

// placing is the grid while runs are being placed: what is decided counts at
// once for what comes after. What it knows of the grid it has asked for once.
type placing struct {
	v       *fsm.View
	workers map[string]*worker  // by node; nil for one that takes nothing
	idle    *queue              // the backup managers by how busy they are; nil before it is needed
	full    bool                // no backup manager has a slot free
	tasks   map[string]bool     // whether a backup of the task is at work
	leased  map[string]bool     // whether a job maintains the repository
	clients map[string]int      // backups at work of a client
	fitting map[string][]string // backup managers that may handle the data of a client with a wish
	writers map[string]int      // backups at work that write to a storage
}

func newPlacing(v *fsm.View) *placing {
	return &placing{v: v, workers: make(map[string]*worker), tasks: make(map[string]bool),
		leased: make(map[string]bool), clients: make(map[string]int), fitting: make(map[string][]string), writers: make(map[string]int)}
}

// waiting gives what is to be placed, the most urgent first.
func (p *placing) waiting() iter.Seq[waiting] {
	return func(yield func(waiting) bool) {
		var last *fsm.Place // of the restores, which come first
		for key, j := range p.v.Jobs.Walk("waiting", false, nil) {
			if j.Kind != fsm.RestoreJob {
				break
			}
			if last = (&fsm.Place{Key: key, ID: j.ID}); !yield(waiting{&j.Run, &j.Meta, nil, j}) {
				return
			}
		}
		for _, b := range p.v.Backups.Walk("waiting", false, nil) {
			if p.full {
				break // when one has, that is another state
			}
			if !yield(waiting{&b.Run, &b.Meta, b, nil}) {
				return
			}
		}
		for _, j := range p.v.Jobs.Walk("waiting", false, last) {
			if !yield(waiting{&j.Run, &j.Meta, nil, j}) {
				return
			}
		}
	}
}

// place gives one run to a node; nil when it must wait.
func (p *placing) place(w waiting) fsm.Command {
	if w.job != nil {
		return p.placeJob(w.job)
	}
	return p.placeBackup(w.backup)
}

func (p *placing) placeBackup(b *fsm.Backup) fsm.Command {
	a, ok := p.v.Assignments.Get(b.Client)
	if !ok || len(a.Storages) == 0 || p.busy(b.Task) || !p.mayWrite(a.Storages[0]) || !p.mayRead(b.Client) {
		return nil
	}
	w := p.forBackup(b, a)
	if w == nil {
		return nil
	}
	p.take(w)
	p.tasks[b.Task] = true
	p.clients[b.Client]++
	p.writers[a.Storages[0]]++
	return &fsm.AssignBackup{ID: b.ID, From: b.Status, Attempt: b.Attempt, Node: w.node.ID, Storages: a.Storages[:1]}
}

// busy tells whether a backup of the task is at work.
func (p *placing) busy(task string) bool {
	return task != "" && once(p.tasks, task, func() bool {
		for b := range p.v.Backups.By("open", task) {
			if b.Status.Live() {
				return true
			}
		}
		return false
	})
}

// mayRead tells whether one more backup of the client may be at work.
func (p *placing) mayRead(client string) bool {
	n := once(p.clients, client, func() int { return p.v.Backups.Count("busy", client) })
	c, ok := p.v.Clients.Get(client)
	return ok && (c.Parallel == 0 || n < c.Parallel)
}

// mayWrite tells whether one more backup may write to the storage.
func (p *placing) mayWrite(storage string) bool {
	n := once(p.writers, storage, func() int { return p.v.Backups.Count("writing", storage) })
	s, ok := p.v.Nodes.Get(storage)
	return ok && p.up(storage) && (s.Parallel == 0 || n < s.Parallel)
}

// once gives what is known under a key, and finds it out first where need be.
func once[T any](known map[string]T, key string, find func() T) T {
	value, ok := known[key]
	if !ok {
		value = find()
		known[key] = value
	}
	return value
}

func (p *placing) placeJob(j *fsm.Job) fsm.Command {
	if j.Kind.Maintains() && p.maintained(j.Repository) || !p.reachable(j) {
		return nil
	}
	w := p.forJob(j)
	if w == nil {
		return nil
	}
	p.take(w)
	if j.Kind.Maintains() {
		p.leased[j.Repository] = true
	}
	return &fsm.AssignJob{ID: j.ID, From: j.Status, Attempt: j.Attempt, Node: w.node.ID}
}

func (p *placing) maintained(repository string) bool {
	return once(p.leased, repository, func() bool { return p.v.Jobs.Count("lease", repository) > 0 })
}

// forJob is the node that the job asks for, or else the least busy.
func (p *placing) forJob(j *fsm.Job) *worker {
	if j.Wish == "" {
		return p.leastBusy(nil)
	}
	if w := p.worker(j.Wish); w != nil && w.node.Ready(j.Kind.Role()) && !w.full() {
		return w
	}
	return nil
}

// forBackup is one of the managers that answer for the client, the preferred
// first, or else the least busy of those on which the task may run and that may
// handle the client's data.
func (p *placing) forBackup(b *fsm.Backup, a *fsm.Assignment) *worker {
	c, ok := p.v.Clients.Get(b.Client)
	if !ok {
		return nil
	}
	var only []string
	if t, ok := p.v.Tasks.Get(b.Task); ok {
		only = t.Nodes
	}
	for _, id := range a.Managers {
		w := p.worker(id)
		if w != nil && w.node.Ready(fsm.RoleBackupManager) && !w.full() && allowed(only, id) && c.Placement.Managers.Met(w.node) {
			return w
		}
	}
	if c.Placement.Managers.Empty() {
		return p.leastBusy(only)
	}
	fit := once(p.fitting, c.ID, func() []string { return p.fit(&c.Placement.Managers) })
	if len(only) > 0 {
		fit = slices.DeleteFunc(slices.Clone(fit), func(id string) bool { return !slices.Contains(only, id) })
	}
	if len(fit) == 0 {
		return nil
	}
	return p.leastBusy(fit)
}

// fit gives the backup managers that meet a constraint.
func (p *placing) fit(c *fsm.Constraint) (ids []string) {
	for n := range p.v.Nodes.By("role", fsm.RoleBackupManager) {
		if c.Met(n) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func allowed(only []string, id string) bool { return len(only) == 0 || slices.Contains(only, id) }

// reachable tells whether a storage is up that has what the job works with. What
// changes a repository needs the one that is written to.
func (p *placing) reachable(j *fsm.Job) bool {
	r, ok := p.v.Repositories.Get(j.Repository)
	switch {
	case !ok || len(r.Storages) == 0:
		return false
	case j.Storage != "":
		return p.up(j.Storage)
	case j.Kind == fsm.ForgetJob || j.Kind == fsm.PruneJob:
		return p.up(r.Storages[0])
	}
	return slices.ContainsFunc(r.Storages, p.up)
}

// up tells whether a storage can be used. Draining keeps new repositories away
// from it, not the work on those that it has.
func (p *placing) up(storage string) bool {
	n, ok := p.v.Nodes.Get(storage)
	return ok && n.Up() && n.Mode != fsm.Maintenance
}

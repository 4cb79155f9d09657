package plan

import (
	"cmp"
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
// free: restores first, as people wait for them, then in the order in which
// they were asked for. A run waits while its storage is down, while another
// backup of its task is at work, and for a while after an interruption.
func Place(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	p := newPlacing(v)
	for _, w := range p.waiting() {
		if at := w.retryAt(); at.After(now) {
			next = earlier(next, at)
			continue
		}
		if p.free == 0 {
			break
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

// urgency of the run: people wait for restores, and nobody for maintenance.
func (w waiting) urgency() int {
	switch {
	case w.backup != nil:
		return 1
	case w.job.Kind == fsm.RestoreJob:
		return 0
	}
	return 2
}

func (w waiting) retryAt() time.Time {
	if w.run.Status != fsm.Interrupted {
		return time.Time{}
	}
	wait := firstRetry << min(max(w.run.Attempt-1, 0), 16)
	return w.meta.UpdatedAt.Add(min(wait, lastRetry)).Time()
}

// worker is a node that can be given work.
type worker struct {
	node *fsm.Node
	busy int
}

func (w *worker) full() bool { return w.busy >= w.node.Slots }

// placing is the grid while runs are being placed: what is decided counts at
// once for what comes after.
type placing struct {
	v       *fsm.View
	workers []*worker // the backup managers, in the order of their ids
	byID    map[string]*worker
	free    int
	tasks   map[string]bool // those with a backup at work
	leased  map[string]bool // repositories that a job maintains
}

func newPlacing(v *fsm.View) *placing {
	p := &placing{v: v, byID: make(map[string]*worker), tasks: make(map[string]bool), leased: make(map[string]bool)}
	for n := range v.Nodes.All() {
		if !n.Ready(fsm.RoleBackupManager) && !n.Ready(fsm.RoleStorage) {
			continue
		}
		w := &worker{n, v.Backups.Count("active", n.ID) + v.Jobs.Count("active", n.ID)}
		p.byID[n.ID] = w
		p.free += max(0, n.Slots-w.busy)
		if n.Ready(fsm.RoleBackupManager) {
			p.workers = append(p.workers, w)
		}
	}
	for _, status := range []fsm.Status{fsm.Assigned, fsm.Running} {
		for b := range v.Backups.By("status", string(status)) {
			p.tasks[b.Task] = true
		}
		for j := range v.Jobs.By("status", string(status)) {
			p.leased[j.Repository] = p.leased[j.Repository] || j.Kind.Maintains()
		}
	}
	return p
}

// waiting lists what is to be placed, the most urgent first.
func (p *placing) waiting() []waiting {
	var all []waiting
	for _, status := range []fsm.Status{fsm.Queued, fsm.Interrupted} {
		for b := range p.v.Backups.By("status", string(status)) {
			all = append(all, waiting{&b.Run, &b.Meta, b, nil})
		}
		for j := range p.v.Jobs.By("status", string(status)) {
			all = append(all, waiting{&j.Run, &j.Meta, nil, j})
		}
	}
	slices.SortFunc(all, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.urgency(), b.urgency()), cmp.Compare(a.meta.CreatedAt, b.meta.CreatedAt),
			cmp.Compare(a.meta.ID, b.meta.ID))
	})
	return all
}

// place gives one run to a node; nil when it must wait.
func (p *placing) place(w waiting) fsm.Command {
	if w.job != nil {
		return p.placeJob(w.job)
	}
	return p.placeBackup(w.backup)
}

func (p *placing) placeBackup(b *fsm.Backup) fsm.Command {
	if b.Task != "" && p.tasks[b.Task] {
		return nil
	}
	a, ok := p.v.Assignments.Get(b.Client)
	if !ok {
		return nil
	}
	w := p.forBackup(b, a)
	if w == nil || len(a.Storages) == 0 || !p.up(a.Storages[0]) {
		return nil
	}
	p.take(w)
	p.tasks[b.Task] = true
	return &fsm.AssignBackup{ID: b.ID, From: b.Status, Attempt: b.Attempt, Node: w.node.ID, Storages: a.Storages[:1]}
}

func (p *placing) placeJob(j *fsm.Job) fsm.Command {
	if j.Kind.Maintains() && p.leased[j.Repository] || !p.reachable(j) {
		return nil
	}
	w := p.forJob(j)
	if w == nil {
		return nil
	}
	p.take(w)
	p.leased[j.Repository] = p.leased[j.Repository] || j.Kind.Maintains()
	return &fsm.AssignJob{ID: j.ID, From: j.Status, Attempt: j.Attempt, Node: w.node.ID}
}

func (p *placing) take(w *worker) {
	w.busy++
	p.free--
}

// forJob is the node that the job asks for, or else the least busy.
func (p *placing) forJob(j *fsm.Job) *worker {
	if j.Wish == "" {
		return p.leastBusy(nil)
	}
	if w := p.byID[j.Wish]; w != nil && w.node.Ready(j.Kind.Role()) && !w.full() {
		return w
	}
	return nil
}

// forBackup is one of the managers that answer for the client, the preferred
// first, or else the least busy of those on which the task may run.
func (p *placing) forBackup(b *fsm.Backup, a *fsm.Assignment) *worker {
	var only []string
	if t, ok := p.v.Tasks.Get(b.Task); ok {
		only = t.Nodes
	}
	for _, id := range a.Managers {
		if w := p.byID[id]; w != nil && !w.full() && allowed(only, id) {
			return w
		}
	}
	return p.leastBusy(only)
}

// leastBusy is the node with the smallest part of its slots in use.
func (p *placing) leastBusy(only []string) (best *worker) {
	for _, w := range p.workers {
		if w.full() || !allowed(only, w.node.ID) {
			continue
		}
		if best == nil || w.busy*best.node.Slots < best.busy*w.node.Slots {
			best = w
		}
	}
	return best
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

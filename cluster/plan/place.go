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

// waiting is a run that no node works on; job is nil when it is a backup.
type waiting struct {
	run     *fsm.Run
	meta    *fsm.Meta
	backup  *fsm.Backup // itself, or what the job is about
	job     *fsm.Job
	restore bool
}

func (w waiting) retryAt() time.Time {
	if w.run.Status != fsm.Interrupted {
		return time.Time{}
	}
	wait := firstRetry << min(max(w.run.Attempt-1, 0), 16)
	return w.meta.UpdatedAt.Add(min(wait, lastRetry)).Time()
}

// worker is a backup manager that can be given work.
type worker struct {
	node *fsm.Node
	busy int
}

func (w *worker) full() bool { return w.busy >= w.node.Slots }

// placing is the grid while runs are being placed: what is decided counts at
// once for what comes after.
type placing struct {
	v       *fsm.View
	workers []*worker // in the order of their ids
	byID    map[string]*worker
	free    int
	tasks   map[string]bool // those with a backup at work
}

func newPlacing(v *fsm.View) *placing {
	p := &placing{v: v, byID: make(map[string]*worker), tasks: make(map[string]bool)}
	for n := range v.Nodes.By("role", fsm.RoleBackupManager) {
		if !n.Ready(fsm.RoleBackupManager) {
			continue
		}
		w := &worker{n, v.Backups.Count("active", n.ID) + v.Jobs.Count("active", n.ID)}
		p.workers, p.byID[n.ID] = append(p.workers, w), w
		p.free += max(0, n.Slots-w.busy)
	}
	for _, status := range []fsm.Status{fsm.Assigned, fsm.Running} {
		for b := range v.Backups.By("status", string(status)) {
			p.tasks[b.Task] = true
		}
	}
	return p
}

// waiting lists what is to be placed, the most urgent first.
func (p *placing) waiting() []waiting {
	var all []waiting
	for _, status := range []fsm.Status{fsm.Queued, fsm.Interrupted} {
		for b := range p.v.Backups.By("status", string(status)) {
			all = append(all, waiting{run: &b.Run, meta: &b.Meta, backup: b})
		}
		for j := range p.v.Jobs.By("status", string(status)) {
			if b, ok := p.v.Backups.Get(j.Backup); ok {
				all = append(all, waiting{&j.Run, &j.Meta, b, j, j.Kind == fsm.RestoreJob})
			}
		}
	}
	slices.SortFunc(all, func(a, b waiting) int {
		if a.restore != b.restore {
			if a.restore {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.meta.CreatedAt, b.meta.CreatedAt), cmp.Compare(a.meta.ID, b.meta.ID))
	})
	return all
}

// place gives one run to a node; nil when it must wait.
func (p *placing) place(w waiting) fsm.Command {
	var chosen *worker
	storages := w.backup.Storages
	if w.job != nil {
		chosen = p.forJob(w.job)
	} else {
		if w.backup.Task != "" && p.tasks[w.backup.Task] {
			return nil
		}
		a, ok := p.v.Assignments.Get(w.backup.Client)
		if !ok {
			return nil
		}
		storages, chosen = a.Storages, p.forBackup(w.backup, a)
	}
	if chosen == nil || !p.up(storages) {
		return nil
	}
	chosen.busy++
	p.free--
	if w.job != nil {
		return &fsm.AssignJob{ID: w.meta.ID, From: w.run.Status, Attempt: w.run.Attempt, Node: chosen.node.ID}
	}
	p.tasks[w.backup.Task] = true
	return &fsm.AssignBackup{ID: w.meta.ID, From: w.run.Status, Attempt: w.run.Attempt, Node: chosen.node.ID, Storages: storages}
}

// forJob is the node that the job asks for, or else the least busy.
func (p *placing) forJob(j *fsm.Job) *worker {
	if j.Wish == "" {
		return p.leastBusy(nil)
	}
	if w := p.byID[j.Wish]; w != nil && !w.full() {
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

// up tells whether all the storages can be reached. Draining keeps new
// repositories away from a storage, not the backups of those that it has.
func (p *placing) up(storages []string) bool {
	for _, id := range storages {
		n, ok := p.v.Nodes.Get(id)
		if !ok || n.Status != fsm.Online && n.Status != fsm.Degraded || n.Mode == fsm.Maintenance {
			return false
		}
	}
	return len(storages) > 0
}

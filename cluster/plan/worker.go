package plan

import (
	"cmp"
	"container/heap"

	"bcm/fsm"
)

// worker is a node that can be given work.
type worker struct {
	node *fsm.Node
	busy int
	at   int // in the queue of the idle; -1 when it is not there
}

func (w *worker) full() bool { return w.busy >= w.node.Slots }

// worker is the node of that id, nil when it takes nothing new.
func (p *placing) worker(id string) *worker {
	return once(p.workers, id, func() *worker {
		n, ok := p.v.Nodes.Get(id)
		if !ok || !n.Ready(fsm.RoleBackupManager) && !n.Ready(fsm.RoleStorage) {
			return nil
		}
		return &worker{node: n, busy: p.v.Backups.Count("active", id) + p.v.Jobs.Count("active", id), at: -1}
	})
}

// take gives a worker one more run.
func (p *placing) take(w *worker) {
	w.busy++
	if p.idle != nil && w.at >= 0 {
		heap.Fix(p.idle, w.at)
	}
}

// leastBusy is the node with the smallest part of its slots in use, of those that
// may be taken; only is empty when that is any.
func (p *placing) leastBusy(only []string) *worker {
	if len(only) > 0 {
		var best *worker
		for _, id := range only {
			w := p.worker(id)
			if w != nil && w.node.Ready(fsm.RoleBackupManager) && !w.full() && (best == nil || less(w, best)) {
				best = w
			}
		}
		return best
	}
	if p.idle == nil {
		p.queueUp()
	}
	if len(*p.idle) == 0 || (*p.idle)[0].full() {
		p.full = true
		return nil
	}
	return (*p.idle)[0]
}

// queueUp finds out how busy all backup managers are. It is asked once every
// manager that answers for a client is full, which is the rare case, and goes
// through what is at work rather than ask for each node.
func (p *placing) queueUp() {
	busy := make(map[string]int)
	for _, b := range p.v.Backups.Walk("active", false, nil) {
		busy[b.Node]++
	}
	for _, j := range p.v.Jobs.Walk("active", false, nil) {
		busy[j.Node]++
	}
	p.idle = &queue{}
	for n := range p.v.Nodes.By("role", fsm.RoleBackupManager) {
		if !n.Ready(fsm.RoleBackupManager) {
			continue
		}
		w := p.workers[n.ID] // which knows what has been given to it
		if w == nil {
			w = &worker{node: n, busy: busy[n.ID]}
			p.workers[n.ID] = w
		}
		if w.at = len(*p.idle); !w.full() {
			*p.idle = append(*p.idle, w)
		} else {
			w.at = -1
		}
	}
	heap.Init(p.idle)
}

// queue is a heap of workers, the least busy first. One that becomes full sinks to
// the bottom.
type queue []*worker

// less tells whether a smaller part of a is in use than of b.
func less(a, b *worker) bool {
	return cmp.Or(cmp.Compare(a.busy*b.node.Slots, b.busy*a.node.Slots), cmp.Compare(a.node.ID, b.node.ID)) < 0
}

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return less(q[i], q[j]) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push is for [heap.Interface]; nothing is ever added.
func (q *queue) Push(x any) { *q = append(*q, x.(*worker)) }

// Pop is for [heap.Interface]; nothing is ever taken out.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

package plan

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"bcm/fsm"
)

// assignChanged gives [Assign] as a plan that looks only at the clients for which
// something has changed since it looked last, as long as the grid is the same: all
// clients against all nodes are too much for every change of the state. What it
// decides is the same. It begins with a look at all.
func assignChanged() Func {
	var mu sync.Mutex // members of one process may share their plans
	var last *look
	return func(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
		mu.Lock()
		defer mu.Unlock()
		this := newLook(v)
		clients, some := last.changed(v, this)
		same := some && this.nodes == last.nodes && (last.next.IsZero() || now.Before(last.next))
		if same && len(clients) == 0 {
			this.grid, this.next = last.grid, last.next
			last = this
			return nil, this.next
		}
		a := newAssigning(v, now)
		if this.next = a.choosing.Next(); same {
			this.grid = last.grid
		} else {
			this.grid = a.choosing.Grid()
		}
		all := v.Clients.All()
		if some && this.grid == last.grid {
			all = rows(&v.Clients, clients)
		}
		for c := range all {
			if cmd := a.assign(c); cmd != nil {
				do = append(do, cmd)
				this.open[c.ID] = true
			}
		}
		last = this
		return do, this.next
	}
}

// look is what a plan keeps of a look at the state, to know what has changed when
// it looks again.
type look struct {
	index   uint64
	at      fsm.Time
	event   *fsm.Event      // the last one: where it is missing, the state is not a later one
	clients int             // how many there were
	nodes   [2]uint64       // how many there were, and the index of the last change
	open    map[string]bool // clients for which something was left to do
	grid    uint64
	next    time.Time
}

func newLook(v *fsm.View) *look {
	l := &look{index: v.Index, at: v.At, clients: v.Clients.Len(), open: make(map[string]bool),
		nodes: [2]uint64{uint64(v.Nodes.Len()), v.Nodes.LastIndex()}}
	for _, e := range v.Events.Walk(fsm.ChangedIndex, true, nil) {
		l.event = e
		break
	}
	return l
}

// changed gives the ids of the clients for which something has changed since l,
// which may be nil. It says no when it cannot tell.
func (l *look) changed(v *fsm.View, this *look) (map[string]bool, bool) {
	if l == nil || l.event == nil || this.index < l.index {
		return nil, false
	}
	if e, ok := v.Events.Get(l.event.ID); !ok || !bytes.Equal(e.Chain, l.event.Chain) {
		return nil, false // a snapshot was restored
	}
	ids, added := l.open, 0
	shared := make(map[string]bool)
	for c := range v.Clients.Since(l.index) { // its wishes count for all that share its repository
		shared[c.Repository] = true
		if c.CreatedAt > l.at {
			added++
		}
	}
	if this.clients != l.clients+added {
		return nil, false // one was removed, and those that shared its repository may be worse off
	}
	for r := range v.Repositories.Since(l.index) {
		shared[r.ID] = true
	}
	for h := range v.Holdings.Since(l.index) {
		shared[h.Repository] = true
	}
	for repository := range shared {
		for c := range v.Clients.By("repository", repository) {
			ids[c.ID] = true
		}
	}
	for a := range v.Assignments.Since(l.index) {
		ids[a.ID] = true
	}
	for t := range v.Tasks.Since(l.index) {
		ids[t.Client] = true
	}
	for b := range v.Backups.Since(l.index) {
		ids[b.Client] = true
	}
	return ids, true
}

// rows gives the rows of a table with those ids that are there, in order.
func rows[T any](t *fsm.Table[T], ids map[string]bool) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			if row, ok := t.Get(id); ok && !yield(row) {
				return
			}
		}
	}
}

package agent

import (
	"context"
	"time"

	"bcm/fsm"
)

// reconcile compares what the node should be doing with what it does, and
// begins and ends accordingly.
func (a *Agent) reconcile(work, reporting context.Context, orders fsm.Orders) {
	if !a.current(orders) {
		a.log.Debug("answer of a manager that is behind", "index", orders.Index)
		return
	}
	wanted := make(map[string]bool, len(orders.Items))
	for _, o := range orders.Items {
		if o.Kind.Standing() {
			a.keep(o, orders.Index)
			continue
		}
		wanted[o.ID] = true
		a.follow(work, reporting, o)
	}
	for _, j := range a.working() {
		if !wanted[j.order.ID] {
			j.cancel(ErrWithdrawn)
		}
	}
}

// current tells whether an answer counts. Managers apply the log one after the
// other: one that is behind does not know of the newest orders yet, and what it
// leaves out must go on. But when all are behind for long, the cluster was
// brought back from an older state.
func (a *Agent) current(orders fsm.Orders) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if orders.Index < a.newest.Index && time.Since(a.heard) < staleFor {
		return false
	}
	a.newest, a.heard = orders, time.Now()
	a.posts.nudge(orders.Index)
	return true
}

// keep hands a standing order to its role.
func (a *Agent) keep(o fsm.Order, index uint64) {
	if k, ok := a.roles[o.Role].(Keeper); ok {
		k.Keep(o, index)
		return
	}
	a.log.Debug("no role keeps this order", "order", o.ID, "role", o.Role)
}

// follow does what one order asks for now: begins it, ends it, reports again,
// or nothing.
func (a *Agent) follow(work, reporting context.Context, o fsm.Order) {
	a.mu.Lock()
	known, top, live := a.journal.get(o.ID, o.Attempt), a.journal.fence(o.ID), a.jobs[o.ID]
	a.mu.Unlock()
	switch {
	case known == nil && o.Fence.Less(top):
		a.log.Warn("order refused: a later one was seen", "run", o.ID, "attempt", o.Attempt, "fence", o.Fence, "seen", top)
	case live != nil && live.order.Attempt == o.Attempt:
		if o.Cancel {
			live.cancel(ErrCancelled)
		}
	case live != nil:
		live.cancel(ErrWithdrawn) // the order is looked at again when that has ended
	case known == nil:
		a.begin(work, reporting, o, record{Event: accepted, ID: o.ID, Attempt: o.Attempt, Kind: o.Kind, Fence: &o.Fence})
	case known.Event == accepted:
		a.begin(work, reporting, o)
	case known.Event == acknowledged && time.Since(known.At.Time()) > repeatAfter:
		a.log.Info("the result is asked for again", "run", o.ID, "attempt", o.Attempt)
		a.posts.add(reporting, key{o.ID, o.Attempt})
	}
}

// begin makes the beginning durable and lets the role work. An order that no
// role here can do has failed.
func (a *Agent) begin(work, reporting context.Context, o fsm.Order, before ...record) {
	mark := record{ID: o.ID, Attempt: o.Attempt}
	role, ok := a.roles[o.Role]
	switch {
	case !ok:
		mark.Event = finished
		mark.Outcome = &fsm.Outcome{Status: fsm.Failed, Error: "this node runs without the role " + o.Role}
	case o.Cancel:
		mark.Event = finished
		mark.Outcome = &fsm.Outcome{Status: fsm.Cancelled}
	default:
		mark.Event = started
	}
	if err := a.record(append(before, mark)...); err != nil {
		return // the agent ends
	}
	if mark.Event == finished {
		a.posts.add(reporting, key{o.ID, o.Attempt})
		return
	}
	ctx, cancel := context.WithCancelCause(work)
	j := &job{order: o, role: role, cancel: cancel, done: make(chan struct{})}
	a.mu.Lock()
	a.jobs[o.ID] = j
	a.mu.Unlock()
	a.posts.addStart(reporting, key{o.ID, o.Attempt})
	go a.do(ctx, reporting, j)
}

// working lists what is at work.
func (a *Agent) working() []*job {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]*job, 0, len(a.jobs))
	for _, j := range a.jobs {
		list = append(list, j)
	}
	return list
}

package cluster

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// leadership wakes those who wait for a change of the leader.
type leadership struct {
	mu    sync.Mutex
	next  chan struct{}
	ready atomic.Uint64 // the term whose barrier has passed here
}

func newLeadership() *leadership { return &leadership{next: make(chan struct{})} }

// changed is closed when the leader changes, or may have, or a term has begun.
// To be taken before looking.
func (l *leadership) changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

func (l *leadership) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.next)
	l.next = make(chan struct{})
}

// follow turns raft's observations into wakes.
func (l *leadership) follow(r *raft.Raft) func(context.Context) {
	return func(ctx context.Context) {
		seen := make(chan raft.Observation, 1) // one that waits stands for all after it
		o := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
			switch o.Data.(type) {
			case raft.LeaderObservation, raft.RaftState:
				return true
			}
			return false
		})
		r.RegisterObserver(o)
		defer r.DeregisterObserver(o)
		for {
			l.wake()
			select {
			case <-seen:
			case <-ctx.Done():
				return
			}
		}
	}
}

// lookEvery bounds how long a missed observation goes unnoticed.
const lookEvery = 500 * time.Millisecond

// lead serves every term in which this node leads.
func (n *Node) lead(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := n.leader.changed()
		if n.raft.State() == raft.Leader {
			n.serveTerm(ctx, n.raft.CurrentTerm())
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// serveTerm does a leader's work until the term ends. It begins with a barrier:
// before it, entries of former terms may not have been applied here, and
// whatever is decided would be decided on an old state.
func (n *Node) serveTerm(ctx context.Context, number uint64) {
	term, end := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer end()
	work.Go(func() { n.untilEnd(term, number, end) })
	if err := n.raft.Barrier(n.cfg.Timeout).Error(); err != nil {
		n.log.Info("term ended before it began", "term", number, "reason", err)
		return
	}
	if !n.leads(number) {
		return
	}
	n.leader.ready.Store(number)
	n.leader.wake()
	n.log.Info("leading", "term", number)
	work.Go(func() { n.keepMembers(term) })
	for name, plan := range n.plans {
		work.Go(func() { n.carryOut(term, name, plan) })
	}
	<-term.Done()
	n.log.Info("no longer leading", "term", number)
}

// untilEnd calls end once the term is over.
func (n *Node) untilEnd(term context.Context, number uint64, end context.CancelFunc) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := n.leader.changed()
		if !n.leads(number) {
			end()
			return
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-term.Done():
			return
		}
	}
}

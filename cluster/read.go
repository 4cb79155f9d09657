package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// View gives a state as fresh as asked for. The error is an [*fsm.Error] of code
// Unavailable when that cannot be had before ctx ends.
func (n *Node) View(ctx context.Context, f fsm.Freshness) (*fsm.View, error) {
	index := f.Index()
	if index == 0 && !f.IsLinearizable() {
		return n.state.Now(), nil
	}
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	if f.IsLinearizable() {
		confirmed, err := n.reads.index(ctx)
		if err != nil {
			return nil, err
		}
		index = max(index, confirmed)
	}
	v, err := n.state.View(ctx, index)
	if err != nil {
		return nil, fsm.Errorf(fsm.Unavailable, "%v", err)
	}
	return v, nil
}

// readAt is the answer of a leader to one who wants to read.
type readAt struct {
	Index  uint64 `cbor:"index"`
	Commit commit `cbor:"commit"`
}

// reads shares the question for an index among all who ask at the same time.
// Who comes while one is under way waits for the next: that one began before.
type reads struct {
	ask  func(ctx context.Context) (uint64, error)
	mu   sync.Mutex
	next *round // not begun, nil while nobody waits
	busy bool
}

type round struct {
	done  chan struct{}
	index uint64
	err   error
}

func newReads(ask func(ctx context.Context) (uint64, error)) *reads { return &reads{ask: ask} }

func (r *reads) index(ctx context.Context) (uint64, error) {
	mine := r.enter()
	select {
	case <-mine.done:
		return mine.index, mine.err
	case <-ctx.Done():
		return 0, fsm.Errorf(fsm.Unavailable, "no majority of managers confirmed the state in time")
	}
}

func (r *reads) enter() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
	}
	if !r.busy {
		r.busy = true
		go r.run()
	}
	return r.next
}

// run carries out rounds while there are any.
func (r *reads) run() {
	for {
		r.mu.Lock()
		current := r.next
		r.next, r.busy = nil, current != nil
		r.mu.Unlock()
		if current == nil {
			return
		}
		current.index, current.err = r.ask(context.Background())
		close(current.done)
	}
}

// readIndex asks whoever leads for an index to read at, following the leader.
func (n *Node) readIndex(ctx context.Context) (uint64, error) {
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	retry := firstRetry
	for {
		changed := n.leader.changed()
		index, err := n.tryIndex(ctx)
		var m *moved
		if !errors.As(err, &m) {
			return index, err
		}
		pause(ctx, changed, time.Now().Add(retry))
		retry = min(2*retry, mostRetry)
		if ctx.Err() != nil || n.closed() {
			return 0, fsm.Errorf(fsm.Unavailable, "the managers have no leader at the moment (%v)", m)
		}
	}
}

func (n *Node) tryIndex(ctx context.Context) (uint64, error) {
	if n.raft.State() == raft.Leader {
		return n.confirm(ctx)
	}
	leader := n.leaderID()
	if leader == "" || leader == n.cfg.ID {
		return 0, &moved{cause: raft.ErrNotLeader}
	}
	asking, cancel := n.whileLeads(ctx, leader)
	defer cancel()
	var at readAt
	if err := n.calls.post(asking, leader, pathIndex, nothing{}, &at); err != nil {
		return 0, err
	}
	n.learn(ctx, leader, at.Commit)
	return at.Index, nil
}

// confirm gives an index that contains every write acknowledged before it was
// called. The leader's own state does, once the barrier of its term has passed,
// if it still leads: a majority is asked, and all of it must have happened
// within one term.
func (n *Node) confirm(ctx context.Context) (uint64, error) {
	term := n.raft.CurrentTerm()
	for n.leader.ready.Load() != term {
		changed := n.leader.changed()
		if !n.leads(term) {
			return 0, &moved{cause: raft.ErrNotLeader}
		}
		if n.leader.ready.Load() == term {
			break
		}
		pause(ctx, changed, time.Time{})
		if ctx.Err() != nil {
			return 0, fsm.Errorf(fsm.Unavailable, "the leader is not ready yet")
		}
	}
	index := n.state.Now().Index
	if err := n.verify(ctx); err != nil {
		return 0, &moved{cause: err}
	}
	if !n.leads(term) {
		return 0, &moved{cause: raft.ErrLeadershipLost}
	}
	return index, nil
}

// verify asks a majority whether this node still leads. Raft forgets to answer
// who asks while it is shut down, so nobody waits longer than for that, and
// [Node.Close] lets those be answered who have asked before.
func (n *Node) verify(ctx context.Context) error {
	if !n.asking.begin() {
		return raft.ErrRaftShutdown
	}
	answer := make(chan error, 1)
	go func() {
		defer n.asking.end()
		answer <- n.raft.VerifyLeader().Error()
	}()
	select {
	case err := <-answer:
		return err
	case <-n.gone:
		return raft.ErrRaftShutdown
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asking counts who asks raft, until it is closed.
type asking struct {
	mu     sync.Mutex
	count  int
	closed bool
	idle   chan struct{} // closed once it is closed and nobody asks
}

func newAsking() *asking { return &asking{idle: make(chan struct{})} }

func (a *asking) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.count++
	return true
}

func (a *asking) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count--; a.closed && a.count == 0 {
		close(a.idle)
	}
}

// close lets nobody ask any longer, and waits a while for those who have: they
// are answered at once unless raft itself has ended.
func (a *asking) close() {
	a.mu.Lock()
	a.closed = true
	if a.count == 0 {
		close(a.idle)
	}
	a.mu.Unlock()
	pause(context.Background(), a.idle, time.Now().Add(askedFor))
}

const askedFor = 2 * time.Second

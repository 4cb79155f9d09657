package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// commit names the newest entry that a leader has applied in its own term, which
// no later leader can take back. The zero commit says nothing.
//
// Raft tells followers of a commit with the next entries, or, when there are
// none, some time later. A follower that waits for its write or its read to be
// seen has just had an answer from the leader; a commit in that answer spares it
// the wait, and the leader the messages that would shorten it for all.
type commit struct {
	Index uint64 `cbor:"index"`
	Term  uint64 `cbor:"term"`
}

// committed is the newest commit, as the leader.
func (n *Node) committed() commit {
	v := n.state.Now()
	if v.Term == 0 || !n.leads(v.Term) { // in this order: the entry is of the term that is led
		return commit{}
	}
	return commit{v.Index, v.Term}
}

// learn tells raft of a commit as if the leader had sent it, once the entry is
// here. It returns when raft knows, when the state has got there by itself, or
// when ctx ends.
func (n *Node) learn(ctx context.Context, leader string, c commit) {
	for retry := firstRetry / 2; c.Term > 0 && n.state.Now().Index < c.Index && ctx.Err() == nil; retry *= 2 {
		if n.raft.LastIndex() >= c.Index {
			n.trans.tell(ctx, leader, c)
			return
		}
		pause(ctx, n.state.Now().Stale(), time.Now().Add(retry))
	}
}

// seen waits for a view with an index that the leader has named in an answer.
func (n *Node) seen(ctx context.Context, index uint64, leader string, c commit) (*fsm.View, error) {
	n.learn(ctx, leader, c)
	return n.state.View(ctx, index)
}

// transport is raft's way to the others, and to what the member itself has
// learnt from them.
type transport struct {
	*raft.NetworkTransport
	inbox chan raft.RPC
	done  chan struct{}
	once  sync.Once
}

func newTransport(under *raft.NetworkTransport) *transport {
	t := &transport{NetworkTransport: under, inbox: make(chan raft.RPC), done: make(chan struct{})}
	go func() {
		for {
			select {
			case rpc := <-under.Consumer():
				t.put(rpc)
			case <-t.done:
				return
			}
		}
	}()
	return t
}

// Consumer is what raft answers.
func (t *transport) Consumer() <-chan raft.RPC { return t.inbox }

func (t *transport) put(rpc raft.RPC) {
	select {
	case t.inbox <- rpc:
	case <-t.done:
	}
}

// Close ends the transport. Raft closes it, too.
func (t *transport) Close() error {
	t.once.Do(func() { close(t.done) })
	return t.NetworkTransport.Close()
}

// tell brings raft the message that a leader sends to spread a commit. Raft
// compares the term and the entry as with any other, and refuses what is old.
func (t *transport) tell(ctx context.Context, leader string, c commit) {
	answer := make(chan raft.RPCResponse, 1)
	t.put(raft.RPC{RespChan: answer, Command: &raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(leader), Addr: []byte(leader)},
		Term:      c.Term, PrevLogEntry: c.Index, PrevLogTerm: c.Term, LeaderCommitIndex: c.Index,
	}})
	select {
	case <-answer:
	case <-ctx.Done():
	case <-t.done:
	}
}

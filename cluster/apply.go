package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"bcm/cluster/pki"
	"bcm/fsm"
)

const (
	firstRetry = 2 * time.Millisecond
	mostRetry  = 100 * time.Millisecond
)

// Apply changes the state. It returns when the change can be seen in a view of
// this node, wherever the leader is. While there is no leader it waits for one,
// until ctx ends or, when that has no deadline, for [Config.Timeout].
//
// The error is an [*fsm.Error]: a refusal of the command itself, Unavailable
// or NoRoom when surely nothing was changed, OutcomeUnknown when that cannot be known.
// The latter is safe to repeat under the same request id. Who gives none gets
// one for the way to another member, so that the repetitions made on that way
// have one effect.
func (n *Node) Apply(ctx context.Context, by string, cmd fsm.Command) (fsm.Result, error) {
	e, err := fsm.NewEntry(ctx, by, cmd)
	if err != nil {
		return fsm.Result{}, err
	}
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	return n.deliver(ctx, e)
}

// Report is a node telling what happened.
func (n *Node) Report(ctx context.Context, node string, cmd fsm.Command) error {
	n.Seen(node)
	_, err := n.Apply(ctx, "node:"+node, cmd)
	return err
}

// deliver brings an entry to the leader, following it as it moves. Once an
// attempt has ended without an answer, only an answer settles what happened.
func (n *Node) deliver(ctx context.Context, e fsm.Entry) (fsm.Result, error) {
	if err := n.disk.Room(); err != nil {
		return fsm.Result{}, err // another could do it, but this one would never see it
	}
	retry, unknown := firstRetry, false
	for {
		changed := n.leader.changed()
		result, err := n.try(ctx, &e)
		var m *moved
		if !errors.As(err, &m) {
			if unknown && fsm.CodeOf(err).NotDone() {
				return result, (&moved{cause: err, unknown: true}).outward()
			}
			return result, err
		}
		unknown = unknown || m.unknown
		if ctx.Err() == nil && (!unknown || e.ID != "") {
			pause(ctx, changed, time.Now().Add(retry))
			retry = min(2*retry, mostRetry)
		}
		if ctx.Err() != nil || n.closed() || unknown && e.ID == "" {
			return fsm.Result{}, (&moved{m.cause, unknown}).outward()
		}
	}
}

// applied is the answer of a leader to one who had an entry for it.
type applied struct {
	Result fsm.Result `cbor:"result"`
	Commit commit     `cbor:"commit"`
}

// try delivers the entry once, to whoever leads now.
func (n *Node) try(ctx context.Context, e *fsm.Entry) (fsm.Result, error) {
	if n.raft.State() == raft.Leader {
		return n.propose(ctx, *e)
	}
	leader := n.leaderID()
	if leader == "" || leader == n.cfg.ID {
		return fsm.Result{}, &moved{cause: raft.ErrNotLeader}
	}
	identify(e)
	asking, cancel := n.whileLeads(ctx, leader)
	defer cancel()
	var got applied
	if err := n.calls.post(asking, leader, pathApply, *e, &got); err != nil {
		return fsm.Result{}, err
	}
	if _, err := n.seen(ctx, got.Result.Index, leader, got.Commit); err != nil {
		return fsm.Result{}, fsm.Errorf(fsm.OutcomeUnknown, "the change was made at index %d, but cannot be seen here yet; "+
			"ask again with the same request id", got.Result.Index)
	}
	return got.Result, nil
}

// whileLeads ends with ctx, and once another than that leader is known: one that
// was cut off does not answer, and does not refuse either.
func (n *Node) whileLeads(ctx context.Context, leader string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for ctx.Err() == nil {
			changed := n.leader.changed()
			if now := n.leaderID(); now != "" && now != leader {
				cancel()
			}
			pause(ctx, changed, time.Time{})
		}
	}()
	return ctx, cancel
}

// propose puts an entry into the log, as the leader.
func (n *Node) propose(ctx context.Context, e fsm.Entry) (fsm.Result, error) {
	p, err := n.batches.put(ctx, e)
	if err != nil {
		return fsm.Result{}, err
	}
	return n.batches.wait(ctx, p)
}

// identify gives an entry a request id, so that it may be sent twice. What
// nodes and plans do is guarded by the state they expect and needs none: the
// answers would be remembered to no end.
func identify(e *fsm.Entry) {
	class, _, _ := strings.Cut(e.By, ":")
	if e.ID != "" || class == "node" || class == "plan" {
		return
	}
	sum := sha256.Sum256(append([]byte(e.Kind), e.Body...))
	e.ID, e.Sum = pki.NewID(), sum[:16]
}

// acceptable refuses, before it is in the log, an entry that must not get there:
// one that a member could not understand, one too large, any while the disk is
// almost full.
func (n *Node) acceptable(e fsm.Entry) error {
	if len(e.Body) > maxEntry {
		return fsm.Errorf(fsm.Invalid, "a change of %d bytes is too large; %d are allowed", len(e.Body), maxEntry)
	}
	if err := n.disk.Room(); err != nil {
		return err
	}
	since := fsm.Since(e.Kind)
	if since == 0 {
		return fsm.Errorf(fsm.Invalid, "the leader does not know changes of kind %q; update it", e.Kind)
	}
	for m := range n.state.Now().Nodes.By("role", fsm.RoleManager) {
		if m.Understands < since {
			return fsm.Errorf(fsm.Unavailable, "manager %s is of version %s, which does not understand %s; update or remove it",
				m.Name, m.Version, e.Kind)
		}
	}
	return readable(e)
}

// readable refuses an entry that cannot be read back as it will stand in the
// log, as one whose body is not that of its kind, or is nested too deeply.
// Applying it would stop every member, and again after each restart.
func readable(e fsm.Entry) error {
	data, err := fsm.EncodeBatch([]fsm.Entry{e})
	if err != nil {
		return fsm.Errorf(fsm.Invalid, "%s cannot be written: %v", e.Kind, err)
	}
	back, err := fsm.DecodeBatch(data)
	if err != nil {
		return fsm.Errorf(fsm.Invalid, "%s: %v", e.Kind, err)
	}
	if _, err := back[0].Command(); err != nil {
		return fsm.Errorf(fsm.Invalid, "%v", err)
	}
	return nil
}

// leaderID is the id of the leader as far as this node knows, "" for none.
func (n *Node) leaderID() string {
	_, id := n.raft.LeaderWithID()
	return string(id)
}

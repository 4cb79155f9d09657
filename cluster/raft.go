package cluster

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

const (
	maxAppend   = 512 // entries in one message of raft
	raftTimeout = 5 * time.Second
	raftConns   = 3 // kept for each member

	// oneAtATime switches raft's pipelining off. In raft 1.7.3 a leader that
	// learns of a newer term from the answer to one message, while it hands on
	// the next, waits for itself for ever: the goroutine is lost, and shutting
	// raft down never ends.
	oneAtATime = 1

	// commitTimeout is how soon followers learn, while nothing else is sent and
	// none of them asks ([commit]), that an entry is committed; raft takes up to
	// twice as long. Each time costs a message to each.
	commitTimeout = 50 * time.Millisecond
)

// openRaft brings raft up on the files and the port.
func (n *Node) openRaft() (err error) {
	defer recovered(&err, n.cfg.DataDir) // raft panics over a log with holes
	n.trans = newTransport(raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream:                  stream{n.port.queues[ALPNRaft], n.port, n.cfg.ID},
		MaxPool:                 raftConns,
		MaxRPCsInFlight:         oneAtATime,
		Timeout:                 raftTimeout,
		Logger:                  n.log.Named("raft"),
		MsgpackUseNewTimeFormat: true,
	}))
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.cfg.ID)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = n.cfg.Heartbeat, n.cfg.Election, n.cfg.LeaderLease
	c.CommitTimeout = commitTimeout
	c.MaxAppendEntries = maxAppend
	c.SnapshotInterval, c.SnapshotThreshold, c.TrailingLogs = n.cfg.SnapshotInterval, n.cfg.SnapshotThreshold, n.cfg.TrailingLogs
	c.PreVoteDisabled = false // a member that was cut off must not raise the term
	c.ShutdownOnRemove = false
	c.NoLegacyTelemetry = true
	c.Logger = n.log.Named("raft")
	if n.raft, err = raft.NewRaft(c, n.state, n.disk.cache, n.disk.guard, n.disk.snaps, n.trans); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	n.disk.running.Store(true)
	return nil
}

// moved is the answer of one who does not lead, or has ceased to.
type moved struct {
	cause   error
	unknown bool // whether the entry was applied
}

func (m *moved) Error() string { return m.cause.Error() }

// outward is what the caller of [Node.Apply] is told.
func (m *moved) outward() *fsm.Error {
	if m.unknown {
		return fsm.Errorf(fsm.OutcomeUnknown, "the leader was lost before it answered (%v): the change may have been made; "+
			"ask again with the same request id", m.cause)
	}
	return fsm.Errorf(fsm.Unavailable, "the managers have no leader at the moment (%v): nothing was changed", m.cause)
}

// applyError says what an error of raft's Apply means for the entry.
func applyError(err error) error {
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout),
		errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return &moved{cause: err} // surely not in the log
	case errors.Is(err, raft.ErrAbortedByRestore):
		return fsm.Errorf(fsm.Unavailable, "the state was replaced by a snapshot in the meantime: nothing was changed")
	case fsm.CodeOf(err) == fsm.NoRoom:
		return err
	default: // leadership lost, shut down, storage failed: others may have it
		return &moved{cause: err, unknown: true}
	}
}

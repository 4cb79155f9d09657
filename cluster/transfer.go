package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// TransferLeadership hands the leadership to a manager, or to the one that is
// best placed when to is empty. It returns once the leader has given it up;
// writes go on a moment later, at the new one.
func (n *Node) TransferLeadership(ctx context.Context, to string) error {
	return n.atLeader(ctx, pathTransfer, target{to}, &nothing{}, func(ctx context.Context) error { return n.transfer(ctx, to) })
}

// RemoveMember takes a dead manager out of the raft group; as a node of the grid
// it stays, and should it come back, it begins again without a vote. One that is
// alive would come back at once, and is refused: remove its node from the grid,
// and the group follows by itself.
func (n *Node) RemoveMember(ctx context.Context, id string) error {
	return n.atLeader(ctx, pathRemove, target{id}, &nothing{}, func(context.Context) error { return n.expel(id) })
}

// atLeader does something here when this node leads, and else asks the leader;
// without one it waits for one.
func (n *Node) atLeader(ctx context.Context, path string, in, out any, do func(context.Context) error) error {
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	retry := firstRetry
	for {
		changed := n.leader.changed()
		var err error
		switch leader := n.leaderID(); {
		case n.raft.State() == raft.Leader:
			err = do(ctx)
		case leader == "" || leader == n.cfg.ID:
			err = &moved{cause: raft.ErrNotLeader}
		default:
			err = n.calls.post(ctx, leader, path, in, out)
		}
		var m *moved
		if !errors.As(err, &m) {
			return err
		}
		pause(ctx, changed, time.Now().Add(retry))
		retry = min(2*retry, mostRetry)
		if m.unknown || ctx.Err() != nil || n.closed() {
			return m.outward()
		}
	}
}

func (n *Node) transfer(ctx context.Context, to string) error {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return applyError(err)
	}
	servers := f.Configuration().Servers
	if to == n.cfg.ID && n.raft.State() == raft.Leader {
		return nil
	}
	if to == "" {
		if to = n.heir(servers, time.Now()); to == "" {
			return fsm.Errorf(fsm.Conflict, "there is no other manager that could lead")
		}
	}
	voter := false
	for _, s := range servers {
		voter = voter || string(s.ID) == to && s.Suffrage == raft.Voter
	}
	if !voter {
		return fsm.Errorf(fsm.Invalid, "%s is not a manager with a vote", to)
	}
	done := make(chan error, 1)
	future := n.raft.LeadershipTransferToServer(raft.ServerID(to), raft.ServerAddress(to))
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		if err != nil {
			return fsm.Errorf(fsm.Unavailable, "the leadership was not handed over: %v", err)
		}
		return nil
	case <-ctx.Done():
		return fsm.Errorf(fsm.OutcomeUnknown, "the leadership was not handed over in time")
	}
}

func (n *Node) expel(id string) error {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return applyError(err)
	}
	member := false
	for _, s := range f.Configuration().Servers {
		member = member || string(s.ID) == id
	}
	if !member {
		return fsm.Errorf(fsm.NotFound, "no member %q in the raft group", id)
	}
	if _, alive := n.soft.alive(id, time.Now()); alive || id == n.cfg.ID {
		return fsm.Errorf(fsm.Conflict, "member %s is alive; stop it first, or remove its node from the grid", id)
	}
	if err := n.raft.RemoveServer(raft.ServerID(id), 0, changeTimeout).Error(); err != nil {
		return applyError(err)
	}
	return nil
}

func (n *Node) takeTransfer(ctx context.Context, from peer, t target) (nothing, error) {
	if n.raft.State() != raft.Leader {
		return nothing{}, &moved{cause: raft.ErrNotLeader}
	}
	if err := from.admits(n); err != nil {
		return nothing{}, err
	}
	return nothing{}, n.transfer(ctx, t.ID)
}

func (n *Node) takeRemove(_ context.Context, from peer, t target) (nothing, error) {
	if n.raft.State() != raft.Leader {
		return nothing{}, &moved{cause: raft.ErrNotLeader}
	}
	if err := from.admits(n); err != nil {
		return nothing{}, err
	}
	return nothing{}, n.expel(t.ID)
}

const (
	farewellFor = 3 * time.Second
	ledFor      = 2 * time.Second // the most that handing over may take of it
)

// leave says goodbye as well as it can in a short time: nothing depends on it,
// it only spares the others to find out.
func (n *Node) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), farewellFor)
	defer cancel()
	n.recordRefused(ctx)
	if n.raft.State() == raft.Leader {
		handing, cancel := context.WithTimeout(ctx, ledFor)
		if err := n.transfer(handing, ""); err != nil {
			n.log.Info("leaving as the leader", "reason", err)
		}
		cancel()
	}
	if _, ok := n.state.Now().Nodes.Get(n.cfg.ID); ok {
		if _, err := n.Apply(ctx, "node:"+n.cfg.ID, &fsm.LeaveNode{ID: n.cfg.ID}); err != nil {
			n.log.Info("leaving without a word", "reason", err)
		}
	}
	if err := n.gossip.leave(); err != nil {
		n.log.Debug("leaving without a word by gossip", "reason", err)
	}
}

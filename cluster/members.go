package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

const (
	compareEvery  = time.Second
	comparePace   = 100 * time.Millisecond
	keptUp        = 256              // entries that a manager which keeps up may be behind
	changeTimeout = 10 * time.Second // of one change of raft's configuration
	settleFor     = 2 * time.Second  // after a node left, what was heard of it before may still come in
	tellFor       = time.Second      // how long who was removed stays in the group, to hear that it was
	byMembers     = "plan:members"
)

// keeper compares, as the leader, who should be in the group and in which state
// nodes are with what is so, and mends the difference. It knows nothing that
// the next leader would not find out as well.
type keeper struct {
	*Node
	began  time.Time            // of the term: who was silent before it gets its time anew
	keptUp map[string]time.Time // since when a manager without a vote has kept up
	gone   map[string]time.Time // when a member of the group was first seen to be removed
}

// keepMembers compares when poked, when the state changes, and every second.
func (n *Node) keepMembers(term context.Context) {
	k := &keeper{Node: n, began: time.Now(), keptUp: map[string]time.Time{}, gone: map[string]time.Time{}}
	for term.Err() == nil {
		v := n.state.Now()
		if err := n.do(term, byMembers, k.marks(v, time.Now())); err != nil && term.Err() == nil {
			n.log.Warn("the status of nodes cannot be recorded", "error", err)
			pause(term, nil, time.Now().Add(compareEvery))
		}
		changed, err := k.reshape(term, v)
		if err != nil && term.Err() == nil {
			n.log.Warn("the group of managers cannot be changed; trying again", "error", err)
		}
		pause(term, nil, time.Now().Add(comparePace))
		if changed && err == nil {
			continue
		}
		k.sleep(term, v)
	}
}

func (k *keeper) sleep(term context.Context, v *fsm.View) {
	t := time.NewTimer(compareEvery)
	defer t.Stop()
	select {
	case <-k.poked:
	case <-v.Stale():
	case <-t.C:
	case <-term.Done():
	}
}

// marks are the changes of status that what was heard asks for.
func (k *keeper) marks(v *fsm.View, now time.Time) []fsm.Command {
	var cmds []fsm.Command
	for n := range v.Nodes.All() {
		if n.Certificate == "" {
			continue // it has no agent: whoever looks after it tells
		}
		seen := k.soft.lastSeen(n.ID)
		if n.ID == k.cfg.ID {
			seen = now
		}
		to := observed(n, seen, k.began, now, k.cfg.NodeTimeout)
		if to != n.Status {
			cmds = append(cmds, &fsm.MarkNode{ID: n.ID, From: n.Status, To: to, LastSeen: fsm.At(seen)})
		}
	}
	return cmds
}

// observed is the status of a node that was last seen at a time.
func observed(n *fsm.Node, seen, began, now time.Time, timeout time.Duration) fsm.NodeStatus {
	heard := !seen.IsZero() && now.Sub(seen) < timeout
	switch n.Status {
	case fsm.Joining, fsm.Offline:
		if heard {
			return fsm.Online
		}
	case fsm.Left:
		if heard && seen.Sub(n.UpdatedAt.Time()) > settleFor {
			return fsm.Online
		}
	case fsm.Online, fsm.Degraded:
		if !heard && now.Sub(began) >= timeout {
			return fsm.Offline
		}
	}
	return n.Status
}

// reshape makes at most one change to raft's configuration: who was removed
// goes first, then who is new comes in without a vote, then who has kept up for
// long enough gets one.
func (k *keeper) reshape(term context.Context, v *fsm.View) (changed bool, err error) {
	if v.Nodes.Len() == 0 {
		return false, nil // a cluster that only begins
	}
	f := k.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return false, err
	}
	servers := f.Configuration().Servers
	if change := k.next(v, servers, time.Now()); change != nil {
		k.log.Info("changing the group of managers", "change", change.what, "id", change.id)
		return true, k.carry(term, change)
	}
	return false, nil
}

// change is one change of raft's configuration.
type change struct{ what, id string }

const (
	leaveGroup = "remove"
	handOver   = "hand over"
	enterGroup = "add without a vote"
	getVote    = "give a vote"
)

// next decides on one change, nil for none.
func (k *keeper) next(v *fsm.View, servers []raft.Server, now time.Time) *change {
	in := make(map[string]raft.ServerSuffrage)
	voters := 0
	for _, s := range servers {
		in[string(s.ID)] = s.Suffrage
		if s.Suffrage == raft.Voter {
			voters++
		}
	}
	if k.disk.Room() != nil && k.heir(servers, now) != "" {
		return &change{handOver, k.cfg.ID} // another can still write
	}
	for _, s := range servers {
		id := string(s.ID)
		if n, ok := v.Nodes.Get(id); ok && n.Has(fsm.RoleManager) {
			continue
		}
		if id == k.cfg.ID {
			return &change{handOver, id}
		}
		if !k.told(id, now) {
			return nil
		}
		return &change{leaveGroup, id}
	}
	var ready []string
	for n := range v.Nodes.By("role", fsm.RoleManager) {
		suffrage, ok := in[n.ID]
		told, alive := k.soft.alive(n.ID, now)
		switch {
		case !ok && alive, !ok && n.Status == fsm.Joining && n.Addresses.Member != "":
			return &change{enterGroup, n.ID}
		case ok && suffrage != raft.Voter && k.stable(n.ID, told, alive, v, now):
			ready = append(ready, n.ID)
		}
	}
	return vote(voters, ready)
}

// told tells whether a member that was removed has had the time to hear of it.
// Outside the group nobody tells it any more, and it would wait for a leader for
// ever. One that is not heard of is not waited for.
func (k *keeper) told(id string, now time.Time) bool {
	if k.gone[id].IsZero() {
		k.gone[id] = now
	}
	_, alive := k.soft.alive(id, now)
	return !alive || now.Sub(k.gone[id]) >= tellFor
}

// stable tells whether a manager has kept up for long enough.
func (k *keeper) stable(id string, t told, alive bool, v *fsm.View, now time.Time) bool {
	if !alive || t.full || t.applied+keptUp < v.Index {
		delete(k.keptUp, id)
		return false
	}
	if k.keptUp[id].IsZero() {
		k.keptUp[id] = now
	}
	return now.Sub(k.keptUp[id]) >= k.cfg.StableFor
}

// vote decides who gets a vote. An even number of voters bears no more failures
// than the odd number below it, so a single manager waits for a second to make
// the number odd; until then it keeps a copy and stands by.
func vote(voters int, ready []string) *change {
	if len(ready) == 0 || voters%2 == 1 && len(ready) < 2 {
		return nil
	}
	return &change{getVote, slices.Min(ready)}
}

// carry carries a change out and waits for its commit.
func (k *keeper) carry(term context.Context, c *change) error {
	id, addr := raft.ServerID(c.id), raft.ServerAddress(c.id)
	switch c.what {
	case leaveGroup:
		return k.raft.RemoveServer(id, 0, changeTimeout).Error()
	case enterGroup:
		return k.raft.AddNonvoter(id, addr, 0, changeTimeout).Error()
	case getVote:
		return k.raft.AddVoter(id, addr, 0, changeTimeout).Error()
	default: // this leader is to go, or can write no more
		return k.transfer(term, "")
	}
}

// heir is the manager to lead in place of this one: that of those heard of that
// is furthest ahead and has room on its disk, "" for none.
func (n *Node) heir(servers []raft.Server, now time.Time) string {
	var heirs []raft.Server
	for _, s := range servers {
		t, alive := n.soft.alive(string(s.ID), now)
		if s.Suffrage == raft.Voter && string(s.ID) != n.cfg.ID && alive && !t.full {
			heirs = append(heirs, s)
		}
	}
	if len(heirs) == 0 {
		return ""
	}
	best := slices.MaxFunc(heirs, func(a, b raft.Server) int {
		x, _ := n.soft.alive(string(a.ID), now)
		y, _ := n.soft.alive(string(b.ID), now)
		return cmp.Compare(x.applied, y.applied)
	})
	return string(best.ID)
}

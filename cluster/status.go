package cluster

import (
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// Status is how the agreement stands, as this member sees it.
type Status struct {
	Leader           string // id; "" while there is none
	LeaderName       string
	LeaderAPI        string // where its HTTPS API is
	IsLeader         bool   // this member leads
	Term             uint64
	LastIndex        uint64 // of the log here
	CommitIndex      uint64
	AppliedIndex     uint64        // of the state here
	LastContact      time.Duration // since the leader was heard of; 0 at the leader, negative when never
	Members          []Member
	FailureTolerance int // voters that may fail before the rest can agree no more
}

// Member is a member of the raft group.
type Member struct {
	ID, Name  string
	Address   string // members' port
	Voter     bool
	Healthy   bool   // heard of within the last moments
	LastIndex uint64 // of its state, as it told last; 0 when it never did
}

// Status never waits.
func (n *Node) Status() Status {
	v := n.state.Now()
	s := Status{
		Leader:       n.leaderID(),
		IsLeader:     n.raft.State() == raft.Leader,
		Term:         n.raft.CurrentTerm(),
		LastIndex:    n.raft.LastIndex(),
		CommitIndex:  n.raft.CommitIndex(),
		AppliedIndex: v.Index,
		LastContact:  n.lastContact(),
		Members:      n.members(v),
	}
	if m, ok := v.Nodes.Get(s.Leader); ok {
		s.LeaderName, s.LeaderAPI = m.Name, m.Addresses.API
	}
	voters, healthy := 0, 0
	for _, m := range s.Members {
		if m.Voter {
			voters++
			if m.Healthy {
				healthy++
			}
		}
	}
	s.FailureTolerance = max(0, healthy-(voters/2+1))
	return s
}

func (n *Node) lastContact() time.Duration {
	if n.raft.State() == raft.Leader {
		return 0
	}
	last := n.raft.LastContact()
	if last.IsZero() {
		return -1
	}
	return time.Since(last)
}

func (n *Node) members(v *fsm.View) []Member {
	f := n.raft.GetConfiguration()
	if f.Error() != nil {
		return nil // shut down: it is a member of nothing
	}
	now := time.Now()
	var all []Member
	for _, s := range f.Configuration().Servers {
		told, alive := n.soft.alive(string(s.ID), now)
		p := Member{ID: string(s.ID), Voter: s.Suffrage == raft.Voter, Healthy: alive, LastIndex: told.applied}
		if m, ok := v.Nodes.Get(p.ID); ok {
			p.Name, p.Address = m.Name, m.Addresses.Member
		}
		if p.ID == n.cfg.ID {
			p.Healthy, p.LastIndex = true, v.Index
		}
		all = append(all, p)
	}
	return all
}

// Stats are numbers for people who look into raft.
func (n *Node) Stats() map[string]string { return n.raft.Stats() }

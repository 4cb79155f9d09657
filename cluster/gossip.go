package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/memberlist"

	"bcm/fsm"
)

const (
	rejoinEvery  = 5 * time.Second
	leaveTimeout = time.Second
)

// gossip is the ring in which members find each other. All it does to the rest
// of the member is to poke; what there is to do is found by comparing.
type gossip struct {
	id    string
	ring  *memberlist.Memberlist
	now   func() *fsm.View
	meta  []byte
	poke  func()
	seeds []string
	log   hclog.Logger
}

// newGossip joins no one yet; [gossip.run] does.
func newGossip(cfg Config, m meta, now func() *fsm.View, poke func(), log hclog.Logger) (*gossip, error) {
	data, err := m.encode()
	if err != nil {
		return nil, err
	}
	keys, err := memberlist.NewKeyring(cfg.GossipKeys, cfg.GossipKeys[0])
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	network, err := newGossipNet(cfg, log)
	if err != nil {
		return nil, err
	}
	g := &gossip{id: cfg.ID, now: now, meta: data, poke: poke, seeds: cfg.Seeds, log: log}
	c := memberlist.DefaultLANConfig()
	c.Name = cfg.ID
	c.Label = cfg.Cluster // two clusters with one key would else become one
	c.Keyring = keys
	c.GossipVerifyIncoming, c.GossipVerifyOutgoing = true, true
	c.EnableCompression = false
	c.BindPort, c.AdvertisePort = network.port, network.port
	c.TCPTimeout = 3 * time.Second
	c.DeadNodeReclaimTime = 30 * time.Second
	c.Transport = network
	c.Delegate, c.Events, c.Alive, c.Conflict = g, g, g, g
	c.Logger = log.StandardLogger(&hclog.StandardLoggerOptions{InferLevels: true})
	c.LogOutput = nil
	if g.ring, err = memberlist.Create(c); err != nil {
		return nil, errors.Join(fmt.Errorf("gossip: %w", err), network.Shutdown())
	}
	return g, nil
}

// run keeps the ring together: members that forgot each other in a long
// partition do not find back by themselves.
func (g *gossip) run(ctx context.Context) {
	tick := time.NewTicker(rejoinEvery)
	defer tick.Stop()
	for {
		if missing := g.missing(); len(missing) > 0 {
			if _, err := g.ring.Join(missing); err != nil {
				g.log.Debug("some members cannot be reached by gossip", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// missing are the gossip addresses of managers that are not in the ring, and
// those to begin with while the state names none.
func (g *gossip) missing() []string {
	here := make(map[string]bool)
	for _, m := range g.ring.Members() {
		here[m.Name] = true
	}
	var addrs []string
	for n := range g.now().Nodes.By("role", fsm.RoleManager) {
		if n.ID != g.id && !here[n.ID] && n.Addresses.Gossip != "" {
			addrs = append(addrs, n.ID+"/"+n.Addresses.Gossip)
		}
	}
	if len(here) == 1 {
		addrs = append(addrs, g.seeds...)
	}
	return addrs
}

// address is where the manager with that id says it is, "" when it says nothing.
func (g *gossip) address(id string) string {
	for _, n := range g.ring.Members() {
		if n.Name != id {
			continue
		}
		m, err := decodeMeta(n.Meta)
		if err != nil {
			return "" // NotifyAlive lets none in; there is no hint in this one
		}
		return m.Member
	}
	return ""
}

// leave says goodbye to the ring.
func (g *gossip) leave() error { return g.ring.Leave(leaveTimeout) }

func (g *gossip) close() error { return g.ring.Shutdown() }

// admits tells why a node may not be in the ring. While the state is empty, as
// in a member that is only joining, the key alone decides.
func (g *gossip) admits(id string, data []byte) error {
	m, err := decodeMeta(data)
	if err != nil {
		return fmt.Errorf("node %s: %w", id, err)
	}
	v := g.now()
	if id == g.id || v.Nodes.Len() == 0 {
		return nil
	}
	n, ok := v.Nodes.Get(id)
	if !ok {
		return fmt.Errorf("node %s is not a member of the grid", id)
	}
	if m.Manager && !n.Has(fsm.RoleManager) {
		return fmt.Errorf("node %s says that it is a manager, which it is not", id)
	}
	return nil
}

// NotifyAlive implements [memberlist.AliveDelegate].
func (g *gossip) NotifyAlive(n *memberlist.Node) error { return g.admits(n.Name, n.Meta) }

// NotifyConflict implements [memberlist.ConflictDelegate].
func (g *gossip) NotifyConflict(known, other *memberlist.Node) {
	g.log.Warn("another member uses the id of one that is there", "id", known.Name, "known", known.Address(), "other", other.Address())
}

// NotifyJoin implements [memberlist.EventDelegate].
func (g *gossip) NotifyJoin(*memberlist.Node) { g.poke() }

// NotifyLeave implements [memberlist.EventDelegate].
func (g *gossip) NotifyLeave(*memberlist.Node) { g.poke() }

// NotifyUpdate implements [memberlist.EventDelegate].
func (g *gossip) NotifyUpdate(*memberlist.Node) { g.poke() }

// NodeMeta implements [memberlist.Delegate].
func (g *gossip) NodeMeta(limit int) []byte { return g.meta[:min(limit, len(g.meta))] }

// NotifyMsg implements [memberlist.Delegate]; no messages are sent by gossip.
func (g *gossip) NotifyMsg([]byte) {}

// GetBroadcasts implements [memberlist.Delegate].
func (g *gossip) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState implements [memberlist.Delegate].
func (g *gossip) LocalState(bool) []byte { return nil }

// MergeRemoteState implements [memberlist.Delegate].
func (g *gossip) MergeRemoteState([]byte, bool) {}

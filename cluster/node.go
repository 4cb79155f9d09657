package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Plan decides what is to be done about a state at a moment. It is pure: the
// same state and time give the same commands. It is asked again when the state
// has changed, at next (never, when that is zero), and when a term begins.
type Plan func(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time)

// ErrRemoved is wrapped when a member stops because it was removed from the
// cluster. Starting it again is of no use.
var ErrRemoved = errors.New("this member was removed from the cluster")

// Node is one member of the agreement. Its methods are safe for concurrent use.
type Node struct {
	cfg   Config
	state *fsm.FSM
	plans map[string]Plan
	log   hclog.Logger

	disk    *disk
	port    *port
	trans   *transport
	raft    *raft.Raft
	gossip  *gossip
	calls   *calls
	leader  *leadership
	batches *batches
	reads   *reads
	asking  *asking
	soft    *soft
	limit   *limit
	poked   chan struct{} // one slot: the membership may be other than it should

	closing atomic.Bool
	done    chan struct{} // closed when the node begins to close
	gone    chan struct{} // closed when it is closed
}

// Open takes what a member needs: its files, its ports, its place in raft. It
// refuses a data directory that is not the member's own, one whose log is gone,
// and one in use. Nothing is answered before [Node.Run].
func Open(cfg Config, state *fsm.FSM, plans map[string]Plan, log hclog.Logger) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Network = cfg.Network.orSystem()
	m, err := Load(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	if err := m.belongs(cfg); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, state: state, plans: plans, log: log, leader: newLeadership(),
		poked: make(chan struct{}, 1), done: make(chan struct{}), gone: make(chan struct{})}
	n.soft, n.limit = newSoft(), newLimit()
	n.batches = newBatches(n)
	n.reads, n.asking = newReads(n.readIndex), newAsking()
	if err := n.open(m); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// open fills in the parts that hold resources.
func (n *Node) open(m Plate) (err error) {
	if n.disk, err = openDisk(n.cfg, m, n.log); err != nil {
		return err
	}
	ln, err := n.cfg.Network.Listen(n.cfg.Bind)
	if err != nil {
		return fmt.Errorf("members' port: %w", err)
	}
	if n.cfg.Advertise, err = advertised(n.cfg.Advertise, ln.Addr()); err != nil {
		return errors.Join(fmt.Errorf("members' port: %w", err), ln.Close())
	}
	n.port = newPort(n.cfg, ln, n.log.Named("port"))
	n.port.admits, n.port.resolve = n.admits, n.addresses
	n.calls = newCalls(n.port)
	n.gossip, err = newGossip(n.cfg, meta{Manager: true, Member: n.cfg.Advertise, API: n.cfg.API, Version: fsm.Version},
		n.state.Now, n.poke, n.log.Named("gossip"))
	if err != nil {
		return err
	}
	return n.openRaft()
}

// Run takes part until ctx is cancelled, and then leaves in order: it hands the
// leadership over, says goodbye, and closes all. It returns nil after that, and
// otherwise why the member cannot go on.
func (n *Node) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, work := errgroup.WithContext(work)
	group.Go(n.port.serve)
	group.Go(func() error { return n.serveCalls(work) })
	for _, part := range []func(context.Context){n.batches.run, n.leader.follow(n.raft), n.lead, n.gossip.run, n.relay, n.tellRefused} {
		group.Go(func() error { part(work); return nil })
	}
	group.Go(func() error { return n.watch(work) })
	group.Go(func() error {
		select {
		case <-ctx.Done():
			n.leave()
		case <-work.Done():
		case <-n.done:
		}
		stop()
		return n.Close()
	})
	return group.Wait()
}

// watch waits for what makes it wrong to go on.
func (n *Node) watch(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-n.state.Failed():
			return fmt.Errorf("the log cannot be understood: %w", err)
		case err := <-n.disk.failed:
			return err
		case <-tick.C:
			n.port.sweep()
			if removed(n.state.Now(), n.cfg.ID) {
				return fmt.Errorf("%w; remove %s to join anew", ErrRemoved, n.cfg.DataDir)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Close stops the member at once, as a crash would, without a word to others. A
// node that runs is stopped in order by cancelling the context of [Node.Run].
func (n *Node) Close() error {
	if !n.closing.CompareAndSwap(false, true) {
		<-n.gone
		return nil
	}
	defer close(n.gone)
	close(n.done)
	n.asking.close()
	var errs []error
	if n.raft != nil {
		errs = append(errs, n.raft.Shutdown().Error())
	}
	if n.trans != nil {
		errs = append(errs, n.trans.Close())
	}
	if n.calls != nil {
		n.calls.close()
	}
	if n.port != nil {
		errs = append(errs, n.port.close())
	}
	if n.gossip != nil {
		errs = append(errs, n.gossip.close())
	}
	if n.disk != nil {
		errs = append(errs, n.disk.Close())
	}
	return errors.Join(errs...)
}

// Listener gives the connections that agreed on the protocol, which must be
// [ALPNAgent]: the others are the node's own. It is closed with the node.
func (n *Node) Listener(alpn string) net.Listener { return n.port.queues[alpn] }

// Address is where others find the members' port of this node.
func (n *Node) Address() string { return n.cfg.Advertise }

// GossipAddress is where others find its gossip.
func (n *Node) GossipAddress() string {
	me := n.gossip.ring.LocalNode()
	return me.Address()
}

// closed tells whether the node is closed.
func (n *Node) closed() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

func (n *Node) poke() {
	select {
	case n.poked <- struct{}{}:
	default: // it will look soon anyway
	}
}

// bounded gives ctx a deadline when it has none.
func (n *Node) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, n.cfg.Timeout)
}

// leads tells whether this node leads in that term.
func (n *Node) leads(term uint64) bool {
	return n.raft.State() == raft.Leader && n.raft.CurrentTerm() == term
}

// isManager tells whether the identity may be a member of raft.
func isManager(id pki.Identity) bool { return id.Kind == pki.Manager && id.HasRole(fsm.RoleManager) }

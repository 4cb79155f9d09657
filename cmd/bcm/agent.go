package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"bcm/agent"
	"bcm/agent/sim"
	"bcm/api/client"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func newAgent() *cobra.Command {
	as := sim.DefaultConfig()
	cmd := process("agent", "Run a node that makes backups or keeps data",
		`An agent asks the managers what it should be doing and does it. It calls them
and is never called. To be let in it needs a join token once:

    bcm agent --roles backup-manager --join TOKEN,MANAGER:7443

(bcm token create prints the command.) From then on its directory is enough.`,
		false, func(cmd *cobra.Command, c config, log hclog.Logger) error {
			n, err := cmd.Flags().GetInt("sim")
			if err != nil {
				return err
			}
			if n > 0 {
				if err := as.Validate(); err != nil {
					return usageError{err}
				}
				return runSimulated(cmd.Context(), c, n, as, log)
			}
			return runAgent(cmd.Context(), c, log)
		})
	f := cmd.Flags()
	f.Int("sim", 0, "be so many simulated nodes, which store nothing")
	f.Int64Var(&as.Speed, "sim-speed", as.Speed, "bytes a second of one run of a simulated node")
	f.Int64Var(&as.Size, "sim-size", as.Size, "bytes of a simulated backup on the average")
	f.Float64Var(&as.Spread, "sim-spread", as.Spread, "by which share of that they are larger or smaller, 0 to 1")
	f.Float64Var(&as.Failures, "sim-failures", as.Failures, "share of simulated backups that fail, 0 to 1")
	f.DurationVar(&as.Step, "sim-step", as.Step, "how often a simulated node tells how far it is")
	return cmd
}

// node is a member that is no manager: an identity, a door to the managers, and
// the roles that it has.
type node struct {
	cfg      config
	log      hclog.Logger
	at       endpoints
	identity *agent.Identity
	door     *client.Door
	parts    *parts
}

// runAgent runs one node until ctx ends.
func runAgent(ctx context.Context, c config, log hclog.Logger) error {
	if err := checkAgentRoles(c.Roles); err != nil {
		return err
	}
	if err := checkStart(c, false); err != nil {
		return err
	}
	lock, err := agent.LockDir(c.DataDir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	n := &node{cfg: c, log: log}
	if n.at, err = settle(c.DataDir, addresses{Storage: c.Listen.Storage, Metrics: c.Listen.Metrics}, c.Advertise); err != nil {
		return err
	}
	if !slices.Contains(c.Roles, fsm.RoleStorage) && len(c.Roles) > 0 {
		n.at.Storage = endpoint{}
	}
	ports, err := openPorts(ctx, n.at)
	if err != nil {
		return err
	}
	defer ports.close()
	if err := n.belong(ctx); err != nil {
		return err
	}
	return n.run(ctx, ports)
}

func checkAgentRoles(roles []string) error {
	for _, r := range roles {
		if !slices.Contains([]string{fsm.RoleBackupManager, fsm.RoleStorage, fsm.RoleSesam}, r) {
			return usageError{fmt.Errorf("--roles: %q is not one of %s, %s, %s", r, fsm.RoleBackupManager, fsm.RoleStorage, fsm.RoleSesam)}
		}
	}
	return nil
}

// ports are the listeners of an agent; one that it does not have is nil.
type ports struct{ storage, metrics net.Listener }

func openPorts(ctx context.Context, at endpoints) (p ports, err error) {
	if at.Storage.Listen != "" {
		if p.storage, err = listen(ctx, "storage", at.Storage.Listen); err != nil {
			return p, err
		}
	}
	if at.Metrics.Listen != "" {
		if p.metrics, err = listen(ctx, "metrics", at.Metrics.Listen); err != nil {
			p.close()
			return p, err
		}
	}
	return p, nil
}

func (p ports) close() {
	for _, l := range []net.Listener{p.storage, p.metrics} {
		if l != nil {
			l.Close()
		}
	}
}

// belong has the node let in, unless it is already.
func (n *node) belong(ctx context.Context) (err error) {
	if n.identity, err = agent.OpenIdentity(filepath.Join(n.cfg.DataDir, identityDir), n.cfg.Name); err != nil {
		return err
	}
	err = n.identity.Usable(time.Now())
	if errors.Is(err, pki.ErrNoIdentity) || errors.Is(err, agent.ErrExpired) {
		found, err := n.discover(ctx)
		if err != nil {
			return err
		}
		_, err = admit(ctx, n.cfg.Join, n.identity, newNode(n.cfg, n.at, n.identity, n.roles()), found, n.log)
		return err
	}
	return err
}

// roles that the node has: those configured, or all that its certificate has.
func (n *node) roles() []string {
	if len(n.cfg.Roles) > 0 {
		return n.cfg.Roles
	}
	return n.identity.Holder.Identity().Roles
}

// run does what the managers say, until ctx ends.
func (n *node) run(ctx context.Context, p ports) (err error) {
	n.door = client.NewDoor(n.identity.Holder, n.identity.Managers(), func(managers []fsm.Peer) {
		if err := n.identity.SetManagers(managers); err != nil {
			n.log.Warn("the managers' addresses were not kept", "error", err)
		}
	})
	if n.parts, err = newParts(n.roles(), n.cfg, n.identity, n.report, n.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.parts.close()) }()
	a, err := agent.New(agent.Config{
		Node: n.identity.ID(), Dir: filepath.Join(n.cfg.DataDir, "agent"), Cluster: n.door,
		Roles: n.parts.roles, Log: n.log.Named("agent"), Facts: n.facts, Leave: true,
	})
	if err != nil {
		return err
	}
	if err := n.at.save(n.cfg.DataDir); err != nil {
		return err
	}
	n.log.Info("serving", "roles", n.roles(), "storage", n.at.Storage.Advertise, "metrics", n.at.Metrics.Advertise)
	ready(n.log)
	// Storages go on serving while runs end: theirs are other nodes'.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { defer stop(); return a.Run(ctx) })
	group.Go(func() error { return n.identity.KeepFresh(ctx, n.door, n.door.Refresh, n.log.Named("identity")) })
	if p.storage != nil && n.parts.server != nil {
		group.Go(func() error { return n.parts.server.Serve(serving, p.storage, n.identity.Holder.ServerTLS()) })
	}
	if n.parts.store != nil {
		group.Go(func() error { return n.parts.store.Tend(ctx) })
	}
	if p.metrics != nil {
		group.Go(func() error { return serveMetrics(serving, p.metrics, a, n.parts, n.log) })
	}
	return group.Wait()
}

// report tells the cluster what a role has seen by itself.
func (n *node) report(ctx context.Context, cmd fsm.Command) error {
	return n.door.Report(ctx, n.identity.ID(), cmd)
}

func (n *node) facts() fsm.ReportNode {
	return fsm.ReportNode{ID: n.identity.ID(), Addresses: n.at.addresses(), Version: version,
		Understands: fsm.Version, Slots: n.cfg.Slots, Capacity: n.parts.capacity()}
}

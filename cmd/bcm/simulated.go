package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"bcm/agent"
	"bcm/agent/sim"
	"bcm/api/client"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"
)

// admissionsAtOnce is how many simulated nodes are let in at the same time.
const admissionsAtOnce = 16

// simulatedStorage is where nobody listens: what a simulated storage says its
// blob service is, and no simulated backup manager dials.
const simulatedStorage = "simulated.invalid:7446"

// runSimulated is n nodes in one process, each with an identity and a journal of
// its own, which do as if. They take the roles in turn.
func runSimulated(ctx context.Context, c config, n int, as sim.Config, log hclog.Logger) error {
	if len(c.Roles) == 0 {
		c.Roles = []string{fsm.RoleBackupManager, fsm.RoleStorage}
	}
	if err := checkAgentRoles(c.Roles); err != nil {
		return err
	}
	lock, err := agent.LockDir(c.DataDir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	nodes, err := admitSimulated(ctx, c, n, as, log)
	if err != nil {
		return err
	}
	log.Info("simulating", "nodes", n)
	ready(log)
	var group errgroup.Group
	for _, s := range nodes {
		group.Go(func() error { return s.run(ctx) })
	}
	return group.Wait()
}

// simulated is one simulated node.
type simulated struct {
	cfg      config
	as       sim.Config
	log      hclog.Logger
	identity *agent.Identity
	storage  *sim.Storage // nil when it is none
}

// admitSimulated has all nodes let in, a few at a time.
func admitSimulated(ctx context.Context, c config, n int, as sim.Config, log hclog.Logger) ([]*simulated, error) {
	nodes := make([]*simulated, n)
	group, joining := errgroup.WithContext(ctx)
	group.SetLimit(admissionsAtOnce)
	for i := range n {
		one := c
		one.Name = fmt.Sprintf("%s-%04d", c.Name, i+1)
		one.DataDir = filepath.Join(c.DataDir, one.Name)
		one.Roles = []string{c.Roles[i%len(c.Roles)]}
		s := &simulated{cfg: one, as: as, log: log.Named(one.Name)}
		s.log.SetLevel(hclog.Warn) // a thousand nodes have much to say
		nodes[i] = s
		group.Go(func() error { return s.belong(joining) })
	}
	return nodes, group.Wait()
}

func (s *simulated) belong(ctx context.Context) (err error) {
	if s.identity, err = agent.OpenIdentity(filepath.Join(s.cfg.DataDir, identityDir), s.cfg.Name); err != nil {
		return err
	}
	err = s.identity.Usable(time.Now())
	if !errors.Is(err, pki.ErrNoIdentity) {
		return err
	}
	self := newNode(s.cfg, endpoints{}, s.identity, s.cfg.Roles)
	self.Addresses = s.addresses()
	_, err = admit(ctx, s.cfg.Join, s.identity, self, nil, s.log)
	return err
}

func (s *simulated) addresses() fsm.Addresses {
	if s.cfg.Roles[0] == fsm.RoleStorage {
		return fsm.Addresses{Storage: simulatedStorage}
	}
	return fsm.Addresses{}
}

func (s *simulated) run(ctx context.Context) error {
	door := client.NewDoor(s.identity.Holder, s.identity.Managers(), nil)
	var roles []agent.Role
	if s.cfg.Roles[0] == fsm.RoleStorage {
		s.storage = sim.NewStorage(s.as)
		roles = append(roles, s.storage)
	} else {
		roles = append(roles, sim.NewBackup(s.as))
	}
	a, err := agent.New(agent.Config{
		Node: s.identity.ID(), Dir: filepath.Join(s.cfg.DataDir, "agent"), Cluster: door,
		Roles: roles, Log: s.log, Facts: s.facts, Leave: true,
	})
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.Go(func() error { return a.Run(ctx) })
	group.Go(func() error { return s.identity.KeepFresh(ctx, door, door.Refresh, s.log) })
	return group.Wait()
}

func (s *simulated) facts() fsm.ReportNode {
	f := fsm.ReportNode{ID: s.identity.ID(), Addresses: s.addresses(), Version: version,
		Understands: fsm.Version, Slots: s.cfg.Slots}
	if s.storage != nil {
		f.Capacity = s.storage.Usage()
	}
	return f
}

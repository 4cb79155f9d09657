package main

import (
	"context"
	"errors"
	"fmt"

	"bcm/agent"
	"bcm/api/client"
	"bcm/cluster"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// admit has a node let into the grid with the token and the addresses that the
// words contain, and keeps what it is given. found adds addresses of managers
// where the words have none.
func admit(ctx context.Context, words []string, id *agent.Identity, self fsm.NewNode, found []string, log hclog.Logger) (client.Admission, error) {
	token, addresses, err := client.SplitJoin(words)
	if err != nil {
		return client.Admission{}, usageError{fmt.Errorf("--join: %w", err)}
	}
	if token == nil {
		return client.Admission{}, usageError{errors.New("--join: this node is not admitted yet and needs a join token; make one with: bcm token create --roles …")}
	}
	addresses = append(addresses, found...)
	if len(addresses) == 0 {
		return client.Admission{}, usageError{errors.New("--join: the address of a manager is needed beside the token (host:7443), or a gossip key and an address to begin with")}
	}
	csr, err := id.Request()
	if err != nil {
		return client.Admission{}, err
	}
	log.Info("asking to be let in", "node", self.Name, "roles", self.Roles, "managers", addresses)
	a, err := client.Join(ctx, *token, addresses, csr, self, func(err error) {
		log.Warn("not let in yet; trying again", "error", err)
	})
	if err != nil {
		return a, fmt.Errorf("joining the grid: %w", err)
	}
	return a, id.Accept(a.Cluster, a.Certificate, a.CA, a.Peers())
}

// join makes this directory that of a new manager of an existing cluster.
func (m *manager) join(ctx context.Context) error {
	self := newNode(m.cfg, m.at, m.identity, []string{fsm.RoleManager})
	a, err := admit(ctx, m.cfg.Join, m.identity, self, nil, m.log)
	if err != nil {
		return err
	}
	if len(a.ClusterKey) == 0 {
		return errors.New("joining the grid: the managers did not give the cluster key; was the token made for the role cluster-manager?")
	}
	s := secrets{ClusterKey: a.ClusterKey, GossipKeys: [][]byte{a.GossipKey}}
	for _, other := range a.Managers {
		if other.Gossip != "" {
			s.Seeds = append(s.Seeds, other.Gossip)
		}
	}
	if err := s.save(m.cfg.DataDir); err != nil {
		return err
	}
	return cluster.Create(m.cfg.DataDir, cluster.Plate{Cluster: a.Cluster, ID: m.identity.ID(), Name: m.identity.Name()})
}

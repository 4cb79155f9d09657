package cluster

import (
	"context"
	"errors"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// Bootstrap makes this member, alone, the beginning of a cluster. It is done
// once in the life of a cluster and by nobody on their own account: a member
// that finds its log empty may have lost it. It refuses with Conflict when there
// is a log already, unless that log ends before the cluster got its identity,
// as when the first attempt was interrupted. The node must be running.
func (n *Node) Bootstrap(ctx context.Context, first fsm.InitCluster) error {
	if first.Cluster != n.cfg.Cluster || first.Manager.ID != n.cfg.ID {
		return fsm.Errorf(fsm.Invalid, "cluster %s begun by %s is not what this member is: %s of cluster %s",
			first.Cluster, first.Manager.ID, n.cfg.ID, n.cfg.Cluster)
	}
	self := raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(n.cfg.ID), Address: raft.ServerAddress(n.cfg.ID)}
	err := n.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error()
	if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return err
	}
	if n.state.Now().Setting(fsm.ClusterID) != nil {
		return fsm.Errorf(fsm.Conflict, "this member belongs to a cluster already")
	}
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	_, err = n.Apply(ctx, "system:bootstrap", &first)
	return err
}

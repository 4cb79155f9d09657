package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"bcm/agent"
	"bcm/api"
	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/cluster/plan"
	"bcm/fsm"
)

// apiCluster is the agreement as the door wants to see it.
type apiCluster struct{ *cluster.Node }

func (c apiCluster) Status() api.Status {
	s := c.Node.Status()
	out := api.Status{Leader: s.Leader, LeaderName: s.LeaderName, LeaderAPI: s.LeaderAPI, IsLeader: s.IsLeader,
		Term: s.Term, CommitIndex: s.CommitIndex, AppliedIndex: s.AppliedIndex, LastContact: s.LastContact,
		FailureTolerance: s.FailureTolerance}
	for _, m := range s.Members {
		out.Members = append(out.Members, api.Member(m))
	}
	return out
}

// localCluster is the agreement as an agent in the same process wants to see it.
type localCluster struct{ *cluster.Node }

func (c localCluster) Progress(_ context.Context, _ string, p []fsm.Progress) error {
	c.Node.SetProgress(p)
	return nil
}

// renewer signs the manager's own certificates: every manager can open the key
// of the CA.
type renewer struct{ m *manager }

func (r renewer) Renew(ctx context.Context, csr []byte) (cert, bundle []byte, err error) {
	v, err := r.m.node.View(ctx, fsm.Local())
	if err != nil {
		return nil, nil, err
	}
	bundle = v.Setting(fsm.CACertificate)
	cert, err = r.m.sign(bundle, v.Setting(fsm.CAKey), csr)
	if err != nil {
		return nil, nil, err
	}
	row, err := certificateRow(cert, r.m.identity.ID(), []string{fsm.RoleManager})
	if err != nil {
		return nil, nil, err
	}
	_, err = r.m.node.Apply(ctx, "node:"+r.m.identity.ID(), &fsm.IssueCertificate{Certificate: row})
	return cert, bundle, err
}

// sign makes a certificate for this manager with the CA and its sealed key.
func (m *manager) sign(bundle, sealed, csr []byte) (cert []byte, err error) {
	key, err := pki.Open(m.key, "setting/"+fsm.CAKey, sealed)
	if err != nil {
		return nil, fmt.Errorf("the key of the CA: %w", err)
	}
	ca, err := pki.ParseCA(bundle, key)
	if err != nil {
		return nil, err
	}
	self := pki.Identity{Cluster: m.identity.Cluster(), Kind: pki.Manager, ID: m.identity.ID(), Roles: []string{fsm.RoleManager}}
	return ca.Sign(csr, self, hostsOf(m.at), time.Now(), pki.ManagerLife)
}

// signing completes what a plan decides with the certificates that are in it: a plan
// is a pure function, which draws no keys.
func (m *manager) signing(p plan.Func) cluster.Plan {
	return func(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
		do, next = p(v, now)
		return slices.DeleteFunc(do, func(cmd fsm.Command) bool {
			c, ok := cmd.(*fsm.InstallPair)
			if !ok {
				return false
			}
			if err := m.door.RenewPair(v, c); err != nil {
				m.log.Warn("a certificate could not be signed; trying again later", "server", c.Certificate.Node, "error", err)
				next = now.Add(signAgain)
				return true
			}
			return false
		}), next
	}
}

// signAgain is when a certificate is tried again that could not be signed.
const signAgain = time.Minute

// refresh makes a new certificate where the old one has ended while the manager
// was away: without one it could not ask anybody for one.
func (m *manager) refresh() error {
	if err := m.identity.Usable(time.Now()); !errors.Is(err, agent.ErrExpired) {
		return err
	}
	if len(m.secrets.CAKey) == 0 {
		return errors.New("this manager's certificate has expired and it does not have the CA; remove its directory and join anew")
	}
	csr, err := m.identity.Request()
	if err != nil {
		return err
	}
	cert, err := m.sign(m.secrets.CACertificate, m.secrets.CAKey, csr)
	if err != nil {
		return err
	}
	m.log.Warn("the certificate had expired; made a new one")
	return m.identity.Accept(m.identity.Cluster(), cert, m.secrets.CACertificate, nil)
}

// keepCA waits until the state has the CA and keeps it beside the cluster key.
func (m *manager) keepCA(ctx context.Context) error {
	for ctx.Err() == nil {
		v, err := m.node.View(ctx, fsm.Local())
		if err != nil {
			return err
		}
		if key := v.Setting(fsm.CAKey); key != nil {
			if bytes.Equal(key, m.secrets.CAKey) {
				return nil
			}
			m.secrets.CACertificate, m.secrets.CAKey = v.Setting(fsm.CACertificate), key
			return m.secrets.save(m.cfg.DataDir)
		}
		select {
		case <-v.Stale():
		case <-ctx.Done():
		}
	}
	return nil
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"bcm/agent"
	"bcm/agent/sesam"
	"bcm/api"
	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/cluster/plan"
	"bcm/fsm"
	"bcm/ui"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func newManager() *cobra.Command {
	return process("manager", "Run a manager",
		`A manager is one of the three or five that agree on everything that is known
about a grid. The first one creates the cluster:

    bcm manager --bootstrap-expect 3

and prints the administrator's password and the command with which the others
join. A manager whose directory belongs to a cluster already just goes on.`,
		true, func(cmd *cobra.Command, c config, log hclog.Logger) error { return runManager(cmd.Context(), c, log) })
}

// manager is a running manager and what it is made of.
type manager struct {
	cfg      config
	log      hclog.Logger
	at       endpoints
	identity *agent.Identity
	secrets  secrets
	key      pki.Key
	node     *cluster.Node
	door     *api.API
	carrier  *sesam.Carrier
	password string // of the first administrator, when it was made here
}

// runManager opens a manager from the ground up, serves until ctx ends, and
// closes in reverse order.
func runManager(ctx context.Context, c config, log hclog.Logger) error {
	if err := checkStart(c, true); err != nil {
		return err
	}
	m := &manager{cfg: c, log: log}
	lock, err := agent.LockDir(c.DataDir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if m.at, err = settle(c.DataDir, c.Listen, c.Advertise); err != nil {
		return err
	}
	m.at.Storage, m.at.Metrics = endpoint{}, endpoint{}

	// Ports come first: when one is taken, nothing has changed yet.
	https, err := listen(ctx, "api", m.at.API.Listen)
	if err != nil {
		return err
	}
	defer https.Close()
	for what, addr := range map[string]string{"member": m.at.Member.Listen, "gossip": m.at.Gossip.Listen} {
		if err := probe(ctx, what, addr); err != nil {
			return err
		}
	}
	if err := m.belong(ctx); err != nil {
		return err
	}
	if err := m.open(); err != nil {
		return err
	}
	return m.run(ctx, https)
}

// belong makes the directory that of a member: it is one already, or creates a
// cluster, or joins one.
func (m *manager) belong(ctx context.Context) (err error) {
	if m.identity, err = agent.OpenIdentity(filepath.Join(m.cfg.DataDir, identityDir), m.cfg.Name); err != nil {
		return err
	}
	_, err = cluster.Load(m.cfg.DataDir)
	switch {
	case err == nil:
	case !errors.Is(err, cluster.ErrNoMember):
		return err
	case len(m.cfg.Join) > 0:
		err = m.join(ctx)
	default:
		m.password, err = found(m.cfg, m.at, m.identity)
	}
	if err != nil {
		return err
	}
	if m.secrets, err = loadSecrets(m.cfg.DataDir); err != nil {
		return err
	}
	if m.key, err = m.secrets.key(); err != nil {
		return err
	}
	return m.refresh()
}

const identityDir = "identity"

// open opens the state, the agreement and the door above it.
func (m *manager) open() error {
	member, err := cluster.Load(m.cfg.DataDir)
	if err != nil {
		return err
	}
	cfg := cluster.DefaultConfig()
	cfg.DataDir, cfg.ID, cfg.Name, cfg.Cluster = m.cfg.DataDir, member.ID, member.Name, member.Cluster
	cfg.API = m.at.API.Advertise
	cfg.Bind, cfg.Advertise = m.at.Member.Listen, m.at.Member.Advertise
	cfg.GossipBind, cfg.GossipAdvertise = m.at.Gossip.Listen, m.at.Gossip.Advertise
	cfg.GossipKeys, cfg.Key, cfg.Identity = m.secrets.GossipKeys, m.key, m.identity.Holder
	cfg.Seeds = append(m.secrets.Seeds, m.cfg.Gossip.Seeds...)
	r := m.cfg.Raft
	cfg.LogStore, cfg.Heartbeat, cfg.Election, cfg.LeaderLease = r.LogStore, r.Heartbeat, r.Election, r.LeaderLease
	cfg.StableFor, cfg.Reserve, cfg.NodeTimeout = r.StableFor, r.Reserve, m.cfg.NodeTimeout

	plans := make(map[string]cluster.Plan)
	for name, p := range plan.All() {
		plans[name] = p
	}
	plans["certify"] = m.signing(plan.Certify)
	state := fsm.New(m.log.Named("state"))
	if m.node, err = cluster.Open(cfg, state, plans, m.log.Named("cluster")); err != nil {
		return err
	}
	m.carrier = sesam.NewCarrier()
	managers := agent.NewPeers(m.identity.Holder)
	m.door, err = api.New(api.Config{
		Cluster: apiCluster{m.node}, Key: m.key, GossipKey: m.secrets.GossipKeys[0],
		Files:   newFiles(m.identity.Holder, filepath.Join(m.cfg.DataDir, "cache"), m.log.Named("files")),
		Servers: servers{m.carrier}, Managers: func(id string) http.RoundTripper { return managers.Client(id).Transport },
		Console: ui.Handler(), Name: member.Name, Version: version, Log: m.log,
	})
	if err != nil {
		return errors.Join(err, m.node.Close())
	}
	return nil
}

// run serves until ctx ends. The node is told to leave only after the door is
// closed, so that nobody is answered by a manager that is on its way out.
func (m *manager) run(ctx context.Context, https net.Listener) error {
	group, serving := errgroup.WithContext(ctx)
	agreeing, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	agreed := make(chan error, 1)
	go func() { agreed <- m.node.Run(agreeing) }()

	web := api.Server(m.door.Handler())
	web.RegisterOnShutdown(m.door.Close) // streams would not end by themselves
	web.TLSConfig = m.identity.Holder.HTTPSTLS()
	web.ErrorLog = m.log.Named("https").StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	nodes := api.Server(m.door.NodeDoor())
	nodes.ErrorLog = web.ErrorLog
	group.Go(func() error { return ended(web.ServeTLS(https, "", "")) })
	group.Go(func() error { return ended(nodes.Serve(cluster.OverTLS(nodes, m.node.Listener(cluster.ALPNAgent)))) })
	group.Go(func() error { return m.begin(serving) })
	group.Go(func() error { return m.work(serving) })
	group.Go(func() error {
		return m.identity.KeepFresh(serving, renewer{m}, nil, m.log.Named("identity"))
	})
	var err error
	select {
	case <-serving.Done():
	case err = <-agreed:
		agreed <- nil
		if err == nil {
			err = errors.New("the agreement ended")
		}
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	errShut := errors.Join(shutdown(closing, web), shutdown(closing, nodes))
	m.carrier.Close(closing)
	leave()
	err = errors.Join(err, <-agreed, group.Wait(), errShut)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

const closeLimit = 5 * time.Second

// shutdown lets requests end, for a while, and then cuts them off: streams and
// long polls would go on for ever.
func shutdown(ctx context.Context, s *http.Server) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.Close()
	}
	return err
}

// ended takes the error of a server that was told to end as none.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// begin commits the first entry of a new cluster, opens the endpoints file to
// others, and tells how to go on.
func (m *manager) begin(ctx context.Context) error {
	first, err := unfounded(m.cfg.DataDir)
	if err != nil {
		return err
	}
	if first != nil {
		if err := m.node.Bootstrap(ctx, *first); err != nil {
			return fmt.Errorf("creating the cluster: %w", err)
		}
		if err := os.Remove(filepath.Join(m.cfg.DataDir, foundingFile)); err != nil {
			return err
		}
		m.tell(first.Cluster)
	}
	if err := m.at.save(m.cfg.DataDir); err != nil {
		return err
	}
	m.log.Info("serving", "api", m.at.API.Advertise, "member", m.at.Member.Advertise, "gossip", m.at.Gossip.Advertise)
	ready(m.log)
	return m.keepCA(ctx)
}

// tell prints what is only ever said once.
func (m *manager) tell(clusterID string) {
	fmt.Printf("created cluster %s\n  console   https://%s\n  log in as %s\n", clusterID, m.at.API.Advertise, devAdmin)
	if m.password != "" {
		fmt.Printf("  password  %s   (said only now; change it)\n", m.password)
	}
	fmt.Printf("next: bcm login %s --addr https://%s --cacert %s\nthen: bcm token create --roles cluster-manager --uses %d\n",
		devAdmin, m.at.API.Advertise, filepath.Join(m.cfg.DataDir, identityDir, "ca.pem"), max(1, m.cfg.BootstrapExpect-1))
}

// work runs the manager's own agent: it takes the orders that need no other
// host, and its questions show that the manager is there.
func (m *manager) work(ctx context.Context) error {
	local := localCluster{m.node}
	connector := sesam.New(sesam.Config{Log: m.log.Named("sesam"), Host: m.cfg.Sesam.host(), Report: func(ctx context.Context, cmd fsm.Command) error {
		return local.Report(ctx, m.identity.ID(), cmd)
	}})
	defer connector.Close()
	a, err := agent.New(agent.Config{
		Node: m.identity.ID(), Dir: filepath.Join(m.cfg.DataDir, "agent"), Cluster: local,
		Roles: []agent.Role{connector}, Log: m.log.Named("agent"), Facts: m.facts,
	})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

func (m *manager) facts() fsm.ReportNode {
	return fsm.ReportNode{ID: m.identity.ID(), Addresses: m.at.addresses(), Version: version,
		Understands: fsm.Version, Slots: m.cfg.Slots}
}

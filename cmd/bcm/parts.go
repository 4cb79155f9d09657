package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"path/filepath"

	"bcm/agent"
	"bcm/agent/backup"
	"bcm/agent/backup/kopia"
	"bcm/agent/sesam"
	"bcm/agent/storage"
	"bcm/api"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// parts are what the roles of a node are made of; one that it does not have is nil.
type parts struct {
	roles  []agent.Role
	engine backup.Engine
	store  *storage.Store
	server *storage.Server
	log    hclog.Logger

	connector *sesam.Role
}

// newParts opens what the roles need. What they see by themselves they report.
func newParts(roles []string, c config, id *agent.Identity, report func(context.Context, fsm.Command) error, log hclog.Logger) (*parts, error) {
	p := &parts{log: log}
	for _, r := range roles {
		switch r {
		case fsm.RoleBackupManager:
			p.engine = kopia.New(kopia.Options{Log: log.Named("engine")})
			p.roles = append(p.roles, backup.New(backup.Config{
				Engine: p.engine, Identity: id.Holder, CacheDir: filepath.Join(c.DataDir, "cache"),
				Scratch: filepath.Join(c.DataDir, "scratch"), Log: log.Named("backup"),
			}))
		case fsm.RoleSesam:
			p.connector = sesam.New(sesam.Config{Report: report, Host: c.Sesam.host(), Log: log.Named("sesam")})
			p.roles = append(p.roles, p.connector)
		case fsm.RoleStorage:
			dir := c.Storage.Dir
			if dir == "" {
				dir = filepath.Join(c.DataDir, "storage")
			}
			store, err := storage.Open(dir, storage.Options{MinAge: c.Storage.MinAge, KeepFree: c.Storage.Reserve,
				KeepDeleted: c.Storage.KeepDeleted}, log.Named("storage"))
			if err != nil {
				return nil, errors.Join(err, p.close())
			}
			grants := new(storage.Grants)
			p.store = store
			p.server = storage.NewServer(storage.Config{Store: store, Grants: grants, Peer: peerID, Log: log.Named("storage")})
			p.roles = append(p.roles, storage.New(storage.RoleConfig{Store: store, Grants: grants, Peers: agent.NewPeers(id.Holder),
				Rates: storage.Rates{Scrub: c.Storage.ScrubRate, Copy: c.Storage.CopyRate}, Log: log.Named("storage")}))
		}
	}
	return p, nil
}

func (p *parts) close() error {
	var errs []error
	if p.engine != nil {
		errs = append(errs, p.engine.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.connector != nil {
		p.connector.Close()
	}
	return errors.Join(errs...)
}

// peerID is the node at the other end of a connection.
func peerID(c tls.ConnectionState) (string, error) {
	id, err := pki.PeerOf(c)
	return id.ID, err
}

// capacity is what a storage holds and could hold.
func (p *parts) capacity() fsm.Capacity {
	if p.store == nil {
		return fsm.Capacity{}
	}
	u, err := p.store.Usage()
	if err != nil {
		p.log.Warn("the disk's capacity is not known", "error", err)
		return fsm.Capacity{}
	}
	return fsm.Capacity{Total: u.Capacity, Used: u.Used, Free: u.Free, Lost: int64(u.Lost), Grows: u.Grows}
}

// serveMetrics answers Prometheus until ctx ends.
func serveMetrics(ctx context.Context, l net.Listener, a *agent.Agent, p *parts, log hclog.Logger) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(agentMetrics{a, p})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: log.StandardLogger(nil)}))
	s := api.Server(mux)
	context.AfterFunc(ctx, func() { s.Close() })
	return ended(s.Serve(l))
}

// agentMetrics tells Prometheus how an agent is, at the moment it asks.
type agentMetrics struct {
	agent *agent.Agent
	parts *parts
}

func (m agentMetrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect reads the figures.
func (m agentMetrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(name, help string, value float64, pairs ...string) {
		var names, values []string
		for i := 0; i+1 < len(pairs); i += 2 {
			names, values = append(names, pairs[i]), append(values, pairs[i+1])
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), prometheus.GaugeValue, value, values...)
	}
	s := m.agent.Stats()
	gauge("bcm_build_info", "The version of the program; the value is always 1.", 1, "version", version)
	gauge("bcm_agent_unreported", "Results and beginnings that no manager has answered yet.", float64(s.Unreported))
	gauge("bcm_agent_journal_bytes", "Size of the journal.", float64(s.Journal))
	if !s.Heard.IsZero() {
		gauge("bcm_agent_last_answer_timestamp_seconds", "When a manager last answered.", float64(s.Heard.UnixMilli())/1000)
	}
	gauge("bcm_agent_start_timestamp_seconds", "When the agent was started.", float64(s.Begun.UnixMilli())/1000)
	for _, kind := range []fsm.OrderKind{fsm.BackupOrder, fsm.RestoreOrder, fsm.VerifyOrder, fsm.ForgetOrder} {
		gauge("bcm_agent_runs", "Runs at work, by kind.", float64(s.Working[string(kind)]), "kind", string(kind))
	}
	if m.parts.store == nil {
		return
	}
	u, err := m.parts.store.Usage()
	if err != nil {
		m.parts.log.Warn("the storage's figures are not known", "error", err)
		return
	}
	gauge("bcm_storage_capacity_bytes", "Size of the disk.", float64(u.Capacity))
	gauge("bcm_storage_free_bytes", "What blobs may still take.", float64(u.Free))
	gauge("bcm_storage_used_bytes", "What blobs take.", float64(u.Used))
	for _, n := range u.Namespaces {
		gauge("bcm_storage_namespace_used_bytes", "What the blobs of a namespace take.", float64(n.Used), "namespace", n.Namespace)
	}
}

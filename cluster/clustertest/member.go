package clustertest

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Ports on which every member listens.
const (
	memberPort = 7444
	gossipPort = 7445
)

// Member is one manager of the cluster under test, whether it runs or not.
type Member struct {
	*cluster.Node          // of its present or last life
	State         *fsm.FSM // likewise
	ID, Name      string   //
	Host          string   // its address in the network

	c       *Cluster
	dir     string
	holder  *pki.Holder
	cert    fsm.Certificate
	leave   context.CancelFunc
	stopped chan error // how its present life ended; buffered
	up      bool
	fault   atomic.Pointer[func(op string) error]
	free    atomic.Int64
}

// Up tells whether the member runs.
func (m *Member) Up() bool {
	m.c.life.RLock()
	defer m.c.life.RUnlock()
	return m.up
}

// Fail makes each access to the member's log and vote ask f first; nil ends it.
func (m *Member) Fail(f func(op string) error) {
	if f == nil {
		m.fault.Store(nil)
		return
	}
	m.fault.Store(&f)
}

// Free sets how many bytes the member's disk has free.
func (m *Member) Free(bytes int64) { m.free.Store(bytes) }

// newMember makes a member that does not run yet.
func (c *Cluster) newMember() *Member {
	i := len(c.Members) + 1
	m := &Member{c: c, ID: pki.NewID(), Name: fmt.Sprintf("manager-%d", i), Host: fmt.Sprintf("10.0.0.%d", i),
		dir: filepath.Join(c.dir, fmt.Sprint(i)), holder: &pki.Holder{}}
	m.free.Store(1 << 40)
	m.cert = c.certify(m.holder, pki.Identity{Cluster: c.ID, Kind: pki.Manager, ID: m.ID, Roles: []string{fsm.RoleManager}})
	if err := os.Mkdir(m.dir, 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := cluster.Create(m.dir, cluster.Plate{Cluster: c.ID, ID: m.ID, Name: m.Name}); err != nil {
		c.t.Fatal(err)
	}
	c.Members = append(c.Members, m)
	return m
}

// certify gives a holder its certificate.
func (c *Cluster) certify(h *pki.Holder, id pki.Identity) fsm.Certificate {
	c.t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		c.t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := c.ca.Sign(csr, id, nil, time.Now(), pki.ManagerLife)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := h.Set(text, key, c.ca.CertPEM()); err != nil {
		c.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return fsm.Certificate{Meta: fsm.Meta{ID: cert.SerialNumber.Text(16)}, Node: id.ID, Roles: id.Roles,
		NotBefore: fsm.At(cert.NotBefore), NotAfter: fsm.At(cert.NotAfter), Key: sum[:], PEM: text}
}

// config is that of production, on the network in memory.
func (m *Member) config() cluster.Config {
	cfg := cluster.DefaultConfig()
	cfg.DataDir, cfg.ID, cfg.Name, cfg.Cluster = m.dir, m.ID, m.Name, m.c.ID
	cfg.Bind, cfg.GossipBind = fmt.Sprintf("%s:%d", m.Host, memberPort), fmt.Sprintf("%s:%d", m.Host, gossipPort)
	cfg.GossipKeys = [][]byte{m.c.gossipKey[:]}
	cfg.Key, cfg.Identity = m.c.key, m.holder
	cfg.Network = m.c.Net.On(m.Host)
	cfg.Seeds = []string{fmt.Sprintf("%s:%d", m.c.Members[0].Host, gossipPort)}
	cfg.Free = func(string) (int64, error) { return m.free.Load(), nil }
	cfg.Fault = func(op string) error {
		if f := m.fault.Load(); f != nil {
			return (*f)(op)
		}
		return nil
	}
	if m.c.Configure != nil {
		m.c.Configure(&cfg)
	}
	return cfg
}

// Start begins a life of the member.
func (m *Member) Start() {
	m.c.t.Helper()
	log := hclog.New(&hclog.LoggerOptions{Name: m.Name, Level: m.c.LogLevel, Output: m.c.t.Output(), TimeFormat: "15:04:05.000"})
	state := fsm.New(log)
	node, err := cluster.Open(m.config(), state, m.c.Plans, log)
	if err != nil {
		m.c.t.Fatalf("start of %s: %v", m.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	m.c.life.Lock()
	m.Node, m.State, m.leave, m.up, m.stopped = node, state, cancel, true, stopped
	m.c.life.Unlock()
	go func() { stopped <- node.Run(ctx) }()
}

// Kill ends the member as kill -9 does: nothing it says from here on is heard.
func (m *Member) Kill() {
	m.c.t.Helper()
	if !m.down() {
		return
	}
	m.c.faults++
	m.c.Net.Crash(m.Host)
	if err := m.Close(); err != nil && !errors.Is(err, cluster.ErrStorage) {
		m.c.t.Logf("%s was killed: %v", m.Name, err)
	}
	<-m.stopped
	m.leave()
}

// Wait gives what the member's Run returned once it has ended by itself; after a
// minute the test fails. The member still is to be killed.
func (m *Member) Wait() error {
	m.c.t.Helper()
	m.c.Await(m.Name+" stops", func() bool { return len(m.stopped) > 0 })
	err := <-m.stopped
	m.stopped <- err
	return err
}

// Leave ends the member in order, and returns what its Run did.
func (m *Member) Leave() error {
	m.down()
	m.leave()
	return <-m.stopped
}

// down notes that the member runs no longer, and tells whether it did.
func (m *Member) down() bool {
	m.c.life.Lock()
	defer m.c.life.Unlock()
	was := m.up
	m.up = false
	return was
}

// Restart kills the member if it runs, and starts it on what its disk holds.
func (m *Member) Restart() {
	m.c.t.Helper()
	m.Kill()
	m.Start()
}

// newNode is what the member says of itself when it joins.
func (m *Member) newNode() fsm.NewNode {
	return fsm.NewNode{ID: m.ID, Name: m.Name, Roles: []string{fsm.RoleManager}, Version: "test", Understands: fsm.Version,
		Addresses: fsm.Addresses{Member: fmt.Sprintf("%s:%d", m.Host, memberPort), Gossip: fmt.Sprintf("%s:%d", m.Host, gossipPort),
			API: m.Host + ":7443"}}
}

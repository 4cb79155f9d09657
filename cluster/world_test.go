package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// world is a cluster's authority and keys.
type world struct {
	id     string
	ca     *pki.CA
	key    pki.Key
	gossip [32]byte
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{id: pki.NewID(), key: pki.NewSecret(), gossip: pki.NewSecret()}
	var err error
	if w.ca, err = pki.NewCA(w.id, time.Now()); err != nil {
		t.Fatal(err)
	}
	return w
}

// holder gives an identity, and its certificate as the state has it.
func (w *world) holder(t testing.TB, kind pki.Kind, id string, roles ...string) (*pki.Holder, fsm.Certificate) {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := w.ca.Sign(csr, pki.Identity{Cluster: w.id, Kind: kind, ID: id, Roles: roles}, nil, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h := &pki.Holder{}
	if err := h.Set(text, key, w.ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return h, fsm.Certificate{Meta: fsm.Meta{ID: serial(cert)}, Node: id, Roles: roles, NotBefore: fsm.At(cert.NotBefore),
		NotAfter: fsm.At(cert.NotAfter), Key: sum[:], PEM: text}
}

// config is that of a member on loopback, quick to elect itself.
func (w *world) config(t testing.TB) (Config, fsm.Certificate) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.DataDir, cfg.ID, cfg.Name, cfg.Cluster = t.TempDir(), pki.NewID(), "m", w.id
	cfg.Bind, cfg.GossipBind, cfg.GossipKeys, cfg.Key = "127.0.0.1:0", "127.0.0.1:0", [][]byte{w.gossip[:]}, w.key
	cfg.Heartbeat, cfg.Election, cfg.LeaderLease, cfg.Reserve = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond, 0
	var cert fsm.Certificate
	cfg.Identity, cert = w.holder(t, pki.Manager, cfg.ID, fsm.RoleManager)
	if err := Create(cfg.DataDir, Plate{Cluster: w.id, ID: cfg.ID, Name: cfg.Name}); err != nil {
		t.Fatal(err)
	}
	return cfg, cert
}

func (w *world) first(n *Node, cert fsm.Certificate) fsm.InitCluster {
	return fsm.InitCluster{
		Cluster: w.id, CACertificate: w.ca.CertPEM(), CAKey: pki.Seal(w.key, "setting/ca.key", w.ca.KeyPEM()),
		Admin: fsm.CreateUser{ID: pki.NewID(), Name: "admin", Groups: []string{"Superusers"}, Password: "none"},
		Manager: fsm.NewNode{ID: n.cfg.ID, Name: n.cfg.Name, Roles: []string{fsm.RoleManager}, Version: "test",
			Understands: fsm.Version, Addresses: fsm.Addresses{Member: n.Address(), Gossip: n.GossipAddress()}},
		Certificate: cert,
	}
}

// lone runs a cluster of one member until the test ends.
func (w *world) lone(t testing.TB) (*Node, fsm.Certificate) {
	t.Helper()
	cfg, cert := w.config(t)
	n := start(t, cfg)
	if err := n.Bootstrap(context.Background(), w.first(n, cert)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is online", func() bool {
		m, ok := n.state.Now().Nodes.Get(cfg.ID)
		return ok && m.Status == fsm.Online
	})
	return n, cert
}

// start opens and runs a member; it is closed at once when the test ends.
func start(t testing.TB, cfg Config) *Node {
	t.Helper()
	n, err := Open(cfg, fsm.New(hclog.NewNullLogger()), nil, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

// eventually waits for what other goroutines are about to do.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within twenty seconds: %s", what)
		}
	}
}

// admit lets a node into the grid, and returns its identity.
func (w *world) admit(t testing.TB, n *Node, id, role string) *pki.Holder {
	t.Helper()
	kind := pki.Agent
	if role == fsm.RoleManager {
		kind = pki.Manager
	}
	h, cert := w.holder(t, kind, id, role)
	token, secret := pki.NewID(), sha256.Sum256([]byte(id))
	ctx := context.Background()
	_, err := n.Apply(ctx, "system:test", &fsm.CreateToken{ID: token, Kind: fsm.JoinToken, Hash: secret[:], Roles: fsm.Roles(),
		Uses: 1, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Apply(ctx, "system:join", &fsm.JoinNode{Token: token, Secret: secret[:], Key: cert.Key, Certificate: cert,
		Node: fsm.NewNode{ID: id, Name: "node-" + id[:6], Roles: []string{role}, Version: "test", Understands: fsm.Version}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

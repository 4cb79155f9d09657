package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// grid is an authority and the managers that it has signed for.
type grid struct {
	ca       *pki.CA
	managers []*manager
}

// manager answers a node's calls as its answer function says.
type manager struct {
	fsm.Peer
	listener net.Listener
	server   *http.Server
	accepted atomic.Int32 // connections

	mu     sync.Mutex
	asked  []string
	answer func(path string, body []byte) (int, any)
}

func (m *manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	peer, err := pki.PeerOf(r.Context().Value(connKey{}).(*hidden).ConnectionState())
	m.mu.Lock()
	m.asked = append(m.asked, peer.ID+" "+r.URL.Path)
	answer := m.answer
	m.mu.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	status, out := answer(r.URL.Path, body)
	data, err := fsm.Encode(out)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// handshaker accepts TLS connections and hides from net/http that they are,
// which would drop them for their protocol.
type handshaker struct {
	net.Listener
	conf     *tls.Config
	accepted *atomic.Int32
}

type hidden struct{ *tls.Conn }

type connKey struct{}

func (h *handshaker) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	h.accepted.Add(1)
	return &hidden{tls.Server(c, h.conf)}, nil // the handshake comes with the first read
}

func (m *manager) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.asked)
}

func (m *manager) say(status int, out any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = func(string, []byte) (int, any) { return status, out }
}

func (g *grid) identity(t *testing.T, kind pki.Kind, id string) *pki.Holder {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := g.ca.Sign(csr, pki.Identity{Cluster: g.ca.Cluster(), Kind: kind, ID: id}, nil, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h := &pki.Holder{}
	if err := h.Set(cert, key, g.ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	return h
}

func newGrid(t *testing.T, managers ...string) *grid {
	t.Helper()
	ca, err := pki.NewCA("c1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := &grid{ca: ca}
	for _, id := range managers {
		g.managers = append(g.managers, g.start(t, pki.Manager, id))
	}
	return g
}

// start serves the node door as the node of that id.
func (g *grid) start(t *testing.T, kind pki.Kind, id string) *manager {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{Peer: fsm.Peer{ID: id, Address: l.Addr().String()}, listener: l}
	m.say(http.StatusOK, fsm.Orders{Version: 7})
	conf := g.identity(t, kind, id).ServerTLS("bcm-raft/1", nodeProtocol)
	quiet := hclog.NewNullLogger().StandardLogger(&hclog.StandardLoggerOptions{})
	m.server = &http.Server{Handler: m, ErrorLog: quiet, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}}
	go func() { _ = m.server.Serve(&handshaker{l, conf, &m.accepted}) }()
	t.Cleanup(func() { _ = m.server.Close() })
	return m
}

func (g *grid) peers() []fsm.Peer {
	var list []fsm.Peer
	for _, m := range g.managers {
		list = append(list, m.Peer)
	}
	return list
}

func TestDoorStaysWithOneManager(t *testing.T) {
	g := newGrid(t, "m1", "m2", "m3")
	d := NewDoor(g.identity(t, pki.Agent, "n1"), g.peers(), nil)
	for range 5 {
		o, err := d.Orders(t.Context(), "n1", 3)
		if err != nil || o.Version != 7 {
			t.Fatalf("%+v %v", o, err)
		}
	}
	asked := 0
	for _, m := range g.managers {
		if m.count() > 0 {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("%d managers were asked", asked)
	}
}

// A manager that is gone, or has no leader, is left for the next.
func TestDoorGoesOn(t *testing.T) {
	g := newGrid(t, "m1", "m2", "m3")
	d := NewDoor(g.identity(t, pki.Agent, "n1"), g.peers(), nil)
	if err := g.managers[0].server.Close(); err != nil {
		t.Fatal(err)
	}
	g.managers[1].say(http.StatusServiceUnavailable, fsm.Errorf(fsm.Unavailable, "no leader"))
	for range 4 {
		if err := d.Report(t.Context(), "n1", &fsm.StartBackup{ID: "b1", Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if n := g.managers[2].count(); n != 4 {
		t.Errorf("the good manager was asked %d times", n)
	}
	if n := g.managers[1].count(); n > 1 {
		t.Errorf("the one without a leader was asked %d times", n)
	}
}

// A refusal is an answer: it comes back as it was given and nobody else is asked.
func TestDoorRefusal(t *testing.T) {
	g := newGrid(t, "m1", "m2")
	d := NewDoor(g.identity(t, pki.Agent, "n1"), g.peers(), nil)
	for _, m := range g.managers {
		m.say(http.StatusConflict, fsm.Errorf(fsm.Conflict, "attempt 1 is over"))
	}
	err := d.Report(t.Context(), "n1", &fsm.StartBackup{ID: "b1", Attempt: 1})
	if fsm.CodeOf(err) != fsm.Conflict || !strings.Contains(err.Error(), "attempt 1 is over") {
		t.Errorf("%v", err)
	}
	if n := g.managers[0].count() + g.managers[1].count(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A node that has much to say at once says it over few connections.
func TestDoorConnections(t *testing.T) {
	g := newGrid(t, "m1")
	d := NewDoor(g.identity(t, pki.Agent, "n1"), g.peers(), nil)
	arrived, free := make(chan struct{}, 8), make(chan struct{})
	g.managers[0].mu.Lock()
	g.managers[0].answer = func(string, []byte) (int, any) {
		arrived <- struct{}{}
		<-free
		return http.StatusOK, fsm.Result{}
	}
	g.managers[0].mu.Unlock()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := d.Report(t.Context(), "n1", &fsm.StartBackup{ID: "b1", Attempt: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	for range doorConns {
		<-arrived
	}
	close(free)
	all.Wait()
	if asked, conns := g.managers[0].count(), g.managers[0].accepted.Load(); asked != 8 || conns > doorConns {
		t.Errorf("%d reports came over %d connections", asked, conns)
	}
}

func TestDoorLearns(t *testing.T) {
	g := newGrid(t, "m1", "m2", "m3")
	var heard [][]fsm.Peer
	start := []fsm.Peer{{Address: g.managers[0].Address}} // by address alone
	d := NewDoor(g.identity(t, pki.Agent, "n1"), start, func(p []fsm.Peer) { heard = append(heard, p) })
	for _, m := range g.managers {
		m.say(http.StatusOK, fsm.Orders{Version: 7, Managers: g.peers()})
	}
	for range 3 {
		if _, err := d.Orders(t.Context(), "n1", 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(heard) != 1 || !slices.Equal(heard[0], g.peers()) {
		t.Errorf("learned %v", heard)
	}
	if err := g.managers[0].server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Orders(t.Context(), "n1", 0); err != nil {
		t.Errorf("after the one it began with is gone: %v", err)
	}
	for _, m := range g.managers {
		m.say(http.StatusOK, fsm.Orders{Version: 8, Managers: g.peers()[1:]})
	}
	if _, err := d.Orders(t.Context(), "n1", 0); err != nil {
		t.Fatal(err)
	}
	if n := len(d.all()); n != 2 {
		t.Errorf("%d managers are known, 2 are left", n)
	}
}

// What is meant for managers reaches no agent, and no manager of another cluster.
func TestDoorTrustsManagersOnly(t *testing.T) {
	g, foreign := newGrid(t, "m1"), newGrid(t, "m1")
	agent := g.start(t, pki.Agent, "n9")
	for name, peer := range map[string]fsm.Peer{
		"an agent at the address":            {Address: agent.Address},
		"a manager of another cluster":       {Address: foreign.managers[0].Address},
		"another manager than the one meant": {ID: "m2", Address: g.managers[0].Address},
	} {
		d := NewDoor(g.identity(t, pki.Agent, "n1"), []fsm.Peer{peer}, nil)
		if _, err := d.Orders(t.Context(), "n1", 0); err == nil {
			t.Errorf("%s was asked", name)
		}
	}
	if agent.count()+foreign.managers[0].count()+g.managers[0].count() > 0 {
		t.Error("something was sent")
	}
}

func TestDoorBounds(t *testing.T) {
	g := newGrid(t, "m1")
	d := NewDoor(g.identity(t, pki.Agent, "n1"), nil, nil)
	if _, err := d.Orders(t.Context(), "n1", 0); !errors.Is(err, errNoManagers) {
		t.Errorf("without managers: %v", err)
	}
	d.Add(g.peers()...)
	ctx, cancel := context.WithCancel(t.Context())
	g.managers[0].mu.Lock() // it does not answer
	released := false
	defer func() {
		if !released {
			g.managers[0].mu.Unlock()
		}
	}()
	ended := make(chan error, 1)
	go func() {
		_, err := d.Orders(ctx, "n1", 0)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	g.managers[0].mu.Unlock()
	released = true
}

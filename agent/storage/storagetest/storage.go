package storagetest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"bcm/agent"
	"bcm/agent/storage"
	"bcm/agent/storage/blob"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// ID is the node id of a test's storage.
const ID = "storage1"

// Storage is a running storage.
type Storage struct {
	ID     string
	URL    string
	Dir    string
	Store  *storage.Store
	Grants *storage.Grants
	Server *storage.Server

	t    testing.TB
	opt  storage.Options
	ca   *pki.CA
	addr string
	tls  *tls.Config

	mu      sync.Mutex
	table   storage.Table
	version uint64
	running *http.Server
	wrap    func(http.Handler) http.Handler
	front   http.Handler // what answers: Server, behind wrap
}

// Start starts a storage that ends with the test. It lets nobody in.
func Start(t testing.TB, opt storage.Options) *Storage {
	t.Helper()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return start(t, ID, ca, opt)
}

// Beside starts another storage of the same cluster.
func (s *Storage) Beside(id string, opt storage.Options) *Storage {
	s.t.Helper()
	return start(s.t, id, s.ca, opt)
}

func start(t testing.TB, id string, ca *pki.CA, opt storage.Options) *Storage {
	t.Helper()
	s := &Storage{ID: id, Dir: t.TempDir(), Grants: &storage.Grants{}, t: t, ca: ca, opt: opt}
	s.table.Quotas = map[string]int64{}
	s.open()
	s.tls = s.Holder(id).ServerTLS("http/1.1") // as Server.Serve has it
	s.addr = "127.0.0.1:0"
	s.Resume()
	t.Cleanup(s.Kill)
	return s
}

// ServeHTTP answers a request, through what Wrap put before the server.
func (s *Storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	front := s.front
	s.mu.Unlock()
	front.ServeHTTP(w, r)
}

// Wrap puts a handler before the server for the requests that come from now
// on; nil takes it away. Requests that are being answered go on as they began.
func (s *Storage) Wrap(with func(http.Handler) http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrap, s.front = with, s.Server
	if with != nil {
		s.front = with(s.Server)
	}
}

// Kill ends the storage as a crash would: connections are cut.
func (s *Storage) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		_ = s.running.Close()
		s.running = nil
	}
}

// Resume starts a killed storage again under its address.
func (s *Storage) Resume() {
	s.t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.URL = "https://" + s.addr
	srv := &http.Server{Handler: s, ErrorLog: hclog.NewNullLogger().StandardLogger(nil)}
	s.mu.Lock()
	s.running = srv
	s.mu.Unlock()
	go func() { _ = srv.Serve(tls.NewListener(ln, s.tls)) }()
}

// Reopen starts the storage again as a new process would, reading its directory.
func (s *Storage) Reopen() {
	s.t.Helper()
	s.Kill()
	if err := s.Store.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
	s.Resume()
}

// open opens the directory and puts a server before it.
func (s *Storage) open() {
	s.t.Helper()
	store, err := storage.Open(s.Dir, s.opt, hclog.NewNullLogger())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	s.Store = store
	s.Server = storage.NewServer(storage.Config{
		Store: store, Grants: s.Grants, Log: hclog.NewNullLogger(),
		Peer: func(state tls.ConnectionState) (string, error) {
			id, err := pki.PeerOf(state)
			return id.ID, err
		},
	})
	s.Wrap(s.wrap)
}

// Allow gives a node rights in a namespace, instead of what it had there.
func (s *Storage) Allow(node, namespace string, rights storage.Rights) {
	s.change(func(t *storage.Table) {
		var kept []storage.Grant
		for _, g := range t.Grants {
			if g.Peer != node || g.Namespace != namespace {
				kept = append(kept, g)
			}
		}
		if rights != 0 {
			kept = append(kept, storage.Grant{Peer: node, Namespace: namespace, Rights: rights})
		}
		t.Grants = kept
	})
}

// Fence gives a node rights in a namespace under a fence: what it does there under an
// older one is refused.
func (s *Storage) Fence(node, namespace string, rights storage.Rights, fence blob.Fence) {
	s.Allow(node, namespace, rights)
	s.change(func(t *storage.Table) {
		for i, g := range t.Grants {
			if g.Peer == node && g.Namespace == namespace {
				t.Grants[i].Fence = fence
			}
		}
	})
}

// Quota gives a namespace a quota in bytes.
func (s *Storage) Quota(namespace string, bytes int64) {
	s.change(func(t *storage.Table) { t.Quotas[namespace] = bytes })
}

func (s *Storage) change(do func(t *storage.Table)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(&s.table)
	s.version++
	s.table.Version = s.version
	s.Grants.Set(s.table, time.Now())
}

// Do lets the storage carry out an order that ends, as the cluster's would.
func (s *Storage) Do(ctx context.Context, o fsm.Order) (fsm.Outcome, error) {
	s.t.Helper()
	role := storage.New(storage.RoleConfig{Store: s.Store, Grants: s.Grants, Peers: agent.NewPeers(s.Holder(s.ID)), Wait: 2 * time.Second})
	return role.Do(ctx, o, func(fsm.Progress) {})
}

// Copy lets the storage copy a namespace from another one, which it may read there.
func (s *Storage) Copy(ctx context.Context, from *Storage, namespace string, change ...func(*fsm.Order)) (fsm.Outcome, error) {
	s.t.Helper()
	from.Allow(s.ID, namespace, storage.Read)
	o := fsm.Order{ID: "copy", Kind: fsm.CopyOrder, Role: fsm.RoleStorage, Repository: &fsm.RepositoryAccess{Namespace: namespace,
		Storages: []fsm.Peer{{ID: from.ID, Address: from.addr}}}}
	for _, do := range change {
		do(&o)
	}
	return s.Do(ctx, o)
}

// Scrub lets the storage read a namespace again.
func (s *Storage) Scrub(ctx context.Context, namespace, run string) (fsm.Outcome, error) {
	s.t.Helper()
	return s.Do(ctx, fsm.Order{ID: run, Kind: fsm.ScrubOrder, Role: fsm.RoleStorage, Repository: &fsm.RepositoryAccess{Namespace: namespace}})
}

// Client returns an HTTP client that is a node of the storage's cluster.
func (s *Storage) Client(node string) *http.Client {
	s.t.Helper()
	tr := &http.Transport{
		TLSClientConfig:     s.Holder(node).ClientTLS("http/1.1", s.ID),
		MaxIdleConnsPerHost: 16,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, addr)
		},
	}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// Holder returns the identity of a node of the storage's cluster.
func (s *Storage) Holder(node string) *pki.Holder {
	s.t.Helper()
	h := &pki.Holder{}
	key, err := pki.NewKey()
	if err != nil {
		s.t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		s.t.Fatal(err)
	}
	cert, err := s.ca.Sign(csr, pki.Identity{Cluster: "test", Kind: pki.Agent, ID: node}, nil, time.Now(), time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := h.Set(cert, key, s.ca.CertPEM()); err != nil {
		s.t.Fatal(err)
	}
	return h
}

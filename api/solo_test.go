package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// solo is a cluster of one manager without a network: entries are applied as
// they come. What it cannot do by itself, tests set.
type solo struct {
	state *fsm.FSM

	mu       sync.Mutex
	index    uint64
	now      time.Time
	status   Status
	progress map[string]fsm.Progress
	changed  chan struct{}
	refuse   error // of the next changes
	seen     []string
	moved    string
	removed  string
	restored []byte
	wait     time.Duration // before a login may be tried
	logins   []string      // how they went
}

func newSolo() *solo {
	return &solo{
		state:    fsm.New(hclog.NewNullLogger()),
		now:      time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		progress: make(map[string]fsm.Progress),
		changed:  make(chan struct{}),
		status: Status{Leader: "m1", LeaderName: "manager-1", LeaderAPI: "127.0.0.1:7443", IsLeader: true, Term: 3,
			LastContact: 12 * time.Millisecond, Members: []Member{{ID: "m1", Name: "manager-1", Voter: true, Healthy: true}}},
	}
}

func (s *solo) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *solo) tick(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *solo) Apply(ctx context.Context, by string, cmd fsm.Command) (fsm.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return fsm.Result{}, s.refuse
	}
	e, err := fsm.NewEntry(ctx, by, cmd)
	if err != nil {
		return fsm.Result{}, err
	}
	s.now = s.now.Add(time.Millisecond)
	e.At = fsm.At(s.now)
	s.index++
	outcomes, err := s.state.Replay(s.index, e)
	if err != nil {
		return fsm.Result{}, err
	}
	return outcomes.At(0)
}

func (s *solo) View(ctx context.Context, f fsm.Freshness) (*fsm.View, error) {
	return s.state.View(ctx, f.Index())
}

func (s *solo) Orders(_ context.Context, node string, _ uint64) (fsm.Orders, error) {
	return s.state.Now().Orders(node), nil
}

func (s *solo) Seen(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, node)
}

func (s *solo) SetProgress(all []fsm.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range all {
		s.progress[p.Run] = p
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *solo) Progress(run string) (fsm.Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.progress[run]
	return p, ok
}

func (s *solo) Progresses() []fsm.Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []fsm.Progress
	for _, p := range s.progress {
		all = append(all, p)
	}
	return all
}

func (s *solo) ProgressChanged() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *solo) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.CommitIndex, status.AppliedIndex = s.index, s.index
	return status
}

func (s *solo) TransferLeadership(_ context.Context, to string) error { s.moved = to; return nil }
func (s *solo) RemoveMember(_ context.Context, id string) error       { s.removed = id; return nil }

func (s *solo) TryLogin(_ context.Context, account, from string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wait > 0 {
		s.logins = append(s.logins, account+" "+from+" put off")
	}
	return s.wait
}

func (s *solo) TellLogin(_ context.Context, account, from string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins = append(s.logins, fmt.Sprint(account, " ", from, " ", ok))
}

func (s *solo) SaveSnapshot(context.Context) (io.ReadCloser, error) {
	var buf bytes.Buffer
	if err := s.state.Now().WriteSnapshot(&buf); err != nil {
		return nil, err
	}
	return io.NopCloser(&buf), nil
}

func (s *solo) RestoreSnapshot(_ context.Context, from io.Reader) error {
	data, err := io.ReadAll(from)
	s.restored = data
	return err
}

// must applies commands of a test's set-up.
func (s *solo) must(t testing.TB, by string, commands ...fsm.Command) (id string) {
	t.Helper()
	for _, cmd := range commands {
		result, err := s.Apply(t.Context(), by, cmd)
		if err != nil {
			t.Fatalf("%s: %v", fsm.KindOf(cmd), err)
		}
		id = result.ID
	}
	return id
}

// adminPassword is that of the first user.
const adminPassword = "a long enough secret"

// world is a door in front of a solo cluster with an administrator.
type world struct {
	*solo
	api   *API
	ca    *pki.CA
	key   pki.Key
	token string // of the administrator, an API token
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{solo: newSolo(), key: pki.Key{1, 2, 3}}
	ca, err := pki.NewCA("grid", w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.ca = ca
	w.must(t, "system:bootstrap", &fsm.InitCluster{
		Cluster:       "grid",
		CACertificate: ca.CertPEM(),
		CAKey:         pki.Seal(w.key, "setting/"+fsm.CAKey, ca.KeyPEM()),
		Admin:         fsm.CreateUser{ID: "u-admin", Name: "admin", Groups: []string{fsm.Superusers}, Password: adminHash()},
		Manager: fsm.NewNode{ID: "m1", Name: "manager-1", Roles: []string{fsm.RoleManager},
			Addresses: fsm.Addresses{API: "127.0.0.1:7443", Member: "127.0.0.1:7444"}, Version: "test", Understands: fsm.Version},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "c1"}, Roles: []string{fsm.RoleManager}, NotAfter: fsm.At(w.now.Add(pki.ManagerLife))},
	})
	w.token = w.speaksFor(t, "u-admin")
	w.api, err = New(Config{Cluster: w.solo, Key: w.key, GossipKey: []byte("gossip"), Name: "manager-1", Version: "test",
		Now: w.clock, Files: shelf{}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// speaksFor makes an API token of a user.
func (w *world) speaksFor(t testing.TB, user string) string {
	t.Helper()
	token := pki.NewBearer(pki.BearerAPI)
	w.must(t, "system:test", &fsm.CreateToken{ID: pki.NewID(), Kind: fsm.APIToken, Hash: pki.HashSecret(token), User: user})
	return token
}

// adminHash is adminPassword, hashed once for all tests.
var adminHash = sync.OnceValue(func() string { return pki.HashPassword(adminPassword) })

package client

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// doorman serves POST /v1/join as a manager of the grid.
func (g *grid) doorman(t *testing.T, kind pki.Kind, answer func(n int64, r joinRequest) (int, any)) (address string, asked *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int64)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/join", func(w http.ResponseWriter, r *http.Request) {
		var body joinRequest
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		status, out := answer(asked.Add(1), body)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out)
	})
	s := &http.Server{Handler: mux, TLSConfig: g.identity(t, kind, "m1").HTTPSTLS(),
		ErrorLog: hclog.NewNullLogger().StandardLogger(&hclog.StandardLoggerOptions{})}
	go func() { _ = s.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String(), asked
}

func (g *grid) admit(t *testing.T) func(int64, joinRequest) (int, any) {
	return func(_ int64, r joinRequest) (int, any) {
		id := pki.Identity{Cluster: g.ca.Cluster(), Kind: pki.Agent, ID: r.Node.ID, Roles: r.Node.Roles}
		cert, err := g.ca.Sign([]byte(r.CSR), id, nil, time.Now(), time.Hour)
		if err != nil {
			t.Error(err)
		}
		return http.StatusCreated, joinAnswer{Node: r.Node.ID, Cluster: g.ca.Cluster(), Certificate: string(cert),
			CA: string(g.ca.CertPEM()), GossipKey: []byte("key"), Managers: []Introduced{{ID: "m1", Member: "m1:7444"}}}
	}
}

func request(t *testing.T) (key, csr []byte) {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if csr, err = pki.NewCSR(key); err != nil {
		t.Fatal(err)
	}
	return key, csr
}

var newcomer = fsm.NewNode{ID: "n1", Name: "backup-1", Roles: []string{fsm.RoleBackupManager}}

func TestJoin(t *testing.T) {
	g := newGrid(t)
	busy := func(n int64, r joinRequest) (int, any) {
		if n < 3 {
			return http.StatusServiceUnavailable, map[string]string{"code": "unavailable", "detail": "no leader"}
		}
		return g.admit(t)(n, r)
	}
	address, asked := g.doorman(t, pki.Manager, busy)
	key, csr := request(t)
	var rounds int
	a, err := Join(t.Context(), pki.NewToken(false, g.ca.Pin()), []string{"127.0.0.1:1", address}, csr, newcomer, func(error) { rounds++ })
	if err != nil {
		t.Fatal(err)
	}
	if err := new(pki.Holder).Set(a.Certificate, key, a.CA); err != nil {
		t.Error(err)
	}
	if a.Node != "n1" || a.Cluster != "c1" || string(a.GossipKey) != "key" || len(a.Peers()) != 1 || a.Peers()[0].ID != "m1" {
		t.Errorf("%+v", a)
	}
	if asked.Load() != 3 || rounds != 2 {
		t.Errorf("asked %d times in %d rounds", asked.Load(), rounds)
	}
}

// A token goes to no one but a manager of its own cluster, and what is refused
// for good is not asked again.
func TestJoinRefused(t *testing.T) {
	g, foreign := newGrid(t), newGrid(t)
	used := func(int64, joinRequest) (int, any) {
		return http.StatusUnauthorized, map[string]string{"code": "unauthorized", "detail": "the token has been used"}
	}
	refuses, refusals := g.doorman(t, pki.Manager, used)
	other, others := foreign.doorman(t, pki.Manager, foreign.admit(t))
	agent, agents := g.doorman(t, pki.Agent, g.admit(t))
	_, csr := request(t)
	token := pki.NewToken(false, g.ca.Pin())

	_, err := Join(t.Context(), token, []string{refuses, other}, csr, newcomer, nil)
	if fsm.CodeOf(err) != fsm.Unauthorized || !errors.Is(err, pki.ErrPin) || !strings.Contains(err.Error(), "has been used") {
		t.Errorf("%v", err)
	}
	if refusals.Load() != 1 || others.Load() != 0 {
		t.Errorf("%d refusals, %d times sent to another cluster", refusals.Load(), others.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err = Join(ctx, token, []string{agent}, csr, newcomer, func(error) { cancel() }); !errors.Is(err, pki.ErrPeer) {
		t.Errorf("an agent: %v", err)
	}
	if agents.Load() != 0 {
		t.Error("the token was sent to an agent")
	}
	if strings.Contains(err.Error(), token.Secret) {
		t.Error("the error holds the secret")
	}
}

func TestSplitJoin(t *testing.T) {
	token := pki.NewToken(false, strings.Repeat("ab", 32)).String()
	got, addresses, err := SplitJoin([]string{" a:1", token, "b", "https://c:7443/", "::1", "[::2]", "10.0.0.1", ""})
	want := "a:1 b:7443 c:7443 [::1]:7443 [::2]:7443 10.0.0.1:7443"
	if err != nil || got == nil || got.String() != token || strings.Join(addresses, " ") != want {
		t.Errorf("%v %v %v", got, addresses, err)
	}
	if got, _, err := SplitJoin([]string{"a"}); err != nil || got != nil {
		t.Errorf("%v %v", got, err)
	}
	for _, words := range [][]string{
		{token, token}, {token[:len(token)-3]}, {"http://x/y"}, {"user@host:1"}, {":7443"}, {"host:"}, {"a b"},
	} {
		_, _, err := SplitJoin(words)
		if !errors.Is(err, ErrJoinWords) {
			t.Errorf("%q: %v", words, err)
		} else if strings.Contains(err.Error(), strings.Split(token, "-")[3]) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

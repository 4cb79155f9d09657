package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// knock connects to a member and tells whether it may stay: whether the member
// leaves the connection open although nothing is said.
func knock(t *testing.T, addr string, config *tls.Config) bool {
	t.Helper()
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	conn := tls.Client(raw, config)
	if err := conn.SetDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Handshake(); err != nil {
		return false
	}
	_, err = conn.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// Who may use which protocol of the members' port.
func TestPortAdmits(t *testing.T) {
	w, foreign := newWorld(t), newWorld(t)
	n, _ := w.lone(t)
	manager, agent := pki.NewID(), pki.NewID()
	managerHolder := w.admit(t, n, manager, fsm.RoleManager)
	agentHolder := w.admit(t, n, agent, fsm.RoleStorage)
	foreign.id = w.id // it says so; its authority is another
	stranger, _ := newWorld(t).holder(t, pki.Manager, manager, fsm.RoleManager)
	noRole, _ := w.holder(t, pki.Manager, pki.NewID(), fsm.RoleStorage)
	tests := []struct {
		name string
		h    *pki.Holder
		alpn string
		want bool
	}{
		{"manager", managerHolder, ALPNRaft, true},
		{"manager", managerHolder, ALPNRPC, true},
		{"agent", agentHolder, ALPNAgent, true},
		{"agent", agentHolder, ALPNRaft, false},
		{"agent", agentHolder, ALPNRPC, false},
		{"manager without the role", noRole, ALPNRaft, false},
		{"manager of another authority", stranger, ALPNRaft, false},
		{"manager", managerHolder, "bcm-raft/2", false},
		{"manager", managerHolder, "h2", false},
		{"manager", managerHolder, "", false},
	}
	for _, tt := range tests {
		config := tt.h.ClientTLS(tt.alpn, n.cfg.ID)
		config.VerifyConnection = nil // what the client thinks of it is not what is tested
		if got := knock(t, n.Address(), config); got != tt.want {
			t.Errorf("%s with %q: admitted %v, wanted %v", tt.name, tt.alpn, got, tt.want)
		}
	}
	bare := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{ALPNRaft}}
	if knock(t, n.Address(), bare) {
		t.Error("one without a certificate was admitted")
	}
}

// Removing a node shuts it out, and ends the connections it has.
func TestRemovedNodeIsShutOut(t *testing.T) {
	w := newWorld(t)
	n, _ := w.lone(t)
	id := pki.NewID()
	h := w.admit(t, n, id, fsm.RoleStorage)
	raw, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	open := tls.Client(raw, h.ClientTLS(ALPNAgent, n.cfg.ID))
	if err := open.Handshake(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Apply(context.Background(), "user:admin", &fsm.RemoveNode{ID: id, Force: true}); err != nil {
		t.Fatal(err)
	}
	if err := open.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("its connection stayed open")
	}
	if knock(t, n.Address(), h.ClientTLS(ALPNAgent, n.cfg.ID)) {
		t.Error("it was admitted again")
	}
}

// A call that changes something is answered only to managers that the state names.
func TestUnknownManagerMayNotForward(t *testing.T) {
	w := newWorld(t)
	n, _ := w.lone(t)
	h, _ := w.holder(t, pki.Manager, pki.NewID(), fsm.RoleManager) // certified, never admitted
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := tls.Dialer{Config: h.ClientTLS(ALPNRPC, n.cfg.ID)}
		return d.DialContext(ctx, "tcp", n.Address())
	}}}
	defer client.CloseIdleConnections()
	c := &calls{client}
	e, err := fsm.NewEntry(context.Background(), "system:test", &fsm.PutSetting{Name: "k", Value: []byte("v")})
	if err != nil {
		t.Fatal(err)
	}
	before := n.state.Now().Digest()
	for path, in := range map[string]any{pathApply: e, pathTransfer: target{n.cfg.ID}, pathRemove: target{n.cfg.ID}} {
		if err := c.post(context.Background(), "m", path, in, &nothing{}); fsm.CodeOf(err) != fsm.Denied {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := c.send(context.Background(), "m", pathRestore, strings.NewReader("x"), &nothing{}); fsm.CodeOf(err) != fsm.Denied {
		t.Errorf("%s: %v", pathRestore, err)
	}
	if n.state.Now().Digest() != before {
		t.Error("the state has changed")
	}
}

// One who connects and says nothing is let go after five seconds, and cannot
// take more than a share of the places.
func TestSilentConnectionsAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		h, _ := w.holder(t, pki.Manager, pki.NewID(), fsm.RoleManager)
		ln := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		p := newPort(Config{Identity: h}, ln, hclog.NewNullLogger())
		served := make(chan error, 1)
		go func() { served <- p.serve() }()
		var ends []net.Conn
		for range maxHandshakesIP + 1 {
			near, far := net.Pipe()
			ln.conns <- far
			ends = append(ends, near)
		}
		synctest.Wait()
		last := ends[maxHandshakesIP]
		if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("one more than allowed: %v", err)
		}
		begin := time.Now()
		for _, c := range ends[:maxHandshakesIP] {
			if _, err := io.ReadAll(c); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(begin); took != handshakeTimeout {
			t.Errorf("let go after %v", took)
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// pipeListener hands out what it is given.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return idAddr("pipe") }

package cluster

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/raft"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// What one member answers, the other understands as the same.
func TestAnswersCross(t *testing.T) {
	n := &Node{}
	tests := []struct {
		name  string
		err   error
		moved bool
		code  fsm.Code
	}{
		{"done", nil, false, ""},
		{"a refusal", fsm.Errorf(fsm.Conflict, "no"), false, fsm.Conflict},
		{"not the leader", &moved{cause: raft.ErrNotLeader}, true, fsm.Unavailable},
		{"lost on the way", &moved{cause: raft.ErrLeadershipLost, unknown: true}, true, fsm.OutcomeUnknown},
		{"a fault", errors.New("oh"), false, fsm.Internal},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		n.reply(w, fsm.Result{Index: 7, ID: "x"}, tt.err)
		var out fsm.Result
		err := answered("m", w.Code, w.Body.Bytes(), &out)
		var m *moved
		isMoved := errors.As(err, &m)
		if isMoved {
			err = m.outward()
		}
		if isMoved != tt.moved || fsm.CodeOf(err) != tt.code {
			t.Errorf("%s: moved %v, %v", tt.name, isMoved, err)
		}
		if tt.err == nil && out != (fsm.Result{Index: 7, ID: "x"}) {
			t.Errorf("the result became %+v", out)
		}
	}
	for _, status := range []int{http.StatusOK, statusRefused, statusMoved, http.StatusNotFound, http.StatusInternalServerError} {
		var m *moved
		if err := answered("m", status, []byte("\xff"), new(fsm.Result)); !errors.As(err, &m) || !m.unknown {
			t.Errorf("nonsense with status %d: %v", status, err)
		}
	}
}

// Whatever a manager sends, the answer is one that managers understand, and the
// member goes on.
func FuzzCalls(f *testing.F) {
	w := newWorld(f)
	n, _ := w.lone(f)
	h, _ := w.holder(f, pki.Manager, n.cfg.ID, fsm.RoleManager)
	state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{h.Certificate()}}
	handler := n.handler()
	paths := []string{pathApply, pathIndex, pathSoft, pathTransfer, pathRemove, pathRestore}
	entry, err := fsm.NewEntry(f.Context(), "system:test", &fsm.PutSetting{Name: "k", Value: []byte("v")})
	if err != nil {
		f.Fatal(err)
	}
	for i, in := range []any{entry, nothing{}, word{Seen: []sighting{{"n", 3}}, Progress: []fsm.Progress{{Run: "r"}}}, target{"x"}} {
		data, err := fsm.Encode(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
	}
	f.Add(uint8(5), []byte("bcm-snapshot-1\n"))
	entry.Body = []byte{0xa1, 0x64, 'n', 'a', 'm', 'e', 0x07} // {"name": 7}
	poison, err := fsm.Encode(entry)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), poison)
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		path := paths[int(which)%len(paths)]
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.TLS = state
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		switch rec.Code {
		case http.StatusOK, statusRefused, statusMoved, statusUnknown:
		default:
			t.Errorf("%s answered with status %d", path, rec.Code)
		}
		if n.closed() {
			t.Fatalf("after %s the member has stopped", path)
		}
	})
}

package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// serveCalls answers the other managers until ctx ends or the port is closed.
func (n *Node) serveCalls(ctx context.Context) error {
	server := &http.Server{
		Handler:           n.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          n.log.Named("calls").StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err := server.Serve(OverTLS(server, n.port.queues[ALPNRPC]))
	closeErr := server.Close()
	select {
	case <-n.done:
		return nil
	case <-ctx.Done():
		return nil
	default:
		return errors.Join(err, closeErr)
	}
}

func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathApply, answer1(n, n.takeEntry))
	mux.HandleFunc("POST "+pathIndex, answer1(n, n.tellIndex))
	mux.HandleFunc("POST "+pathSoft, answer1(n, n.takeWord))
	mux.HandleFunc("POST "+pathTry, answer1(n, n.takeTry))
	mux.HandleFunc("POST "+pathTold, answer1(n, n.takeTold))
	mux.HandleFunc("POST "+pathTransfer, answer1(n, n.takeTransfer))
	mux.HandleFunc("POST "+pathRemove, answer1(n, n.takeRemove))
	mux.HandleFunc("POST "+pathRestore, n.takeSnapshot)
	return mux
}

// answer1 makes a handler of a function from what is asked to what is answered.
// The peer is a manager: the port lets nobody else speak this protocol.
func answer1[In, Out any](n *Node, do func(ctx context.Context, peer peer, in In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := peerOf(r)
		if err != nil {
			n.reply(w, nil, err)
			return
		}
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
		if err != nil {
			n.reply(w, nil, fsm.Errorf(fsm.Invalid, "the call cannot be read: %v", err))
			return
		}
		var in In
		if err := fsm.Decode(data, &in); err != nil {
			n.reply(w, nil, fsm.Errorf(fsm.Invalid, "the call cannot be read: %v", err))
			return
		}
		out, err := do(r.Context(), from, in)
		n.reply(w, out, err)
	}
}

// reply writes an answer, or the refusal in its place.
func (n *Node) reply(w http.ResponseWriter, out any, err error) {
	status, body := http.StatusOK, out
	var m *moved
	var refusal *fsm.Error
	switch {
	case errors.As(err, &m) && m.unknown:
		status, body = statusUnknown, m.outward()
	case errors.As(err, &m):
		status, body = statusMoved, m.outward()
	case errors.As(err, &refusal):
		status, body = statusRefused, refusal
	case err != nil:
		status, body = statusRefused, fsm.Errorf(fsm.Internal, "%v", err)
	}
	data, err := fsm.Encode(body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		n.log.Error("an answer cannot be encoded", "error", err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		n.log.Debug("an answer was not delivered", "error", err)
	}
}

// peer is the manager that makes a call.
type peer struct {
	id     string
	admits func(n *Node) error // by the state, at this moment
}

func peerOf(r *http.Request) (peer, error) {
	if r.TLS == nil {
		return peer{}, fsm.Errorf(fsm.Denied, "the call came over no protected connection")
	}
	id, err := pki.PeerOf(*r.TLS)
	if err != nil {
		return peer{}, fsm.Errorf(fsm.Denied, "%v", err)
	}
	cert := r.TLS.PeerCertificates[0]
	return peer{id.ID, func(n *Node) error { return n.known(id, cert) }}, nil
}

// nothing is the question or answer of calls that have none.
type nothing struct{}

// takeEntry applies the entry of another manager, as the leader.
func (n *Node) takeEntry(ctx context.Context, from peer, e fsm.Entry) (applied, error) {
	if n.raft.State() != raft.Leader {
		return applied{}, &moved{cause: raft.ErrNotLeader}
	}
	if err := from.admits(n); err != nil {
		return applied{}, err
	}
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	result, err := n.propose(ctx, e)
	return applied{result, n.committed()}, err
}

// tellIndex gives an index that contains all that was acknowledged up to now.
func (n *Node) tellIndex(ctx context.Context, _ peer, _ nothing) (readAt, error) {
	ctx, cancel := n.bounded(ctx)
	defer cancel()
	index, err := n.confirm(ctx)
	return readAt{index, n.committed()}, err
}

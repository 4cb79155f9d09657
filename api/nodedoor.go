package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// The node door is how nodes talk to managers, over mTLS: who calls is the
// certificate's identity, checked against the state at each call. Bodies are
// CBOR; so are errors, which arrive at the node as themselves.

const (
	cborType   = "application/cbor"
	maxReport  = 4 << 20
	doorAnswer = 10 * time.Second // less than the nodes wait
)

// NodeDoor serves nodes. The requests must carry the state of their TLS
// connection.
func (a *API) NodeDoor() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /v1/agent/orders", nodeCall(a, a.nodeOrders))
	mux.Handle("POST /v1/agent/report", nodeCall(a, a.nodeReport))
	mux.Handle("POST /v1/agent/progress", nodeCall(a, a.nodeProgress))
	mux.Handle("POST /v1/agent/renew", nodeCall(a, a.nodeRenew))
	return mux
}

// ordersQuestion is what a node asks: what should I be doing, if it is not what
// you told me under this version.
type ordersQuestion struct {
	After uint64 `cbor:"after"`
}

func (a *API) nodeOrders(ctx context.Context, node string, in ordersQuestion) (fsm.Orders, error) {
	return a.Cluster.Orders(ctx, node, in.After)
}

// nodeReport is a node telling what happened. Of the entry the kind, the request
// id and the body count; who reports is the caller.
type nodeReport struct {
	Entry fsm.Entry `cbor:"entry"`
}

func (a *API) nodeReport(ctx context.Context, node string, in nodeReport) (fsm.Result, error) {
	cmd, err := in.Entry.Command()
	if err != nil {
		return fsm.Result{}, fsm.Errorf(fsm.Invalid, "%v", err)
	}
	if in.Entry.ID != "" {
		ctx = fsm.WithRequest(ctx, in.Entry.ID, nil)
	}
	begin := time.Now()
	result, err := a.Cluster.Apply(ctx, "node:"+node, cmd)
	a.metrics.applied(cmd, err, time.Since(begin))
	return result, err
}

func (a *API) nodeProgress(_ context.Context, node string, in []fsm.Progress) (*none, error) {
	for i := range in {
		in[i].Node = node // it speaks for itself alone
	}
	a.Cluster.Seen(node)
	a.Cluster.SetProgress(in)
	return nil, nil
}

type renewal struct {
	CSR []byte `cbor:"csr"`
}

type renewed struct {
	Certificate []byte `cbor:"certificate"`
	CA          []byte `cbor:"ca"`
}

func (a *API) nodeRenew(ctx context.Context, node string, in renewal) (renewed, error) {
	cert, ca, err := a.Renew(ctx, node, in.CSR)
	return renewed{cert, ca}, err
}

// nodeCall makes a handler of a function: it finds out which node calls, reads
// what it says and writes the answer.
func nodeCall[I, O any](a *API, h func(ctx context.Context, node string, in I) (O, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := func() (out O, err error) {
			var in I
			node, err := a.caller(r)
			if err != nil {
				return out, err
			}
			data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
			if err != nil {
				return out, fsm.Errorf(fsm.Invalid, "the body cannot be read, or is larger than %d bytes", maxReport)
			}
			if err := fsm.Decode(data, &in); err != nil {
				return out, fsm.Errorf(fsm.Invalid, "the body cannot be read: %v", err)
			}
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // as in the other door
			ctx, cancel := context.WithTimeout(r.Context(), doorAnswer)
			defer cancel()
			return h(ctx, node, in)
		}()
		a.answerNode(w, out, err)
	})
}

// caller finds out which node calls, and whether it may.
func (a *API) caller(r *http.Request) (string, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return "", fsm.Errorf(fsm.Unauthorized, "this port is for nodes, with their certificates")
	}
	id, err := pki.PeerOf(*r.TLS)
	if err != nil {
		return "", fsm.Errorf(fsm.Unauthorized, "%v", err)
	}
	serial := r.TLS.PeerCertificates[0].SerialNumber.Text(16)
	v, err := a.Cluster.View(r.Context(), fsm.Local())
	if err != nil {
		return "", err
	}
	if admitted(v, id, serial) == nil {
		return id.ID, nil
	}
	// It may have joined a moment ago, through another manager, or this one has
	// not caught up since its start. A node takes a refusal for the last word, so
	// none is given that the cluster does not stand behind.
	v, err = a.Cluster.View(r.Context(), fsm.Linearizable())
	if err != nil {
		return "", err
	}
	return id.ID, admitted(v, id, serial)
}

// admitted tells why a node may not speak, nil when it may.
func admitted(v *fsm.View, id pki.Identity, serial string) error {
	if id.Cluster != string(v.Setting(fsm.ClusterID)) {
		return fsm.Errorf(fsm.Unauthorized, "the certificate is of cluster %s", id.Cluster)
	}
	return v.Admits(id.ID, serial)
}

// answerNode writes an answer, or an error as itself.
func (a *API) answerNode(w http.ResponseWriter, out any, err error) {
	status := http.StatusOK
	if err != nil {
		e, ok := errors.AsType[*fsm.Error](err)
		if !ok {
			e = a.surprise("of a node", err)
		}
		out, status = e, statusOf(e.Code)
	}
	if nothing, ok := out.(*none); ok && nothing == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	data, err := fsm.Encode(out)
	if err != nil {
		a.log.Error("an answer to a node cannot be encoded", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", cborType)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		a.log.Debug("a node did not wait for its answer", "error", err)
	}
}

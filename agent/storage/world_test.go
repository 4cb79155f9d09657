package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"bcm/agent/storage/blob"
	"bcm/cluster/pki"

	"github.com/hashicorp/go-hclog"
)

// world is a cluster of which only certificates exist, and one storage in it.
type world struct {
	t      *testing.T
	ca     *pki.CA
	store  *Store
	grants *Grants
	server *Server
	url    string
}

// newWorld starts a storage that knows of no grants.
func newWorld(t *testing.T, cfg Config, opt Options) *world {
	t.Helper()
	w := &world{t: t, ca: newCA(t, "c1"), store: openStore(t, t.TempDir(), opt), grants: &Grants{}}
	cfg.Store, cfg.Grants, cfg.Log = w.store, w.grants, hclog.NewNullLogger()
	cfg.Peer = func(state tls.ConnectionState) (string, error) {
		id, err := pki.PeerOf(state)
		return id.ID, err
	}
	w.server = NewServer(cfg)
	w.serve(listen(t, "127.0.0.1:0"))
	return w
}

// serve serves on the listener until the test ends or stop is called, which
// returns when the server has ended.
func (w *world) serve(ln net.Listener) (stop func()) {
	w.url = "https://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(ctx, ln, holder(w.t, w.ca, "store1").ServerTLS()) }()
	stop = func() {
		cancel()
		if err, ok := <-done; ok && err != nil {
			w.t.Errorf("serve: %v", err)
		}
	}
	w.t.Cleanup(func() { cancel() })
	return stop
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func newCA(t *testing.T, cluster string) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA(cluster, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// holder returns the identity of a node that the authority admitted.
func holder(t *testing.T, ca *pki.CA, id string) *pki.Holder {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Sign(csr, pki.Identity{Cluster: ca.Cluster(), Kind: pki.Agent, ID: id, Roles: []string{"backup-storage"}},
		nil, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	h := &pki.Holder{}
	if err := h.Set(cert, key, ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	return h
}

// as returns an HTTP client that is a node of the cluster.
func (w *world) as(node string) *http.Client {
	tr := &http.Transport{TLSClientConfig: holder(w.t, w.ca, node).ClientTLS("", "store1")}
	w.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// client returns a client of a namespace that is a node of the cluster.
func (w *world) client(node, ns string, opt blob.Options) *blob.Client {
	w.t.Helper()
	opt.MinBackoff, opt.MaxBackoff = time.Millisecond, 10*time.Millisecond
	if opt.Wait == 0 {
		opt.Wait = 100 * time.Millisecond
	}
	c, err := blob.NewClient(w.as(node), []string{w.url}, ns, opt)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// let gives a node rights in a namespace, beside what was given before.
func (w *world) let(grants ...Grant) {
	w.grants.Set(Table{Version: 10, Grants: grants}, time.Now())
}

// ask makes one request and returns the status, the code and the body.
func (w *world) ask(hc *http.Client, method, path string, body []byte, headers ...string) (int, string, []byte) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := hc.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get(blob.HeaderError), data
}

// memory is a body and a sink in memory.
type memory struct{ bytes.Buffer }

func (m *memory) Length() int         { return m.Len() }
func (m *memory) Open() io.ReadCloser { return io.NopCloser(bytes.NewReader(m.Bytes())) }

func holding(data string) *memory { return &memory{*bytes.NewBufferString(data)} }

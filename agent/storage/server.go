package storage

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"bcm/agent/storage/blob"

	"github.com/hashicorp/go-hclog"
)

// Config is what a [Server] is made of. Store, Grants, Peer and Log are required.
type Config struct {
	Store  *Store
	Grants *Grants
	// Peer tells which node is at the other end of a connection whose handshake has
	// verified its certificate.
	Peer func(tls.ConnectionState) (nodeID string, err error)
	Log  hclog.Logger

	Stale   time.Duration // how old the confirmation of the grants may be; 10 minutes when 0
	Stall   time.Duration // how long a transfer may stand still; 1 minute when 0
	Drain   time.Duration // how long requests may go on when the server is told to end; 30 seconds when 0
	MaxBlob int64         // bytes of one blob; 1 GiB when 0
}

// Server serves a store to the nodes that the grants name. It is an http.Handler
// for requests that come over TLS.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	traffic Traffic
}

// Traffic counts what a [Server] has done since it began.
type Traffic struct {
	Requests, Refused, Failed atomic.Int64 // all; those answered with 4xx or 507; those with another 5xx
	In, Out                   atomic.Int64 // bytes of blobs
}

// NewServer returns a server. It does not listen yet.
func NewServer(cfg Config) *Server {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&cfg.Stale, 10*time.Minute)
	set(&cfg.Stall, time.Minute)
	set(&cfg.Drain, 30*time.Second)
	if cfg.MaxBlob == 0 {
		cfg.MaxBlob = 1 << 30
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /v1/{ns}/{$}", s.handle(Read, s.list))
	s.mux.HandleFunc("GET /v1/{ns}/{blob}", s.handle(Read, s.get)) // and HEAD
	s.mux.HandleFunc("PUT /v1/{ns}/{blob}", s.handle(Write, s.put))
	s.mux.HandleFunc("DELETE /v1/{ns}/{blob}", s.handle(Write, s.delete))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, blob.CodeInvalid, "no such route")
	})
	return s
}

// Traffic returns the counters, which go on counting.
func (s *Server) Traffic() *Traffic { return &s.traffic }

// Serve answers on the listener until the context ends, then lets requests that are
// going on end. The TLS configuration must verify the certificates of peers; with
// none, Serve panics: the protocol does not exist in clear.
func (s *Server) Serve(ctx context.Context, ln net.Listener, conf *tls.Config) error {
	if conf == nil {
		panic("storage: no TLS configuration")
	}
	conf = conf.Clone()
	conf.NextProtos = []string{"http/1.1"} // one transfer a connection: no flow control twice
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          s.cfg.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(tls.NewListener(ln, conf)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer cancel()
	err := srv.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close() // what is cut is not acknowledged, and its sender tries again
	}
	if serve := <-ended; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	return err
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.traffic.Requests.Add(1)
	s.allowTime(w)
	s.mux.ServeHTTP(w, r)
}

// call is one request that may be carried out.
type call struct {
	ns, name string
	peer     string
	fence    blob.Fence
}

// handle admits a request: who asks, for what, by which right.
func (s *Server) handle(need Rights, do func(http.ResponseWriter, *http.Request, call)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := call{ns: r.PathValue("ns"), name: r.PathValue("blob")}
		if r.TLS == nil {
			s.refuse(w, http.StatusForbidden, blob.CodeForbidden, "no TLS")
			return
		}
		peer, err := s.cfg.Peer(*r.TLS)
		if err != nil {
			s.refuse(w, http.StatusForbidden, blob.CodeForbidden, err.Error())
			return
		}
		c.peer = peer
		if text := r.Header.Get(blob.HeaderFence); text != "" {
			if c.fence, err = blob.ParseFence(text); err != nil {
				s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, err.Error())
				return
			}
		}
		if err := blob.CheckNamespace(c.ns); err != nil {
			s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, err.Error())
			return
		}
		if s.admit(w, c, need) {
			do(w, r, c)
		}
	}
}

// admit answers a request that the grants do not allow, and tells whether they do.
func (s *Server) admit(w http.ResponseWriter, c call, need Rights) bool {
	switch v, why := s.cfg.Grants.judge(c.peer, c.ns, need, c.fence, s.cfg.Stale, time.Now()); v {
	case allowed:
		return true
	case unsure:
		w.Header().Set("Retry-After", "1")
		s.refuse(w, http.StatusServiceUnavailable, blob.CodeStale, why)
	default:
		s.cfg.Log.Warn("refused", "peer", c.peer, "namespace", c.ns, "blob", c.name, "reason", why)
		s.refuse(w, http.StatusForbidden, blob.CodeForbidden, why)
	}
	return false
}

// refuse answers with an error.
func (s *Server) refuse(w http.ResponseWriter, status int, code, detail string) {
	if status >= 500 && status != http.StatusInsufficientStorage {
		s.traffic.Failed.Add(1)
	} else {
		s.traffic.Refused.Add(1)
	}
	w.Header().Set(blob.HeaderError, code)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The peer may be gone: it has the status or nothing.
	_, _ = w.Write([]byte(detail))
}

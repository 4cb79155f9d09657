package api

import (
	"fmt"
	"log"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/hashicorp/go-hclog"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Config is what the door is built from.
type Config struct {
	Cluster   Cluster
	Key       pki.Key          // the cluster key: opens and seals secrets of the state
	GossipKey []byte           // handed to nodes that join
	Files     Files            // looks into stored backups; nil answers that this manager cannot
	Servers   Servers          // asks SEP sesam servers; nil answers that this manager cannot
	Managers  Managers         // reaches other managers; nil sends everybody there instead
	Console   http.Handler     // everything that is not the API; nil answers 404
	Name      string           // of this manager, for Bcm-Served-By
	Version   string           // of the program
	Now       func() time.Time // nil means [time.Now]
	Log       hclog.Logger     // nil means silence
}

// Managers gives what carries requests to the API of the manager with an id, and to
// nobody else.
type Managers func(id string) http.RoundTripper

// API serves the HTTP interface of one manager. It is safe for concurrent use.
type API struct {
	Config
	log      hclog.Logger
	engine   *gin.Engine
	huma     huma.API
	cross    *http.CrossOriginProtection
	gate     *gate
	presence *presence
	metrics  *metrics
	streams  chan struct{} // one place for each open stream
	lanes    *lanes
	buffers  *bufferPool
	quiet    *log.Logger   // of what goes wrong on others' side
	closed   chan struct{} // closed when streams are to end
	close    func()
	table    []route
}

// maxStreams bounds the streams that are open at once.
const maxStreams = 1024

// New builds the door. It fails when a route has no right declared.
func New(cfg Config) (*API, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	a := &API{
		Config:   cfg,
		log:      cfg.Log.Named("api"),
		cross:    http.NewCrossOriginProtection(),
		gate:     newGate(cfg.Now),
		presence: newPresence(),
		streams:  make(chan struct{}, maxStreams),
		lanes:    newLanes(),
		buffers:  new(bufferPool),
		closed:   make(chan struct{}),
	}
	a.quiet = a.log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	a.close = sync.OnceFunc(func() { close(a.closed) })
	a.metrics = newMetrics(a)
	engine, err := newEngine(a)
	if err != nil {
		return nil, err
	}
	a.engine = engine
	a.huma = huma.NewAPI(humaConfig(a), mount{a})
	a.table = a.routes()
	if err := checkTable(a.table); err != nil {
		return nil, err
	}
	for _, r := range a.table {
		r.bind(a, r)
	}
	polish(a.huma.OpenAPI())
	return a, nil
}

// checkTable refuses a table with a route that has no right declared.
func checkTable(table []route) error {
	for _, r := range table {
		if r.right != Anyone && r.right != fsm.Self && !slices.Contains(fsm.Rights(), r.right) {
			return fmt.Errorf("api: route %s %s has no right declared", r.method, r.path)
		}
	}
	return nil
}

// newEngine makes the router with what applies to all requests, known paths or
// not.
func newEngine(a *API) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ContextWithFallback = true
	engine.Use(a.recover, a.measure, a.identify)
	engine.NoRoute(a.elsewhere)
	engine.NoMethod(func(g *gin.Context) {
		a.refuse(g, fsm.Errorf(NoSuchMethod, "%s does not take %s, only %s", g.Request.URL.Path, g.Request.Method,
			g.Writer.Header().Get("Allow")))
	})
	return engine, nil
}

// Handler serves the HTTPS port: the API, health, metrics and the console.
func (a *API) Handler() http.Handler { return a.engine }

// Close ends the streams that are open, which would not end by themselves. To be
// registered with [http.Server.RegisterOnShutdown].
func (a *API) Close() { a.close() }

// Server gives an HTTP server for h with bounds that keep slow or greedy clients
// from holding on to it. The caller brings the TLS listener.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // the door lifts it for what takes longer
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
}

package api

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"bcm/fsm"
)

// Bounds on what is carried to servers.
const (
	lanesEach   = 512 // requests at once to one server
	lanesOf     = 128 // of these, of one user or address
	carryIdle   = 2 * time.Minute
	carryBuffer = 64 << 10
)

// lanes bounds the requests that are carried at once.
type lanes struct {
	mu   sync.Mutex
	busy map[string]int
}

func newLanes() *lanes { return &lanes{busy: make(map[string]int)} }

// enter takes a place for a request to a server, of one who asks.
func (l *lanes) enter(server, who string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.busy[server] >= lanesEach:
		return nil, fsm.Errorf(fsm.Exhausted, "%d requests to this server are under way; ask again in a moment", lanesEach)
	case l.busy[who] >= lanesOf:
		return nil, fsm.Errorf(fsm.Exhausted, "%d requests of yours to this server are under way; ask again in a moment", lanesOf)
	}
	l.busy[server]++
	l.busy[who]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, key := range []string{server, who} {
			if l.busy[key]--; l.busy[key] == 0 {
				delete(l.busy, key)
			}
		}
	}, nil
}

// steadyBody is a body of any size that may take as long as it keeps coming.
type steadyBody struct {
	io.ReadCloser
	control *http.ResponseController
	n       atomic.Int64
	failed  atomic.Bool

	mu     sync.Mutex
	closed bool
}

// begin replaces the server's bound on reading the whole request.
func (b *steadyBody) begin(r *http.Request) {
	if r.ContentLength == 0 {
		b.bound(time.Time{})
	}
}

// bound sets when reading has to end. Once the body is closed the connection may
// belong to the next request. A server without bounds, a test's, has none to set.
func (b *steadyBody) bound(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		_ = b.control.SetReadDeadline(at)
	}
}

func (b *steadyBody) Read(p []byte) (int, error) {
	b.bound(time.Now().Add(carryIdle))
	n, err := b.ReadCloser.Read(p)
	b.bound(time.Time{}) // silence is no fault while the server is slow to take it
	b.n.Add(int64(n))
	b.failed.Store(err != nil && !errors.Is(err, io.EOF))
	return n, err
}

// Close ends reading.
func (b *steadyBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.ReadCloser.Close()
}

// steadyWriter is an answer of any size that may take as long as it is taken.
type steadyWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	n       int64
}

func (w *steadyWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(carryIdle))
	n, err := w.ResponseWriter.Write(p)
	_ = w.control.SetWriteDeadline(time.Time{}) // nor is it when the server is slow to send
	w.n += int64(n)
	return n, err
}

// Unwrap lets the connection be flushed, and taken over.
func (w *steadyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// steady gives a request and its answer bounds of that kind, instead of the server's.
// An answer may begin before the request has ended: without asking for that, the
// server would throw away a part of the body then.
func steady(g *gin.Context) (*steadyWriter, *http.Request, *steadyBody) {
	w := &steadyWriter{ResponseWriter: g.Writer, control: http.NewResponseController(g.Writer)}
	_ = w.control.EnableFullDuplex() // HTTP/2 is so anyway
	r := g.Request.WithContext(g.Request.Context())
	body := &steadyBody{ReadCloser: r.Body, control: w.control}
	r.Body = body
	body.begin(r)
	return w, r, body
}

// bufferPool lends the buffers that streams are copied through.
type bufferPool struct{ sync.Pool }

// Get lends a buffer.
func (p *bufferPool) Get() []byte {
	if b, ok := p.Pool.Get().(*[carryBuffer]byte); ok {
		return b[:]
	}
	return make([]byte, carryBuffer)
}

// Put takes a buffer back.
func (p *bufferPool) Put(b []byte) { p.Pool.Put((*[carryBuffer]byte)(b)) }

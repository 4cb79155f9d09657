package sesam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"bcm/fsm"
)

// Carrier carries requests of others to servers, as they are or under the cluster's
// account. It keeps connections to each server, and one session of the account. Its
// methods are safe for concurrent use.
type Carrier struct {
	mu    sync.Mutex
	lines map[lineID]*line
}

type lineID struct {
	server  string
	account bool
}

// Bounds on what is carried.
const (
	carriedTimeout = time.Minute // until an answer begins
	idleEach       = 256         // connections kept to one server
	maxRepeated    = 1 << 20     // of a body that can be sent a second time
)

// NewCarrier gives a carrier that has no connection yet.
func NewCarrier() *Carrier { return &Carrier{lines: make(map[lineID]*line)} }

// To carries requests to a server as they are. The address and the fingerprint
// count, and no account.
func (c *Carrier) To(access fsm.ServerAccess) http.RoundTripper {
	access.Account, access.Password = "", ""
	return c.line(access, false).transport
}

// As carries requests to a server in a session of the account. It opens the session
// when it is needed, and once more when the server has ended it.
func (c *Carrier) As(access fsm.ServerAccess) http.RoundTripper { return c.line(access, true) }

// line gives the way to a server; a new one when the server is entered in another
// way than before.
func (c *Carrier) line(access fsm.ServerAccess, account bool) *line {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := lineID{access.ID, account}
	l := c.lines[id]
	if l == nil || !alike(l.access, access) {
		if l != nil {
			l.transport.CloseIdleConnections()
		}
		t := Transport(access.Fingerprint)
		t.ResponseHeaderTimeout, t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = carriedTimeout, 0, idleEach, 0
		t.WriteBufferSize, t.ReadBufferSize = 32<<10, 32<<10
		l = &line{client: newClient(access), transport: t}
		c.lines[id] = l
	}
	return l
}

// Close ends the sessions, as far as ctx allows, and the connections that are not in
// use.
func (c *Carrier) Close(ctx context.Context) {
	c.mu.Lock()
	all := c.lines
	c.lines = make(map[lineID]*line)
	c.mu.Unlock()
	for _, l := range all {
		l.close(ctx)
		l.transport.CloseIdleConnections()
	}
}

// line is the way to one server. The client opens sessions; what is carried has
// connections of its own, so that neither holds the other up.
type line struct {
	*client
	transport *http.Transport
}

// RoundTrip carries one request under the account.
func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := repeatable(req)
	if err != nil {
		return nil, err
	}
	if body == nil && req.Body != nil { // it can be sent once: then the session had better be one
		if _, err := l.get(req.Context(), v2+"server/info"); errors.Is(err, ErrLogin) || errors.Is(err, ErrUnreachable) {
			return nil, err
		}
	}
	for again := false; ; again = true {
		session, err := l.login(req.Context())
		if err != nil {
			return nil, err
		}
		out := req.Clone(req.Context())
		out.Header.Set(sessionHeader, session)
		if body != nil {
			out.Body = io.NopCloser(bytes.NewReader(body))
			out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		}
		resp, err := l.transport.RoundTrip(out)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
		resp.Body.Close()
		l.forget(session)
		if again || body == nil && req.Body != nil {
			return nil, fmt.Errorf("%w: it does not take the session of the account", ErrLogin)
		}
	}
}

// repeatable reads a small body, which can then be sent again; nil when there is none
// or when it is too large for that.
func repeatable(req *http.Request) ([]byte, error) {
	if req.Body == http.NoBody {
		return []byte{}, nil
	}
	if req.Body == nil || req.ContentLength <= 0 || req.ContentLength > maxRepeated {
		return nil, nil
	}
	defer req.Body.Close()
	data := make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, data); err != nil {
		return nil, fmt.Errorf("the body did not arrive whole: %w", err)
	}
	return data, nil
}

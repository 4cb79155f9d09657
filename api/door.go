package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Names of headers.
const (
	requestHeader = "Bcm-Request-Id"
	indexHeader   = "Bcm-Index"
	servedHeader  = "Bcm-Served-By"
	leaderHeader  = "Bcm-Leader"
	contactHeader = "Bcm-Last-Contact"
)

// cookieName is the session cookie of the console. The prefix makes browsers
// insist on Secure, on the path / and on this very host.
const cookieName = "__Host-bcm"

const (
	maxBody      = 1 << 20
	maxRequestID = 128
	callTimeout  = 15 * time.Second // of a request that is no long poll

	secondTimeout = 2 * time.Second // to find out whether a token is known elsewhere
)

// Anyone is the right of routes that need none: everybody may, unknown people
// included.
const Anyone fsm.Right = "anyone"

// recover answers a panic as a fault of ours and keeps the manager going.
func (a *API) recover(g *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p) // a connection given up on purpose
		}
		err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if !g.Writer.Written() {
			a.refuse(g, err)
			return
		}
		a.log.Error("a request failed after its answer had begun", "error", err)
		panic(http.ErrAbortHandler)
	}()
	g.Next()
}

// identify gives the request an id when it has none, and the answer the headers
// that all answers have.
func (a *API) identify(g *gin.Context) {
	id := g.GetHeader(requestHeader)
	chosen := id != ""
	if !chosen {
		id = pki.NewID()
		g.Request.Header.Set(requestHeader, id)
	}
	h := g.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if host, _, _ := strings.Cut(g.Request.Host, ":"); host != "localhost" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.Set(servedHeader, a.Name)
	if chosen && !printable(id) {
		id = pki.NewID()
		g.Request.Header.Set(requestHeader, id)
		h.Set(requestHeader, id)
		a.refuse(g, invalid(requestHeader, "must have 1 to %d printable characters without spaces", maxRequestID))
		return
	}
	h.Set(requestHeader, id)
	g.Set(chosenKey, chosen)
	g.Next()
}

// chosenKey holds whether the one who asks chose the request id.
const chosenKey = "chosen"

func printable(id string) bool {
	return len(id) <= maxRequestID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// elsewhere serves the paths that are not in the table.
func (a *API) elsewhere(g *gin.Context) {
	path := g.Request.URL.Path
	if path == "/v1" || strings.HasPrefix(path, "/v1/") || path == "/sesam" || strings.HasPrefix(path, "/sesam/") || a.Console == nil {
		a.refuse(g, fsm.Errorf(fsm.NotFound, "there is no %s; /openapi.json lists all paths", path))
		return
	}
	g.Status(http.StatusOK) // the console decides; gin had set 404
	a.Console.ServeHTTP(g.Writer, g.Request)
}

// door gives the handler that stands before a route: it makes the call that
// the route's handler gets, or refuses.
func (a *API) door(r route) gin.HandlerFunc {
	known := r.queries()
	return func(g *gin.Context) {
		if h := g.Writer.Header(); r.method != anyMethod {
			h.Set("Cache-Control", "no-store")
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		}
		c := &call{API: a, gin: g, route: r, query: g.Request.URL.Query()}
		if err := c.enter(known); err != nil {
			a.refuse(g, err)
			return
		}
		if r.method != anyMethod && c.redirected() {
			return
		}
		g.Request = g.Request.WithContext(withCall(g.Request.Context(), c))
		g.Next()
	}
}

// enter asks, in this order: is the request well formed, who is it, may they,
// and how fresh must the view be.
func (c *call) enter(known []string) error {
	if c.route.method == anyMethod {
		return c.enterThrough()
	}
	if err := c.crossing(c.gin.Request); err != nil {
		return err
	}
	if err := checkQuery(c.query, known); err != nil {
		return err
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.readBody(); err != nil {
		return err
	}
	return c.look()
}

// enterThrough is enter for a request that is somebody else's to understand. Pages of
// any origin may ask a server what it answers to strangers.
func (c *call) enterThrough() error {
	if c.route.right != Anyone {
		r := *c.gin.Request
		if changes(&r) { // also what opens a connection for more
			r.Method = http.MethodPost
		}
		if err := c.crossing(&r); err != nil {
			return err
		}
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	var err error
	c.view, err = c.Cluster.View(c.ctx(), fsm.AtLeast(c.floor))
	return err
}

// crossing refuses what a page of another origin makes a browser do.
func (c *call) crossing(r *http.Request) error {
	if c.API.cross.Check(r) != nil {
		return fsm.Errorf(fsm.Denied, "a page of another origin may not do this")
	}
	return nil
}

// checkQuery refuses parameters that the route does not have.
func checkQuery(query url.Values, known []string) error {
	var unknown []string
	for name := range query {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	if len(known) == 0 {
		return invalid(unknown[0], "no such parameter; this path takes none")
	}
	return invalid(unknown[0], "no such parameter; there are %s", strings.Join(known, ", "))
}

// authenticate finds out who asks, and whether they have the route's right.
func (c *call) authenticate() error {
	if c.route.right == Anyone {
		return nil
	}
	secret, err := bearer(c.gin.Request)
	if err != nil {
		return err
	}
	view, err := c.API.Cluster.View(c.ctx(), fsm.Local())
	if err != nil {
		return err
	}
	hash := pki.HashSecret(secret)
	token, user, err := c.bearer(view, hash)
	if err != nil && c.API.gate.second(c.gin.ClientIP()) {
		// Perhaps another manager has just made it. When that cannot be found
		// out, what is known here decides.
		if fresh, ferr := c.settled(secondTimeout); ferr == nil {
			view, c.floor = fresh, fresh.Index
			token, user, err = c.bearer(view, hash)
		}
	}
	if err != nil {
		return err
	}
	c.present(token)
	c.token, c.user, c.access = token, user, view.Access(user)
	return c.access.Need(c.route.right, "")
}

// bearer takes the token out of the Authorization header or the cookie.
func bearer(r *http.Request) (string, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, secret, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return "", fsm.Errorf(fsm.Unauthorized, "the Authorization header must read: Bearer TOKEN")
		}
		return strings.TrimSpace(secret), nil
	}
	if cookie, err := r.Cookie(cookieName); err == nil && cookie.Value != "" {
		return cookie.Value, nil
	}
	return "", fsm.Errorf(fsm.Unauthorized, "log in first: POST /v1/login, or send Authorization: Bearer TOKEN")
}

// readBody reads the body of a route that takes JSON, while the server's bound
// on reading holds, and lifts that bound for what comes after.
func (c *call) readBody() error {
	r := c.gin.Request
	if !c.route.stream {
		data, err := io.ReadAll(http.MaxBytesReader(c.gin.Writer, r.Body, maxBody))
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return fsm.Errorf(TooLarge, "the body is larger than %d bytes", maxBody)
			}
			return fsm.Errorf(Unreadable, "the body did not arrive whole")
		}
		if err := checkMedia(r, data); err != nil {
			return err
		}
		c.body = data
		r.Body = io.NopCloser(bytes.NewReader(data))
	}
	// A server that cannot lift the bound is one that has none: a test's.
	_ = http.NewResponseController(c.gin.Writer).SetReadDeadline(time.Time{})
	return nil
}

func checkMedia(r *http.Request, body []byte) error {
	kind := r.Header.Get("Content-Type")
	if len(body) == 0 || kind == "" {
		return nil
	}
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
		return fsm.Errorf(UnsupportedMedia, "the body is %q; send application/json", kind)
	}
	return nil
}

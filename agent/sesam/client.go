package sesam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bcm/fsm"
)

const (
	v1        = "/sep/api/"
	v2        = "/sep/api/v2/"
	extension = "/bcm-ext/v1/" // of an add-on of the server, if it has one

	sessionHeader = "X-SEP-Session"
	maxAnswer     = 64 << 20
)

// client speaks to one server under one account. Its methods are safe for concurrent
// use.
type client struct {
	access fsm.ServerAccess
	http   *http.Client
	next   atomic.Pointer[string] // fingerprint of the certificate that the server is being given

	mu        sync.Mutex
	session   string
	refused   error // why the account was not let in
	refusedAt time.Time
}

func newClient(access fsm.ServerAccess) *client {
	c := &client{access: access}
	c.http = &http.Client{
		Transport:     transport(c.trusts),
		Timeout:       2 * answerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// trusts tells whether a certificate is the server's.
func (c *client) trusts(fingerprint string) bool {
	next := c.next.Load()
	return fingerprint == c.access.Fingerprint || next != nil && fingerprint == *next
}

// close gives up connections, and the session if there is one.
func (c *client) close(ctx context.Context) {
	c.mu.Lock()
	session := c.session
	c.session = ""
	c.mu.Unlock()
	if session != "" {
		_, _ = c.send(ctx, http.MethodGet, v2+"auth/logout", nil, session) // it would end by itself
	}
	c.http.CloseIdleConnections()
}

// get reads what is at a path.
func (c *client) get(ctx context.Context, path string) (value, error) {
	return c.call(ctx, http.MethodGet, path, nil)
}

// post sends a value as JSON.
func (c *client) post(ctx context.Context, path string, body any) (value, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return value{}, err
	}
	return c.call(ctx, http.MethodPost, path, data)
}

// call makes one call in a session. A session that has ended is opened again, once.
func (c *client) call(ctx context.Context, method, path string, body []byte) (value, error) {
	for again := false; ; again = true {
		session, err := c.login(ctx)
		if err != nil {
			return value{}, err
		}
		v, err := c.send(ctx, method, path, body, session)
		if !errors.Is(err, errSession) || again {
			return v, err
		}
		c.forget(session)
	}
}

// forget gives up a session that has ended, unless there is a new one already.
func (c *client) forget(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == session {
		c.session = ""
	}
}

// errSession is an answer that a session has ended.
var errSession = fmt.Errorf("%w: the session has ended", ErrLogin)

// login opens a session unless there is one. A login that was refused is not tried
// again for a while, whoever asks for it: accounts get locked by that.
func (c *client) login(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != "" {
		return c.session, nil
	}
	if c.refused != nil && time.Since(c.refusedAt) < refusedFor {
		return "", c.refused
	}
	session, err := c.open(ctx)
	if c.refused = nil; errors.Is(err, ErrLogin) {
		c.refused, c.refusedAt = err, time.Now()
	}
	c.session = session
	return session, err
}

// open asks for a session.
func (c *client) open(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]string{"username": c.access.Account, "secret": c.access.Password, "type": "CLASSIC"})
	if err != nil {
		return "", err
	}
	v, err := c.send(ctx, http.MethodPost, v2+"auth/login", body, "")
	if errors.Is(err, errSession) {
		return "", fmt.Errorf("%w: %w", ErrLogin, err)
	}
	if err != nil {
		return "", err
	}
	session, ok := v.any.(string) // up to 5.1
	if !ok {
		session = v.object().text("sessionId")
	}
	if session == "" {
		return "", fmt.Errorf("%w: it answered without a session; does the account need a second factor?", ErrLogin)
	}
	return session, nil
}

// send sends one request and reads the answer.
func (c *client) send(ctx context.Context, method, path string, body []byte, session string) (value, error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.access.Address+path, in)
	if err != nil {
		return value{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	if session != "" {
		req.Header.Set(sessionHeader, session)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if errors.Is(err, ErrFingerprint) {
			return value{}, err
		}
		return value{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return value{}, fmt.Errorf("%w: its answer was cut off: %w", ErrUnreachable, err)
	}
	if len(data) > maxAnswer {
		return value{}, fmt.Errorf("%w: it is larger than %d MiB", ErrProtocol, maxAnswer>>20)
	}
	return answer(resp, data)
}

// answer reads an answer by its status and body.
func answer(resp *http.Response, data []byte) (value, error) {
	var v value
	err := json.Unmarshal(data, &v.any)
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return v, fmt.Errorf("%w: it points elsewhere (status %d to %q), which is not followed", ErrProtocol, resp.StatusCode, resp.Header.Get("Location"))
	case resp.StatusCode == http.StatusUnauthorized:
		return v, errSession
	case err != nil && resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusMethodNotAllowed && v.object().text("type") != "NOT_EDITABLE":
		return v, ErrMissing
	case err != nil:
		return v, fmt.Errorf("%w: status %d, %s", ErrProtocol, resp.StatusCode, glimpse(data))
	case resp.StatusCode < 300:
		return v, nil
	}
	o := v.object()
	r := &Refusal{Status: resp.StatusCode, Code: o.text("error"), Message: o.text("message")}
	switch {
	case resp.StatusCode == http.StatusForbidden:
		return v, fmt.Errorf("%w: %w", ErrDenied, r)
	case resp.StatusCode == http.StatusNotFound && r.Code == "CLIENT_ERROR_NOT_FOUND":
		return v, ErrMissing
	}
	return v, r
}

// glimpse is the beginning of an answer that could not be read, for people.
func glimpse(data []byte) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(data[:min(len(data), 80)]), "?")), " ")
	return fmt.Sprintf("it begins with %q", text)
}

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

// runAsServer makes the test binary be the program itself, for tests that need a
// process.
const runAsServer = "SESAMSIM_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsServer) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// clock is a clock that only a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// sim is a server with a client that has a session.
type sim struct {
	*testing.T
	*server
	clock *clock
	auth  func(*http.Request)
	http  *http.Client
	base  string
}

// defaults are the options of an empty command line, on a free port.
func defaults(t testing.TB, args ...string) options {
	t.Helper()
	var o options
	var c cobra.Command
	o.flags(&c)
	if err := c.ParseFlags(append([]string{"--listen=127.0.0.1:0", "--control"}, args...)); err != nil {
		t.Fatal(err)
	}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	return o
}

func trustAny() *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test of a self-signed server
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// begin starts a server over https, with Basic for each request.
func begin(t *testing.T, args ...string) *sim {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s, err := newServer(defaults(t, args...), c.now, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	x := &sim{T: t, server: s, clock: c, http: trustAny(), base: s.url()}
	x.auth = basic("Administrator", "sesam")
	t.Cleanup(x.end)
	return x
}

func (x *sim) end() {
	x.http.CloseIdleConnections()
	if err := x.close(); err != nil {
		x.Error(err)
	}
}

func basic(name, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// as is the same server seen by someone else; nil is nobody.
func (x *sim) as(auth func(*http.Request)) *sim {
	c := *x
	c.auth = auth
	return &c
}

// answer is what came back.
type answered struct {
	*testing.T
	status int
	header http.Header
	text   string
	what   string
}

// do sends a request. A path without a leading slash lies below v2.
func (x *sim) do(method, path, body string, with ...func(*http.Request)) answered {
	x.Helper()
	a, err := x.try(method, path, body, with...)
	if err != nil {
		x.Fatal(err)
	}
	return a
}

func (x *sim) try(method, path, body string, with ...func(*http.Request)) (answered, error) {
	if !strings.HasPrefix(path, "/") {
		path = v2 + path
	}
	r, err := http.NewRequestWithContext(context.Background(), method, x.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return answered{}, err
	}
	if x.auth != nil {
		x.auth(r)
	}
	for _, w := range with {
		w(r)
	}
	resp, err := x.http.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answered{x.T, resp.StatusCode, resp.Header, string(b), method + " " + path + " " + body}, err
}

func (x *sim) get(path string) answered { x.Helper(); return x.do("GET", path, "") }

func (x *sim) post(path, body string) answered { x.Helper(); return x.do("POST", path, body) }

// json is the body, decoded; anything but 200 fails the test.
func (a answered) json() any {
	a.Helper()
	if a.status != http.StatusOK {
		a.Fatalf("%s: status %d: %s", a.what, a.status, a.text)
	}
	return decode(a.T, a.text)
}

func decode(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}

func (a answered) object() map[string]any {
	a.Helper()
	m, ok := a.json().(map[string]any)
	if !ok {
		a.Fatalf("%s: no object: %s", a.what, a.text)
	}
	return m
}

// column is one member of each object of a list.
func (a answered) column(name string) []any {
	a.Helper()
	l, ok := a.json().([]any)
	if !ok {
		a.Fatalf("%s: no list: %s", a.what, a.text)
	}
	out := []any{}
	for _, v := range l {
		out = append(out, v.(map[string]any)[name])
	}
	return out
}

// is holds the whole answer against JSON.
func (a answered) is(want string) {
	a.Helper()
	if got := a.json(); !reflect.DeepEqual(got, decode(a.T, want)) {
		a.Errorf("%s: got %s, want %s", a.what, a.text, want)
	}
}

// has holds some members of an object against JSON.
func (a answered) has(want string) {
	a.Helper()
	got := a.object()
	for k, w := range decode(a.T, want).(map[string]any) {
		if !reflect.DeepEqual(got[k], w) {
			a.Errorf("%s: %s is %v, want %v", a.what, k, got[k], w)
		}
	}
}

// names holds one member of each object of a list against texts or numbers.
func (a answered) lists(name, want string) {
	a.Helper()
	if got := a.column(name); !reflect.DeepEqual(got, decode(a.T, want)) {
		a.Errorf("%s: %s are %v, want %s", a.what, name, got, want)
	}
}

// refused holds an error against its status and key, and its body against the
// five keys that a known client needs.
func (a answered) refused(status int, key string) {
	a.Helper()
	if a.status != status {
		a.Errorf("%s: status %d, want %d: %s", a.what, a.status, status, a.text)
	}
	if e := fiveKeys(a.T, a.what, a.text); e["error"] != key {
		a.Errorf("%s: error %v, want %s", a.what, e["error"], key)
	}
}

// fiveKeys checks the shape of an error body.
func fiveKeys(t *testing.T, what, body string) map[string]any {
	t.Helper()
	e, ok := decode(t, body).(map[string]any)
	if !ok || len(e) != 5 {
		t.Fatalf("%s: an error has exactly five keys: %s", what, body)
	}
	for _, k := range []string{"error", "message", "type", "url"} {
		if s, ok := e[k].(string); !ok || s == "" {
			t.Errorf("%s: %s must be a text: %s", what, k, body)
		}
	}
	if _, ok := e["parameter"].([]any); !ok && e["parameter"] != nil {
		t.Errorf("%s: parameter must be a list or null: %s", what, body)
	}
	return e
}

func nullLogger() hclog.Logger { return hclog.NewNullLogger() }

// requestFor is a request as a server gets it, from the superuser.
func requestFor(method, path, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, "https://sesam"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth("Administrator", "sesam")
	return r, nil
}

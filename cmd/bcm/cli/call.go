package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bcm/api/client"
	"bcm/fsm"
)

// grid is the way to talk to the managers.
type grid struct {
	*client.Grid
	target target
	retry  time.Duration // how long a verb waits for a leader; elections are short
	pause  time.Duration // between two tries
}

// grid makes the way to the grid that is meant; nothing is dialled yet.
func (a *app) grid() (*grid, error) {
	t, err := a.target()
	if err != nil {
		return nil, err
	}
	return a.gridOf(t)
}

func (a *app) gridOf(t target) (*grid, error) {
	c := client.Config{Addresses: t.addrs, Token: t.token, CA: t.ca}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		c.Identity = &pair
	}
	g, err := client.New(c)
	if err != nil {
		return nil, err
	}
	return &grid{g, t, 20 * a.poll, a.poll}, nil
}

// at makes a path of the API of its parts.
func at(parts ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, one := range parts {
		b.WriteString("/" + url.PathEscape(one))
	}
	return b.String()
}

// open sends a request and gives the answer, whose body the caller closes. While
// the managers elect a leader it tries again: what is refused as unavailable was
// surely not done.
func (g *grid) open(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	_, once := body.(io.Reader)
	for waited := time.Duration(0); ; waited += g.pause {
		res, err := g.Call(ctx, method, path, query, body)
		if err == nil {
			return res, nil
		}
		if once || waited >= g.retry || fsm.CodeOf(err) != fsm.Unavailable || errors.Is(err, ctx.Err()) {
			return nil, g.reached(ctx, err)
		}
		select {
		case <-time.After(g.pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// call sends a request and reads the whole answer.
func (g *grid) call(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	res, err := g.open(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return data, waiting(res, data)
}

// unreachableError says that no manager could be talked to, and why each of them.
type unreachableError struct {
	text string
	err  error
}

func (e *unreachableError) Error() string { return e.text }
func (e *unreachableError) Unwrap() error { return e.err }

// reached gives an error of the network in words for people. Refusals of a
// manager are such already.
func (g *grid) reached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := urlErrors(err)
	if _, ok := errors.AsType[*client.Refusal](err); ok || len(failed) == 0 {
		return err
	}
	text := "no manager answers"
	for _, e := range failed {
		host := e.URL
		if u, err := url.Parse(e.URL); err == nil {
			host = u.Host
		}
		text += "\n  " + host + ": " + e.Err.Error()
	}
	hint := hintOf(err)
	if hint == "" && g.target.guessed {
		hint = "\nName the managers with --addr or BCM_ADDR, or log in: bcm login --addr https://HOST:7443"
	}
	return &unreachableError{text + hint, err}
}

// urlErrors finds the errors of all managers that were tried.
func urlErrors(err error) []*url.Error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // below it are its causes
		return []*url.Error{e}
	}
	var found []*url.Error
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			found = append(found, urlErrors(one)...)
		}
	case interface{ Unwrap() error }:
		return urlErrors(e.Unwrap())
	}
	return found
}

// hintOf says what to do about certificates that are not trusted.
func hintOf(err error) string {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	switch {
	case unknown:
		return "\nName the certificate authority of the grid with --cacert FILE or BCM_CACERT."
	case host:
		return "\nUse a name of the manager that its certificate has."
	}
	return ""
}

// temporary tells whether a call may go well a little later: nobody answers at
// the moment, or those who do have no leader.
func temporary(err error) bool {
	_, away := errors.AsType[*unreachableError](err)
	return away && hintOf(err) == "" || fsm.CodeOf(err) == fsm.Unavailable
}

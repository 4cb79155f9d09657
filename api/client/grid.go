package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Config says where a grid is and who asks.
type Config struct {
	Addresses []string         // of managers, as https://host:port or host:port; any will do
	Token     string           // of a session or of the API; "" for what needs none
	CA        []byte           // in PEM: what to trust instead of the system's
	Identity  *tls.Certificate // shown to managers that ask for one
	Timeout   time.Duration    // for an answer to begin; 0 means 30 s
}

// Grid is a grid as seen from outside. The generated methods with answers read
// out, such as ListNodesWithResponse, return an error whenever the grid refuses:
// a [*Refusal], which wraps the [fsm.Error]. It is safe for concurrent use.
type Grid struct {
	*ClientWithResponses
	road *road
}

// Refusal is a grid's refusal: the error itself, and the request it belongs to.
type Refusal struct {
	Err        *fsm.Error
	Status     int           // of HTTP
	RequestID  string        // under which the manager's log says more
	RetryAfter time.Duration // 0 when asking again is of no use by itself
}

// Error is the text of the refusal.
func (r *Refusal) Error() string { return r.Err.Message }

// Unwrap gives the error as it was in the cluster.
func (r *Refusal) Unwrap() error { return r.Err }

// ErrNoAddress is returned when no address of a manager was given, or one cannot
// be read.
var ErrNoAddress = errors.New("no usable address of a manager")

const (
	answerTimeout = 30 * time.Second
	dialTimeout   = 3 * time.Second
	maxProblem    = 1 << 20
	requestHeader = "Bcm-Request-Id"
)

// New makes a way to a grid. Nothing is dialled yet.
func New(c Config) (*Grid, error) {
	r := &road{token: c.Token}
	for _, a := range c.Addresses {
		u, err := baseOf(a)
		if err != nil {
			return nil, err
		}
		r.to = append(r.to, u)
	}
	if len(r.to) == 0 {
		return nil, ErrNoAddress
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(c.CA) > 0 {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(c.CA) {
			return nil, errors.New("the CA is not a certificate in PEM")
		}
	}
	if c.Identity != nil {
		trust.Certificates = []tls.Certificate{*c.Identity}
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = answerTimeout
	}
	r.http = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:       trust,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: timeout,
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	raw, err := NewClientWithResponses(r.to[0].String(), WithHTTPClient(r))
	if err != nil {
		return nil, err
	}
	return &Grid{raw, r}, nil
}

// baseOf reads the address of a manager.
func baseOf(address string) (*url.URL, error) {
	address = strings.TrimSpace(address)
	if address != "" && !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: %q; one looks like https://host:7443", ErrNoAddress, address)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Close gives up connections that are not in use.
func (g *Grid) Close() { g.road.http.CloseIdleConnections() }

// Call sends a request to a path below the API's root and gives the answer, whose
// body the caller closes. The body is nothing, an [io.Reader] with bytes as they
// are, or what is to be sent as JSON. A refusal is a [*Refusal].
func (g *Grid) Call(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	reader, media, err := content(body)
	if err != nil {
		return nil, err
	}
	u := *g.road.to[0]
	target, err := u.Parse(path)
	if err != nil {
		return nil, err
	}
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), reader)
	if err != nil {
		return nil, err
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	return g.road.Do(req)
}

// Ask is [Grid.Call] for an answer in JSON, which it reads into out unless that is
// nil. The path may have a query.
func (g *Grid) Ask(ctx context.Context, method, path string, in, out any) error {
	path, raw, _ := strings.Cut(path, "?")
	query, err := url.ParseQuery(raw)
	if err != nil {
		return err
	}
	resp, err := g.Call(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

func content(body any) (r io.Reader, media string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return body, "application/octet-stream", nil
	default:
		data, err := json.Marshal(body)
		return bytes.NewReader(data), "application/json", err
	}
}

// road leads to whichever manager answers.
type road struct {
	to    []*url.URL
	token string
	http  *http.Client
	first atomic.Uint32 // the manager that answered last
}

// Do sends a request to the managers, one after the other, until one answers.
// Changes are sent under one request id, so that one that may have arrived can
// be sent again.
func (r *road) Do(req *http.Request) (*http.Response, error) {
	if r.token != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if req.Method != http.MethodGet && req.Header.Get(requestHeader) == "" {
		req.Header.Set(requestHeader, pki.NewID())
	}
	var errs []error
	first := r.first.Load()
	for i := range r.to {
		at := (int(first) + i) % len(r.to)
		try, err := r.aimed(req, at, i > 0)
		if err != nil {
			return nil, errors.Join(append(errs, err)...)
		}
		resp, err := r.http.Do(try)
		if err == nil {
			err = refusalOf(resp)
		}
		if err == nil {
			r.first.Store(uint32(at))
			return resp, nil
		}
		if req.Context().Err() != nil || !elsewhere(err) || req.Body != nil && req.GetBody == nil {
			return nil, err
		}
		errs = append(errs, err)
	}
	if len(errs) == 1 {
		return nil, errs[0]
	}
	return nil, errors.Join(errs...)
}

// aimed gives the request as it goes to one manager.
func (r *road) aimed(req *http.Request, at int, again bool) (*http.Request, error) {
	try := req.Clone(req.Context())
	try.URL.Scheme, try.URL.Host, try.Host = r.to[at].Scheme, r.to[at].Host, ""
	if again && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		try.Body = body
	}
	return try, nil
}

// elsewhere tells whether another manager may do better: this one could not be
// reached, or could not decide.
func elsewhere(err error) bool {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Err.Code.NotDone()
	}
	return true
}

// refusalOf reads the problem of an answer that is one.
func refusalOf(resp *http.Response) error {
	if resp.StatusCode < 400 {
		return nil
	}
	defer resp.Body.Close()
	var p struct {
		Code      fsm.Code         `json:"code"`
		Detail    string           `json:"detail"`
		RequestID string           `json:"request_id"`
		Errors    []fsm.FieldError `json:"errors"`
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return err
	}
	r := &Refusal{Status: resp.StatusCode}
	if json.Unmarshal(data, &p) != nil || p.Code == "" {
		r.Err = fsm.Errorf(fsm.Internal, "%s answered %s", resp.Request.URL.Host, resp.Status)
		return r
	}
	r.Err = &fsm.Error{Code: p.Code, Message: p.Detail, Fields: p.Errors}
	r.RequestID = p.RequestID
	if wait, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s"); err == nil {
		r.RetryAfter = wait
	}
	return r
}

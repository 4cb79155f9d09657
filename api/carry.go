package api

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Requests for a SEP sesam server come in two ways. Through the proxy come people and
// programs that the cluster knows; they act under its account on the server. Passed
// through are the server's own clients; they bring what the server asks of them, and
// the cluster adds nothing to it. In both the node in the path names the server, and
// its registration alone says where that is.

// The ways to a server, for the metrics.
const (
	wayProxy   = "proxy"
	wayThrough = "passthrough"
)

// carriage is one request on its way to a server.
type carriage struct {
	*call
	way    string
	node   *fsm.Node
	access fsm.ServerAccess
	prefix string // what leads to the server in the path, as it was sent
	path   string // the server's own part of it, as it was sent
	status int    // of the answer
	body   *steadyBody
}

// proxy carries a request to a server under the cluster's account there.
func proxy(c *call) error {
	v, err := c.carriage(wayProxy)
	if err != nil {
		return err
	}
	if err := c.access.NeedAccount(v.node.Name); err != nil {
		return err
	}
	return v.lead(func() error {
		if changes(c.gin.Request) {
			if _, err := c.applyBy(c.ctx(), "user:"+c.user.Name, &fsm.CallServer{ID: v.node.ID, Method: c.gin.Request.Method, Path: v.path}); err != nil {
				return err
			}
		}
		password, err := pki.Open(c.Key, "server/"+v.node.ID, v.access.Sealed)
		if err != nil {
			return err
		}
		v.access.Password = string(password)
		return v.carry(c.Servers.Account(v.access), c.user.Name)
	})
}

// passThrough carries a request of a server's own client as it is.
func passThrough(c *call) error {
	v, err := c.carriage(wayThrough)
	if err != nil {
		return err
	}
	return v.lead(func() error { return v.carry(c.Servers.Plain(v.access), network(c.gin.ClientIP())) })
}

// changes tells whether a request may change something.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return r.Header.Get("Upgrade") != ""
	}
	return true
}

// carriage finds the server that the request is for.
func (c *call) carriage(way string) (*carriage, error) {
	prefix, path, err := splitPath(c.route.path, c.param("node"), c.gin.Request)
	if err != nil {
		return nil, err
	}
	n, found := c.view.Nodes.Find(c.param("node"))
	var s *fsm.Server
	if found {
		s, _ = c.view.Servers.Get(n.ID)
	}
	switch {
	case way == wayThrough && (s == nil || !s.PassThrough): // strangers are not told which of the two
		return nil, fsm.Errorf(fsm.NotFound, "there is no SEP sesam server %q that lets its clients through; passthrough turns that on", c.param("node"))
	case !found:
		return nil, fsm.Errorf(fsm.NotFound, "no node %q", c.param("node"))
	case s == nil:
		return nil, fsm.Errorf(fsm.Conflict, "node %s is not a SEP sesam server that was added to the grid", n.Name)
	case s.Via != "":
		return nil, fsm.Errorf(BadGateway, "server %s is reached through node %s alone, which carries no requests of others", n.Name, nodeName(c.view, s.Via))
	case c.Servers == nil:
		return nil, fsm.Errorf(fsm.Unavailable, "this manager carries no requests to servers; ask another one")
	case strings.Contains(strings.Join(c.gin.Request.Header.Values("Via"), ","), c.pseudonym()):
		return nil, fsm.Errorf(BadGateway, "the request has come through this cluster before: the address of server %s leads back to it", n.Name)
	}
	return &carriage{call: c, way: way, node: n, access: c.view.ServerAccess(s), prefix: prefix, path: path}, nil
}

// pseudonym is the name of the cluster in Via.
func (c *call) pseudonym() string { return "bcm-" + string(c.view.Setting(fsm.ClusterID)) }

// carry sends the request on and the answer back, as they come.
func (v *carriage) carry(to http.RoundTripper, who string) error {
	leave, err := v.lanes.enter(v.node.ID, v.node.ID+" "+who)
	if err != nil {
		return err
	}
	defer leave()
	begin := time.Now()
	w, r, body := steady(v.gin)
	v.body = body
	ended := v.metrics.carrying(v.way, v.node.Name)
	defer func() { ended(v.status, time.Since(begin), body.n.Load(), w.n) }()
	(&httputil.ReverseProxy{
		Rewrite:        v.rewrite,
		Transport:      to,
		ModifyResponse: v.answer,
		ErrorHandler:   func(_ http.ResponseWriter, _ *http.Request, err error) { v.fail(err) },
		BufferPool:     v.buffers,
		ErrorLog:       v.quiet,
	}).ServeHTTP(w, r)
	return nil
}

// rewrite makes the request one to the server.
func (v *carriage) rewrite(p *httputil.ProxyRequest) {
	host := strings.TrimPrefix(v.access.Address, "https://")
	path, err := url.PathUnescape(v.path)
	if err != nil { // it was split before
		path = v.path
	}
	p.Out.URL = &url.URL{Scheme: "https", Host: host, Path: path, RawPath: v.path,
		RawQuery: p.In.URL.RawQuery, ForceQuery: p.In.URL.ForceQuery}
	p.Out.Host = host
	h := p.Out.Header
	v.strip(h)
	if v.way == wayThrough {
		if h.Get("Origin") == "https://"+p.In.Host {
			h.Set("Origin", v.access.Address)
		}
	}
	h.Set("X-Forwarded-For", v.gin.ClientIP())
	h.Add("Via", "1.1 "+v.pseudonym())
}

// answer looks at the server's answer before it is sent back.
func (v *carriage) answer(resp *http.Response) error {
	if err := v.relocate(resp); err != nil {
		return err
	}
	v.status = resp.StatusCode
	v.expose(resp.Header)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		v.watch(resp)
	}
	return nil
}

// watch ends a connection that has been handed over when the manager is told to end:
// nobody else would.
func (v *carriage) watch(resp *http.Response) {
	ctx := resp.Request.Context()
	body := resp.Body
	go func() {
		select {
		case <-v.closed:
			_ = body.Close()
		case <-ctx.Done():
		}
	}()
}

// fail answers when the server does not.
func (v *carriage) fail(err error) {
	v.log.Debug("a request was not carried to a server", "server", v.node.Name, "way", v.way, "error", err)
	refusal := v.failure(err)
	v.status = statusOf(fsm.CodeOf(refusal))
	v.refuse(v.gin, refusal)
}

func (v *carriage) failure(err error) error {
	if _, ours := errors.AsType[*fsm.Error](err); ours {
		return err
	}
	if v.body.failed.Load() {
		return fsm.Errorf(Unreadable, "the body did not arrive whole")
	}
	reason := ""
	if v.way == wayProxy { // strangers are not told where the server is
		reason = ": " + err.Error()
	}
	dial, ok := errors.AsType[*net.OpError](err)
	dialled := !ok || dial.Op != "dial"
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && dialled {
		return fsm.Errorf(GatewayTimeout, "server %s did not answer in time%s", v.node.Name, reason)
	}
	return fsm.Errorf(BadGateway, "server %s cannot be reached%s", v.node.Name, reason)
}

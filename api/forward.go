package api

import (
	"net/http"
	"net/http/httputil"
	"net/url"

	"bcm/fsm"
)

// forwardedHeader names the manager that has passed a request on to the leader. It
// is passed on once.
const forwardedHeader = "Bcm-Forwarded-By"

// lead does what the leader alone does. Another manager says where the leader is; the
// console, whose cookie does not travel to another host, is answered through it.
func (c *call) lead(do func() error) error {
	status := c.Cluster.Status()
	switch {
	case status.IsLeader:
		return do()
	case status.LeaderAPI == "" || c.gin.GetHeader(forwardedHeader) != "":
		return fsm.Errorf(fsm.Unavailable, "there is no leader at the moment; ask again")
	case c.route.right == Anyone || !byCookie(c.gin.Request) || c.Managers == nil:
		c.gin.Redirect(http.StatusTemporaryRedirect, atLeader(c.gin.Request.URL, status))
		return nil
	}
	c.forward(status)
	return nil
}

// atLeader is the same place at the leader.
func atLeader(here *url.URL, s Status) string {
	to := *here
	to.Scheme, to.Host = "https", s.LeaderAPI
	return to.String()
}

// byCookie tells whether it is the console that asks.
func byCookie(r *http.Request) bool { return r.Header.Get("Authorization") == "" }

// forward has the leader answer the request, whoever sent it.
func (c *call) forward(status Status) {
	w, r, _ := steady(c.gin)
	(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.URL.RawQuery = "https", status.LeaderAPI, p.In.URL.RawQuery
			p.Out.Host = p.In.Host
			p.Out.Header.Set(forwardedHeader, c.Name)
		},
		Transport: c.Managers(status.Leader),
		ModifyResponse: func(*http.Response) error {
			clear(c.gin.Writer.Header()) // the leader's count
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			c.log.Warn("the leader did not answer what was passed on to it", "leader", status.LeaderName, "error", err)
			c.refuse(c.gin, fsm.Errorf(fsm.Unavailable, "the leader %s does not answer; ask again", status.LeaderName))
		},
		BufferPool: c.buffers,
		ErrorLog:   c.quiet,
	}).ServeHTTP(w, r)
}

package sesam_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"bcm/agent/sesam"
	"bcm/fsm"
)

// odd is a server that answers oddly, once somebody has logged in.
type odd struct {
	*httptest.Server
	logins, calls atomic.Int64
}

func newOdd(t *testing.T, login, answer http.HandlerFunc) *odd {
	t.Helper()
	o := &odd{}
	o.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/login") {
			o.logins.Add(1)
			login(w, r)
			return
		}
		o.calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func letIn(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"sessionId":"s"}`) }

// add registers it with the certificate that it has.
func (o *odd) add(c *cluster) {
	c.t.Helper()
	sum := sha256.Sum256(o.Certificate().Raw)
	c.do("user:chief", &fsm.AddServer{ID: "v1", Name: "v1", Address: o.URL, Account: "bcm", Password: c.seal("sesam"), Fingerprint: hex.EncodeToString(sum[:])})
}

// failing waits until the server is known to fail, and says how.
func (c *cluster) failing() (reason string) {
	c.t.Helper()
	c.until("it fails", func(v *fsm.View) bool {
		s, _ := v.Servers.Get("v1")
		reason = s.Error
		return reason != ""
	})
	if n, _ := c.view().Nodes.Get("v1"); n.Status != fsm.Offline || n.Reason != reason {
		c.t.Errorf("the node is %s, %q", n.Status, n.Reason)
	}
	return reason
}

func TestOddAnswersAreToldClearly(t *testing.T) {
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"a web page":   {text(200, "<html><body>Welcome</body></html>"), "not one of a SEP sesam server"},
		"cut-off JSON": {text(200, `{"release":"5.2`), "not one of a SEP sesam server"},
		"another form": {text(200, `"5.2"`), "a list was expected"},
		"a far redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, "points elsewhere"},
		"its own error": {text(500, `{"error":"server.busy","message":"come back later","parameter":null,"type":"X","url":""}`), "come back later"},
		"hanging up": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			newOdd(t, letIn, x.answer).add(c)
			if reason := c.failing(); !strings.Contains(reason, x.says) {
				t.Errorf("it says %q", reason)
			}
		})
	}
}

// A login that was refused is not tried again: the server might lock the account.
func TestARefusedLoginIsNotRepeated(t *testing.T) {
	for name, login := range map[string]http.HandlerFunc{
		"a wrong password":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
		"no session":          func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"mfa":"required"}`) },
		"a session that ends": letIn,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			o := newOdd(t, login, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
			o.add(c)
			if reason := c.failing(); !strings.Contains(reason, "does not let the account in") {
				t.Errorf("it says %q", reason)
			}
			before := o.logins.Load()
			if before > 2 {
				t.Errorf("%d logins", before)
			}
			// Another password is tried at once, so time enough has passed for one more.
			other := c.seal("other")
			c.do("user:chief", &fsm.UpdateServer{ID: "v1", Password: &other})
			c.until("another password is tried", func(*fsm.View) bool { return o.logins.Load() > before })
			if got := o.logins.Load(); got > before+2 {
				t.Errorf("%d logins after the change, %d before", got, before)
			}
		})
	}
}

func TestAChangedCertificateIsNotTrusted(t *testing.T) {
	c := newCluster(t)
	o := newOdd(t, letIn, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") })
	c.do("user:chief", &fsm.AddServer{ID: "v1", Name: "v1", Address: o.URL, Account: "bcm", Password: c.seal("sesam"), Fingerprint: strings.Repeat("ab", 32)})
	if reason := c.failing(); !strings.Contains(reason, "another certificate") {
		t.Errorf("it says %q", reason)
	}
	if n := o.logins.Load() + o.calls.Load(); n > 0 {
		t.Errorf("%d requests were sent to a server that is not trusted", n)
	}
}

func TestUnknownReleasesAndNames(t *testing.T) {
	c := newCluster(t)
	newOdd(t, letIn, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/server/info"):
			fmt.Fprint(w, `{"release":"99.0-next"}`)
		case strings.HasSuffix(r.URL.Path, "/clients"):
			fmt.Fprint(w, `[{"id":1,"name":"a/b?c#d%20 é"},{"id":2},{"id":"3","name":"plain","permit":"false"},7]`)
		default:
			fmt.Fprint(w, "[]")
		}
	}).add(c)
	c.until("it is seen", func(v *fsm.View) bool { n, _ := v.Nodes.Get("v1"); return n.Status == fsm.Online })
	n, _ := c.view().Nodes.Get("v1")
	m, ok := c.view().Mirror("v1", fsm.ServerClient, "a/b?c#d%20 é")
	if n.Version != "99.0-next" || !ok || m.Remote != "1" || len(c.view().Mirrored("v1", fsm.ServerClient)) != 2 {
		t.Errorf("%q, %+v", n.Version, m)
	}
}

func TestProbeRefuses(t *testing.T) {
	for _, address := range []string{"", "http://127.0.0.1:1", "https://", "nonsense", "https://127.0.0.1:1"} {
		if _, err := sesam.Probe(t.Context(), address); err == nil {
			t.Errorf("%q was probed", address)
		}
	}
}

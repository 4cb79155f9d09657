package sesam_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"bcm/agent/sesam"
	"bcm/fsm"
)

// carried is a server and a carrier to it.
type carried struct {
	*server
	*sesam.Carrier
	access fsm.ServerAccess
}

func carry(t *testing.T, args ...string) *carried {
	t.Helper()
	s := startServer(t, args...)
	cert, err := sesam.Probe(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &carried{s, sesam.NewCarrier(), fsm.ServerAccess{ID: "v1", Name: "v1", Address: s.URL, Account: "Administrator", Password: "sesam", Fingerprint: cert.Fingerprint}}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// ask sends a request through the carrier.
func (c *carried) ask(by http.RoundTripper, method, path string, body io.Reader) (int, string, error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.access.Address+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := by.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

func (c *carried) control(method, what string, in any) (out map[string]any) {
	c.t.Helper()
	c.call(method, "/sesamsim/v1/"+what, in, &out)
	return out
}

func TestCarriedUnderTheAccount(t *testing.T) {
	for _, release := range []string{"5.1", "5.2"} {
		t.Run(release, func(t *testing.T) {
			c := carry(t, "--release", release)
			if status, _, err := c.ask(c.To(c.access), "GET", "/sep/api/v2/clients", nil); err != nil || status != http.StatusUnauthorized {
				t.Errorf("as it is: %d %v", status, err)
			}
			status, body, err := c.ask(c.As(c.access), "GET", "/sep/api/v2/clients", nil)
			if err != nil || status != 200 || !strings.HasPrefix(body, "[") {
				t.Fatalf("%d %s %v", status, body, err)
			}
			for range 5 {
				_, _, _ = c.ask(c.As(c.access), "GET", "/sep/api/v2/clients", nil)
			}
			if n := c.control("GET", "status", nil)["sessions"]; n != 1.0 {
				t.Errorf("%v sessions", n)
			}
			c.control("POST", "sessions/expire", map[string]any{"user": "Administrator"})
			status, body, err = c.ask(c.As(c.access), "POST", "/sep/api/v2/clients/create", strings.NewReader(`{"name":"after-the-end"}`))
			if err != nil || status >= 300 || !strings.Contains(body, "after-the-end") {
				t.Errorf("after the session's end: %d %s %v", status, body, err)
			}
			c.control("POST", "sessions/expire", map[string]any{"user": "Administrator"})
			status, body, err = c.ask(c.As(c.access), "POST", "/sep/api/v2/clients/create", io.MultiReader(strings.NewReader(`{"name":"of-no-known-length"}`)))
			if err != nil || status >= 300 || !strings.Contains(body, "of-no-known-length") {
				t.Errorf("a body that can be sent once, after the session's end: %d %s %v", status, body, err)
			}
			c.Close(t.Context())
			if n := c.control("GET", "status", nil)["sessions"]; n != 0.0 {
				t.Errorf("%v sessions are left behind", n)
			}
		})
	}
}

// logins counts how often the account tried to log in.
func (c *carried) logins() int {
	var all []struct{ Path string }
	c.call("GET", "/sesamsim/v1/requests", nil, &all)
	n := 0
	for _, r := range all {
		if strings.HasSuffix(r.Path, "auth/login") {
			n++
		}
	}
	return n
}

func TestARefusedAccountIsNotTriedAgain(t *testing.T) {
	c := carry(t)
	wrong := c.access
	wrong.Password = "wrong"
	for range 3 {
		if _, _, err := c.ask(c.As(wrong), "GET", "/sep/api/v2/clients", nil); !errors.Is(err, sesam.ErrLogin) {
			t.Errorf("a wrong password: %v", err)
		}
		once := io.MultiReader(strings.NewReader("{}")) // of a length that is not known: it can be sent once
		if _, _, err := c.ask(c.As(wrong), "POST", "/sep/api/v2/clients/find", once); !errors.Is(err, sesam.ErrLogin) {
			t.Errorf("a wrong password, and a body that is sent once: %v", err)
		}
	}
	if n := c.logins(); n != 1 {
		t.Errorf("%d logins", n)
	}
	if status, _, err := c.ask(c.As(c.access), "GET", "/sep/api/v2/clients", nil); err != nil || status != 200 {
		t.Errorf("with the right one: %d %v", status, err)
	}
}

// A server that takes no session must not be tried again and again.
func TestASessionThatIsNotTaken(t *testing.T) {
	asked := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked++; strings.HasSuffix(r.URL.Path, "/auth/login") {
			_, _ = io.WriteString(rw, `"session"`)
			return
		}
		rw.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	cert, err := sesam.Probe(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &carried{&server{t: t}, sesam.NewCarrier(), fsm.ServerAccess{ID: "v1", Address: s.URL, Account: "a", Password: "p", Fingerprint: cert.Fingerprint}}
	if _, _, err := c.ask(c.As(c.access), "POST", "/sep/api/v2/x", bytes.NewReader([]byte("{}"))); !errors.Is(err, sesam.ErrLogin) || asked != 4 {
		t.Errorf("%v after %d requests", err, asked)
	}
}

// Only the trusted certificate and addresses that a server may have are spoken to.
func TestCarriedToTheServerAlone(t *testing.T) {
	asked := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &carried{&server{t: t}, sesam.NewCarrier(), fsm.ServerAccess{ID: "v1", Address: s.URL, Account: "a", Password: "p", Fingerprint: strings.Repeat("0", 64)}}
	for name, by := range map[string]http.RoundTripper{"as it is": c.To(c.access), "under the account": c.As(c.access)} {
		if _, _, err := c.ask(by, "GET", "/x", nil); !errors.Is(err, sesam.ErrFingerprint) || asked {
			t.Errorf("another certificate, %s: %v", name, err)
		}
	}
	for _, host := range []string{"169.254.169.254", "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "[::ffff:169.254.169.254]",
		"2130706433", "0x7f000001"} {
		begin := time.Now()
		if _, err := sesam.Probe(t.Context(), "https://"+host+":"+u.Port()); err == nil {
			t.Errorf("%s was asked", host)
		} else if time.Since(begin) > 2*time.Second {
			t.Logf("%s: %v", host, err)
		}
	}
}

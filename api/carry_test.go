package api

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// carrier carries requests to servers of tests, whose certificates nobody looks at.
type carrier struct {
	shownBy
	patience time.Duration // until an answer begins
	asked    []fsm.ServerAccess
}

func (c *carrier) transport() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test's own servers
		ResponseHeaderTimeout: c.patience, DisableCompression: true, DisableKeepAlives: true}
}

func (c *carrier) Plain(fsm.ServerAccess) http.RoundTripper { return c.transport() }

func (c *carrier) Account(to fsm.ServerAccess) http.RoundTripper {
	c.asked = append(c.asked, to)
	return inSession{c.transport()}
}

// inSession adds the session of the account.
type inSession struct{ http.RoundTripper }

func (s inSession) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-SEP-Session", "of the account")
	return s.RoundTripper.RoundTrip(r)
}

// sesamWorld is a grown world with a SEP sesam server, which the handler plays.
func sesamWorld(t *testing.T, handler http.HandlerFunc) (*world, *httptest.Server, *carrier) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	w, c := newGrownWorld(t), new(carrier)
	w.api.Servers = c
	w.must(t, "user:admin", &fsm.AddServer{ID: "v1", Name: "sesam-1", Address: server.URL, Account: "bcm",
		Password: pki.Seal(w.key, "server/v1", []byte("s3cret")), Fingerprint: aFingerprint, PassThrough: true})
	return w, server, c
}

// front is the door as a real HTTPS server.
func (w *world) front(t *testing.T) (*httptest.Server, *http.Client) {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	front.Config = Server(w.api.Handler())
	front.Config.RegisterOnShutdown(w.api.Close)
	front.Config.ErrorLog = w.api.quiet
	front.StartTLS()
	t.Cleanup(front.Close)
	client := front.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return front, client
}

func TestPassThroughCarriesAsItIs(t *testing.T) {
	var got *http.Request
	var body string
	w, server, c := sesamWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got, body = r, string(data)
		rw.Header().Set("X-Theirs", "yes")
		rw.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(rw, "null")
	})
	rec := w.ask(t, "POST", "/sesam/sesam-1/sep/api/v2/locations/find/?a=1;b&c=%zz", `{"name":"*"}`,
		"Authorization", "Basic QWRt", "X-SEP-Session", "mine", "X-Sesam-Dateformat", "yyyy", "Bcm-Mine", "secret",
		"Cookie", "theirs=\"a b\"; "+cookieName+"=secret; x=y", "X-Forwarded-Host", "evil", "Forwarded", "host=evil")
	if rec.Code != http.StatusTeapot || rec.Body.String() != "null" || rec.Header().Get("X-Theirs") != "yes" {
		t.Fatalf("the answer: %d %s %v", rec.Code, rec.Body, rec.Header())
	}
	if got.RequestURI != "/sep/api/v2/locations/find/?a=1;b&c=%zz" || got.Method != "POST" || body != `{"name":"*"}` || got.Host != strings.TrimPrefix(server.URL, "https://") {
		t.Errorf("%s %s %s %q", got.Method, got.Host, got.RequestURI, body)
	}
	for name, want := range map[string]string{"Authorization": "Basic QWRt", "X-SEP-Session": "mine", "X-Sesam-Dateformat": "yyyy",
		"Content-Type": "application/json", "Cookie": "theirs=\"a b\"; x=y", "X-Forwarded-Host": "", "Forwarded": "", "X-Forwarded-For": "192.0.2.1"} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s: %q", name, have)
		}
	}
	if all := fmt.Sprint(got.Header); strings.Contains(all, "secret") || strings.Contains(all, w.token) || strings.Contains(all, "Bcm-Mine") {
		t.Errorf("the server is told %s", all)
	}
	w.ask(t, "GET", "/sesam/v1/sep/api/x%20y", "", "Authorization", "Bearer "+w.token)
	if got.Header.Get("Authorization") != "" || got.RequestURI != "/sep/api/x%20y" {
		t.Errorf("a token of the cluster: %q %s", got.Header.Get("Authorization"), got.RequestURI)
	}
	if len(c.asked) > 0 {
		t.Error("the cluster's account was used")
	}
	page := w.ask(t, "GET", "/metrics", "").Body.String()
	if !strings.Contains(page, `bcm_proxy_requests_total{code="418",node="sesam-1",way="passthrough"} 2`) ||
		!strings.Contains(page, `bcm_proxy_bytes_total{direction="from",node="sesam-1",way="passthrough"} 8`) {
		t.Error("it was not counted")
	}
	events := w.want(t, 200, "GET", "/v1/events?action=server.call", "")
	if events["total"] != 0.0 {
		t.Error("a request of nobody whom the cluster knows stands in the audit trail")
	}
}

func TestPassThroughIsOffUnlessWanted(t *testing.T) {
	w, _, _ := sesamWorld(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	off := false
	w.must(t, "user:admin", &fsm.UpdateServer{ID: "v1", PassThrough: &off})
	texts := make(map[string]bool)
	for _, node := range []string{"sesam-1", "sesam-9", "backup-1"} {
		p := problemIn(t, w.ask(t, "GET", "/sesam/"+node+"/sep/api/", "", "Authorization", ""))
		if p.Status != 404 {
			t.Errorf("%s: %+v", node, p)
		}
		texts[strings.ReplaceAll(p.Detail, node, "")] = true
	}
	if len(texts) != 1 {
		t.Errorf("strangers can tell what there is: %v", texts)
	}
	for _, path := range []string{"/sesam", "/sesam/", "/sesam/sesam-1"} {
		if p := problemIn(t, w.ask(t, "GET", path, "")); p.Status != 404 {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

func TestProxyActsUnderTheAccount(t *testing.T) {
	var got *http.Request
	w, _, c := sesamWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		got = r
		rw.Header().Set("X-SEP-Session", "of the account")
		rw.Header().Set("Set-Cookie", "session=of-the-account")
		_, _ = io.WriteString(rw, "[]")
	})
	rec := w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/sep/api/v2/clients?redirect=x&wait=y", "", "X-SEP-Session", "forged", "Cookie", "a=b", "Origin", "https://example.com")
	if rec.Code != 200 || rec.Body.String() != "[]" || got.RequestURI != "/sep/api/v2/clients?redirect=x&wait=y" {
		t.Fatalf("%d %s %v", rec.Code, rec.Body, got)
	}
	if got.Header.Get("X-SEP-Session") != "of the account" || got.Header.Get("Authorization") != "" || got.Header.Get("Cookie") != "" || got.Header.Get("Origin") != "" {
		t.Errorf("the server is told %v", got.Header)
	}
	if strings.Contains(fmt.Sprint(rec.Header()), "account") {
		t.Errorf("the one who asks is told %v", rec.Header())
	}
	if a := c.asked[0]; a.Account != "bcm" || a.Password != "s3cret" || a.Fingerprint != aFingerprint || a.ID != "v1" {
		t.Errorf("asked with %+v", a)
	}
	if events := w.want(t, 200, "GET", "/v1/events?action=server.call", ""); events["total"] != 0.0 {
		t.Errorf("a look stands in the audit trail: %v", events)
	}
	w.ask(t, "POST", "/v1/nodes/sesam-1/proxy/sep/api/v2/clients/create?secret=1", `{}`)
	events := w.want(t, 200, "GET", "/v1/events?action=server.call", "")
	row, _ := events["items"].([]any)[0].(map[string]any)
	if events["total"] != 1.0 || row["by"] != "user:admin" || row["detail"] != "POST /sep/api/v2/clients/create" {
		t.Errorf("%v", events)
	}
	w.refuse = fsm.Errorf(fsm.Unavailable, "no leader")
	got = nil
	if p := problemIn(t, w.ask(t, "POST", "/v1/nodes/sesam-1/proxy/sep/api/v2/clients/create", `{}`)); p.Status != 503 || got != nil {
		t.Errorf("what cannot be recorded: %+v, sent: %v", p, got)
	}
}

func TestProxyIsForThoseWhoMay(t *testing.T) {
	w, _, _ := sesamWorld(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	for group, right := range map[string]string{fsm.Auditors: "nodes:write", fsm.Operators: "users:write"} {
		name := "of-" + strings.ToLower(group)
		w.must(t, "system:test", &fsm.CreateUser{ID: name, Name: name, Groups: []string{group}, Password: adminHash()})
		p := problemIn(t, w.ask(t, "POST", "/v1/nodes/sesam-1/proxy/sep/api/v2/users/create", "", "Authorization", "Bearer "+w.speaksFor(t, name)))
		if p.Status != 403 || !strings.Contains(p.Detail, right) {
			t.Errorf("%s: %+v", group, p)
		}
	}
	for path, status := range map[string]int{"/v1/nodes/backup-1/proxy/x": 409, "/v1/nodes/nope/proxy/x": 404} {
		if p := problemIn(t, w.ask(t, "GET", path, "")); p.Status != status {
			t.Errorf("%s: %+v", path, p)
		}
	}
	cookie := cookieName + "=" + w.login(t, "admin", adminPassword)
	for name, header := range map[string][]string{"a form": {"POST", "", ""}, "a WebSocket": {"GET", "Upgrade", "websocket"}} {
		rec := w.ask(t, header[0], "/v1/nodes/sesam-1/proxy/x", "", "Authorization", "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Upgrade", header[2])
		if rec.Code != 403 {
			t.Errorf("%s of another origin: %d", name, rec.Code)
		}
	}
}

func TestTheServersFailures(t *testing.T) {
	release := make(chan struct{})
	w, server, c := sesamWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/html":
			rw.Header().Set("Content-Type", "text/html")
			rw.Header().Set("Strict-Transport-Security", "max-age=1")
			rw.Header().Set("Clear-Site-Data", `"*"`)
			rw.Header().Add("Set-Cookie", cookieName+"=stolen; Secure; Path=/")
			rw.Header().Add("Set-Cookie", "id=7; Path=/sep; Domain=example.com")
			_, _ = io.WriteString(rw, "<script>")
		case "/slow":
			<-release
		case "/truncated":
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, "half")
		}
	})
	defer close(release)
	front, client := w.front(t)
	rec := w.ask(t, "GET", "/sesam/sesam-1/html", "", "Authorization", "")
	if rec.Code != 200 || !strings.HasPrefix(rec.Header().Get("Content-Security-Policy"), "sandbox") || rec.Header().Get("Clear-Site-Data") != "" ||
		strings.Contains(rec.Header().Get("Strict-Transport-Security"), "=1;") || fmt.Sprint(rec.Header()["Set-Cookie"]) != "[id=7; Path=/sesam/sesam-1/sep]" {
		t.Errorf("a page: %d %v", rec.Code, rec.Header())
	}
	if resp, err := client.Get(front.URL + "/sesam/sesam-1/truncated"); err == nil {
		if data, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("half an answer looks whole: %q", data)
		}
		resp.Body.Close()
	}
	c.patience = time.Millisecond
	if p := problemIn(t, w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/slow", "")); p.Status != 504 || p.Code != GatewayTimeout || !strings.Contains(p.Detail, "sesam-1") {
		t.Errorf("slow: %+v", p)
	}
	server.CloseClientConnections()
	server.Listener.Close()
	begin := time.Now()
	p := problemIn(t, w.ask(t, "GET", "/sesam/sesam-1/x", ""))
	if p.Status != 502 || p.Code != BadGateway || !strings.Contains(p.Detail, "sesam-1") || strings.Contains(p.Detail, "127.0.0.1") || time.Since(begin) > 5*time.Second {
		t.Errorf("dead: %+v after %v", p, time.Since(begin))
	}
	if p := problemIn(t, w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/x", "")); p.Status != 502 || !strings.Contains(p.Detail, "refused") {
		t.Errorf("dead, for those who may know: %+v", p)
	}
}

// A connection that becomes another protocol goes on until one side ends it, or the
// manager does.
func TestConnectionsAreHandedOver(t *testing.T) {
	w, _, _ := sesamWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		conn, both, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
		_ = both.Flush()
		_, _ = io.Copy(conn, both)
	})
	front, client := w.front(t)
	for _, path := range []string{"/sesam/sesam-1/ws", "/v1/nodes/sesam-1/proxy/ws"} {
		conn, err := tls.Dial("tcp", front.Listener.Addr().String(), client.Transport.(*http.Transport).TLSClientConfig)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer %s\r\n\r\n", path, w.token)
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != 101 {
			t.Fatalf("%s: %v %v", path, resp, err)
		}
		for _, word := range []string{"one", "two"} {
			fmt.Fprintln(conn, word)
			if line, err := in.ReadString('\n'); err != nil || line != word+"\n" {
				t.Errorf("%s: %q %v", path, line, err)
			}
		}
		if path == "/sesam/sesam-1/ws" {
			continue
		}
		w.api.Close()
		if _, err := in.ReadByte(); err == nil {
			t.Error("it goes on after the manager's end")
		} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Error(err)
		}
	}
}

func TestLanes(t *testing.T) {
	l := newLanes()
	var leave []func()
	enter := func(who string) error {
		out, err := l.enter("v1", who)
		if err == nil {
			leave = append(leave, out)
		}
		return err
	}
	for range lanesOf {
		if err := enter("ada"); err != nil {
			t.Fatal(err)
		}
	}
	if fsm.CodeOf(enter("ada")) != fsm.Exhausted || enter("bob") != nil {
		t.Error("one can keep the others out, or all are kept out")
	}
	for i := range lanesEach {
		_ = enter(fmt.Sprint(i))
	}
	if fsm.CodeOf(enter("eve")) != fsm.Exhausted {
		t.Error("there is no bound to what one server gets")
	}
	for _, out := range leave {
		out()
	}
	if len(l.busy) != 0 {
		t.Errorf("left behind: %v", l.busy)
	}
}

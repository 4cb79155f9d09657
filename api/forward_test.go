package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"bcm/fsm"
)

// What is for a server is carried by the leader. Another manager says where that is;
// the console is answered through it.
func TestTheLeaderCarries(t *testing.T) {
	w, _, _ := sesamWorld(t, func(http.ResponseWriter, *http.Request) { t.Error("a manager that does not lead asked the server") })
	var got *http.Request
	leader := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		got = r
		rw.Header().Set(servedHeader, "manager-2")
		rw.Header().Set("Content-Security-Policy", sandbox)
		_, _ = io.WriteString(rw, "from the leader")
	}))
	defer leader.Close()
	w.status.IsLeader, w.status.Leader, w.status.LeaderName, w.status.LeaderAPI = false, "m2", "manager-2", leader.Listener.Addr().String()
	w.api.Managers = func(id string) http.RoundTripper {
		if id != "m2" {
			t.Errorf("asked manager %s", id)
		}
		return leader.Client().Transport
	}
	for _, path := range []string{"/v1/nodes/sesam-1/proxy/sep/a%2Fb?c=d&e", "/sesam/sesam-1/sep/a%2Fb?c=d&e"} {
		rec := w.ask(t, "POST", path, "body")
		if to := rec.Header().Get("Location"); rec.Code != 307 || to != "https://"+w.status.LeaderAPI+path {
			t.Errorf("%s: %d to %s", path, rec.Code, to)
		}
	}
	cookie := cookieName + "=" + w.login(t, "admin", adminPassword)
	rec := w.ask(t, "POST", "https://grid/v1/nodes/sesam-1/proxy/x?y", "body", "Authorization", "", "Cookie", cookie)
	if rec.Code != 422 || got != nil {
		t.Errorf("a host in the request: %d", rec.Code)
	}
	rec = w.ask(t, "POST", "/v1/nodes/sesam-1/proxy/sep/a%2Fb?c=d;e", "body", "Authorization", "", "Cookie", cookie)
	if rec.Code != 200 || rec.Body.String() != "from the leader" || fmt.Sprint(rec.Header()[servedHeader]) != "[manager-2]" {
		t.Fatalf("the console: %d %s %v", rec.Code, rec.Body, rec.Header())
	}
	if got.RequestURI != "/v1/nodes/sesam-1/proxy/sep/a%2Fb?c=d;e" || got.Host != "example.com" || got.Header.Get("Cookie") != cookie ||
		got.Header.Get(forwardedHeader) != "manager-1" {
		t.Errorf("the leader is asked for %s of %s: %v", got.RequestURI, got.Host, got.Header)
	}
	if p := problemIn(t, w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/x", "", "Authorization", "", "Cookie", cookie, forwardedHeader, "manager-3")); p.Status != 503 {
		t.Errorf("passed on twice: %+v", p)
	}
	if rec := w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/x", "", "Authorization", "", "Cookie", cookieName+"=wrong"); rec.Code != 401 {
		t.Errorf("a stranger is passed on: %d", rec.Code)
	}
	leader.Close()
	if p := problemIn(t, w.ask(t, "GET", "/v1/nodes/sesam-1/proxy/x", "", "Authorization", "", "Cookie", cookie)); p.Code != fsm.Unavailable {
		t.Errorf("a leader that is gone: %+v", p)
	}
	w.status.LeaderAPI = ""
	if p := problemIn(t, w.ask(t, "GET", "/sesam/sesam-1/x", "")); p.Status != 503 {
		t.Errorf("without a leader: %+v", p)
	}
}

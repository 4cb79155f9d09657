package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// No way of writing a path leads out of the server's own, or to another host.
func TestPathsThatLeadElsewhere(t *testing.T) {
	w, _, _ := sesamWorld(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the server was asked for %s", r.RequestURI) })
	for _, bad := range []string{
		"/../x", "/a/../../x", "/./x", "/a/%2e%2e/x", "/a/%2E./x", "/a/.%2e%2fx", "/a/..%2fx", "/a%2f..%2fx", "/a/..%5cx", "/a\\..\\x", "/%252e%252e/x",
		"/a/%25252e%25252e/x", "/a/..;/x", "/a/..;x=1/y", "/a/%2e%2e%3b/x", "/a/..%20/x", "//evil.example/x", "/%2f/evil.example/..", "/\\evil.example",
		"/http://169.254.169.254/latest", "/https%3a%2f%2fevil.example/", "/a%00b", "/a%0d%0aHost:%20evil", "/a%2525252525252fx",
	} {
		for _, way := range []string{"/sesam/sesam-1", "/v1/nodes/sesam-1/proxy"} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			u, err := r.URL.Parse(way)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			r.URL.Path, r.URL.RawPath = unescaped(way+bad), way+bad
			r.Header.Set("Authorization", "Bearer "+w.token)
			rec := httptest.NewRecorder()
			w.api.Handler().ServeHTTP(rec, r)
			if rec.Code != 422 && rec.Code != 404 {
				t.Errorf("%s%s: %d %s", way, bad, rec.Code, rec.Body)
			}
		}
	}
	for _, node := range []string{"127.0.0.1", "169.254.169.254", "2130706433", "[::1]", "localhost", "evil.example", "sesam-1@evil.example", "sesam-1:443",
		"sesam-1%2f..%2fx", "%73esam-1.", "..", "%2e%2e"} {
		if rec := w.ask(t, "GET", "/sesam/"+node+"/x", ""); rec.Code != 404 && rec.Code != 422 {
			t.Errorf("node %s: %d", node, rec.Code)
		}
	}
	if rec := w.ask(t, "GET", "https://evil.example/sesam/sesam-1/x", ""); rec.Code != 422 {
		t.Errorf("another host: %d", rec.Code)
	}
}

// unescaped decodes as servers do, but takes what cannot be decoded as it is.
func unescaped(s string) string {
	out, err := http.NewRequest("GET", "http://h"+s, nil)
	if err != nil {
		return s
	}
	return out.URL.Path
}

func TestPathsThatAreTheServersOwn(t *testing.T) {
	var got string
	w, _, _ := sesamWorld(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for _, good := range []string{"/", "/sep/api/", "/sep/api/v2/mediapools/a%2Fb", "/a%20b", "/a;v=1", "/...", "/a..b", "/%C3%A9", "/a+b", "/a//b", "/100%25"} {
		for _, way := range []string{"/sesam/sesam-1", "/sesam/%73esam-1", "/v1/nodes/v1/proxy"} {
			got = ""
			if rec := w.ask(t, "GET", way+good, ""); rec.Code != 200 || got != good {
				t.Errorf("%s%s: %d, the server is asked for %q", way, good, rec.Code, got)
			}
		}
	}
}

func TestRedirectsStayWithTheServer(t *testing.T) {
	var status int
	var location string
	w, server, _ := sesamWorld(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Location", location)
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, "body")
	})
	host := strings.TrimPrefix(server.URL, "https://")
	for _, c := range []struct {
		status   int
		location string
		answer   int
		leads    string // below the way to the server
	}{
		{302, "/sep/ui/?a=b#c", 302, "/sep/ui/?a=b#c"},
		{302, "next", 302, "/sep/next"},
		{301, server.URL, 301, "/"},
		{307, "http://" + host + "/x%2Fy", 307, "/x%2Fy"},
		{303, "//" + strings.ToUpper(host) + "/x", 303, "/x"},
		{302, "../../../x", 302, "/x"},
		{302, "https://evil.example/x", 502, ""},
		{308, "//evil.example", 502, ""},
		{302, "https://" + host + "@evil.example/", 502, ""},
		{302, "https://evil@" + host + "/", 502, ""},
		{302, "javascript:alert(1)", 502, ""},
		{302, "http://169.254.169.254/", 502, ""},
		{302, "https://[::1", 502, ""},
		{201, "/sep/api/v2/clients/7", 201, "/sep/api/v2/clients/7"},
		{201, "https://evil.example/7", 201, ""},
	} {
		status, location = c.status, c.location
		for _, way := range []string{"/sesam/sesam-1", "/v1/nodes/sesam-1/proxy"} {
			rec := w.ask(t, "GET", way+"/sep/here", "")
			leads := rec.Header().Get("Location")
			if rec.Code != c.answer || c.leads == "" && leads != "" || c.leads != "" && leads != way+c.leads {
				t.Errorf("%d to %s: %d to %q", c.status, c.location, rec.Code, leads)
			}
		}
	}
}

package ui

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('a script that is long enough')"

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func testSite(t *testing.T) *site {
	t.Helper()
	files, err := readFiles(fstest.MapFS{
		".gitkeep":             {},
		"index.html":           {Data: []byte(`<html><script nonce="BCM_NONCE" src="/assets/a-1.js"></script></html>`)},
		"theme.js":             {Data: []byte("theme")},
		"assets/a-1.js.gz":     {Data: packed(t, script)},
		"assets/a-1.js.br":     {Data: []byte("pretend this is brotli")},
		"assets/inter-2.woff2": {Data: []byte("font")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &site{files: files}
}

func get(t *testing.T, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	s := testSite(t)
	for _, c := range []struct {
		path, kind, cache string
		code              int
	}{
		{"/", "text/html; charset=utf-8", "no-store", 200},
		{"/index.html", "text/html; charset=utf-8", "no-store", 200},
		{"/nodes/backup-1.example.org", "text/html; charset=utf-8", "no-store", 200},
		{"/../../etc/passwd", "text/html; charset=utf-8", "no-store", 200},
		{"/theme.js", "text/javascript; charset=utf-8", "no-cache", 200},
		{"/assets/a-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/inter-2.woff2", "font/woff2", "public, max-age=31536000, immutable", 200},
		{"/assets/gone-9.js", "text/plain; charset=utf-8", "", 404},
		{"/assets", "text/plain; charset=utf-8", "", 404},
		{"/v1/nothing", "text/plain; charset=utf-8", "", 404},
		{"/v1", "text/plain; charset=utf-8", "", 404},
		{"/.gitkeep", "text/html; charset=utf-8", "no-store", 200},
	} {
		w := get(t, s, c.path)
		h := w.Header()
		if w.Code != c.code || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %q, want %d %q %q", c.path, w.Code, h.Get("Content-Type"), h.Get("Cache-Control"),
				c.code, c.kind, c.cache)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s lacks nosniff", c.path)
		}
	}
}

func TestNonceIsFreshAndEverywhere(t *testing.T) {
	s := testSite(t)
	seen := map[string]bool{}
	for range 2 {
		w := get(t, s, "/")
		_, rest, ok := strings.Cut(w.Header().Get("Content-Security-Policy"), "'nonce-")
		nonce, _, end := strings.Cut(rest, "'")
		if !ok || !end || len(nonce) < 20 {
			t.Fatalf("policy without a nonce: %q", w.Header().Get("Content-Security-Policy"))
		}
		if !strings.Contains(w.Body.String(), `nonce="`+nonce+`"`) || strings.Contains(w.Body.String(), nonceMark) {
			t.Fatalf("the page does not carry the nonce of its policy: %s", w.Body)
		}
		seen[nonce] = true
	}
	if len(seen) != 2 {
		t.Fatal("two answers share a nonce")
	}
}

func TestEncodings(t *testing.T) {
	s := testSite(t)
	tags := map[string]string{}
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br",
		"gzip":                    "gzip",
		"br;q=0, gzip":            "gzip",
		"":                        "",
	} {
		w := get(t, s, "/assets/a-1.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", accept)
		}
		if want == "" && w.Body.String() != script {
			t.Errorf("the plain form is %q", w.Body)
		}
		tag := w.Header().Get("ETag")
		if other, taken := tags[tag]; taken && other != want {
			t.Errorf("%q and %q share the tag %s", other, want, tag)
		}
		tags[tag] = want
		again := get(t, s, "/assets/a-1.js", "Accept-Encoding", accept, "If-None-Match", `"x", W/`+tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("Accept-Encoding %q: a known tag gives %d", accept, again.Code)
		}
	}
	if len(tags) != 3 {
		t.Errorf("%d tags for three forms", len(tags))
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct{ accept, want string }{
		{"br, gzip", "br"},
		{"gzip;q=1.0, br;q=0.5", "gzip"},
		{"br;q=0, gzip;q=0", identity},
		{"*", "br"},
		{"br;q=0, *", "gzip"},
		{"identity", identity},
		{"identity;q=1, br;q=0.1", identity},
		{"identity;q=0, br;q=0, gzip;q=0", identity},
		{"BR", "br"},
		{"x-gzip", "gzip"},
		{"br;q=nonsense", identity},
		{"br;q=2", identity},
		{"gzip;level=9;q=0", identity},
		{"brotli", identity},
		{",,;q=1,", identity},
	} {
		if got := choose(c.accept, []string{"br", "gzip"}); got != c.want {
			t.Errorf("choose(%q) = %q, want %q", c.accept, got, c.want)
		}
	}
	if got := choose("br, gzip", nil); got != identity {
		t.Errorf("a file with one form is sent as %q", got)
	}
}

func TestMethods(t *testing.T) {
	s := testSite(t)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/theme.js", nil))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "5" {
		t.Errorf("HEAD: %d, %d bytes, length %q", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestABrokenBuildIsRefused(t *testing.T) {
	if _, err := readFiles(fstest.MapFS{"assets/a.js.br": {Data: []byte("only brotli")}}); err == nil {
		t.Fatal("a file that plain clients cannot get was accepted")
	}
}

func TestFallbackPage(t *testing.T) {
	tree, err := fs.Sub(fallback, "fallback")
	if err != nil {
		t.Fatal(err)
	}
	files, err := readFiles(tree)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{files: files}
	w := get(t, s, "/nodes")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make build") {
		t.Fatalf("the fallback page does not say how to get the console: %d %s", w.Code, w.Body)
	}
	if w := get(t, s, "/fallback.css"); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Fatalf("fallback.css: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestHandlerServesWhatIsInTheBinary(t *testing.T) {
	w := get(t, Handler(), "/")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Backup Cluster Manager") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "no web console") == Built() {
		t.Fatalf("Built() = %t, but the page is the other one", Built())
	}
}

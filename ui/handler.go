package ui

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// nonceMark stands in the page wherever the nonce of the answer goes; the build
// writes it (vite.config.ts, html.cspNonce).
const nonceMark = "BCM_NONCE"

// policy is the Content-Security-Policy. Only files of the console itself are
// loaded; nothing inline runs; the nonce lets the component library add its
// style elements. Nobody may frame the console.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the console: GET and HEAD of its files, and of the page for
// every other path, since the page finds its way by the URL itself. Paths below
// /v1 and missing files below /assets are 404 and never the page. It is safe
// for concurrent use and holds no state but the files.
//
// It panics when the files in the binary cannot be read, which a broken build
// only can bring about.
func Handler() http.Handler {
	tree, err := console()
	if err != nil {
		panic(fmt.Sprintf("ui: embedded console: %v", err))
	}
	files, err := readFiles(tree)
	if err != nil {
		panic(fmt.Sprintf("ui: embedded console: %v", err))
	}
	return &site{files: files}
}

// site serves the files of one build of the console.
type site struct {
	files map[string]*file
}

// ServeHTTP answers one request.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	f, found := s.files[name]
	switch {
	case found && name != page:
		serveFile(w, r, f, strings.HasPrefix(name, "assets/"))
	case below(name, "assets"), below(name, "v1"):
		http.Error(w, "not found", http.StatusNotFound)
	default:
		s.servePage(w, r)
	}
}

// below tells whether name is dir or lies in it.
func below(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// secure sets what every answer carries.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
}

// servePage sends the page with a nonce of its own, which is why no cache may
// keep it.
func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	nonce := rand.Text()
	body, err := s.files[page].body(identity)
	if err != nil {
		http.Error(w, "the page cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
	h.Set("Cache-Control", "no-store")
	send(w, r, s.files[page].kind, bytes.ReplaceAll(body, []byte(nonceMark), []byte(nonce)))
}

// serveFile sends one file in the best form the client takes. Assets carry a
// hash of their content in their name, so they may be kept for ever; the others
// are asked for again each time, which costs one 304.
func serveFile(w http.ResponseWriter, r *http.Request, f *file, immutable bool) {
	encoding := choose(r.Header.Get("Accept-Encoding"), f.names)
	h := w.Header()
	if immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if len(f.names) > 0 {
		h.Set("Vary", "Accept-Encoding")
	}
	h.Set("ETag", f.tags[encoding])
	if matches(r.Header.Get("If-None-Match"), f.tags[encoding]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, err := f.body(encoding)
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	if encoding != identity {
		h.Set("Content-Encoding", encoding)
	}
	send(w, r, f.kind, body)
}

// matches tells whether the client has this form already (RFC 9110, 13.1.2:
// a weak comparison).
func matches(header, tag string) bool {
	for have := range strings.SplitSeq(header, ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == "*" || have == tag {
			return true
		}
	}
	return false
}

func send(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away: nobody is left to tell
	}
}

package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"
)

// FuzzBodies sends anything to every endpoint: each answer is JSON, each error
// has its five keys, nothing is an internal error, and the server lives on.
func FuzzBodies(f *testing.F) {
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	for i, body := range []string{`{}`, `[]`, `1`, `"x"`, `x`, `[[]]`, `[[{"name":"a"}]]`, `{"name":"a","id":0}`, `{"id":"1","name":{}}`, `null`, ``,
		`{"name":"a","client":{"id":0},"location":"LOCAL","groups":[1,"ADMIN"]}`, `[{"taskName":"mail","backupLevel":"F"}]`, `{"id":1e400}`,
		`{"object":"1","origin":"Clients","value":"[{\"id\":1,\"type\":\"USER\",\"permissions\":{\"deny\":\"f\"}}]"}`, `[["OPERATOR"]]`, "\xff\xfe"} {
		f.Add(uint8(i*7), body)
	}
	s, err := newServer(defaults(f, "--demo"), c.now, nullLogger())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.fork.close() })
	fresh := copied(s.state.tables)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		s.state.tables = copied(fresh) // each input finds the same server
		routes := s.router.routes
		for range 2 { // the second time everything that the first one made is there
			rt := routes[int(which)%len(routes)]
			for _, key := range []string{"1", "mail", body} {
				path := ""
				for _, part := range segments(rt.path) {
					if part[0] == '{' {
						part = escape(key)
						if key == "" {
							part = "%20"
						}
					}
					path += "/" + part
				}
				check(t, s, rt.method, path, body)
			}
		}
		check(t, s, "GET", v2+"clients", "")
	})
}

// copied copies tables; rows never change and need not be.
func copied(from map[string]*table) map[string]*table {
	out := map[string]*table{}
	for name, t := range from {
		c := *t
		c.rows, c.ids = maps.Clone(t.rows), maps.Clone(t.ids)
		out[name] = &c
	}
	return out
}

func check(t *testing.T, s *server, method, path, body string) {
	t.Helper()
	r, err := requestFor(method, path, body)
	if err != nil {
		return // no client can send this
	}
	a, _ := s.handle(r)
	if a.kind == "application/json" && !json.Valid(a.body) {
		t.Fatalf("%s %s %q: %q is no JSON", method, path, body, a.body)
	}
	if a.status >= 500 {
		t.Fatalf("%s %s %q: %d %s", method, path, body, a.status, a.body)
	}
	if a.status != http.StatusOK {
		fiveKeys(t, path, string(a.body))
	}
}

// FuzzGlob holds the matching of names against the plainest way to say it.
func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"*", ""}, {"a*b", "ab"}, {"a*b", "axb"}, {"*a*", "bab"}, {"**", "x"}, {"", ""}, {"a*a", "a"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if got, want := glob(pattern, s), slowGlob(pattern, s); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, s, got, want)
		}
	})
}

// slowGlob says the same in the plainest way.
func slowGlob(pattern, s string) bool {
	if len(pattern)*len(s) > 400 { // it is exponential
		return glob(pattern, s)
	}
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return slowGlob(pattern[1:], s) || (s != "" && slowGlob(pattern, s[1:]))
	}
	return s != "" && s[0] == pattern[0] && slowGlob(pattern[1:], s[1:])
}

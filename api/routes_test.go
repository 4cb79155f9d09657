package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Deny by default: what the router serves stands in the table, with a right.
func TestEveryRouteHasARight(t *testing.T) {
	w := newWorld(t)
	known := append(fsm.Rights(), fsm.Self, Anyone)
	rights := make(map[string]fsm.Right)
	ids := make(map[string]bool)
	for _, r := range w.api.table {
		methods := []string{r.method}
		if r.method == anyMethod {
			methods = carriedMethods()
		}
		for _, m := range methods {
			rights[m+" "+ginPath(r.path)] = r.right
		}
		if ids[r.id] {
			t.Errorf("two routes are operation %s", r.id)
		}
		ids[r.id] = true
	}
	served := w.api.engine.Routes()
	for _, r := range served {
		if right := rights[r.Method+" "+r.Path]; !has(known, right) {
			t.Errorf("%s %s has the right %q, which there is not", r.Method, r.Path, right)
		}
	}
	if len(served) != len(rights) || len(served) < 70 {
		t.Errorf("%d routes are served, %d stand in the table", len(served), len(rights))
	}
}

func has[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// A table with a route that nobody gave a right does not start.
func TestARouteWithoutARightDoesNotStart(t *testing.T) {
	for name, table := range map[string][]route{
		"no right": {{"GET", "/v1/x", "", "x", "", read(me), nil, false}},
		"unknown":  {{"GET", "/v1/x", "x:read", "x", "", read(me), nil, false}},
	} {
		if err := checkTable(table); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}

// tried is a method that the route takes.
func (r route) tried() string {
	if r.method == anyMethod {
		return http.MethodPost
	}
	return r.method
}

// stranger is somebody who asks without the right to.
type stranger struct {
	name   string
	token  string
	status int
	code   fsm.Code
}

func strangers(t *testing.T, w *world) []stranger {
	t.Helper()
	ended, revoked := pki.NewBearer(pki.BearerAPI), pki.NewBearer(pki.BearerAPI)
	w.must(t, "system:test",
		&fsm.CreateToken{ID: "ended", Kind: fsm.APIToken, Hash: pki.HashSecret(ended), User: "u-ada", TTL: time.Minute},
		&fsm.CreateToken{ID: "revoked", Kind: fsm.APIToken, Hash: pki.HashSecret(revoked), User: "u-ada"},
		&fsm.RevokeToken{ID: "revoked"},
		&fsm.CreateUser{ID: "u-nil", Name: "nil", Password: adminHash()})
	all := []stranger{
		{"without a token", "", 401, fsm.Unauthorized},
		{"with an unknown token", pki.NewBearer(pki.BearerAPI), 401, fsm.Unauthorized},
		{"with an expired token", ended, 401, fsm.Unauthorized},
		{"with a revoked token", revoked, 401, fsm.Unauthorized},
		{"with a join token", "join n1", 401, fsm.Unauthorized},
		{"with a disabled user's token", w.speaksFor(t, "u-bob"), 401, fsm.Unauthorized},
		{"without the right", w.speaksFor(t, "u-nil"), 403, fsm.Denied},
	}
	w.tick(2 * time.Minute)
	return all
}

// Every route refuses everybody who may not, and nothing changes by it.
func TestNobodyMayWithoutTheRight(t *testing.T) {
	w := newGrownWorld(t)
	unwanted := strangers(t, w)
	before := w.state.Now().Digest()
	for _, r := range w.api.table {
		path := strings.NewReplacer("{backup}", "b1", "{node}", "n1", "{user}", "ada", "{client}", "c1", "{task}", "files").Replace(r.path)
		for _, s := range unwanted {
			if r.right == Anyone || r.right == fsm.Self && s.status == 403 {
				continue
			}
			authorization := ""
			if s.token != "" {
				authorization = "Bearer " + s.token
			}
			rec := w.ask(t, r.tried(), path, "", "Authorization", authorization)
			got := problemIn(t, rec)
			if rec.Code != s.status || got.Code != s.code {
				t.Errorf("%s %s %s: %d %s", r.method, path, s.name, rec.Code, got.Code)
			}
			if s.status == 403 && !strings.Contains(got.Detail, string(r.right)) {
				t.Errorf("%s %s: the refusal does not name the right %s: %s", r.method, path, r.right, got.Detail)
			}
			if s.status == 401 && rec.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s %s: no WWW-Authenticate", r.method, path, s.name)
			}
		}
	}
	if after := w.state.Now().Digest(); after != before {
		t.Error("the state has changed")
	}
}

// A right is enough: each route lets somebody through who has its right alone.
func TestTheRightOfARouteIsEnough(t *testing.T) {
	w := newGrownWorld(t)
	tokens := make(map[fsm.Right]string)
	for i, right := range fsm.Rights() {
		name := "only-" + strings.ReplaceAll(string(right), ":", "-")
		w.must(t, "user:admin", &fsm.CreateGroup{ID: name, Name: name, Rights: []fsm.Right{right}, Rank: i},
			&fsm.CreateUser{ID: name, Name: name, Groups: []string{name}, Password: adminHash()})
		tokens[right] = w.speaksFor(t, name)
	}
	for _, r := range w.api.table {
		token, ok := tokens[r.right]
		if !ok || r.id == "stream" {
			continue
		}
		rec := w.ask(t, r.tried(), strings.NewReplacer("{", "", "}", "").Replace(r.path), "", "Authorization", "Bearer "+token)
		if rec.Code == http.StatusForbidden || rec.Code == http.StatusUnauthorized || rec.Code >= 500 {
			t.Errorf("%s %s with %s: %d %s", r.method, r.path, r.right, rec.Code, rec.Body)
		}
	}
}

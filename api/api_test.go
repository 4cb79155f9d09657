package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// ask sends a request as the administrator and gives the answer. Headers come in
// pairs of name and value; Authorization "" sends none.
func (w *world) ask(t testing.TB, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+w.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	return rec
}

// want sends a request that must be answered with status, and reads the answer.
func (w *world) want(t testing.TB, status int, method, path, body string, headers ...string) map[string]any {
	t.Helper()
	rec := w.ask(t, method, path, body, headers...)
	if rec.Code != status {
		t.Fatalf("%s %s: %d instead of %d: %s", method, path, rec.Code, status, rec.Body)
	}
	var out map[string]any
	if data := bytes.TrimSpace(rec.Body.Bytes()); len(data) > 0 && json.Unmarshal(data, &out) != nil {
		t.Fatalf("%s %s: no JSON: %s", method, path, data)
	}
	return out
}

func TestSmoke(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{200, "POST", "/v1/login", `{"name":"admin","password":"` + adminPassword + `"}`},
		{401, "POST", "/v1/login", `{"name":"admin","password":"no"}`},
		{200, "GET", "/v1/me", ""},
		{200, "GET", "/v1/users", ""},
		{201, "POST", "/v1/users", `{"name":"ada","password":"another long secret","groups":["Operators"]}`},
		{200, "GET", "/v1/users/ada", ""},
		{422, "POST", "/v1/users", `{"name":"ada","pasword":"another long secret"}`},
		{400, "POST", "/v1/users", `{"name":`},
		{422, "GET", "/v1/users?colour=red", ""},
		{422, "GET", "/v1/users?sort=colour", ""},
		{422, "GET", "/v1/nodes?status=red", ""},
		{204, "DELETE", "/v1/users/ada", ""},
		{404, "DELETE", "/v1/users/ada", ""},
		{404, "GET", "/v1/nothing", ""},
		{405, "PUT", "/v1/users", ""},
		{200, "GET", "/v1/nodes", ""},
		{201, "POST", "/v1/clients", `{"name":"c1"}`},
		{201, "POST", "/v1/tasks", `{"name":"t1","client":"c1","source":{"paths":["/srv"]}}`},
		{201, "POST", "/v1/backups", `{"task":"t1"}`},
		{200, "GET", "/v1/backups?client=c1", ""},
		{200, "PATCH", "/v1/nodes/manager-1", `{"mode":"draining"}`},
		{http.StatusOK, "GET", "/v1/groups", ""},
	} {
		rec := w.ask(t, c.method, c.path, c.body)
		t.Logf("%s %s %d\n%v\n%s", c.method, c.path, rec.Code, rec.Header(), rec.Body)
		if rec.Code != c.status {
			t.Errorf("%s %s: %d instead of %d", c.method, c.path, rec.Code, c.status)
		}
	}
}

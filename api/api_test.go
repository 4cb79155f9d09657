package api

import (
	"bytes"
	"encoding/json"
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

// problemIn reads the problem of an answer.
func problemIn(t testing.TB, rec *httptest.ResponseRecorder) Problem {
	t.Helper()
	var p Problem
	if kind := rec.Header().Get("Content-Type"); kind != problemType {
		t.Errorf("the problem has the type %q: %d %s", kind, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("no problem: %s", rec.Body)
	}
	if p.Status != rec.Code || p.Title == "" || p.Detail == "" || p.RequestID == "" || p.RequestID != rec.Header().Get(requestHeader) {
		t.Errorf("the problem is not whole: %s", rec.Body)
	}
	return p
}

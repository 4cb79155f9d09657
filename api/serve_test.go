package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"bcm/fsm"
)

func TestMetrics(t *testing.T) {
	w := newGrownWorld(t)
	w.want(t, 401, "GET", "/metrics", "", "Authorization", "")
	w.want(t, 404, "GET", "/v1/users/nobody", "")
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c9"}`)
	w.ask(t, "GET", "/metrics", "") // what ends from here on is counted
	w.must(t, "node:n1", &fsm.FinishBackup{ID: "b2", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Failed, Error: "disk"}})
	page := w.ask(t, "GET", "/metrics", "").Body.String()
	for _, line := range []string{
		`bcm_build_info{`,
		`bcm_raft_is_leader 1`, `bcm_raft_term 3`, `bcm_raft_failure_tolerance 0`, `bcm_raft_last_contact_seconds 0.012`,
		`bcm_nodes{role="backup-manager",status="online"} 1`, `bcm_nodes{role="backup-manager",status="offline"} 0`,
		`bcm_backups{status="succeeded"} 1`, `bcm_backups{status="failed"} 1`,
		`bcm_backup_last_success_timestamp_seconds{client="c1",task="files"} 1.772366400019e+09`,
		`bcm_backups_finished_total{status="failed"} 1`,
		`bcm_certificate_not_after_timestamp_seconds{kind="member",node="backup-1"}`,
		`bcm_storage_used_bytes{node="storage-1"} 0`,
		`bcm_http_requests_total{code="404",method="GET",route="/v1/users/:user"} 1`,
		`bcm_http_request_duration_seconds_bucket{`, `bcm_applies_total{code="ok",kind="client.create"} 1`,
		`bcm_raft_commit_duration_seconds_count 1`,
	} {
		if !strings.Contains(page, "\n"+line) {
			t.Errorf("no %s", line)
		}
	}
	if strings.Contains(page, `bcm_backups_finished_total{status="succeeded"}`) {
		t.Error("what ended before the first scrape is counted")
	}
	families, err := w.api.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	ask := func(path string, status int, says string) {
		t.Helper()
		rec := w.ask(t, "GET", path, "", "Authorization", "")
		if rec.Code != status || !strings.Contains(rec.Body.String(), says) {
			t.Errorf("%s: %d %q", path, rec.Code, rec.Body)
		}
	}
	ask("/livez", 200, "ok")
	ask("/readyz", 200, "ok")
	w.status.IsLeader, w.status.LastContact = false, time.Minute
	ask("/readyz?verbose", 503, "[-]contact 1m0s")
	w.status.LastContact = -1
	ask("/readyz", 503, "verbose")
	w.status.LastContact, w.status.Leader = 0, ""
	ask("/readyz?verbose", 503, "[-]leader")
	ask("/livez", 200, "ok")
	if p := problemIn(t, w.ask(t, "GET", "/v1/status/leader", "")); p.Status != 503 {
		t.Errorf("without a leader: %+v", p)
	}
}

// The document lists what is served, and the page about it needs nothing from
// elsewhere.
func TestDocuments(t *testing.T) {
	w := newWorld(t)
	rec := w.ask(t, "GET", "/openapi.json", "", "Authorization", "")
	var doc struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%v %s", err, doc.OpenAPI)
	}
	page := w.ask(t, "GET", "/docs", "", "Authorization", "").Body.String()
	for _, r := range w.api.table {
		op := doc.Paths[r.path][strings.ToLower(r.documented())]
		if op["operationId"] != r.id || op["x-right"] != string(r.right) {
			t.Errorf("%s %s is documented as %v", r.method, r.path, op["operationId"])
		}
		if !strings.Contains(page, r.method+" "+r.path) {
			t.Errorf("%s %s is not on the page", r.method, r.path)
		}
	}
	for _, foreign := range []string{"src=", "http://", "https://", "<script"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
}

// What is not the API is the console's, and the API's paths never are.
func TestTheConsole(t *testing.T) {
	w := newWorld(t)
	if rec := w.ask(t, "GET", "/nodes", ""); rec.Code != 404 {
		t.Errorf("without a console: %d", rec.Code)
	}
	cfg := w.api.Config
	cfg.Console = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte("console " + r.URL.Path))
	})
	api, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.api = api
	for _, path := range []string{"/", "/nodes", "/backups/b1", "/v1x", "/livezz"} {
		if rec := w.ask(t, "GET", path, "", "Authorization", ""); rec.Code != 200 || rec.Body.String() != "console "+path {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	for _, path := range []string{"/v1", "/v1/", "/v1/nope", "/v1/users/"} {
		if p := problemIn(t, w.ask(t, "GET", path, "")); p.Status != 404 {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

func TestHeadersOfAllAnswers(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1/users", "/v1/nope", "/livez", "/v1/users?colour=red"} {
		h := w.ask(t, "GET", path, "").Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" || h.Get(servedHeader) != "manager-1" ||
			h.Get(requestHeader) == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "https://localhost:7443/livez", nil)
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	if rec.Header().Get("Strict-Transport-Security") != "" {
		t.Error("localhost is made to be HTTPS for ever, on all ports")
	}
}

func TestSnapshots(t *testing.T) {
	w := newGrownWorld(t)
	rec := w.ask(t, "GET", "/v1/cluster/snapshot", "")
	v, err := fsm.ReadSnapshot(rec.Body)
	if err != nil || v.Digest() != w.state.Now().Digest() {
		t.Errorf("the snapshot: %v", err)
	}
	large := strings.Repeat("x", 2*maxBody)
	w.want(t, 204, "POST", "/v1/cluster/snapshot", large, "Content-Type", binaryType)
	if string(w.restored) != large {
		t.Errorf("%d of %d bytes arrived", len(w.restored), len(large))
	}
}

// No answer has a secret of the state in it.
func TestSecretsStayInside(t *testing.T) {
	w := newGoldenWorld(t)
	secrets := []string{adminHash(), "argon2id", "open sesame"}
	for _, r := range w.api.table {
		if r.method != "GET" || r.id == "stream" || r.id == "saveSnapshot" || r.id == "openapi" || r.id == "docs" {
			continue
		}
		path := strings.NewReplacer("{backup}", "b1", "{node}", "n1", "{user}", "ada", "{client}", "c1", "{task}", "files",
			"{group}", "g1", "{schedule}", "s1", "{repository}", "r1", "{job}", "j1", "{certificate}", "cert-n1").Replace(r.path)
		text := w.ask(t, "GET", path, "").Body.String()
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("GET %s shows %q", path, s)
			}
		}
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("GET %s shows a key", path)
		}
	}
}

// A fault in a handler is answered as one, and the manager goes on.
func TestAPanicIsAFault(t *testing.T) {
	w := newGrownWorld(t)
	cfg := w.api.Config
	cfg.Files = nil
	cfg.Cluster = &falling{solo: w.solo}
	api, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.api = api
	if p := problemIn(t, w.ask(t, "GET", "/v1/cluster", "")); p.Status != 500 || strings.Contains(p.Detail, "fell") {
		t.Errorf("%+v", p)
	}
	if rec := w.ask(t, "GET", "/livez", ""); rec.Code != 200 {
		t.Errorf("afterwards: %d", rec.Code)
	}
}

// falling is a cluster whose status panics, now and then.
type falling struct {
	*solo
	asked int
}

func (f *falling) Status() Status {
	if f.asked++; f.asked == 1 {
		panic("it fell")
	}
	return f.solo.Status()
}

// Who hands the leadership over, takes a manager out or replaces the state stands
// in the audit trail, and what could not be written there is told.
func TestActsAreRecorded(t *testing.T) {
	w := newGrownWorld(t)
	acts := [][3]string{
		{"POST", "/v1/cluster/transfer-leadership", "cluster.transfer"},
		{"DELETE", "/v1/cluster/members/manager-1", "cluster.remove"},
		{"POST", "/v1/cluster/snapshot", "cluster.restore"},
	}
	for _, a := range acts {
		if rec := w.ask(t, a[0], a[1], "", "Content-Type", ""); rec.Code >= 300 {
			t.Errorf("%s: %d %s", a[1], rec.Code, rec.Body)
		}
		if list := w.want(t, 200, "GET", "/v1/events?action="+a[2], ""); list["total"] != 1.0 {
			t.Errorf("%s: %v", a[2], list)
		}
	}
	w.refuse = fsm.Errorf(fsm.Unavailable, "no leader")
	for _, a := range acts {
		if p := problemIn(t, w.ask(t, a[0], a[1], "", "Content-Type", "")); p.Code != fsm.OutcomeUnknown || !strings.Contains(p.Detail, "could not be recorded") {
			t.Errorf("%s: %+v", a[1], p)
		}
	}
}

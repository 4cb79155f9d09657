package api

import (
	"strings"
	"testing"
	"time"

	"bcm/fsm"
)

// newCarefulWorld is a grown world in which destructive changes need two people,
// with a second administrator, whose token it gives.
func newCarefulWorld(t testing.TB) (w *world, second string) {
	w = newGrownWorld(t)
	w.must(t, "system:test", &fsm.CreateUser{ID: "u-eve", Name: "eve", Groups: []string{fsm.Superusers}, Password: adminHash()})
	required := true
	w.must(t, "user:admin", &fsm.ChangeSettings{Approval: &required})
	return w, "Bearer " + w.speaksFor(t, "u-eve")
}

// A destructive change waits: the answer says for what, nothing is done, and
// another user makes it happen.
func TestAChangeThatWaits(t *testing.T) {
	for _, c := range []struct{ name, method, path, body string }{
		{"a retention that keeps less", "PATCH", "/v1/tasks/files", `{"retention":{"daily":3}}`},
		{"the last good backup", "DELETE", "/v1/backups/b1", ""},
		{"a storage with data", "DELETE", "/v1/nodes/storage-1?force", ""},
		{"one person again", "PATCH", "/v1/settings", `{"approval":{"required":false}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, second := newCarefulWorld(t)
			rec := w.ask(t, c.method, c.path, c.body, requestHeader, "mine")
			id := rec.Header().Get(approvalHeader)
			if rec.Code != 202 || id == "" || rec.Header().Get("Location") != "/v1/approvals/"+id {
				t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
			}
			if again := w.ask(t, c.method, c.path, c.body, requestHeader, "mine"); again.Code != 202 || again.Header().Get(approvalHeader) != id {
				t.Errorf("asked again: %d %s", again.Code, again.Body)
			}
			waiting := w.want(t, 200, "GET", "/v1/approvals?status=pending", "")
			if waiting["total"].(float64) != 1 {
				t.Errorf("%v", waiting)
			}
			alerts := w.ask(t, "GET", "/v1/alerts", "").Body.String()
			if !strings.Contains(alerts, "approval_pending") {
				t.Errorf("no alert of it: %s", alerts)
			}
			if p := problemIn(t, w.ask(t, "POST", "/v1/approvals/"+id+"/grant", "")); p.Status != 403 {
				t.Errorf("granted by oneself: %+v", p)
			}
			out := w.want(t, 200, "POST", "/v1/approvals/"+id+"/grant", "", "Authorization", second)
			if out["status"] != "granted" || out["decided_by"] != "user:eve" || out["by"] != "user:admin" {
				t.Errorf("%v", out)
			}
			if p := problemIn(t, w.ask(t, "POST", "/v1/approvals/"+id+"/grant", "", "Authorization", second)); p.Status != 409 {
				t.Errorf("granted twice: %+v", p)
			}
			if p := problemIn(t, w.ask(t, "GET", "/v1/approvals/nope", "")); p.Status != 404 {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestADeniedChange(t *testing.T) {
	w, second := newCarefulWorld(t)
	id := w.ask(t, "DELETE", "/v1/backups/b1", "").Header().Get(approvalHeader)
	out := w.want(t, 200, "POST", "/v1/approvals/"+id+"/deny", "", "Authorization", second)
	if b, _ := w.state.Now().Backups.Get("b1"); out["status"] != "denied" || b.Status != fsm.Succeeded {
		t.Errorf("%v, and the backup is %s", out, b.Status)
	}
	w.ask(t, "DELETE", "/v1/backups/b1", "")
	w.tick(25 * time.Hour)
	if out := w.want(t, 200, "GET", "/v1/approvals?status=expired", ""); out["total"].(float64) != 1 {
		t.Errorf("a day later: %v", out)
	}
}

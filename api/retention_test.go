package api

import (
	"testing"

	"bcm/fsm"
)

// The simulator says what stays and why, of the task's own retention and of
// another, and changes nothing.
func TestPreviewRetention(t *testing.T) {
	w := newGrownWorld(t)
	w.must(t, "node:n1", &fsm.FinishBackup{ID: "b2", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-2"}})
	rows := rowsOf(w.state.Now())
	preview := func(body string) (kept, gone float64, reasons []any) {
		t.Helper()
		out := w.want(t, 200, "POST", "/v1/tasks/files/retention/preview", body)
		items := out["items"].([]any)
		if len(items) != 2 || items[0].(map[string]any)["backup"] != "b2" {
			t.Fatalf("%v", items)
		}
		return out["kept"].(float64), out["gone"].(float64), items[0].(map[string]any)["reasons"].([]any)
	}
	if kept, gone, reasons := preview(""); kept != 1 || gone != 1 || reasons[0] != "daily 1 of 7" {
		t.Errorf("its own: %v stay, %v go, %v", kept, gone, reasons)
	}
	if kept, gone, reasons := preview(`{"retention":{"last":2}}`); kept != 2 || gone != 0 || reasons[0] != "last 1 of 2" {
		t.Errorf("another: %v stay, %v go, %v", kept, gone, reasons)
	}
	if kept, gone, _ := preview(`{"retention":{}}`); kept != 2 || gone != 0 {
		t.Errorf("none: %v stay, %v go", kept, gone)
	}
	if rowsOf(w.state.Now()) != rows {
		t.Error("a preview changed something")
	}
}

// A backup that is pinned or on hold is not deleted, and the answer says why.
func TestDeletingWhatIsProtected(t *testing.T) {
	w := newGrownWorld(t)
	out := w.want(t, 200, "PATCH", "/v1/backups/b1", `{"pinned":true,"hold":{"until":"2027-01-01T00:00:00Z","reason":"audit"}}`)
	if hold := out["hold"].(map[string]any); out["pinned"] != true || hold["by"] != "user:admin" {
		t.Errorf("%v", out)
	}
	refused := func(says string) {
		t.Helper()
		p := problemIn(t, w.ask(t, "DELETE", "/v1/backups/b1", ""))
		if p.Status != 409 || !has([]string{p.Detail}, says) {
			t.Errorf("%d %s, not one that says %q", p.Status, p.Detail, says)
		}
	}
	refused("backup b1 is pinned: it cannot be deleted")
	w.want(t, 200, "PATCH", "/v1/backups/b1", `{"pinned":false}`)
	refused("backup b1 is on hold until 2027-01-01T00:00:00Z by user:admin (audit): it cannot be deleted")
	w.want(t, 200, "PATCH", "/v1/backups/b1", `{"hold":{}}`)
	if rec := w.ask(t, "DELETE", "/v1/backups/b1", ""); rec.Code != 204 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

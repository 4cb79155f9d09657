package cli

import (
	"strings"
	"testing"
)

const (
	drillRow = `{"id":"d1","kind":"drill","status":"succeeded","attempt":1,"backup":"b1","client":"web-1","repository":"web-1","node":"backup-1",
		"by":"plan:maintain","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:01:00Z","started_at":"2026-03-01T10:00:01Z",
		"finished_at":"2026-03-01T10:01:00Z","error":null,"stats":{"files":20,"bytes":4096},
		"report":{"backup":"b1","snapshot":"s1","node":"backup-1","at":"2026-03-01T10:01:00Z","seconds":58.5,"files":20,"bytes":4096,
		"mismatches":0,"signature":"c2ln","certificate":"Y2VydA==","signature_valid":true}}`
	failedDrill = `{"id":"d2","kind":"drill","status":"failed","attempt":1,"backup":"b1","client":"web-1","repository":"web-1","node":"backup-2",
		"by":"user:ada","created_at":"2026-03-01T11:00:00Z","updated_at":"2026-03-01T11:01:00Z","started_at":"2026-03-01T11:00:01Z",
		"finished_at":"2026-03-01T11:01:00Z","error":"2 of 20 files differ","stats":{"files":18,"bytes":4000},
		"report":{"backup":"b1","snapshot":"s1","node":"backup-2","at":"2026-03-01T11:01:00Z","seconds":3,"files":18,"bytes":4000,
		"mismatches":2,"signature":"c2ln","certificate":"Y2VydA==","signature_valid":false}}`
	approvalRow = `{"id":"a1","by":"user:ada","action":"task.update","object":{"kind":"tasks","id":"t1","name":"web-data"},
		"reason":"the retention of task web-data keeps less","status":"pending","created_at":"2026-03-01T11:00:00Z",
		"updated_at":"2026-03-01T11:00:00Z","expires_at":"2026-03-02T11:00:00Z","decided_by":"","decided_at":null}`
)

func TestDrills(t *testing.T) {
	w := newWorld(t).on("GET /v1/drills", 200, `{"items":[`+failedDrill+`,`+drillRow+`],"total":2}`).on("GET /v1/drills/d1", 200, drillRow)
	golden(t, "drill-list.txt", w.run("drill", "list", "--status", "failed", "--status", "succeeded", "--backup", "b1").out)
	if asked := w.asked[0]; !strings.Contains(asked, "status=failed&status=succeeded") || !strings.Contains(asked, "backup=b1") {
		t.Errorf("asked %s", asked)
	}
	golden(t, "drill-show.txt", w.run("drill", "show", "d1").out)
	if got := w.run("drill", "show", "d1", "--json"); !sameJSON(t, got.out, drillRow) {
		t.Errorf("wrote %s", got.out)
	}
	if got := w.run("drill", "list", "-q"); got.out != "d2\nd1\n" {
		t.Errorf("%+v", got)
	}
}

// A drill that does not prove what it should is not in the wished state.
func TestBackupDrill(t *testing.T) {
	w := newWorld(t).on("POST /v1/backups/b1/drill", 202, drillRow).on("GET /v1/drills/d1", 200, drillRow)
	got := w.run("backup", "drill", "b1", "--files", "20", "--node", "backup-1")
	if got.code != 0 || !strings.Contains(got.out, "a sample of backup b1 was restored") ||
		w.asked[0] != `POST /v1/backups/b1/drill {"files":20,"node":"backup-1"}` {
		t.Errorf("%+v, asked %q", got, w.asked)
	}
	w = newWorld(t).on("POST /v1/backups/b1/drill", 202, failedDrill).on("GET /v1/drills/d2", 200, failedDrill)
	if got := w.run("backup", "drill", "b1"); got.code != exitUnwished || !strings.Contains(got.err, "2 of 20 files differ") {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"backup drill", "backup drill b1 b2", "backup drill b1 --files many", "drill show"} {
		if got := newWorld(t).run(strings.Fields(bad)...); got.code != exitUsage || got.err == "" {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

func TestApprovals(t *testing.T) {
	w := newWorld(t).on("GET /v1/approvals", 200, `{"items":[`+approvalRow+`],"total":1}`).on("GET /v1/approvals/a1", 200, approvalRow).
		on("POST /v1/approvals/a1/grant", 200, approvalRow).on("POST /v1/approvals/a1/deny", 200, approvalRow)
	golden(t, "approval-list.txt", w.run("approval", "list", "--status", "pending", "--by", "user:ada").out)
	golden(t, "approval-show.txt", w.run("approval", "show", "a1").out)
	if got := w.run("approval", "list", "-q"); got.out != "a1\n" {
		t.Errorf("%+v", got)
	}
	if got := w.run("approval", "grant", "a1"); got.code != 0 || got.out != "approval a1 is granted: the change is made\n" {
		t.Errorf("%+v", got)
	}
	if got := w.run("approval", "deny", "a1"); got.code != 0 || got.out != "approval a1 is denied\n" {
		t.Errorf("%+v", got)
	}
	if got := w.run("approval", "grant", "a1", "--json"); !sameJSON(t, got.out, approvalRow) {
		t.Errorf("wrote %s", got.out)
	}
	w = newWorld(t).on("POST /v1/approvals/a1/grant", 403, `{"status":403,"code":"denied","detail":"approval a1 must be granted by another user"}`)
	if got := w.run("approval", "grant", "a1"); got.code != 1 || got.err != "bcm: approval a1 must be granted by another user\n" {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"approval grant", "approval deny a1 a2", "approval show"} {
		if got := newWorld(t).run(strings.Fields(bad)...); got.code != exitUsage || got.err == "" {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

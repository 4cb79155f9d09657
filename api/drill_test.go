package api

import (
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// drilled ends a drill of b1 with a report that the node n1 signed.
func (w *world) drilled(t *testing.T, id string, change func(r *fsm.Report)) {
	t.Helper()
	w.job(t, id, &fsm.CreateJob{Kind: fsm.DrillJob})
	w.must(t, "node:n1", &fsm.FinishJob{ID: id, Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Report: w.report(t, id, change)}})
}

func (w *world) report(t *testing.T, job string, change func(r *fsm.Report)) *fsm.Report {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := w.ca.Sign(csr, pki.Identity{Cluster: "grid", Kind: pki.Agent, ID: "n1"}, nil, w.clock(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var h pki.Holder
	if err := h.Set(cert, key, w.ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	r := &fsm.Report{Job: job, Backup: "b1", Snapshot: "snap-1", Node: "n1", At: fsm.At(w.clock()), Took: 3 * time.Second, Files: 20, Bytes: 2000}
	if r.Signature, r.Certificate, err = h.Sign(r.Signed()); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	return r
}

func TestDrills(t *testing.T) {
	w := newGrownWorld(t)
	out := w.want(t, 202, "POST", "/v1/backups/b1/drill", `{"files":3}`)
	if out["kind"] != "drill" || out["files"].(float64) != 3 || out["report"] != nil {
		t.Errorf("%v", out)
	}
	w.drilled(t, "d1", nil)
	out = w.want(t, 200, "GET", "/v1/drills/d1", "")
	report := out["report"].(map[string]any)
	if report["signature_valid"] != true || report["node"] != "backup-1" || report["files"].(float64) != 20 || report["seconds"].(float64) != 3 {
		t.Errorf("%v", report)
	}
	if out := w.want(t, 200, "GET", "/v1/backups/b1", ""); out["restore_tested_at"] == nil {
		t.Errorf("nothing is said of it: %v", out)
	}
	metric := `bcm_backup_last_restore_test_timestamp_seconds{client="c1",task="files"}`
	if metrics := w.ask(t, "GET", "/metrics", "").Body.String(); !strings.Contains(metrics, metric) {
		t.Error("no metric")
	}
	if out := w.want(t, 200, "GET", "/v1/drills?backup=b1", ""); out["total"].(float64) != 2 {
		t.Errorf("%v", out)
	}
}

// A report that is not what the node has signed shows as that, and proves nothing.
func TestAForgedReport(t *testing.T) {
	w := newGrownWorld(t)
	w.drilled(t, "d1", func(r *fsm.Report) { r.Files = 2000 })
	out := w.want(t, 200, "GET", "/v1/drills/d1", "")
	if report := out["report"].(map[string]any); report["signature_valid"] != false {
		t.Errorf("%v", report)
	}
	if metrics := w.ask(t, "GET", "/metrics", "").Body.String(); strings.Contains(metrics, "bcm_backup_last_restore_test") {
		t.Error("a forged report counts")
	}
}

func TestAFailedDrillIsAnAlert(t *testing.T) {
	w := newGrownWorld(t)
	w.job(t, "d1", &fsm.CreateJob{Kind: fsm.DrillJob})
	w.must(t, "node:n1", &fsm.FinishJob{ID: "d1", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Failed, Error: "2 of 20 files"}})
	if alerts := w.ask(t, "GET", "/v1/alerts", "").Body.String(); !strings.Contains(alerts, "restore_drill_failed") {
		t.Errorf("%s", alerts)
	}
	w.drilled(t, "d2", nil)
	if alerts := w.ask(t, "GET", "/v1/alerts", "").Body.String(); strings.Contains(alerts, "restore_drill_failed") {
		t.Errorf("after a good one: %s", alerts)
	}
}

package cli

import (
	"strings"
	"testing"
)

const assignmentRow = `{"id":"c1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":9,"client":"web-1","repository":"web-1",
	"managers":["backup-1","backup-2"],"storages":["storage-1","storage-2"],"copies":2,"complete":1,"nodes":[]}`

func TestAssignments(t *testing.T) {
	w := newWorld(t).on("GET /v1/assignments", 200, `{"items":[`+assignmentRow+`],"total":1}`)
	got := w.run("assignment", "list", "--node", "storage-1")
	want := "CLIENT  MANAGERS           STORAGES             COMPLETE  CHANGED\n" +
		"web-1   backup-1,backup-2  storage-1,storage-2       1/2  28d ago\n"
	if got.code != 0 || got.out != want {
		t.Errorf("code %d\n%s%s", got.code, got.out, got.err)
	}
	if !strings.Contains(w.lastAsked(), "node=storage-1") {
		t.Errorf("asked %s", w.lastAsked())
	}
}

func TestExplain(t *testing.T) {
	w := newWorld(t).on("POST /v1/assignments/explain", 200, `{"client":"web-1","copies":2,"placement":{},"nodes":[
		{"node":"backup-1","role":"backup-manager","chosen":true,"as":"preferred","reason":"chosen","detail":"it won the rendezvous"},
		{"node":"backup-1","role":"backup-storage","chosen":false,"as":"","reason":"role","detail":"it is no backup-storage"},
		{"node":"storage-2","role":"backup-storage","chosen":false,"as":"","reason":"domain","detail":"it is in the failure domain of storage-1"}]}`)
	got := w.run("client", "explain", "web-1")
	want := "NODE       ROLE            IS         WHY\n" +
		"backup-1   backup-manager  preferred  it won the rendezvous\n" +
		"storage-2  backup-storage  -          it is in the failure domain of storage-1\n"
	if got.code != 0 || got.out != want {
		t.Errorf("code %d\n%s%s", got.code, got.out, got.err)
	}
}

const impactRow = `{"node":"storage-1","clients":["db","web"],"without_runner":[],"waiting":["web"],
	"only_copies":[{"repository":"web","clients":["web","mail"]}],"backups":["b1"],"jobs":["j1"]}`

func TestImpact(t *testing.T) {
	w := newWorld(t).on("GET /v1/nodes/storage-1/impact", 200, impactRow)
	got := w.run("node", "impact", "storage-1")
	want := `Node              storage-1
Answers for       db, web
Without a runner  -
Waiting           web
Only copies       web (of web, mail)
Running           b1
                  j1
`
	if got.code != 0 || got.out != want {
		t.Errorf("code %d\n%s%s", got.code, got.out, got.err)
	}
}

// What is lost with a node is named, and its name typed, before --force does it.
func TestForcedRemoval(t *testing.T) {
	for _, c := range []struct {
		typed, impact string
		does          bool
	}{
		{"storage-1\n", impactRow, true},
		{"y\n", impactRow, false},
		{"", impactRow, false},
		{"", `{"node":"storage-1","only_copies":[]}`, true},
	} {
		w := newWorld(t).on("GET /v1/nodes/storage-1/impact", 200, c.impact).on("DELETE /v1/nodes/storage-1", 204, "")
		w.stdin = c.typed
		got := w.run("node", "remove", "storage-1", "--force", "-y")
		if done := w.lastAsked() == "DELETE /v1/nodes/storage-1?force=true"; done != c.does || (got.code == 0) != c.does {
			t.Errorf("typed %q: %v, %+v", c.typed, done, got)
		}
		if named := strings.Contains(got.err, "web (of web, mail)"); named != (c.impact == impactRow) {
			t.Errorf("said %q", got.err)
		}
	}
}

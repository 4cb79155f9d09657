package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"bcm/api/client"
	"bcm/fsm"
)

func status(status string, more ...string) string {
	return `{"id":"b9","status":"` + status + `","attempt":1,"node":"backup-1","started_at":"2026-03-01T11:00:00Z",` +
		`"finished_at":"2026-03-01T11:00:03Z","stats":{"files":3,"bytes":2048,"new_bytes":1024,"warnings":0}` + strings.Join(more, "") + `}`
}

const halfway = `,"progress":{"phase":"upload","files":1,"bytes":512,"total_files":3,"total_bytes":1024,"rate":128,"eta":"4s"}`

func TestWatch(t *testing.T) {
	for _, c := range []struct {
		name   string
		states []string
		code   int
		out    string
		errs   string
	}{
		{"to success", []string{status("queued"), status("running"), status("running", halfway), status("succeeded")}, 0,
			"backup b9 succeeded: 3 files, 2.00 KiB (1.00 KiB new) in 3s\n",
			"backup b9: queued on backup-1\nbackup b9: running on backup-1\n" +
				"backup b9: running on backup-1, upload: 50%, 1 of 3 files, 512 B of 1.00 KiB, 128 B/s, 4s left\nbackup b9: succeeded\n"},
		{"to a warning", []string{status("warning", `,"error":"one file was busy"`)}, 0,
			"backup b9 warning: 3 files, 2.00 KiB (1.00 KiB new) in 3s\nwith 1 warning: one file was busy\n", "backup b9: warning\n"},
		{"to failure", []string{status("running"), status("failed", `,"error":"disk\u0007 full"`)}, 3, "",
			"backup b9: running on backup-1\nbackup b9: failed\nbcm: backup b9: failed: disk\ufffd full\n"},
		{"to cancellation", []string{status("cancelled")}, 3, "", "backup b9: cancelled\nbcm: backup b9: cancelled\n"},
		{"over an interruption", []string{status("interrupted", `,"error":"node lost"`), status("succeeded")}, 0,
			"backup b9 succeeded: 3 files, 2.00 KiB (1.00 KiB new) in 3s\n",
			"backup b9: interrupted on backup-1: node lost\nbackup b9: succeeded\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for _, s := range c.states {
				w.on("GET /v1/backups/b9", 200, s)
			}
			got := w.run("backup", "watch", "b9")
			if got.code != c.code || got.out != c.out || got.err != c.errs {
				t.Errorf("code %d\nwrote  %q\nwanted %q\nsaid   %q\nwanted %q", got.code, got.out, c.out, got.err, c.errs)
			}
		})
	}
}

func TestWatchSurvivesManagers(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b9", 200, status("running"))
	for range 30 { // longer than a call by itself would wait for a leader
		w.on("GET /v1/backups/b9", 503, leaderless)
	}
	w.on("GET /v1/backups/b9", 200, status("succeeded"))
	got := w.run("backup", "watch", "b9")
	if got.code != 0 || strings.Count(got.err, "no manager answers at the moment; trying again\n") != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWatchOfNothing(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b9", 404, `{"status":404,"code":"not_found","detail":"no backup \"b9\"","request_id":"r"}`)
	got := w.run("backup", "watch", "b9")
	if got.code != 1 || got.err != "bcm: no backup \"b9\"\n" {
		t.Errorf("%+v", got)
	}
}

func TestWatchJSON(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b9", 200, status("failed"))
	got := w.run("backup", "watch", "b9", "--json")
	if got.code != 3 || !sameJSON(t, got.out, status("failed")) {
		t.Errorf("%+v", got)
	}
}

func TestRunAndWait(t *testing.T) {
	w := newWorld(t).on("POST /v1/backups", 201, status("queued")).on("GET /v1/backups/b9", 200, status("succeeded"))
	got := w.run("backup", "run", "t1", "--wait", "-q")
	if got.code != 0 || got.out != "b9\n" {
		t.Errorf("%+v", got)
	}
}

func TestRestoreWaits(t *testing.T) {
	job := `{"id":"j1","kind":"restore","status":"queued"}`
	w := newWorld(t).on("POST /v1/backups/b9/restore", 202, job).
		on("GET /v1/restores/j1", 200, strings.ReplaceAll(status("running", halfway), "b9", "j1")).
		on("GET /v1/restores/j1", 200, strings.ReplaceAll(status("succeeded"), "b9", "j1"))
	got := w.run("backup", "restore", "b9", "--node", "backup-1", "--target", "/t", "--path", "/etc", "--overwrite", "if-newer")
	if got.code != 0 || got.out != "restored to /t on backup-1: 3 files, 2.00 KiB (1.00 KiB new) in 3s\n" {
		t.Errorf("%+v", got)
	}
	if want := `POST /v1/backups/b9/restore {"node":"backup-1","overwrite":"if-newer","path":"/etc","target":"/t"}`; w.asked[0] != want {
		t.Errorf("asked  %s\nwanted %s", w.asked[0], want)
	}
}

// A restore that wrote nothing, as all was there, does not look like one that did.
func TestRestoreLeavesWhatIsThere(t *testing.T) {
	w := newWorld(t).on("POST /v1/backups/b9/restore", 202, `{"id":"j1","status":"queued"}`).
		on("GET /v1/restores/j1", 200, `{"id":"j1","status":"succeeded","stats":{"files":0,"bytes":0,"skipped":3}}`)
	got := w.run("backup", "restore", "b9", "--node", "backup-1", "--target", "/t")
	if got.code != 0 || got.out != "restored to /t on backup-1: 0 files, 0 B; 3 were there already and left as they are (see --overwrite)\n" {
		t.Errorf("%+v", got)
	}
	if got := w.run("backup", "restore", "b9", "--node", "backup-1", "--target", "/t", "-q"); got.out != "j1\n" {
		t.Errorf("-q wrote %q", got.out)
	}
}

func TestVerifyFails(t *testing.T) {
	w := newWorld(t).on("POST /v1/backups/b9/verify", 202, `{"id":"j1","status":"queued"}`).
		on("GET /v1/verifications/j1", 200, strings.ReplaceAll(status("failed", `,"error":"3 blobs are missing"`), "b9", "j1"))
	got := w.run("backup", "verify", "b9")
	if got.code != 3 || !strings.HasSuffix(got.err, "bcm: verification j1: failed: 3 blobs are missing\n") {
		t.Errorf("%+v", got)
	}
}

func TestDrainWaits(t *testing.T) {
	w := newWorld(t).on("POST /v1/nodes/n1/drain", 200, nodeRow).
		on("GET /v1/nodes/n1", 200, `{"mode":"draining","running":2}`).
		on("GET /v1/nodes/n1", 200, `{"mode":"draining","running":0}`).
		on("GET /v1/nodes/n1", 200, `{"mode":"draining","running":0,"drained":true}`)
	got := w.run("node", "drain", "n1", "--wait")
	if got.code != 0 || got.err != "2 runs left\nnothing runs; its clients and their data are on their way to others\n" ||
		got.out != "node n1 is drained: it runs nothing, and nothing lies on it\n" {
		t.Errorf("%+v, asked %q", got, w.asked)
	}
}

// Somebody who takes the node back ends the wait.
func TestDrainIsTakenBack(t *testing.T) {
	w := newWorld(t).on("POST /v1/nodes/n1/drain", 200, nodeRow).on("GET /v1/nodes/n1", 200, `{"mode":"active"}`)
	got := w.run("node", "drain", "n1", "--wait")
	if got.code != 1 || !strings.Contains(got.err, "node n1 is active now") {
		t.Errorf("%+v", got)
	}
}

// TestPatience holds that waiting ends when no manager has answered for long.
func TestPatience(t *testing.T) {
	now := clock
	a := &app{poll: time.Microsecond, now: func() time.Time { now = now.Add(30 * time.Second); return now }}
	gone := fsm.Errorf(fsm.Unavailable, "gone")
	looks := 0
	err := a.each(t.Context(), io.Discard, func() (bool, error) { looks++; return false, gone })
	if !errors.Is(err, gone) || looks < 3 || looks > 10 {
		t.Errorf("%v after %d looks", err, looks)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = a.each(ctx, io.Discard, func() (bool, error) { cancel(); return false, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestBar holds that a bar shows what it is given and leaves a clean line.
func TestBar(t *testing.T) {
	var out bytes.Buffer
	b := &bar{out: &out}
	p := &client.Progress{Phase: "upload", Files: 1, Bytes: 512, TotalFiles: 3, TotalBytes: 1024, Rate: 128, Eta: "4s"}
	b.update(run{Status: fsm.Queued})
	b.update(run{Status: fsm.Running, Node: "n", Progress: p})
	b.end()
	text := out.String()
	if !strings.Contains(text, "queued") || !strings.Contains(text, "upload  50%, 1 of 3 files, 512 B of 1.00 KiB, 128 B/s, 4s left") {
		t.Errorf("drew %q", text)
	}
	if last := text[strings.LastIndex(strings.TrimRight(text, "\r"), "\r")+1:]; strings.TrimSpace(last) != "" {
		t.Errorf("left %q", last)
	}
}

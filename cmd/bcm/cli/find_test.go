package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	foundRow   = `{"name":"hosts","path":"/etc/hosts","type":"file","size":2048,"mode":"0644","modified_at":"2026-02-03T04:05:06Z","owner":"0:0","backup":"b7","task":"files","started_at":"2026-02-28T12:00:00Z","unchanged":41}`
	foundDir   = `{"name":"hosts.d","path":"/etc/hosts.d","type":"directory","size":0,"mode":"0755","modified_at":"2026-02-03T04:05:06Z","backup":"b7","task":"","started_at":"2026-02-28T12:00:00Z","unchanged":0}`
	versionRow = `{"name":"hosts","path":"/etc/hosts","type":"file","size":2048,"mode":"0644","modified_at":"2026-02-03T04:05:06Z","object":"0123456789abcdef","backups":["b7","b6"]}`
)

func TestFind(t *testing.T) {
	w := newWorld(t).on("GET /v1/clients/web-1/files", 200,
		`{"items":[`+foundRow+`,`+foundDir+`],"total":2,"backups":42,"searched":42,"partial":false}`)
	got := w.run("backup", "find", "hosts", "--client", "web-1", "--from", "30d", "--task", "files")
	golden(t, "find.txt", got.out)
	if w.lastAsked() != "GET /v1/clients/web-1/files?from=2026-01-30T12%3A00%3A00Z&limit=100&name=hosts&task=files" || got.err != "" || got.code != 0 {
		t.Errorf("asked %s, %+v", w.lastAsked(), got)
	}
	if got := w.run("backup", "find", "hosts", "--client", "web-1", "-q"); got.out != "/etc/hosts\n/etc/hosts.d\n" {
		t.Errorf("%+v", got)
	}
	if got := w.run("backup", "find", "hosts", "--client", "web-1", "--json"); !strings.Contains(got.out, `"searched": 42`) {
		t.Errorf("%+v", got)
	}
}

// What may be missing is said, beside the rows.
func TestFindSaysWhatMayBeMissing(t *testing.T) {
	w := newWorld(t).on("GET /v1/clients/web-1/files", 200,
		`{"items":[`+foundRow+`],"total":300,"next":"x","backups":42,"searched":7,"partial":true}`)
	got := w.run("backup", "find", "hosts", "--client", "web-1")
	if got.code != 0 || !strings.Contains(got.err, "1 of 300 are shown") || !strings.Contains(got.err, "7 of 42 backups") || !strings.Contains(got.err, "there may be more") {
		t.Errorf("%+v", got)
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t).on("GET /v1/clients/web-1/history", 200, listOf(versionRow))
	got := w.run("backup", "history", "/etc/hosts", "--client", "web-1")
	golden(t, "history.txt", got.out)
	if w.lastAsked() != "GET /v1/clients/web-1/history?path=%2Fetc%2Fhosts" {
		t.Errorf("asked %s", w.lastAsked())
	}
	if got := w.run("backup", "history", "/etc/hosts", "--client", "web-1", "-q"); got.out != "b7\n" {
		t.Errorf("%+v", got)
	}
}

func TestFindWantsAClient(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"find", "x"}, {"history", "/x"}, {"find"}, {"find", "x", "--client", "c", "--limit", "0"},
		{"find", "x", "--client", "c", "--from", "soon"}} {
		if got := w.run(append([]string{"backup"}, args...)...); got.code != 2 || len(w.asked) > 0 {
			t.Errorf("%v: %+v, asked %v", args, got, w.asked)
		}
	}
}

func TestDryRun(t *testing.T) {
	w := newWorld(t).on("POST /v1/backups/b9/restore", 202, `{"id":"j1","status":"queued"}`).
		on("GET /v1/restores/j1", 200, `{"id":"j1","status":"succeeded","node":"backup-1","stats":{"files":12,"bytes":2048},
			"changes":[{"kind":"new","count":11,"paths":["/etc/a","/etc/b"]},{"kind":"same","count":1,"paths":[]}]}`)
	got := w.run("backup", "restore", "b9", "--origin", "--path", "/etc/a", "--path", "/etc/b", "--overwrite", "beside", "--dry-run")
	want := "a restore to where it came from on backup-1 would write 12 files, 2.00 KiB\nnew       11\n          /etc/a\n          /etc/b\n          and 9 more\nsame      1\n"
	if got.code != 0 || got.out != want {
		t.Errorf("%+v", got)
	}
	if want := `POST /v1/backups/b9/restore {"dry_run":true,"origin":true,"overwrite":"beside","paths":["/etc/a","/etc/b"]}`; w.asked[0] != want {
		t.Errorf("asked %s", w.asked[0])
	}
	for _, args := range [][]string{{"--origin", "--target", "/t"}, {"--target", "/t"}, {}} {
		if got := w.run(append([]string{"backup", "restore", "b9"}, args...)...); got.code != 2 {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestDownload(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b1/files/archive", 200, "packed")
	to := filepath.Join(t.TempDir(), "etc.zip")
	if got := w.run("backup", "download", "b1", "--path", "/etc", "-o", to); got.code != 0 || w.lastAsked() != "GET /v1/backups/b1/files/archive?format=zip&path=%2Fetc" {
		t.Errorf("%+v, asked %s", got, w.lastAsked())
	}
	if data, err := os.ReadFile(to); err != nil || string(data) != "packed" {
		t.Errorf("%q %v", data, err)
	}
	if got := w.run("backup", "download", "b1"); got.code != 2 {
		t.Errorf("%+v", got)
	}
}

// A download that breaks off leaves no file that looks whole.
func TestABrokenDownloadLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.real = http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/gzip")
		_, _ = out.Write(make([]byte, 100_000))
		panic(http.ErrAbortHandler)
	})
	dir := t.TempDir()
	got := w.run("backup", "download", "b1", "-o", filepath.Join(dir, "all.tar.gz"))
	if left, err := os.ReadDir(dir); got.code != 1 || err != nil || len(left) > 0 {
		t.Errorf("%+v, left %v, %v", got, left, err)
	}
}

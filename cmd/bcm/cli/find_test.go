package cli

import (
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

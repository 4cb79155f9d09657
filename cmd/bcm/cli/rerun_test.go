package cli

import (
	"strings"
	"testing"
)

// Of several failed backups of a task the last is made again; a task that was tried
// since is left alone, and so is one that is at work.
func TestRerunFailed(t *testing.T) {
	w := newWorld(t)
	row := func(id, task, at string) string {
		return `{"id":"` + id + `","task":"` + task + `","status":"failed","created_at":"2026-03-01T` + at + `:00Z","storages":[],"stats":{}}`
	}
	w.on("GET /v1/backups", 200, `{"items":[`+strings.Join([]string{row("b5", "web", "10:00"), row("b4", "db", "09:00"),
		row("b3", "web", "08:00"), row("b2", "mail", "07:00")}, ",")+`],"total":4,"next":""}`)
	none := `{"items":[],"total":0,"next":""}`
	w.on("GET /v1/backups", 200, none)                                                 // web was not tried since
	w.on("GET /v1/backups", 200, `{"items":[`+row("b9", "db", "11:00")+`],"total":1}`) // db was
	w.on("GET /v1/backups", 200, none)
	w.on("POST /v1/backups/b5/rerun", 201, row("b7", "web", "12:00"))
	w.on("POST /v1/backups/b2/rerun", 409, `{"code":"conflict","detail":"task mail is running already"}`)
	got := w.run("backup", "rerun", "--failed", "--since", "12h")
	if got.code != 0 || got.out != "task web is run again, as backup b7\n" || !strings.Contains(got.err, "task mail: ") {
		t.Errorf("%+v", got)
	}
	if first := w.asked[0]; !strings.Contains(first, "status=failed") || !strings.Contains(first, "from=2026-03-01T00") {
		t.Errorf("asked %s", first)
	}
	w = newWorld(t)
	w.on("GET /v1/backups", 200, none)
	if got := w.run("backup", "rerun", "--failed"); got.code != 0 || !strings.Contains(got.out, "no task") {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"backup rerun", "backup rerun b1 --failed", "backup rerun b1 --since 1h", "backup rerun --failed --since soon"} {
		if got := newWorld(t).run(strings.Fields(bad)...); got.code != exitUsage {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

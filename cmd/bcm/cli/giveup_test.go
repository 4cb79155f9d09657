package cli

import (
	"strings"
	"testing"
)

// The backups that are hit are named before what is lost is given up.
func TestGiveUpNamesWhatIsHit(t *testing.T) {
	one := `{"items":[{"id":"v3","kind":"verify","backup":"b9","status":"failed","damaged_backups":["b9"]},{"id":"v2","kind":"verify","backup":"","status":"failed","finished_at":"2026-01-31T11:00:00Z"HIT}]}`
	hit := strings.Replace(one, "HIT", `,"damaged_backups":["b1","b2"]`, 1)
	for _, c := range []struct {
		flags, typed, jobs, says string
		does                     bool
	}{
		{"", "y\n", hit, "these backups are hit: b1, b2)", true},
		{"", "n\n", hit, "these backups are hit: b1, b2)", false},
		{"", "y\n", strings.Replace(one, "HIT", "", 1), "no backup is hit)", true},
		{"", "y\n", `{"items":[]}`, "it is not known which backups are hit", true},
		{" --yes", "", hit, "", true},
	} {
		w := newWorld(t).on("GET /v1/jobs", 200, c.jobs).on("POST /v1/repositories/r/scrub", 202, `{"id":"j3","status":"queued"}`)
		w.terminal, w.stdin = true, c.typed
		got := w.run(strings.Fields("repository scrub r --give-up --wait=false" + c.flags)...)
		if done := w.lastAsked() == `POST /v1/repositories/r/scrub {"give_up":true}`; done != c.does || (got.code == 0) != c.does {
			t.Errorf("typed %q: asked %s, %+v", c.typed, w.lastAsked(), got)
		}
		if !strings.Contains(got.err, c.says) {
			t.Errorf("said %q, want %q", got.err, c.says)
		}
	}
	w := newWorld(t).on("GET /v1/jobs", 200, hit)
	if got := w.run("repository", "scrub", "r", "--give-up"); got.code != 2 || !strings.Contains(got.err, "add --yes") {
		t.Errorf("without a terminal: %+v", got)
	}
}

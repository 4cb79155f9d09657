package api

import (
	"encoding/json"
	"strings"
	"testing"

	"bcm/fsm"
)

func TestRestoreOfSeveralPaths(t *testing.T) {
	w := newGrownWorld(t)
	for body, want := range map[string]fsm.Restore{
		`{"paths":["/a/b","/a/c/d","/a/b/x"],"node":"backup-1","target":"/t","overwrite":"beside","dry_run":true}`: {Path: "/a",
			Only: []string{"b", "c/d"}, Target: "/t", Overwrite: fsm.Beside, DryRun: true},
		`{"paths":["a/b/"],"origin":true}`:                       {Path: "/a/b", Origin: true, Overwrite: fsm.Never},
		`{"paths":["/a","/"],"node":"backup-1","target":"/t"}`:   {Path: "/", Target: "/t", Overwrite: fsm.Never},
		`{"paths":["/ab","/a"],"node":"backup-1","target":"/t"}`: {Path: "/", Only: []string{"a", "ab"}, Target: "/t", Overwrite: fsm.Never},
	} {
		rec := w.ask(t, "POST", "/v1/backups/b1/restore", body)
		var shown Job
		if err := json.Unmarshal(rec.Body.Bytes(), &shown); err != nil || rec.Code != 202 {
			t.Fatalf("%s: %d %s", body, rec.Code, rec.Body)
		}
		j, _ := w.state.Now().Jobs.Get(shown.ID)
		got := j.Restore
		got.At = 0
		if a, b := mustJSON(t, got), mustJSON(t, want); a != b || j.Wish != "n1" {
			t.Errorf("%s: %s on %s, want %s", body, a, j.Wish, b)
		}
		if shown.Note == "" || len(shown.Paths) != len(want.Only) || shown.DryRun != want.DryRun || shown.Origin != want.Origin {
			t.Errorf("%s is shown as %+v", body, shown)
		}
	}
}

func TestBadRestores(t *testing.T) {
	w := newGrownWorld(t)
	before := w.state.Now().Jobs.Len()
	for body, field := range map[string]string{
		`{"paths":["/a","../b"],"node":"backup-1","target":"/t"}`:           "paths",
		`{"paths":["/a",""],"node":"backup-1","target":"/t"}`:               "paths",
		`{"paths":["/a"],"path":"/b","node":"backup-1","target":"/t"}`:      "path",
		`{"path":"/a/../../b","node":"backup-1","target":"/t"}`:             "path",
		`{"origin":true,"target":"/t","node":"backup-1"}`:                   "target",
		`{"node":"backup-1","target":"t"}`:                                  "target",
		`{"node":"backup-1"}`:                                               "target",
		`{"target":"/t"}`:                                                   "node",
		`{"target":"/t","node":"storage-1"}`:                                "node",
		`{"target":"/t","node":"backup-1","overwrite":"sometimes"}`:         "overwrite",
		`{"target":"/` + strings.Repeat("x", 5000) + `","node":"backup-1"}`: "target",
	} {
		rec := w.ask(t, "POST", "/v1/backups/b1/restore", body)
		p := problemIn(t, rec)
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%.80s: %+v", body, p)
		}
	}
	if after := w.state.Now().Jobs.Len(); after != before {
		t.Error("something was begun")
	}
}

package api

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"bcm/fsm"
)

// run makes a backup of the client and ends it.
func (w *world) run(t *testing.T, id string, status fsm.Status) {
	t.Helper()
	w.must(t, "user:admin", &fsm.CreateBackup{ID: id, Client: "c1", Source: &fsm.Source{Paths: []string{"/srv"}}})
	w.must(t, "plan:place", &fsm.AssignBackup{ID: id, From: fsm.Queued, Node: "m1"})
	w.must(t, "node:m1", &fsm.StartBackup{ID: id, Attempt: 1})
	w.must(t, "node:m1", &fsm.FinishBackup{ID: id, Attempt: 1, Outcome: fsm.Outcome{Status: status}})
}

func (w *world) stats(t *testing.T) (out GridStats) {
	t.Helper()
	rec := w.ask(t, "GET", "/v1/stats", "")
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return out
}

func TestTimelineHoldsTheLastDay(t *testing.T) {
	w := newWorld(t)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c1"}`)
	w.run(t, "old", fsm.Succeeded)
	w.tick(2 * time.Hour)
	w.run(t, "b1", fsm.Failed)
	w.tick(22*time.Hour + time.Minute)
	w.run(t, "b2", fsm.Succeeded)
	w.run(t, "b3", fsm.Warning)

	got := w.stats(t).Backups
	if want := (DayStats{Succeeded: 1, Warning: 1, Failed: 1}); got.LastDay != want {
		t.Errorf("the last day has %+v, want %+v", got.LastDay, want)
	}
	spans := got.Timeline
	if len(spans) != 49 {
		t.Fatalf("%d spans for 24 hours and what began before", len(spans))
	}
	for i, span := range spans {
		if span.From.Minute()%30 != 0 || span.From.Second() != 0 || i > 0 && span.From.Sub(spans[i-1].From) != slice {
			t.Fatalf("span %d begins at %v", i, span.From)
		}
	}
	if last := spans[48]; last.Succeeded != 1 || last.Warning != 1 || last.Failed != 0 {
		t.Errorf("the last span is %+v", last)
	}
	if spans[3].Failed+spans[4].Failed != 1 {
		t.Errorf("the failure is not where it happened: %+v", spans[:6])
	}
}

func TestCellsAndSites(t *testing.T) {
	w := newWorld(t)
	site, mode := "fra1", fsm.Draining
	w.must(t, "user:admin", &fsm.UpdateNode{ID: "m1", Site: &site, Mode: &mode})
	before := w.stats(t)
	w.must(t, "plan:members", &fsm.MarkNode{ID: "m1", From: fsm.NodeStatus(only1(t, before.Nodes.ByStatus)), To: fsm.Online})
	w.must(t, "node:m1", &fsm.ReportNode{ID: "m1", Capacity: fsm.Capacity{Total: 100, Used: 40, Free: 60}})

	got := w.stats(t)
	if want := []NodeCell{{Site: "fra1", Role: fsm.RoleManager, Status: "draining", Nodes: 1}}; !reflect.DeepEqual(got.Nodes.Cells, want) {
		t.Errorf("cells: %+v, want %+v", got.Nodes.Cells, want)
	}
	if want := []SiteStorage{{Site: "fra1", Used: 40, Capacity: 100}}; !reflect.DeepEqual(got.Storage.Sites, want) {
		t.Errorf("sites: %+v, want %+v", got.Storage.Sites, want)
	}
}

// only1 gives the one key of a map.
func only1(t *testing.T, m map[string]int) string {
	t.Helper()
	for key := range m {
		return key
	}
	t.Fatal("an empty map")
	return ""
}

func TestSortingByStatusPutsTheWorstFirst(t *testing.T) {
	w := newWorld(t)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c1"}`)
	for id, status := range map[string]fsm.Status{"a": fsm.Succeeded, "b": fsm.Failed, "c": fsm.Warning} {
		w.run(t, id, status)
	}
	for sort, want := range map[string][]string{"status": {"b", "c", "a"}, "-status": {"a", "c", "b"}} {
		var got []string
		for _, item := range w.want(t, 200, "GET", "/v1/backups?sort="+sort, "")["items"].([]any) {
			got = append(got, item.(map[string]any)["id"].(string))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("sort=%s gives %v, want %v", sort, got, want)
		}
	}
}

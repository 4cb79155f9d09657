package api

import (
	"testing"

	"bcm/fsm"
)

// Lists hold what was seen on servers beside the grid's own, and one user once.
func TestListsHoldWhatServersHave(t *testing.T) {
	w := newGrownWorld(t)
	w.serve(t, "v1", "sesam-1")
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := v.Servers.Get("v1")
	by := "node:" + s.Carrier
	w.must(t, by,
		&fsm.ObserveObjects{Server: "v1", Kind: fsm.ServerClient, Whole: true, Objects: []fsm.Observed{{Name: "far-away", Remote: "3"}}},
		&fsm.ObserveObjects{Server: "v1", Kind: fsm.ServerTask, Whole: true, Objects: []fsm.Observed{{Name: "Backup of it", Parent: "far-away", State: "succeeded", Facts: fsm.Facts{Enabled: true}}}},
		&fsm.ObserveObjects{Server: "v1", Kind: fsm.ServerSchedule, Whole: true, Objects: []fsm.Observed{{Name: "EVENING"}}},
		&fsm.ObserveObjects{Server: "v1", Kind: fsm.ServerGroup, Whole: true, Objects: []fsm.Observed{{Name: "Tape", Facts: fsm.Facts{Enabled: true}}}})
	w.serve(t, "v2", "sesam-2")
	for path, names := range map[string][]string{
		"/v1/clients":                        {"c1", "far-away"},
		"/v1/clients?origin=cluster":         {"c1"},
		"/v1/clients?origin=sesam-1":         {"far-away"},
		"/v1/clients?q=far":                  {"far-away"},
		"/v1/tasks?origin=sesam-1":           {"Backup of it"},
		"/v1/schedules?sort=-name":           {"nightly", "EVENING"},
		"/v1/groups?origin=v1":               {"Tape"},
		"/v1/users?origin=sesam-1":           {"local"}, // ada is known here
		"/v1/users?enabled=true&q=local":     {"local"},
		"/v1/users?q=ada&sort=origin":        {"ada"},
		"/v1/clients?limit=1":                {"c1"},
		"/v1/tasks?enabled=false":            {},
		"/v1/clients?origin=sesam-2&q=far":   {},
		"/v1/schedules?origin=v1&limit=1000": {"EVENING"},
	} {
		items, _ := w.want(t, 200, "GET", path, "")["items"].([]any)
		var got []string
		for _, item := range items {
			row, _ := item.(map[string]any)
			got = append(got, row["name"].(string))
		}
		if len(got) != len(names) {
			t.Errorf("%s: %v, wanted %v", path, got, names)
			continue
		}
		for i := range names {
			if got[i] != names[i] {
				t.Errorf("%s: %v, wanted %v", path, got, names)
			}
		}
	}
	if p := problemIn(t, w.ask(t, "GET", "/v1/clients?origin=nowhere", "")); p.Status != 422 {
		t.Errorf("an unknown origin: %+v", p)
	}
	id := fsm.MirrorID("v1", fsm.ServerClient, "far-away")
	row := w.want(t, 200, "GET", "/v1/clients/"+id, "")
	if row["origin"] != "sesam-1" || row["stale"] != nil || row["seen_at"] == nil {
		t.Errorf("%v", row)
	}
	ada := w.want(t, 200, "GET", "/v1/users/ada", "")
	if origins, _ := ada["origins"].([]any); len(origins) != 3 || origins[0] != "cluster" || ada["origin"] != "cluster" {
		t.Errorf("known here and there: %v", ada)
	}
	w.must(t, by, &fsm.ObserveServer{ID: "v1", Error: "no route to host"})
	if row := w.want(t, 200, "GET", "/v1/clients/"+id, ""); row["stale"] != true {
		t.Errorf("of a server that is away: %v", row)
	}
	if p := problemIn(t, w.ask(t, "PATCH", "/v1/clients/"+id, `{"name":"x"}`)); p.Status != 404 {
		t.Errorf("changed: %+v", p)
	}
}

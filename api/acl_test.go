package api

import (
	"strings"
	"testing"

	"bcm/fsm"
)

// What a list leaves somebody out of is neither listed nor shown nor restored; all
// else is as the right by group has it.
func TestAccessListsHide(t *testing.T) {
	w := newGoldenWorld(t)
	w.must(t, "user:admin", &fsm.CreateUser{ID: "u-re", Name: "re", Groups: []string{fsm.RestoreUsers}, Password: adminHash()},
		&fsm.CreateClient{ID: "cl9", Name: "open", Repository: fsm.NewRepository{ID: "r9", Password: []byte("sealed")}},
		&fsm.PutACL{Noun: "clients", Object: "c1", Users: []string{"ada"}})
	re, ada := "Bearer "+w.speaksFor(t, "u-re"), "Bearer "+w.speaksFor(t, "u-ada")
	reads := []string{"/v1/clients/c1", "/v1/tasks/files", "/v1/backups/b1", "/v1/backups/b1/log", "/v1/backups/b1/files?path=/",
		"/v1/backups/b1/files/content?path=/a.txt", "/v1/backups/b1/files/archive?path=/d", "/v1/clients/c1/files?name=a",
		"/v1/clients/c1/history?path=/a.txt", "/v1/restores/j1"}
	for _, path := range reads {
		if p := problemIn(t, w.ask(t, "GET", path, "", "Authorization", re)); p.Code != fsm.Denied || !strings.Contains(p.Detail, "access list of clients/c1") {
			t.Errorf("%s: %+v", path, p)
		}
		if rec := w.ask(t, "GET", path, "", "Authorization", ada); rec.Code != 200 {
			t.Errorf("%s for one on the list: %d %s", path, rec.Code, rec.Body)
		}
	}
	for path, hidden := range map[string]string{"/v1/clients": `"c1"`, "/v1/tasks": `"files"`, "/v1/backups": `"b1"`, "/v1/restores": `"j1"`} {
		if body := w.ask(t, "GET", path, "", "Authorization", re).Body.String(); strings.Contains(body, hidden) {
			t.Errorf("%s shows %s: %s", path, hidden, body)
		}
		if body := w.ask(t, "GET", path, "", "Authorization", ada).Body.String(); !strings.Contains(body, hidden) {
			t.Errorf("%s for one on the list: %s", path, body)
		}
	}
	if body := w.ask(t, "GET", "/v1/clients", "", "Authorization", re).Body.String(); !strings.Contains(body, `"open"`) || !strings.Contains(body, `"total":1`) {
		t.Errorf("what has no list: %s", body)
	}
	body := `{"node":"backup-1","target":"/t"}`
	if p := problemIn(t, w.ask(t, "POST", "/v1/backups/b1/restore", body, "Authorization", re)); p.Status != 403 {
		t.Errorf("%+v", p)
	}
	if rec := w.ask(t, "POST", "/v1/backups/b1/restore", body, "Authorization", ada); rec.Code != 202 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestExplainMindsAccessLists(t *testing.T) {
	w := newGrownWorld(t)
	w.must(t, "user:admin", &fsm.PutACL{Noun: "clients", Object: "c1", Users: []string{"bob"}})
	for object, allowed := range map[string]bool{"clients/c1": false, "tasks/files": false, "backups/b1": false, "repositories/r1": false, "clients/none": true} {
		body := w.ask(t, "GET", "/v1/access/explain?user=ada&right=backups:restore&object="+object, "").Body.String()
		if strings.Contains(body, `"allowed":true`) != allowed || !allowed && !strings.Contains(body, "access list of clients/c1") {
			t.Errorf("%s: %s", object, body)
		}
	}
	if body := w.ask(t, "GET", "/v1/access/explain?right=backups:restore&object=clients/c1", "").Body.String(); !strings.Contains(body, `"allowed":true`) {
		t.Errorf("an administrator: %s", body)
	}
}

package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestRanks(t *testing.T) {
	x := begin(t, "--demo")
	for _, u := range []string{"SUPERUSER", "ADMIN", "OPERATOR", "RESTORE", "BACKUP"} {
		x.post("users/create", `{"name":"`+u+`","password":"p","groups":["`+u+`"]}`)
	}
	x.post("users/create", `{"name":"NONE","password":"p"}`)
	x.post("groups/create", `{"name":"readers","rolesList":["ReadOnly"]}`)
	x.post("groups/create", `{"name":"doers","rolesList":["All"]}`)
	x.post("users/create", `{"name":"READER","password":"p","groups":["readers"]}`)
	x.post("users/create", `{"name":"DOER","password":"p","groups":["doers","RESTORE"]}`)
	x.post("acls/create", `{"object":"-1","origin":"Tasks","value":"[{\"id\":4,\"type\":\"GROUP\",\"permissions\":{\"allow\":\"f---\"}}]"}`)
	all := "SUPERUSER ADMIN OPERATOR RESTORE BACKUP READER DOER"
	for _, c := range []struct{ method, path, body, who string }{
		{"GET", "clients", "", all},
		{"GET", "server/info", "", all},
		{"GET", "groups", "", "SUPERUSER ADMIN OPERATOR READER DOER"},
		{"POST", "schedules/update", `{"name":"DAILY-INCR","usercomment":"x"}`, "SUPERUSER ADMIN DOER"},
		{"POST", "users/update", `{"id":2,"usercomment":"x"}`, "SUPERUSER"},
		{"POST", "acls/update", `{"id":1,"origin":"Locations"}`, "SUPERUSER"},
		{"POST", "backups/start", `[{"taskName":"mail"}]`, "SUPERUSER ADMIN BACKUP DOER"},
	} {
		for _, who := range []string{"SUPERUSER", "ADMIN", "OPERATOR", "RESTORE", "BACKUP", "READER", "DOER", "NONE"} {
			a := x.as(basic(who, "p")).do(c.method, c.path, c.body)
			want := http.StatusForbidden
			if contains(words(c.who), who) {
				want = http.StatusOK
			}
			if a.status != want {
				t.Errorf("%s %s as %s: %d, want %d", c.method, c.path, who, a.status, want)
			}
		}
	}
}

func words(s string) []any {
	out := []any{}
	for _, w := range strings.Fields(s) {
		out = append(out, w)
	}
	return out
}

// TestAccessLists: restore users see what is granted to them, operators what is
// not denied; a client inherits from its location and that from its parent.
func TestAccessLists(t *testing.T) {
	x := begin(t, "--demo") // grants location 3 (MUC) to the group RESTORE
	rosa, otto := x.as(basic("rosa", "Rosa-Luxemburg-1")), x.as(basic("otto", "Otto-Lilienthal-1"))
	rosa.get("locations").lists("name", `["MUC"]`)
	rosa.get("clients").lists("name", `["web-1","db-1"]`)
	rosa.get("clients/3").is("null")
	rosa.get("backups").lists("id", `[]`)
	rosa.get("backups/tasks/mail").refused(http.StatusNotFound, "object.not.found.id")
	rosa.post("locations/resolveLocationToId", `"FRANCE"`).refused(http.StatusNotFound, "object.not.found.id")
	// A denial beats a grant, and what is nearer beats what is inherited.
	x.post("acls/create", `{"object":1,"origin":"ClientsDao","value":"[{\"id\":4,\"type\":\"USER\",\"permissions\":{\"deny\":\"f\"}},{\"id\":3,\"type\":\"GROUP\",\"permissions\":{\"allow\":\"f\"}}]"}`)
	rosa.get("clients").lists("name", `["db-1"]`)
	// From further up, for operators, who see all else.
	x.post("acls/create", `{"object":"1","origin":"Locations","value":"[{\"id\":2,\"type\":\"GROUP\",\"permissions\":{\"deny\":\"f---\"}}]"}`)
	otto.get("clients").lists("name", `["sesam","mail-1"]`)
	otto.get("locations").lists("name", `["LOCAL","FRANCE"]`)
	// The default of an origin.
	x.post("acls/create", `{"object":"-1","origin":"Tasks","value":[{"id":4,"type":"USER","permissions":{"allow":"f---"}}]}`)
	rosa.get("backups/findTasks").lists("name", `["db-dump","mail","web-files"]`)
	if n := len(rosa.get("backups").column("id")); n != 42 {
		t.Errorf("%d results, want 42", n)
	}
	// Administrators are bound by denials, superusers are not.
	x.post("acls/create", `{"object":"mail","origin":"Tasks","value":"[{\"id\":1,\"type\":\"GROUP\",\"permissions\":{\"deny\":\"f---\"}}]"}`)
	ada := x.as(basic("ada", "Ada-Lovelace-1"))
	ada.post("backups/updateTask", `{"name":"mail","comment":"x"}`).refused(http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN")
	ada.post("backups/mail/deleteTask", `{}`).refused(http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN")
	ada.post("backups/start", `[{"taskName":"mail"}]`).refused(http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN")
	x.get("backups/tasks/mail").has(`{"comment":null}`)
	x.post("backups/mail/deleteTask", `{}`).is(`"mail"`)
}

func TestACLValues(t *testing.T) {
	x := begin(t)
	kept := `[ {"type":"USER", "id": 5, "permissions":{"allow":"f---","other":1}, "x-unknown":[1,2]} ]`
	body, err := jsonBytes(map[string]any{"object": 3, "origin": "Locations", "value": kept})
	if err != nil {
		t.Fatal(err)
	}
	x.post("acls/create", string(body))
	if got := x.get("acls/1").object()["value"]; got != kept {
		t.Errorf("the value came back as %v", got)
	}
	for _, value := range []string{`"{}"`, `"x"`, `7`, `"null"`, `null7`, `"[{}]"`, `"[{\"id\":1,\"permissions\":{\"allow\":\"f- -\"}}]"`,
		`"[{\"id\":1,\"permissions\":{\"deny\":\"123\"}}]"`, `"[{\"id\":1,\"permissions\":{\"allow\":\"fffffffff\"}}]"`, `"[{\"id\":1,\"permissions\":{\"allow\":7}}]"`} {
		x.post("acls/update", `{"id":1,"value":`+value+`}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
	x.post("acls/create", `{"object":"3","origin":"Locations"}`).refused(http.StatusConflict, "duplicate.entry")
	x.post("acls/create", `{"object":"3","origin":"Clients"}`).has(`{"value":"[]"}`)
}

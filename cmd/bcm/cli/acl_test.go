package cli

import (
	"strings"
	"testing"
)

const aclRow = `{"id":"clients/cl1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":7,"kind":"clients","object":"web 1","users":["ada","bob"],"groups":["Restore users"]}`

func TestAccessLists(t *testing.T) {
	w := newWorld(t).on("GET /v1/acls", 200, listOf(aclRow)).on("PUT /v1/acls/clients/web%201", 200, aclRow).
		on("GET /v1/acls/clients/web%201", 200, aclRow).on("DELETE /v1/acls/clients/web%201", 204, "")
	if got := w.run("acl", "list", "--kind", "clients"); got.code != 0 || !strings.Contains(got.out, "clients/web 1  ada bob  Restore users") {
		t.Errorf("%+v", got)
	}
	if got := w.run("acl", "show", "clients/web 1"); got.code != 0 || !strings.Contains(got.out, "Restore users") {
		t.Errorf("%+v", got)
	}
	got := w.run("acl", "set", "clients/web 1", "--user", "ada", "--group", "Restore users")
	if want := `PUT /v1/acls/clients/web%201 {"groups":["Restore users"],"users":["ada"]}`; got.code != 0 || w.lastAsked() != want {
		t.Errorf("%+v, asked %s", got, w.lastAsked())
	}
	if got := w.run("acl", "remove", "clients/web 1"); got.code != 2 {
		t.Errorf("did not ask: %+v", got)
	}
	if got := w.run("acl", "remove", "clients/web 1", "--yes"); got.code != 0 || !strings.Contains(got.out, "is open") {
		t.Errorf("%+v", got)
	}
}

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodLogin = `{"username":"Administrator","secret":"sesam","type":"CLASSIC"}`

func TestLoginShapes(t *testing.T) {
	for release, shape := range map[string]func(any) string{
		"5.1": func(v any) string { s, _ := v.(string); return s },
		"5.2": func(v any) string { m, _ := v.(map[string]any); s, _ := m["sessionId"].(string); return s },
	} {
		t.Run(release, func(t *testing.T) {
			x := begin(t, "--release="+release)
			for _, kind := range []string{"CLASSIC", "DEFAULT", "WEB"} {
				id := shape(x.as(nil).post("auth/login", strings.Replace(goodLogin, "CLASSIC", kind, 1)).json())
				if len(id) < 16 {
					t.Fatalf("no session: %q", id)
				}
				x.as(header("x-sep-session", id)).get("clients").lists("id", `[0]`)
			}
			full := x.get("server/info").object()["release"].(string)
			if !strings.HasPrefix(full, release+".") {
				t.Errorf("release %s", full)
			}
		})
	}
}

func TestSessions(t *testing.T) {
	x := begin(t)
	first, second := x.session(t), x.session(t)
	x.as(first).get("auth/logout").is("null")
	x.as(first).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.as(first).get("auth/logout").is("null")
	x.clock.move(29 * time.Minute)
	x.as(second).get("clients").lists("id", `[0]`)
	x.clock.move(29 * time.Minute) // used in between: still alive
	x.as(second).get("clients").lists("id", `[0]`)
	x.clock.move(31 * time.Minute)
	x.as(second).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	// A dead session beside good credentials does no harm.
	x.do("GET", "clients", "", header(sessionHeader, "dead")).lists("id", `[0]`)
	x.as(nil).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
}

// session logs in as the superuser.
func (x *sim) session(t *testing.T) func(*http.Request) {
	t.Helper()
	id, _ := x.as(nil).post("auth/login", goodLogin).object()["sessionId"].(string)
	if id == "" {
		t.Fatal("no session")
	}
	return header(sessionHeader, id)
}

func TestOldLogin(t *testing.T) {
	x := begin(t)
	for _, body := range []string{`["Administrator","sesam"]`, `[["Administrator","sesam"]]`} {
		a := x.as(nil).post(v1+"server/login", body)
		if a.status != http.StatusOK || strings.ContainsAny(a.text, `"{ `) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
			t.Fatalf("%d %q", a.status, a.text)
		}
		x.as(header(sessionHeader, a.text)).get("clients").lists("id", `[0]`)
		x.as(header(sessionHeader, `"`+a.text+`"`)).get(v1 + "server/getInfo").has(`{"restPort":11401}`)
	}
	x.as(nil).post(v1+"server/login", `["Administrator","x"]`).refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.as(nil).post(v1+"server/login", `["Administrator"]`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
}

func TestWrongCredentials(t *testing.T) {
	x := begin(t)
	for _, body := range []string{`{"username":"Administrator","secret":"x"}`, `{"username":"nobody","secret":"sesam"}`, `{"username":"","secret":""}`} {
		x.as(nil).post("auth/login", body).refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	}
	x.as(basic("Administrator", "x")).get(v1+"roles").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.as(basic("Administrator", "")).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	// A user without a password cannot log in with an empty one.
	x.post("users/create", `{"name":"bare","groups":["ADMIN"]}`)
	x.as(basic("bare", "")).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
}

func TestAccountLock(t *testing.T) {
	x := begin(t, "--lock-after=3")
	x.post("users/create", `{"name":"ada","password":"right","groups":["ADMIN"]}`)
	ada, wrong := x.as(basic("ada", "right")), x.as(basic("ada", "wrong"))
	session := x.as(nil).post("auth/login", `{"username":"ada","secret":"right"}`).object()["sessionId"].(string)
	for range 2 {
		wrong.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	}
	ada.get("clients").lists("id", `[0]`) // begins the count anew
	for range 3 {
		wrong.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	}
	ada.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.as(header(sessionHeader, session)).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.post(controlPath+"users/unlock", `{"user":"ada"}`).is(`{"locked":false}`)
	ada.get("clients").lists("id", `[0]`)
	x.post(controlPath+"users/lock", `{"user":"ada"}`).is(`{"locked":true}`)
	ada.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	password, _ := x.post("users/ada/resetPassword", "").json().(string)
	x.as(basic("ada", password)).get("clients").lists("id", `[0]`)
	x.post(controlPath+"users/lock", `{"user":"nobody"}`).refused(http.StatusNotFound, "object.not.found.id")
}

func TestUsers(t *testing.T) {
	x := begin(t)
	u := x.post("users/create", `{"name":"ada","password":"one","groups":["ADMIN",{"id":4},2,{"name":"ADMIN"}]}`).object()
	for _, never := range []string{"password", "hash", "locked", "made"} {
		if _, there := u[never]; there {
			t.Errorf("%s was answered", never)
		}
	}
	x.get("users/2").has(`{"enabled":true,"groups":[{"id":1,"name":"ADMIN"},{"id":4,"name":"BACKUP"},{"id":2,"name":"OPERATOR"}]}`)
	ada := x.as(basic("ada", "one"))
	ada.get("clients").lists("id", `[0]`)
	ada.post("users/update", `{"id":2,"groups":["SUPERUSER"]}`).refused(http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN")
	x.post("users/update", `{"id":2,"password":"two"}`)
	ada.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	ada = x.as(basic("ada", "two"))
	ada.get("clients").lists("id", `[0]`)
	x.post("users/update", `{"name":"ada","enabled":false}`)
	ada.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.post("users/update", `{"name":"ada","enabled":true,"password":null}`)
	session := x.as(nil).post("auth/login", `{"username":"ada","secret":"two"}`).object()["sessionId"].(string)
	reset := x.post("users/2/resetPassword", `{}`).json().(string)
	x.as(basic("ada", reset)).get("clients").lists("id", `[0]`)
	x.post("users/delete", "2").is("2")
	// The next user gets the same id, and must not get the session.
	x.clock.move(time.Second)
	x.post("users/create", `{"name":"bob","password":"b","groups":["SUPERUSER"]}`).has(`{"id":2}`)
	x.as(header(sessionHeader, session)).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.post("users/9/resetPassword", "").refused(http.StatusNotFound, "object.not.found.id")
	for _, c := range [][2]string{{"delete", "1"}, {"update", `{"id":1,"enabled":false}`}, {"update", `{"id":1,"name":"x"}`}} {
		a := x.post("users/"+c[0], c[1])
		a.refused(http.StatusMethodNotAllowed, "CLIENT_ERROR_METHOD_NOT_ALLOWED")
		if !strings.Contains(a.text, `"type":"NOT_EDITABLE"`) {
			t.Error(a.text)
		}
	}
}

func TestUsersCanBeMissing(t *testing.T) {
	x := begin(t, "--users=false", "--cluster-mode=false")
	for _, p := range []string{"users", "users/1", "/bcm-ext/v1/cluster-mode"} {
		x.get(p).refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
	}
	x.post("users/create", `{"name":"a"}`).refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
	x.get("clients").lists("id", `[0]`)
}

func TestPasswordPolicy(t *testing.T) {
	x := begin(t, "--password-policy=complex")
	for _, p := range []string{"short1A", "alllower1", "ALLUPPER1", "NoDigitsHere"} {
		x.post("users/create", fmt.Sprintf(`{"name":"ada","password":%q}`, p)).refused(http.StatusBadRequest, "password.policy")
	}
	x.post("users/create", `{"name":"ada","password":"Good-Enough-1"}`).has(`{"id":2}`)
	x.post("users/update", `{"id":2,"password":"bad","usercomment":"x"}`).refused(http.StatusBadRequest, "password.policy")
	x.get("users/2").has(`{"usercomment":null}`)
}

func TestLocalAccess(t *testing.T) {
	x := begin(t, "--local-full-access")
	x.as(nil).get("users").lists("id", `[1]`)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sm.ini"), []byte("; settings\n[UI]\nlocalFullAccess = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	begin(t, "--ini-dir="+dir).as(nil).post("externalgroups/find", "{}").lists("id", `[]`)
}

// TestDirectory: a user of a directory gets in by an external group only.
func TestDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile.json")
	profile := `{"roles":[{"id":4,"name":"Custom"}],"directories":[{"credential":"ldap",
	  "users":[{"name":"eve","password":"e","groups":["cn=ops"]},{"name":"Administrator","password":"other","groups":["cn=ops"]}]}]}`
	if err := os.WriteFile(path, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	x := begin(t, "--profile="+path)
	eve := x.as(basic("eve", "e"))
	none := func() {
		t.Helper()
		eve.get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	}
	none()
	x.post("credentials/create", `{"name":"ldap","type":"LDAP"}`)
	none()
	x.post("externalgroups/create", `{"externalId":"cn=ops"}`)
	none()
	x.post("externalgroups/1/groups", `[["OPERATOR"]]`)
	eve.get("clients").lists("id", `[0]`)
	eve.post("clients/create", `{"name":"a"}`).refused(http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN")
	x.as(basic("Administrator", "other")).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.post("credentials/update", `{"id":1,"enabled":false}`)
	none()
	x.get(v1+"roles").lists("name", `["Custom"]`)
}

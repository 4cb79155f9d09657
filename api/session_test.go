package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"
)

func loginBody(name, password string) string {
	return `{"name":"` + name + `","password":"` + password + `"}`
}

// login logs a user in and gives the token of the session.
func (w *world) login(t testing.TB, name, password string) string {
	t.Helper()
	return w.want(t, 200, "POST", "/v1/login", loginBody(name, password), "Authorization", "")["token"].(string)
}

func TestASession(t *testing.T) {
	w := newGrownWorld(t)
	rec := w.ask(t, "POST", "/v1/login", loginBody("ada", adminPassword), "Authorization", "")
	cookies := rec.Result().Cookies()
	if len(cookies) != 1 || rec.Code != 200 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	c := cookies[0]
	if c.Name != cookieName || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %+v", c)
	}
	by := []string{"Authorization", "", "Cookie", c.Name + "=" + c.Value}
	if me := w.want(t, 200, "GET", "/v1/me", "", by...); me["user"].(map[string]any)["name"] != "ada" || me["served_by"] != "manager-1" {
		t.Errorf("me: %v", me)
	}
	if got := w.ask(t, "POST", "/v1/logout", "", by...); got.Code != 204 || got.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout: %d, and the cookie stays", got.Code)
	}
	w.want(t, 401, "GET", "/v1/me", "", by...)
	if p := problemIn(t, w.ask(t, "POST", "/v1/logout", "")); p.Code != fsm.Conflict {
		t.Errorf("logging out with an API token: %+v", p)
	}
	token := w.login(t, "ada", adminPassword)
	w.tick(sessionLife - time.Minute)
	w.want(t, 200, "GET", "/v1/me", "", "Authorization", "Bearer "+token)
	w.tick(2 * time.Minute)
	w.want(t, 401, "GET", "/v1/me", "", "Authorization", "Bearer "+token)
}

// Who logs in wrongly is not told what was wrong.
func TestWrongLogins(t *testing.T) {
	w := newGrownWorld(t)
	var details []string
	for _, c := range [][2]string{{"ada", "wrong"}, {"nobody", "wrong"}, {"bob", adminPassword}, {"ada", ""}, {"", ""}, {"u-ada", adminPassword},
		{"ada", strings.Repeat("x", 5000)}} {
		rec := w.ask(t, "POST", "/v1/login", loginBody(c[0], c[1]), "Authorization", "")
		if p := problemIn(t, rec); p.Status != 401 || len(rec.Result().Cookies()) > 0 {
			t.Errorf("%v: %d", c, p.Status)
		} else {
			details = append(details, p.Detail)
		}
	}
	for _, d := range details {
		if d != details[0] {
			t.Errorf("the answers differ: %q and %q", d, details[0])
		}
	}
}

// A page of another origin cannot use the cookie to change anything.
func TestCrossOrigin(t *testing.T) {
	w := newGrownWorld(t)
	cookie := cookieName + "=" + w.login(t, "admin", adminPassword)
	for _, c := range []struct {
		name, header, value string
		status              int
	}{
		{"same origin", "Sec-Fetch-Site", "same-origin", 201},
		{"another site", "Sec-Fetch-Site", "cross-site", 403},
		{"a sister site", "Sec-Fetch-Site", "same-site", 403},
		{"another origin", "Origin", "https://evil.example", 403},
	} {
		rec := w.ask(t, "POST", "/v1/clients", `{"name":"`+c.name+`"}`, "Authorization", "", "Cookie", cookie, c.header, c.value)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", c.name, rec.Code, rec.Body)
		}
	}
}

func TestChangingTheOwnPassword(t *testing.T) {
	w := newGrownWorld(t)
	mine, other := w.login(t, "ada", adminPassword), w.login(t, "ada", adminPassword)
	by := []string{"Authorization", "Bearer " + mine}
	change := func(old, password string) string {
		return `{"old_password":"` + old + `","new_password":"` + password + `"}`
	}
	w.want(t, 422, "POST", "/v1/me/password", change("wrong", "correct horse battery"), by...)
	w.want(t, 422, "POST", "/v1/me/password", change(adminPassword, "short"), by...)
	w.want(t, 204, "POST", "/v1/me/password", change(adminPassword, "correct horse battery"), by...)
	w.want(t, 200, "GET", "/v1/me", "", by...)
	w.want(t, 401, "GET", "/v1/me", "", "Authorization", "Bearer "+other)
	w.want(t, 401, "POST", "/v1/login", loginBody("ada", adminPassword))
	w.login(t, "ada", "correct horse battery")
}

// What takes a user's rights away does so at once.
func TestRightsEndAtOnce(t *testing.T) {
	for name, change := range map[string]fsm.Command{
		"disabled":         &fsm.UpdateUser{ID: "u-ada", Enabled: new(bool)},
		"removed":          &fsm.RemoveUser{ID: "u-ada"},
		"without a group":  &fsm.UpdateUser{ID: "u-ada", Groups: &[]string{}},
		"another password": &fsm.UpdateUser{ID: "u-ada", Password: new(string)},
	} {
		w := newGrownWorld(t)
		token := w.login(t, "ada", adminPassword)
		w.want(t, 200, "GET", "/v1/nodes", "", "Authorization", "Bearer "+token)
		w.must(t, "user:admin", change)
		if rec := w.ask(t, "GET", "/v1/nodes", "", "Authorization", "Bearer "+token); rec.Code != 401 && rec.Code != 403 {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
}

// Ranks hold through the door: nobody raises anybody above themselves.
func TestRanks(t *testing.T) {
	w := newGrownWorld(t)
	w.must(t, "user:admin", &fsm.CreateUser{ID: "u-deputy", Name: "deputy", Groups: []string{fsm.Administrators}, Password: adminHash()})
	by := []string{"Authorization", "Bearer " + w.speaksFor(t, "u-deputy")}
	for path, body := range map[string]string{
		"/v1/users/ada":    `{"groups":["Superusers"]}`,
		"/v1/users/deputy": `{"groups":["Superusers"]}`,
		"/v1/users/admin":  `{"password":"correct horse battery"}`,
	} {
		if p := problemIn(t, w.ask(t, "PATCH", path, body, by...)); p.Status != 403 || p.Code != fsm.Denied {
			t.Errorf("%s %s: %+v", path, body, p)
		}
	}
	w.want(t, 403, "DELETE", "/v1/users/admin", "", by...)
	w.want(t, 403, "POST", "/v1/api-tokens", `{"user":"admin"}`, by...)
	w.want(t, 200, "PATCH", "/v1/users/ada", `{"groups":["Administrators"]}`, by...)
}

// Trying passwords makes one wait, longer each time, and from there alone.
func TestLoginsAreSlowedDown(t *testing.T) {
	w := newGrownWorld(t)
	try := func(account, from string) (time.Duration, bool) {
		wait, ok := w.api.gate.login(account, from)
		if ok {
			w.api.gate.loggedIn(account, from, false)
		}
		return wait, ok
	}
	for i := range freeFailures {
		if _, ok := try("ada", "10.0.0.1"); !ok {
			t.Fatalf("failure %d is not free", i+1)
		}
	}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if wait, ok := try("ada", "10.0.0.1"); ok || wait != want {
			t.Fatalf("wait %v, want %v", wait, want)
		}
		w.tick(want)
		if _, ok := try("ada", "10.0.0.1"); !ok {
			t.Fatalf("not let through after %v", want)
		}
	}
	if _, ok := try("ada", "10.0.0.2"); !ok {
		t.Error("a stranger locks the user out elsewhere")
	}
	w.tick(time.Hour)
	w.api.gate.loggedIn("ada", "10.0.0.9", true)
	for i := range 200 {
		try("ada", "192.0.2."+string(rune('0'+i%10)))
	}
	if _, ok := w.api.gate.login("ada", "10.0.0.9"); !ok {
		t.Error("strangers lock the user out where the user is known")
	}
	limited := 0
	for range 100 {
		if _, ok := w.api.gate.login("someone", "10.0.0.3"); !ok {
			limited++
		}
	}
	if limited < 60 {
		t.Errorf("of 100 logins at once from one address only %d were put off", limited)
	}
	rec := w.ask(t, "POST", "/v1/login", loginBody("ada", "x"), "Authorization", "")
	for range 40 {
		rec = w.ask(t, "POST", "/v1/login", strings.Repeat(" ", 1)+loginBody("ada", "x"), "Authorization", "", "X-Forwarded-For", "203.0.113.7")
	}
	if rec.Code != 429 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q: limits are not by the address of the connection", rec.Code, rec.Header().Get("Retry-After"))
	}
}

// Two hashes run at once, sixteen wait, and the next is told to come later.
func TestHashesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		release := make(chan struct{})
		var running atomic.Int32
		var wg sync.WaitGroup
		for range hashesAtOnce + hashesQueued {
			wg.Go(func() {
				if err := g.hash(t.Context(), func() { running.Add(1); <-release }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := running.Load(); n != hashesAtOnce {
			t.Errorf("%d run at once", n)
		}
		if err := g.hash(t.Context(), func() {}); fsm.CodeOf(err) != fsm.Exhausted {
			t.Errorf("one too many: %v", err)
		}
		close(release)
		wg.Wait()
		gone, cancel := context.WithCancel(t.Context())
		g.slots <- struct{}{}
		g.slots <- struct{}{}
		cancel()
		if err := g.hash(gone, func() { t.Error("ran") }); err == nil {
			t.Error("waited for a place after the caller had gone")
		}
	})
}

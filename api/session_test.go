package api

import (
	"context"
	"net/http"
	"slices"
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
	for lived := time.Duration(0); lived < sessionLife-time.Minute; lived += 20 * time.Minute {
		w.want(t, 200, "GET", "/v1/me", "", "Authorization", "Bearer "+token)
		w.tick(20 * time.Minute)
	}
	w.tick(time.Minute)
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

// The cluster is asked before a password is looked at, by the network of the
// connection, and hears how it went.
func TestLoginsAreLimited(t *testing.T) {
	w := newGrownWorld(t)
	spoofed := []string{"Authorization", "", "X-Forwarded-For", "203.0.113.7"}
	w.want(t, 200, "POST", "/v1/login", loginBody("ada", adminPassword), spoofed...)
	w.want(t, 401, "POST", "/v1/login", loginBody("ada", "wrong"), spoofed...)
	w.want(t, 401, "POST", "/v1/login", loginBody("ghost", strings.Repeat("x", 5000)), spoofed...)
	w.wait = 1300 * time.Millisecond
	w.api.gate.slots <- struct{}{} // nothing can be hashed now
	w.api.gate.slots <- struct{}{}
	rec := w.ask(t, "POST", "/v1/login", loginBody("ada", adminPassword), spoofed...)
	if p := problemIn(t, rec); p.Status != 429 || p.Code != fsm.Exhausted || rec.Header().Get("Retry-After") != "2" {
		t.Errorf("%+v, Retry-After %q", p, rec.Header().Get("Retry-After"))
	}
	rec = w.ask(t, "POST", "/v1/me/password", `{"old_password":"x","new_password":"correct horse battery"}`)
	if p := problemIn(t, rec); p.Status != 429 {
		t.Errorf("changing the password: %+v", p)
	}
	want := []string{"ada 192.0.2.1 true", "ada 192.0.2.1 false", "ghost 192.0.2.1 false", "ada 192.0.2.1 put off", "admin 192.0.2.1 put off"}
	if !slices.Equal(w.logins, want) {
		t.Errorf("the cluster heard of %q", w.logins)
	}
}

// A session that is not used for half an hour ends; one that is used lasts as
// long as a session may, and the state hears of it every few minutes.
func TestIdleSessionsEnd(t *testing.T) {
	w := newGrownWorld(t)
	used, idle := w.login(t, "ada", adminPassword), w.login(t, "ada", adminPassword)
	me := func(token string, status int) {
		t.Helper()
		w.want(t, status, "GET", "/v1/me", "", "Authorization", "Bearer "+token)
	}
	seen := func() (n int) {
		for s := range w.state.Now().Tokens.By("kind", string(fsm.Session)) {
			if s.SeenAt != 0 {
				n++
			}
		}
		return n
	}
	w.tick(fsm.SeeEvery - time.Minute)
	me(used, 200)
	if seen() != 0 {
		t.Error("each use is recorded")
	}
	w.tick(10 * time.Minute)
	stale := w.state.Now().Stale()
	me(used, 200)
	<-stale
	if seen() != 1 {
		t.Error("the use is not recorded")
	}
	w.tick(20 * time.Minute)
	if p := problemIn(t, w.ask(t, "GET", "/v1/me", "", "Authorization", "Bearer "+idle)); p.Status != 401 || !strings.Contains(p.Detail, "30 minutes") {
		t.Errorf("an idle session: %+v", p)
	}
	w.mu.Lock()
	w.refuse = fsm.Errorf(fsm.Unavailable, "no leader")
	w.mu.Unlock()
	for range 5 {
		me(used, 200) // what cannot be recorded ends no session
		w.tick(fsm.SessionIdle - time.Minute)
	}
	w.tick(2 * time.Minute)
	me(used, 401)
	w.want(t, 200, "GET", "/v1/me", "") // tokens for automation do not idle
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

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const loggedIn = `{"token":"bcms_secret","expires_at":"2026-03-02T00:00:00Z","user":` + userRow + `}`

func (w *world) sessionPath() string { return filepath.Join(w.config, "bcm", "session.json") }

func TestLoginKeepsTheSession(t *testing.T) {
	w := newWorld(t).on("POST /v1/login", 200, loggedIn).on("GET /v1/nodes", 200, listOf(nodeRow)).on("POST /v1/logout", 204, "")
	delete(w.env, "BCM_TOKEN")
	w.terminal, w.stdin, w.secrets = true, "ada\n", []string{"pass word"}
	got := w.run("login")
	if got.code != 0 || got.out != "logged in as ada; the session ends in 12h\n" || got.err != "Name: Password: \n" {
		t.Fatalf("%+v", got)
	}
	if w.lastAsked() != `POST /v1/login {"name":"ada","password":"pass word"}` {
		t.Errorf("asked %s", w.lastAsked())
	}
	info, err := os.Stat(w.sessionPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	w.env = map[string]string{} // neither address nor CA: the session has them
	if got := w.run("node", "list", "-q"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.run("logout"); got.code != 0 || got.out != "logged out\n" {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(w.sessionPath()); !os.IsNotExist(err) {
		t.Errorf("the session is still there: %v", err)
	}
	if got := w.run("logout"); got.code != 0 || got.out != "there is no session\n" {
		t.Errorf("%+v", got)
	}
}

func TestLoginRefused(t *testing.T) {
	w := newWorld(t).on("POST /v1/login", 401, `{"status":401,"code":"unauthorized","detail":"the name or the password is wrong","request_id":"r"}`)
	w.stdin = "nonsense\n"
	got := w.run("login", "ada", "--password-file", "-")
	if got.code != 1 || got.err != "bcm: the name or the password is wrong\n" {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(w.sessionPath()); !os.IsNotExist(err) {
		t.Errorf("there is a session: %v", err)
	}
}

func TestLogoutOfAnEndedSession(t *testing.T) {
	w := newWorld(t).on("POST /v1/login", 200, loggedIn).
		on("POST /v1/logout", 401, `{"status":401,"code":"unauthorized","detail":"ended","request_id":"r"}`)
	w.stdin = "pass\n"
	w.run("login", "ada", "--password-file", "-")
	if got := w.run("logout"); got.code != 0 || got.out != "logged out\n" {
		t.Errorf("%+v", got)
	}
}

func TestSessionThatOthersCanRead(t *testing.T) {
	w := newWorld(t).on("POST /v1/login", 200, loggedIn)
	w.stdin = "pass\n"
	w.run("login", "ada", "--password-file", "-")
	if err := os.Chmod(w.sessionPath(), 0o644); err != nil {
		t.Fatal(err)
	}
	w.env = map[string]string{}
	if got := w.run("node", "list"); got.code != 1 || !strings.Contains(got.err, "can be read by others") {
		t.Errorf("%+v", got)
	}
}

// TestTarget holds which grid is meant, and that a token that was kept for one
// grid is not shown to another.
func TestTarget(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := write("ca.pem", "dev CA")
	other := write("other.pem", "other CA")
	write("dev.json", `{"managers":[{"url":"https://127.0.0.1:1"},{"url":"https://127.0.0.1:2"}],"admin":{"name":"admin","token":"dev"},"ca":"`+ca+`"}`)
	kept := session{Addr: []string{"https://a:7443", "https://b:7443"}, User: "ada", Token: "kept", CA: "kept CA"}
	for _, c := range []struct {
		name             string
		flag             app
		env              map[string]string
		session          bool
		addrs, token, ca string
	}{
		{name: "nothing", addrs: localAddr},
		{name: "session", session: true, addrs: "https://a:7443 https://b:7443", token: "kept", ca: "kept CA"},
		{name: "one of the session's managers", session: true, env: map[string]string{"BCM_ADDR": "b"}, addrs: "https://b:7443", token: "kept", ca: "kept CA"},
		{name: "another grid", session: true, env: map[string]string{"BCM_ADDR": "https://c:7443"}, addrs: "https://c:7443"},
		{name: "another grid among the session's", session: true, env: map[string]string{"BCM_ADDR": "a,c"}, addrs: "https://a:7443 https://c:7443"},
		{name: "environment", session: true, env: map[string]string{"BCM_ADDR": "c:1, https://d/", "BCM_TOKEN": "t", "BCM_CACERT": other},
			addrs: "https://c:1 https://d", token: "t", ca: "other CA"},
		{name: "flags", flag: app{addr: "e", token: "f", cacert: other}, env: map[string]string{"BCM_ADDR": "c", "BCM_TOKEN": "t", "BCM_CACERT": ca},
			addrs: "https://e:7443", token: "f", ca: "other CA"},
		{name: "bcm dev", session: true, env: map[string]string{"BCM_DATA_DIR": dir}, addrs: "https://127.0.0.1:1 https://127.0.0.1:2", token: "dev", ca: "dev CA"},
		{name: "a data directory without dev.json", session: true, env: map[string]string{"BCM_DATA_DIR": t.TempDir()},
			addrs: "https://a:7443 https://b:7443", token: "kept", ca: "kept CA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.flag
			config := t.TempDir()
			a.env = func(name string) string { return c.env[name] }
			a.configDir = func() (string, error) { return config, nil }
			if c.session {
				if err := a.saveSession(kept); err != nil {
					t.Fatal(err)
				}
			}
			got, err := a.target()
			if err != nil {
				t.Fatal(err)
			}
			if addrs := strings.Join(got.addrs, " "); addrs != c.addrs || got.token != c.token || string(got.ca) != c.ca {
				t.Errorf("addresses %s, token %q, CA %q", addrs, got.token, got.ca)
			}
		})
	}
}

func TestClientCertificateNeedsItsKey(t *testing.T) {
	w := newWorld(t)
	w.env["BCM_CLIENT_CERT"] = "c.pem"
	if got := w.run("node", "list"); got.code != 2 || !strings.Contains(got.err, "BCM_CLIENT_CERT and BCM_CLIENT_KEY go together") {
		t.Errorf("%+v", got)
	}
}

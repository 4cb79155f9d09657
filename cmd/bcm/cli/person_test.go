package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUserExplainSaysNo(t *testing.T) {
	w := newWorld(t).on("GET /v1/access/explain", 200, `{"allowed":false,"text":"ada lacks it"}`)
	got := w.run("user", "explain", "ada", "cluster:write")
	if got.code != exitUnwished || !strings.Contains(got.err, "ada lacks it") || got.out != "" {
		t.Errorf("%+v", got)
	}
}

func TestUserPasswd(t *testing.T) {
	w := newWorld(t).on("POST /v1/me/password", 204, "")
	w.terminal, w.secrets = true, []string{"old one", "a new secret", "a new secret"}
	if got := w.run("user", "passwd"); got.code != 0 || w.lastAsked() != `POST /v1/me/password {"new_password":"a new secret","old_password":"old one"}` {
		t.Errorf("%+v, asked %s", got, w.lastAsked())
	}
	w.terminal = false
	if got := w.run("user", "passwd", "--old-password-file", "-", "--password-file", "-"); got.code != exitUsage {
		t.Errorf("both from standard input: %+v", got)
	}
	if got := w.run("user", "passwd"); got.code != exitUsage {
		t.Errorf("without a terminal: %+v", got)
	}
}

func TestUserImport(t *testing.T) {
	w := newWorld(t).on("POST /v1/users", 201, userRow)
	file := filepath.Join(t.TempDir(), "users")
	load := func(text string) said {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.asked = nil
		return w.run("user", "import", file)
	}
	got := load("\xef\xbb\xbfname,password,groups,enabled\nada,first secret,Operators; Auditors,\nbob,second secret,,false\n")
	if got.code != 0 || got.out != "line 2: user ada is created\nline 3: user bob is created\n" || len(w.asked) != 2 ||
		w.asked[0] != `POST /v1/users {"name":"ada","password":"first secret","groups":["Operators","Auditors"]}` ||
		w.asked[1] != `POST /v1/users {"name":"bob","password":"second secret","groups":[],"enabled":false}` {
		t.Errorf("CSV: %+v, asked %q", got, w.asked)
	}
	got = load("{\"name\":\"ada\",\"password\":\"first secret\"}\n\n{\"name\":\"bob\",\"password\":\"second secret\",\"email\":\"b@x\"}\n")
	if got.code != 0 || got.out != "line 1: user ada is created\nline 3: user bob is created\n" {
		t.Errorf("JSON: %+v", got)
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"a head alone":     "name,password\n",
		"an unknown name":  "name,pasword\nada,first secret\n",
		"a short row":      "name,password\nada\n",
		"no password":      "name,password\nada,first secret\nbob,\n",
		"an odd truth":     "name,password,enabled\nada,first secret,yes\n",
		"an unknown field": `{"name":"ada","password":"first secret","grups":[]}`,
		"no object":        "{\"name\":\"ada\",\"password\":\"first secret\"}\n[1]\n",
		"two in a line":    `{"name":"ada","password":"first secret"} {}`,
	} {
		if got := load(text); got.code != exitUsage || len(w.asked) > 0 || strings.Contains(got.err+got.out, "first secret") {
			t.Errorf("%s: %+v, asked %q", name, got, w.asked)
		}
	}
	if got := w.run("user", "import", file+"-gone"); got.code != exitFailed {
		t.Errorf("no file: %+v", got)
	}
}

// A line that is refused does not keep the others out, and the end tells.
func TestUserImportGoesOn(t *testing.T) {
	w := newWorld(t).on("POST /v1/users", 409, `{"code":"conflict","detail":"user ada exists already","status":409}`)
	w.on("POST /v1/users", 201, userRow)
	w.stdin = "name,password\nada,first secret\nbob,second secret\n"
	got := w.run("user", "import", "-")
	if got.code != exitFailed || got.out != "line 3: user bob is created\n" || !strings.Contains(got.err, "line 2: user ada is not created: user ada exists already") ||
		!strings.Contains(got.err, "1 of 2 users") || strings.Contains(got.err, "secret") {
		t.Errorf("%+v", got)
	}
}

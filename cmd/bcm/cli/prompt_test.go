package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func described(t *testing.T, path string, c *cobra.Command) {
	t.Helper()
	if c.Short == "" || strings.HasSuffix(c.Short, ".") || c.RunE == nil || c.Args == nil {
		t.Errorf("%s: needs a short description, a rule for arguments and something to do", path)
	}
	for _, sub := range c.Commands() {
		described(t, path+" "+sub.Name(), sub)
	}
}

// destructive are the verbs that ask.
var destructive = []string{
	"node remove x", "user remove x", "group remove x", "client remove x", "task remove x", "schedule remove x",
	"backup remove x", "token revoke x", "operator raft remove-peer x", "cert revoke x",
}

func TestDestructiveVerbsRefuseWithoutTerminal(t *testing.T) {
	for _, line := range destructive {
		t.Run(line, func(t *testing.T) {
			w := newWorld(t)
			w.stdin = "y\n"
			got := w.run(words(line)...)
			if got.code != 2 || !strings.Contains(got.err, "there is no terminal to ask on; add --yes") || len(w.asked) > 0 {
				t.Errorf("%+v, asked %q", got, w.asked)
			}
		})
	}
}

func TestDestructiveVerbsAsk(t *testing.T) {
	for _, c := range []struct {
		typed string
		does  bool
	}{{"y\n", true}, {"Yes\n", true}, {"n\n", false}, {"\n", false}, {"", false}, {"x", false}} {
		t.Run(strings.TrimSpace(c.typed), func(t *testing.T) {
			w := newWorld(t).on("DELETE /v1/users/ada", 204, "")
			w.terminal, w.stdin = true, c.typed
			got := w.run("user", "remove", "ada")
			if !strings.HasPrefix(got.err, "This will remove user ada with all sessions and tokens. Type y to go on: ") {
				t.Errorf("asked %q", got.err)
			}
			if done := len(w.asked) == 1; done != c.does || (got.code == 0) != c.does {
				t.Errorf("did %v with code %d: %s", done, got.code, got.err)
			}
		})
	}
}

func TestPasswordTypedTwice(t *testing.T) {
	for _, c := range []struct {
		typed []string
		code  int
		says  string
	}{
		{[]string{"one", "one"}, 0, "Password of ada: \nThe same again: \n"},
		{[]string{"one", "two"}, 2, "the two passwords differ; nothing was done"},
		{[]string{""}, 2, "the password must not be empty"},
		{nil, 1, "no password"},
	} {
		w := newWorld(t).on("POST /v1/users", 201, userRow)
		w.terminal, w.secrets = true, c.typed
		got := w.run("user", "create", "ada")
		if got.code != c.code || !strings.Contains(got.err, c.says) {
			t.Errorf("%q: %+v", c.typed, got)
		}
		if made := len(w.asked) == 1; made != (c.code == 0) {
			t.Errorf("%q: asked %q", c.typed, w.asked)
		}
	}
}

func TestPasswordFromNothing(t *testing.T) {
	w := newWorld(t)
	if got := w.run("user", "create", "ada", "--password-file", "-"); got.code != 2 || !strings.Contains(got.err, "there is no password in standard input") {
		t.Errorf("%+v", got)
	}
	if got := w.run("user", "create", "ada", "--password-file", "/nonexistent"); got.code != 1 || !strings.Contains(got.err, "reading the password") {
		t.Errorf("%+v", got)
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		env      string
		colours  bool
	}{{true, "", true}, {false, "", false}, {true, "NO_COLOR", false}} {
		w := newWorld(t).on("GET /v1/nodes", 200, listOf(nodeRow))
		w.terminal = c.terminal
		if c.env != "" {
			w.env[c.env] = "1"
		}
		if got := strings.Contains(w.run("node", "list").out, "\x1b["); got != c.colours {
			t.Errorf("%+v: colours %v", c, got)
		}
	}
}

package cli

import (
	"net"
	"strings"
	"testing"
)

const leaderless = `{"status":503,"code":"unavailable","detail":"there is no leader at the moment; ask again","request_id":"r7"}`

// nobody is an address at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "https://" + l.Addr().String()
}

func TestNextManagerIsAsked(t *testing.T) {
	w := newWorld(t).on("GET /v1/nodes", 200, listOf(nodeRow))
	w.env["BCM_ADDR"] = nobody(t) + "," + w.env["BCM_ADDR"]
	if got := w.run("node", "list", "-q"); got.code != 0 || got.out != "n1\n" {
		t.Errorf("%+v", got)
	}
}

func TestNobodyAnswers(t *testing.T) {
	w := newWorld(t)
	one, two := nobody(t), nobody(t)
	w.env["BCM_ADDR"] = one + "," + two
	got := w.run("node", "list")
	if got.code != 1 || !strings.HasPrefix(got.err, "bcm: no manager answers\n  "+one[len("https://"):]+": ") ||
		!strings.Contains(got.err, "\n  "+two[len("https://"):]+": ") || !strings.Contains(got.err, "connection refused") {
		t.Errorf("%+v", got)
	}
}

func TestUnknownAuthority(t *testing.T) {
	w := newWorld(t)
	delete(w.env, "BCM_CACERT")
	got := w.run("node", "list")
	if got.code != 1 || !strings.Contains(got.err, "Name the certificate authority of the grid with --cacert FILE") {
		t.Errorf("%+v", got)
	}
	w.env["BCM_CACERT"] = "/nonexistent"
	if got := w.run("node", "list"); got.code != 1 || !strings.Contains(got.err, "reading the certificate authority") {
		t.Errorf("%+v", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   int
		says   string
	}{
		{"no right", 403, `{"status":403,"code":"denied","detail":"user ada needs the right users:write","request_id":"r1"}`, 1,
			"bcm: user ada needs the right users:write\n"},
		{"logged out", 401, `{"status":401,"code":"unauthorized","detail":"the session has ended","request_id":"r2"}`, 1,
			"bcm: the session has ended\nLog in with: bcm login\n"},
		{"wrong field", 422, `{"status":422,"code":"invalid","detail":"groups: no group \"x\"","request_id":"r3","errors":[{"field":"groups","message":"no group \"x\""}]}`, 2,
			"bcm: groups: no group \"x\"\n"},
		{"two wrong fields", 422, `{"status":422,"code":"invalid","detail":"two fields are wrong","request_id":"r3","errors":[{"field":"a","message":"x"},{"field":"b","message":"y"}]}`, 2,
			"bcm: two fields are wrong\n  a: x\n  b: y\n"},
		{"conflict", 409, `{"status":409,"code":"conflict","detail":"the name is taken","request_id":"r4"}`, 1, "bcm: the name is taken\n"},
		{"fault", 500, `{"status":500,"code":"internal","detail":"a fault of ours","request_id":"r5"}`, 1,
			"bcm: a fault of ours\n  (request r5, in the log of the manager)\n"},
		{"no leader", 503, leaderless, 1,
			"bcm: there is no leader at the moment; ask again\n  (request r7, in the log of the manager)\n"},
		{"perhaps done", 504, `{"status":504,"code":"outcome_unknown","detail":"no answer came in time","request_id":"r8"}`, 1,
			"bcm: no answer came in time\n  (request r8, in the log of the manager)\nIt may have been done. Look before you try again.\n"},
		{"another server", 502, `<html>`, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t).on("PATCH /v1/users/ada", c.status, c.body)
			got := w.run("user", "disable", "ada")
			if got.code != c.code || got.out != "" || c.says != "" && got.err != c.says {
				t.Errorf("code %d\nsaid   %q\nwanted %q", got.code, got.err, c.says)
			}
			if got.err == "" {
				t.Error("said nothing")
			}
		})
	}
}

// TestLeaderIsAwaited holds that a change goes through an election by itself.
func TestLeaderIsAwaited(t *testing.T) {
	w := newWorld(t).on("PATCH /v1/users/ada", 503, leaderless).on("PATCH /v1/users/ada", 503, leaderless).
		on("PATCH /v1/users/ada", 200, userRow)
	if got := w.run("user", "disable", "ada"); got.code != 0 || len(w.asked) != 3 {
		t.Errorf("%+v, asked %q", got, w.asked)
	}
}

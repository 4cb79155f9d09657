package cli

import (
	"strings"
	"testing"
)

// wrongUsage are command lines that no manager should hear of.
var wrongUsage = []struct{ args, says string }{
	{"nodes", `bcm has no command "nodes"; did you mean node?`},
	{"node", "bcm node needs a verb"},
	{"node lst", `bcm node has no verb "lst"; did you mean list?`},
	{"node frobnicate", `bcm node has no verb "frobnicate"` + "\nThere are: "},
	{"operator raft peers", `bcm operator raft has no verb "peers"`},
	{"node list --sta online", "unknown flag: --sta; did you mean --status?"},
	{"node list --statsu online", "did you mean --status?"},
	{"node list --jsno", "did you mean --json?"},
	{"backup list --xyzzy-frob", "unknown flag: --xyzzy-frob\nFlags: bcm backup list --help"},
	{"node list -z", "unknown shorthand flag: 'z' in -z"},
	{"node list extra", `bcm node list does not take "extra"`},
	{"node list --limit many", `invalid argument "many" for "--limit"`},
	{"node list --limit -1", "--limit -1: it must not be negative"},
	{"node list --json -q", "takes --json or -q, not both"},
	{"user list --enabled=perhaps", `--enabled "perhaps": it is true or false`},
	{"backup list --from yesterday", `--from "yesterday": write a moment as`},
	{"node show", "bcm node show needs NODE"},
	{"node show a b", `bcm node show does not take "b"`},
	{"node mode a", "bcm node mode needs MODE"},
	{"user update ada", "nothing to change was given"},
	{"user create", "bcm user create needs NAME"},
	{"user create ada", "no terminal to ask for the password on"},
	{"client add c --label x", `--label "x": write it as name=value`},
	{"client add c --quota lots", `--quota "lots": write a size as`},
	{"client add c --quota 1GB --repository r", "takes --repository or --quota, not both"},
	{"task add t --path /x", "needs --client"},
	{"task add t --client c", "needs --path, or --command and --file"},
	{"task add t --client c --path /x --command y", "takes --path or --command, not both"},
	{"task add t --client c --command y", "--command needs --file"},
	{"task add t --client c --path /x --file y", "--file goes with --command"},
	{"task add t --client c --exclude y", "need --path or --command beside them"},
	{"schedule add s", "needs --cron"},
	{"backup run", "needs a task, or --client and --path"},
	{"backup run t --client c", "a task has a client and a source of its own"},
	{"backup restore b --target /x", "needs --node"},
	{"backup restore b --node n", "needs --target"},
	{"token create", "needs --roles"},
	{"token create --roles backup-manager --ttl soon", `--ttl "soon": write a duration as`},
	{"token create --api --roles backup-manager", "--roles is for tokens with which nodes join"},
	{"token create --roles backup-manager --user ada", "--user goes with --api"},
	{"login", "no terminal to ask for the name on"},
	{"login a b", `does not take "b"`},
	{"node list --addr http://x", `manager "http://x": only https is spoken`},
	{"node list --addr https://x/y", "is not an address; write it as https://host:7443"},
}

// TestWrongUsage holds what is said about commands that are written wrongly, and
// that none of them reaches a manager.
func TestWrongUsage(t *testing.T) {
	for _, c := range wrongUsage {
		t.Run(c.args, func(t *testing.T) {
			w := newWorld(t)
			got := w.run(words(c.args)...)
			if got.code != 2 || got.out != "" {
				t.Errorf("code %d, wrote %q", got.code, got.out)
			}
			if !strings.HasPrefix(got.err, "bcm") || !strings.Contains(got.err, c.says) {
				t.Errorf("said   %q\nwanted %q", got.err, c.says)
			}
			if len(w.asked) > 0 {
				t.Errorf("asked %q", w.asked)
			}
		})
	}
}

func TestSuggestions(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"list", "list"}, {"lsit", "list"}, {"ls", "list"}, {"shwo", "show"}, {"rem", "remove"}, {"qqqqqq", ""},
	} {
		got := didYouMean(c.given, []string{"list", "show", "remove"}, "")
		if want := ""; c.want == "" && got != want || c.want != "" && got != "; did you mean "+c.want+"?" {
			t.Errorf("%q: %q", c.given, got)
		}
	}
}

// TestEveryCommandIsDescribed walks the tree of commands.
func TestEveryCommandIsDescribed(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.app().commands() {
		described(t, c.CommandPath(), c)
	}
}

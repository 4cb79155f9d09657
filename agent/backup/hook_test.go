package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent"
	"bcm/fsm"
)

// script is a command of a shell, with the file that it may write to as $1.
func script(text, file string) []string { return []string{"sh", "-c", text, "sh", file} }

// hooked makes a backup with commands before and after it, and returns what they
// have written.
func hooked(ctx context.Context, t *testing.T, r *rig, change func(o *fsm.Order, c *fsm.Conduct, file string)) (fsm.Outcome, string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said")
	o := r.backupOf("b1", tree(t))
	o.Conduct = &fsm.Conduct{Pre: script(`echo "before $BCM_TASK" >> "$1"`, file), Post: script(`echo "after $BCM_STATUS" >> "$1"`, file)}
	change(&o, o.Conduct, file)
	out, err := r.role.Do(ctx, o, func(fsm.Progress) {})
	said, readErr := os.ReadFile(file)
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	return out, string(said), err
}

func TestCommandsBeforeAndAfter(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name    string
		change  func(o *fsm.Order, c *fsm.Conduct, file string)
		said    string
		stored  bool
		fails   string // part of the error
		warning string // part of the warning
		log     string // part of the log
	}{
		{"both", func(*fsm.Order, *fsm.Conduct, string) {}, "before b1\nafter succeeded\n", true, "", "", "before the backup, sh, ended well"},
		{"what they say is kept", func(_ *fsm.Order, c *fsm.Conduct, _ string) { c.Pre = []string{"sh", "-c", "echo one; echo two >&2"} },
			"after succeeded\n", true, "", "", "sh: two"},
		{"before fails", func(_ *fsm.Order, c *fsm.Conduct, file string) { c.Pre = script("echo locked >&2; exit 3", file) },
			"after failed\n", false, "exit status 3: locked", "", "sh: locked"},
		{"before is not there", func(_ *fsm.Order, c *fsm.Conduct, _ string) { c.Pre = []string{"/no/such/program"} },
			"after failed\n", false, "/no/such/program", "", ""},
		{"before takes too long", func(_ *fsm.Order, c *fsm.Conduct, file string) {
			c.Pre, c.Post, c.HookLimit = script("sleep 60 & wait", file), nil, 100*time.Millisecond
		}, "", false, "longer than 100ms", "", ""},
		{"after fails", func(_ *fsm.Order, c *fsm.Conduct, file string) { c.Post = script("echo cannot thaw; exit 1", file) },
			"before b1\n", true, "", "cannot thaw", "exit status 1"},
		{"after runs when the backup fails", func(o *fsm.Order, _ *fsm.Conduct, _ string) { o.Source = &fsm.Source{Paths: []string{"/no/such/dir"}} },
			"before b1\nafter failed\n", false, "/no/such/dir", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, said, err := hooked(t.Context(), t, r, c.change)
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("the error is %v, wanted %q", err, c.fails)
			}
			if said != c.said || (out.Snapshot != "") != c.stored {
				t.Errorf("they wrote %q, not %q; stored %q", said, c.said, out.Snapshot)
			}
			if got := strings.Join(out.Warnings, "\n"); (got != "") != (c.warning != "") || !strings.Contains(got, c.warning) {
				t.Errorf("warnings %q, wanted %q", got, c.warning)
			}
			if got := strings.Join(out.Log, "\n"); !strings.Contains(got, c.log) {
				t.Errorf("the log is %q, without %q", got, c.log)
			}
		})
	}
}

// A backup that is cancelled while the command before it runs ends that with all
// that it has started, and runs the command after it.
func TestCommandsOfACancelledBackup(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	fifo := filepath.Join(t.TempDir(), "begun")
	out, said, err := hooked(ctx, t, r, func(_ *fsm.Order, c *fsm.Conduct, _ string) {
		if err := mkfifo(fifo); err != nil {
			t.Fatal(err)
		}
		c.Pre = script(`echo x > "$1"; sleep 60 & wait`, fifo)
		go func() {
			_, _ = os.ReadFile(fifo) // until the command has begun
			cancel(agent.ErrCancelled)
		}()
	})
	if err == nil || said != "after cancelled\n" || out.Snapshot != "" {
		t.Errorf("%+v, %v, %q", out, err, said)
	}
}

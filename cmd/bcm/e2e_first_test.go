package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the first manager of a cluster prints is enough to go on with, word for
// word: it logs in, and a token for the next manager is made.
func TestFirstManagerTellsHowToGoOn(t *testing.T) {
	t.Parallel() // most of it is waiting
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "config"))
	out := &lockedBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	manager := exec.CommandContext(ctx, binary(t), append([]string{"manager", "--data-dir", filepath.Join(home, "m"), "--bootstrap-expect", "3"}, anyPorts()...)...)
	manager.Stdout, manager.Stderr, manager.Env = out, out, env
	manager.Cancel = func() error { return manager.Process.Signal(os.Interrupt) }
	check(t, manager.Start())
	defer func() {
		stop()
		if err := manager.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the manager ended with %v; it said:\n%s", err, out)
		}
	}()
	said := func(pattern string) (found string) {
		t.Helper()
		check(t, poll(ctx, patience, func(context.Context) error {
			part := regexp.MustCompile(pattern).FindStringSubmatch(out.String())
			if part == nil {
				return errors.New("it has not said " + pattern + " yet")
			}
			found = part[1]
			return nil
		}))
		return found
	}
	password := said(`password +(\S+) `)
	for _, step := range []struct{ words, more, in, says string }{
		{said(`next: bcm (.*)\n`), "--password-file -", password + "\n", "logged in as admin"},
		{said(`then: bcm (.*)\n`), "", "", "bcm manager --join bcm1-m-"},
	} {
		cmd := exec.CommandContext(ctx, binary(t), strings.Fields(step.words+" "+step.more)...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(step.in)
		answer, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(answer), step.says) {
			t.Errorf("bcm %s: %v, and it said:\n%s", step.words, err, answer)
		}
	}
}

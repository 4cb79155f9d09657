package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bcm/cluster/pki"
)

// A member under systemd says when it serves and when it ends; SIGHUP reloads
// the level of its log, a configuration that is wrong by then changes nothing,
// and neither ends it.
func TestService(t *testing.T) {
	dir, _ := member(t, pki.Agent)
	path := writeFile(t, filepath.Join(t.TempDir(), "bcm.yaml"), "log_level: error\nlisten:\n  storage: 127.0.0.1:0\n")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	check(t, err)
	defer socket.Close()
	out := &lockedBuffer{}
	cmd := exec.Command(binary(t), "agent", "--config", path, "--data-dir", dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket.LocalAddr().String())
	check(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }() // when it has not ended as it should

	hears := func(want string) {
		t.Helper()
		b := make([]byte, 100)
		n, err := socket.Read(b)
		if err != nil || !bytes.Equal(b[:n], []byte(want)) {
			t.Fatalf("told %q, %v; want %q", b[:n], err, want)
		}
	}
	waitsFor := func(text string) {
		t.Helper()
		g := &testGrid{t: t}
		g.eventually("it says "+text, func() error {
			if !strings.Contains(out.String(), text) {
				return os.ErrNotExist
			}
			return nil
		})
	}
	hears("READY=1")
	if strings.Contains(out.String(), "[INFO]") {
		t.Errorf("at level error it said:\n%s", out)
	}
	writeFile(t, path, "log_level: debug\nlisten:\n  storage: 127.0.0.1:0\n")
	check(t, cmd.Process.Signal(syscall.SIGHUP))
	waitsFor("log_level=debug")
	writeFile(t, path, "lgo_level: debug\n")
	check(t, cmd.Process.Signal(syscall.SIGHUP))
	waitsFor(`unknown key \"lgo_level\"; did you mean \"log_level\"`)
	check(t, cmd.Process.Signal(syscall.SIGTERM))
	hears("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v and said:\n%s", err, out)
	}
}

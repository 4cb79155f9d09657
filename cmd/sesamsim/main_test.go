package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is the program itself, started as another program would start it.
type process struct {
	*sim
	cmd   *exec.Cmd
	ready ready
	log   *os.File
}

// spawn starts the program and waits for its ready line.
func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], append([]string{"--listen=127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), runAsServer+"=1")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, log: log}
	t.Cleanup(func() {
		log.Close()
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no ready line: %v, log %s", err, p.logged())
	}
	if err := json.Unmarshal([]byte(line), &p.ready); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	p.sim = &sim{T: t, http: trustAny(), base: p.ready.URL, auth: basic(p.ready.Admin, p.ready.Password)}
	t.Cleanup(p.http.CloseIdleConnections)
	return p
}

func (p *process) logged() string {
	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// stop ends it by a signal and checks that it went in peace.
func (p *process) stop(s os.Signal) {
	p.Helper()
	p.http.CloseIdleConnections()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.Fatalf("%v, log %s", err, p.logged())
	}
}

func TestProcess(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	p := spawn(t, "--ready-file="+file, "--data-dir="+dir, "--demo", "--name=s1", "--admin=root", "--password=pass")
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(written, &keys); err != nil || len(keys) != 4 {
		t.Errorf("ready file %s: %v", written, err)
	}
	var again ready
	if err := json.Unmarshal(written, &again); err != nil || again != p.ready {
		t.Errorf("the file says %v, the line %v", again, p.ready)
	}
	if p.ready.PID != p.cmd.Process.Pid || p.ready.Admin != "root" || p.ready.Password != "pass" || !strings.HasPrefix(p.ready.URL, "https://127.0.0.1:") {
		t.Errorf("ready: %v", p.ready)
	}
	p.get("server/info").has(`{"name":"s1"}`)
	p.get(controlPath+"status").refused(404, "CLIENT_ERROR_NOT_FOUND")
	p.post("clients/create", `{"name":"kept"}`)
	p.stop(syscall.SIGTERM)

	// Its password is changed, then it is killed in the middle of its life.
	p = spawn(t, "--data-dir="+dir, "--admin=root", "--password=pass")
	p.get("clients").lists("name", `["s1","web-1","db-1","mail-1","kept"]`)
	p.post("users/update", `{"name":"root","password":"new"}`)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // killed, as it says

	p = spawn(t, "--data-dir="+dir, "--admin=root", "--password=pass")
	if p.ready.Password != "" {
		t.Errorf("a password that does not hold was given out: %v", p.ready)
	}
	p.as(basic("root", "new")).get("clients").lists("name", `["s1","web-1","db-1","mail-1","kept"]`)
	p.stop(os.Interrupt)
}

// TestReloadBySignal does what "sm_main reload rmi" does on a real host.
func TestReloadBySignal(t *testing.T) {
	dir := t.TempDir()
	p := spawn(t, "--data-dir="+dir)
	want := writePair(t, filepath.Join(dir, "ini", "ssl"))
	cmd := exec.CommandContext(context.Background(), os.Args[0], "reload", "--data-dir", dir)
	cmd.Env = append(os.Environ(), runAsServer+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	p.eventually("the new certificate is served", func() bool { return p.servedAt(p.ready.URL) == want })
	write(t, filepath.Join(dir, "ini", "ssl", "sesam.https.key"), "nonsense")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.eventually("the failure is in the log", func() bool { return strings.Contains(p.logged(), "the certificate stays as it was") })
	if got := p.servedAt(p.ready.URL); got != want {
		t.Errorf("served %s after a bad reload, want %s", got, want)
	}
	p.stop(syscall.SIGTERM)
}

// eventually waits for another process, which has no clock of ours.
func (x *sim) eventually(what string, holds func() bool) {
	x.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			x.Fatalf("not seen in time: %s", what)
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	unreadable := filepath.Join(t.TempDir(), "p.json")
	write(t, unreadable, `{"nonsense":1}`)
	for _, args := range [][]string{
		{"--release=4.4"}, {"--timezone=Nowhere"}, {"-z=x"}, {"--password-policy=x"}, {"--fault-errors=2"}, {"--backup-ends=X=1"}, {"--password="},
		{"--session-ttl=0s"}, {"--profile=/nowhere"}, {"--profile=" + unreadable}, {"--nonsense"}, {"nonsense"}, {"--listen=nowhere:x"}, {"reload"},
		{"reload", "--data-dir=" + t.TempDir()}, {"--data-dir=/dev/null/x"},
	} {
		c := command()
		c.SetArgs(append(slices.Clone(args), "--log-level=off"))
		if args[0] == "reload" {
			c.SetArgs(args)
		}
		c.SetOut(io.Discard)
		c.SetErr(io.Discard)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := c.ExecuteContext(ctx); err == nil {
			t.Errorf("%v was accepted", args)
		}
		cancel()
	}
}

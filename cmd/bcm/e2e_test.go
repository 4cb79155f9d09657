package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bcm/cluster/pki"
)

// binary builds the program once for all tests, as `make build` does, with the
// simulated servers beside it.
func binary(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// built holds where the program is once it has been built.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bcm-e2e-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir+"/", ".", "../sesamsim")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return filepath.Join(dir, "bcm"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil { // builds when no test has, which is cheap by then
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// patience is how long anything in a grid may take on a machine that is busy.
const patience = 90 * time.Second

// testGrid is a grid of `bcm dev`, in processes of its own.
type testGrid struct {
	t    *testing.T
	bin  string
	dir  string
	dev  *exec.Cmd
	out  *lockedBuffer
	http *http.Client
	file devFile
}

// lockedBuffer collects what a process says.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newTestGrid starts a grid and waits until it says that it is healthy.
func newTestGrid(t *testing.T, args ...string) *testGrid {
	t.Helper()
	g := &testGrid{t: t, bin: binary(t), dir: filepath.Join(t.TempDir(), "grid")}
	g.start(args...)
	t.Cleanup(g.stop)
	return g
}

func (g *testGrid) start(args ...string) {
	g.t.Helper()
	if err := os.Remove(filepath.Join(g.dir, devFileName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		g.t.Fatal(err)
	}
	g.out = &lockedBuffer{}
	args = append([]string{"dev", "--data-dir", g.dir, "--api-port", "0", "--sesam", "0"}, args...)
	g.dev = exec.Command(g.bin, args...)
	g.dev.Stdout, g.dev.Stderr = g.out, g.out
	if err := g.dev.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan error, 1)
	dev := g.dev
	go func() { ended <- dev.Wait() }()
	g.eventually("the grid starts", func() error {
		select {
		case err := <-ended:
			g.t.Fatalf("bcm dev ended: %v\n%s", err, g.out)
		default:
		}
		if !strings.Contains(g.out.String(), "the grid is healthy") {
			return errors.New("it is not healthy yet")
		}
		return g.read()
	})
	g.dev.Cancel = nil
	g.http = g.client()
}

// read takes in dev.json as it is now.
func (g *testGrid) read() error {
	data, err := os.ReadFile(filepath.Join(g.dir, devFileName))
	if err != nil {
		return err
	}
	g.file = devFile{}
	return json.Unmarshal(data, &g.file)
}

func (g *testGrid) client() *http.Client {
	g.t.Helper()
	pem, err := os.ReadFile(g.file.CA)
	if err != nil {
		g.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		g.t.Fatalf("%s holds no certificate", g.file.CA)
	}
	return &http.Client{Timeout: 15 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}}
}

// stop ends the grid as Ctrl-C does, and shows the logs of a test that failed.
func (g *testGrid) stop() {
	g.t.Helper()
	if g.dev == nil {
		return
	}
	if err := g.dev.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		g.t.Error(err)
	}
	g.eventually("the grid stops", func() error {
		if err := syscall.Kill(g.dev.Process.Pid, 0); err == nil {
			return errors.New("bcm dev still runs")
		}
		return nil
	})
	g.dev = nil
	if err := g.read(); err != nil {
		g.t.Error(err)
	}
	for _, m := range slices.Concat(g.file.Managers, g.file.Nodes) {
		if alive(m.PID) {
			g.t.Errorf("%s, pid %d, was left running", m.Name, m.PID)
		}
		if g.t.Failed() {
			g.t.Logf("the end of the log of %s:\n%s", m.Name, logEnd(m.DataDir))
		}
	}
}

// alive tells whether a process is there and is no corpse.
func alive(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(data), ") Z ")
}

// member finds a member by its name.
func (g *testGrid) member(name string) devFileMember {
	g.t.Helper()
	if err := g.read(); err != nil {
		g.t.Fatal(err)
	}
	all := slices.Concat(g.file.Managers, g.file.Nodes)
	i := slices.IndexFunc(all, func(m devFileMember) bool { return m.Name == name || m.ID == name })
	if i < 0 {
		g.t.Fatalf("no member %q in %+v", name, all)
	}
	return all[i]
}

// kill ends members without asking, all at once.
func (g *testGrid) kill(names ...string) {
	g.t.Helper()
	for _, name := range names {
		if err := syscall.Kill(g.member(name).PID, syscall.SIGKILL); err != nil {
			g.t.Fatalf("killing %s: %v", name, err)
		}
	}
}

// restart brings a member back.
func (g *testGrid) restart(name string) {
	g.t.Helper()
	if out, err := g.run("dev", "restart", name, "--data-dir", g.dir); err != nil {
		g.t.Fatalf("bcm dev restart %s: %v\n%s", name, err, out)
	}
}

// run runs the program with the grid's administrator in the environment.
func (g *testGrid) run(args ...string) (string, error) {
	cmd := exec.Command(g.bin, args...)
	var urls []string
	for _, m := range g.file.Managers {
		urls = append(urls, m.URL)
	}
	cmd.Env = append(os.Environ(), "BCM_ADDR="+strings.Join(urls, ","), "BCM_CACERT="+g.file.CA, "BCM_TOKEN="+g.file.Admin.Token)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// eventually asks until there is no error; the last one fails the test.
func (g *testGrid) eventually(what string, ask func() error) {
	g.t.Helper()
	if err := poll(context.Background(), patience, func(context.Context) error { return ask() }); err != nil {
		g.t.Fatalf("%s: %v", what, err)
	}
}

// problem is what the API answers to what it refuses.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// call asks any manager that answers, again and again under one request id while
// there is none or the outcome is not known.
func (g *testGrid) call(method, path string, in, out any) error {
	g.t.Helper()
	id := pki.NewID()
	deadline := time.Now().Add(patience)
	for {
		var err error
		for _, m := range g.file.Managers {
			err = g.callOne(context.Background(), m.URL, id, method, path, in, out)
			p, refused := errors.AsType[*problem](err)
			if err == nil || refused && p.Status < 500 && p.Status != http.StatusTooManyRequests {
				return err
			}
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// callOne asks one manager once.
func (g *testGrid) callOne(ctx context.Context, base, id, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.file.Admin.Token)
	req.Header.Set("Bcm-Request-Id", id)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		p := &problem{Status: resp.StatusCode}
		if err := json.Unmarshal(data, p); err != nil {
			p.Detail = string(data)
		}
		return p
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

// must is call for what has to succeed.
func (g *testGrid) must(method, path string, in, out any) {
	g.t.Helper()
	if err := g.call(method, path, in, out); err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// object is a JSON object to send.
type object = map[string]any

// leader is the name of the manager that leads.
func (g *testGrid) leader() string {
	g.t.Helper()
	var c struct{ Leader string }
	g.eventually("somebody leads", func() error {
		if err := g.call(http.MethodGet, "/v1/cluster", nil, &c); err != nil {
			return err
		}
		if c.Leader == "" {
			return errors.New("nobody leads")
		}
		return nil
	})
	return c.Leader
}

// others are the managers but the one named.
func (g *testGrid) others(name string) []devFileMember {
	return slices.DeleteFunc(slices.Clone(g.file.Managers), func(m devFileMember) bool { return m.Name == name })
}

// run of a backup or a restore, as the API shows it.
type shownRun struct {
	ID, Status, Node, Error string
	Repository              string
	Attempt                 int
	Progress                struct{ Files, Bytes int64 }
	Stats                   struct{ Files, Bytes int64 }
}

// waitFor polls a run until it has one of the states.
func (g *testGrid) waitFor(path string, states ...string) (r shownRun) {
	g.t.Helper()
	g.eventually(path+" becomes "+strings.Join(states, " or "), func() error {
		r = shownRun{}
		if err := g.call(http.MethodGet, path, nil, &r); err != nil {
			return err
		}
		if slices.Contains(states, r.Status) {
			return nil
		}
		if slices.Contains([]string{"failed", "cancelled", "succeeded"}, r.Status) {
			g.t.Fatalf("%s is %s: %s", path, r.Status, r.Error)
		}
		return fmt.Errorf("it is %s in attempt %d on %s: %s", r.Status, r.Attempt, r.Node, r.Error)
	})
	return r
}

// newTask makes a client and a task over a directory and returns the task's name.
func (g *testGrid) newTask(source string) string {
	g.t.Helper()
	id := pki.NewID()[:8]
	g.must(http.MethodPost, "/v1/clients", object{"name": "client-" + id}, nil)
	g.must(http.MethodPost, "/v1/tasks", object{"name": "task-" + id, "client": "client-" + id,
		"source": object{"paths": []string{source}}}, nil)
	return "task-" + id
}

// backup begins a backup and returns where it can be looked at.
func (g *testGrid) backup(task string) (path string) {
	g.t.Helper()
	var b shownRun
	g.must(http.MethodPost, "/v1/backups", object{"task": task}, &b)
	return "/v1/backups/" + b.ID
}

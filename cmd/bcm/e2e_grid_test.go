package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bcm/cluster/pki"
)

// One grid after the other would take long: what disturbs it least comes first.
func TestGrid(t *testing.T) {
	t.Parallel() // most of it is waiting
	g := newTestGrid(t, "--sesam", "1")
	source := filepath.Join(t.TempDir(), "source")
	check(t, os.Mkdir(source, 0o755))
	makeTree(t, source, 2000, 1)
	for _, part := range []struct {
		name string
		do   func(*testing.T, *testGrid, string)
	}{
		{"what it says of itself", testAbout},
		{"backup and restore", testRestore},
		{"the verbs", testVerbs},
		{"a Prometheus scrapes every member", testPrometheus},
		{"a storage is killed in a backup", testStorageKilled},
		{"a backup manager is killed in a backup", testBackupManagerKilled},
		{"all managers are killed", testManagersKilled},
		{"stopped and started again", testComesBack},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			outer := g.t
			g.t = t
			defer func() { g.t = outer }()
			part.do(t, g, source)
		})
		if !ok {
			return // what follows would only repeat it
		}
	}
}

func testAbout(t *testing.T, g *testGrid, _ string) {
	if len(g.file.Managers) != 3 || len(g.file.Nodes) != 4 {
		t.Fatalf("%+v", g.file)
	}
	if !strings.Contains(g.out.String(), "backed up /") {
		t.Errorf("the demonstration said nothing of a backup:\n%s", g.out)
	}
	for _, m := range g.file.Managers {
		if m.Name == "" || m.ID == "" || !alive(m.PID) || m.DataDir == "" || !strings.HasPrefix(m.URL, "https://127.0.0.1:") {
			t.Errorf("%+v", m)
		}
	}
	var session struct{ Token string }
	g.must(http.MethodPost, "/v1/login", object{"name": g.file.Admin.Name, "password": g.file.Admin.Password}, &session)
	if session.Token == "" {
		t.Error("no token for the password printed")
	}
	var nodes struct {
		Total int
		Items []struct {
			Name, Status string
			Roles        []string
		}
	}
	g.must(http.MethodGet, "/v1/nodes?status=online", nil, &nodes)
	if nodes.Total != 8 { // with the server
		t.Errorf("%+v are online", nodes)
	}
	for _, n := range g.file.Nodes {
		resp, err := http.Get(n.Metrics)
		if err != nil {
			t.Error(err)
			continue
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", n.Metrics, resp.Status)
		}
	}
}

func testRestore(t *testing.T, g *testGrid, source string) {
	path := g.backup(g.newTask(source))
	b := g.waitFor(path, "succeeded")
	if b.Stats.Files < 2000 {
		t.Errorf("%+v", b)
	}
	g.restoreEqual(b, source)
	var files struct{ Items []struct{ Name, Type string } }
	g.must(http.MethodGet, path+"/files?path=/", nil, &files)
	names := make(map[string]string)
	for _, f := range files.Items {
		names[f.Name] = f.Type
	}
	if names["empty"] != "directory" || names["link"] != "symlink" || names["nothing"] != "file" {
		t.Errorf("browsed: %v", names)
	}
}

// restoreEqual restores all of a backup and compares it with its source.
func (g *testGrid) restoreEqual(b shownRun, source string) {
	g.t.Helper()
	target := filepath.Join(g.t.TempDir(), "target")
	var job shownRun
	g.must(http.MethodPost, "/v1/backups/"+b.ID+"/restore", object{"path": "/", "node": "backup-2", "target": target}, &job)
	g.waitFor("/v1/restores/"+job.ID, "succeeded")
	sameTree(g.t, source, target)
	if out, err := exec.Command("diff", "-r", "--no-dereference", source, target).CombinedOutput(); err != nil {
		g.t.Errorf("diff -r: %v\n%s", err, out)
	}
}

// The verbs of the command line reach the grid, and speak in exit codes.
func testVerbs(t *testing.T, g *testGrid, source string) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"node list", 0, "storage-1"},
		{"node list --json", 0, `"backup-manager"`},
		{"node show no-such-node", 1, "no-such-node"},
		{"whoami", 0, "admin"},
		{"user list --no-such-flag", 2, "no-such-flag"},
		{"operator raft list-peers", 0, "manager-2"},
		{"task list", 0, "files"},
	} {
		out, err := g.run(strings.Fields(c.args)...)
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("bcm %s: exit %d (want %d), output without %q:\n%s", c.args, code, c.code, c.says, out)
		}
	}
}

// slowTask makes a task whose backup takes some seconds: a command that goes on
// writing until the test lets it end.
func (g *testGrid) slowTask(gate string) string {
	g.t.Helper()
	id := pki.NewID()[:8]
	// It writes what cannot be compressed, so that storages are written to all the time.
	script := fmt.Sprintf(`while [ ! -e %s ]; do head -c 300000 /dev/urandom; sleep 0.05; done; head -c 20000000 /dev/urandom`, gate)
	g.must(http.MethodPost, "/v1/clients", object{"name": "client-" + id}, nil)
	g.must(http.MethodPost, "/v1/tasks", object{"name": "task-" + id, "client": "client-" + id,
		"source": object{"command": []string{"sh", "-c", script}, "name": "noise.bin"}}, nil)
	return "task-" + id
}

// underWay waits until a backup has written something.
func (g *testGrid) underWay(path string) (r shownRun) {
	g.t.Helper()
	g.eventually(path+" is under way", func() error {
		r = shownRun{}
		if err := g.call(http.MethodGet, path, nil, &r); err != nil {
			return err
		}
		if r.Status != "running" || r.Progress.Bytes < 500_000 {
			return fmt.Errorf("it is %s, %+v: %s", r.Status, r.Progress, r.Error)
		}
		return nil
	})
	return r
}

// A storage that dies and comes back: the backup waits for it and goes on.
func testStorageKilled(t *testing.T, g *testGrid, _ string) {
	gate := filepath.Join(t.TempDir(), "gate")
	path := g.backup(g.slowTask(gate))
	g.underWay(path)
	var shown struct{ Storages []string }
	g.must(http.MethodGet, path, nil, &shown)
	if len(shown.Storages) == 0 {
		t.Fatal("the backup names no storage")
	}
	g.kill(shown.Storages[0])
	g.eventually("the storage is marked", func() error {
		var n struct{ Status string }
		if err := g.call(http.MethodGet, "/v1/nodes/"+shown.Storages[0], nil, &n); err != nil {
			return err
		}
		if n.Status != "offline" {
			return errors.New("it is " + n.Status)
		}
		return nil
	})
	check(t, os.WriteFile(gate, nil, 0o600))
	g.restart(shown.Storages[0])
	b := g.waitFor(path, "succeeded")
	if b.Attempt != 1 {
		t.Errorf("it took %d attempts", b.Attempt)
	}
}

// A backup manager that dies: the run is interrupted, and done by another one or
// when it is back, under the same id and never twice at a time.
func testBackupManagerKilled(t *testing.T, g *testGrid, _ string) {
	gate := filepath.Join(t.TempDir(), "gate")
	path := g.backup(g.slowTask(gate))
	first := g.underWay(path)
	g.kill(first.Node)
	second := shownRun{}
	g.eventually("another attempt", func() error {
		if err := g.call(http.MethodGet, path, nil, &second); err != nil {
			return err
		}
		if second.Attempt < 2 || second.Status != "running" {
			return fmt.Errorf("it is %s in attempt %d: %s", second.Status, second.Attempt, second.Error)
		}
		return nil
	})
	check(t, os.WriteFile(gate, nil, 0o600))
	g.restart(first.Node)
	b := g.waitFor(path, "succeeded")
	if b.ID != first.ID || b.Attempt != 2 {
		t.Errorf("began as %+v, ended as %+v", first, b)
	}
	var events struct {
		Items []struct{ Action string }
	}
	g.must(http.MethodGet, "/v1/events?q="+b.ID, nil, &events)
	seen := make(map[string]int)
	for _, e := range events.Items {
		seen[e.Action]++
	}
	if seen["backup.interrupt"] != 1 || seen["backup.finish"] != 1 || seen["backup.assign"] != 2 {
		t.Errorf("events of the run: %v", seen)
	}
}

// digests asks each manager for the digest of its state at one index.
func (g *testGrid) sameDigests() {
	g.t.Helper()
	g.eventually("all managers have the same state", func() error {
		type answer struct {
			Digest string
			Index  uint64
			Leader string
		}
		seen := make(map[string][]string)
		for _, m := range g.file.Managers {
			var a answer
			if err := g.callOne(g.t.Context(), m.URL, pki.NewID(), http.MethodGet, "/v1/cluster", nil, &a); err != nil {
				return err
			}
			if a.Digest == "" {
				g.t.Fatalf("%s gives no digest", m.Name)
			}
			seen[a.Digest] = append(seen[a.Digest], m.Name)
		}
		if len(seen) != 1 {
			return fmt.Errorf("they differ: %v", seen)
		}
		return nil
	})
}

// Every write that was acknowledged is there after all managers died at once.
func testManagersKilled(t *testing.T, g *testGrid, _ string) {
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("survivor-%d", i)
		g.must(http.MethodPost, "/v1/clients", object{"name": name}, nil)
		names = append(names, name)
	}
	g.kill("manager-1", "manager-2", "manager-3")
	for _, m := range []string{"manager-1", "manager-2", "manager-3"} {
		g.restart(m)
	}
	g.leader()
	for _, name := range names {
		g.must(http.MethodGet, "/v1/clients/"+name+"?consistent=true", nil, nil)
	}
	g.sameDigests()
	g.must(http.MethodPost, "/v1/clients", object{"name": "after-all"}, nil)
}

// The same grid comes back from its directory.
func testComesBack(t *testing.T, g *testGrid, source string) {
	before := g.file
	g.stop()
	g.start()
	for i, m := range g.file.Managers {
		if m.ID != before.Managers[i].ID || m.URL != before.Managers[i].URL {
			t.Errorf("%+v was %+v", m, before.Managers[i])
		}
	}
	if g.file.Admin != before.Admin {
		t.Error("another administrator")
	}
	g.must(http.MethodGet, "/v1/clients/after-all", nil, nil)
	b := g.waitFor(g.backup(g.newTask(source)), "succeeded")
	g.restoreEqual(b, source)
}

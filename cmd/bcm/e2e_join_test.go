package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// How nodes come into a grid and go out of it.
func TestJoining(t *testing.T) {
	t.Parallel() // most of it is waiting
	g := newTestGrid(t, "--demo=false", "--backup-managers", "0", "--storages", "0")
	for _, part := range []struct {
		name string
		do   func(*testing.T, *testGrid)
	}{
		{"refused tokens", testRefusedTokens},
		{"managers found by gossip", testGossip},
		{"two hundred at once", testSimulated},
	} {
		t.Run(part.name, func(t *testing.T) {
			outer := g.t
			g.t = t
			defer func() { g.t = outer }()
			part.do(t, g)
		})
	}
}

// token makes a join token.
func (g *testGrid) token(uses int, roles ...string) string {
	g.t.Helper()
	var out struct{ Token string }
	g.must(http.MethodPost, "/v1/join-tokens", object{"roles": roles, "ttl": "1h", "uses": uses}, &out)
	return out.Token
}

// agent runs an agent until it is stopped with a signal.
func (g *testGrid) agent(args ...string) (stop func(syscall.Signal)) {
	g.t.Helper()
	t, out := g.t, &lockedBuffer{}
	cmd := exec.Command(g.bin, append([]string{"agent"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	check(t, cmd.Start())
	stop = func(s syscall.Signal) {
		if cmd.ProcessState != nil {
			return
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Errorf("bcm agent %v is gone: %v", args, err)
		}
		err := cmd.Wait()
		if s == syscall.SIGTERM && err != nil {
			t.Errorf("bcm agent %v: %v; it said:\n%s", args, err, out)
		}
	}
	t.Cleanup(func() {
		stop(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("bcm agent %v said:\n%s", args, out)
		}
	})
	return stop
}

// statusOf waits until a node has a status.
func (g *testGrid) statusOf(node, status string) {
	g.t.Helper()
	g.eventually(node+" is "+status, func() error {
		var n struct{ Status string }
		if err := g.call(http.MethodGet, "/v1/nodes/"+node, nil, &n); err != nil {
			return err
		}
		if n.Status != status {
			return fmt.Errorf("it is %s", n.Status)
		}
		return nil
	})
}

// A node that has a token, the gossip key and an address to begin with finds the
// managers by itself; without the token it is not let in.
func testGossip(t *testing.T, g *testGrid) {
	var s secrets
	var plate struct{ Cluster string }
	var at endpoints
	for name, to := range map[string]any{secretsFile: &s, "cluster.json": &plate, endpointsFile: &at} {
		data, err := os.ReadFile(filepath.Join(g.file.Managers[1].DataDir, name))
		check(t, err)
		check(t, json.Unmarshal(data, to))
	}
	key := writeFile(t, filepath.Join(t.TempDir(), "gossip.key"), plate.Cluster+" "+base64.StdEncoding.EncodeToString(s.GossipKeys[0])+"\n")
	dir := filepath.Join(t.TempDir(), "data")
	args := []string{"--name", "finder", "--data-dir", dir, "--roles", fsm.RoleBackupManager, "--gossip-key-file", key, "--gossip", at.Gossip.Advertise}
	if code, out := says(t, append([]string{"agent"}, args...)...); code != 2 || !strings.Contains(out, "join token") {
		t.Errorf("without a token: exit code %d, and it said:\n%s", code, out)
	}
	stop := g.agent(append(args, "--join", g.token(1, fsm.RoleBackupManager))...)
	g.statusOf("finder", "online")
	stop(syscall.SIGTERM)
}

// Two hundred nodes join with one token; when they die at once, all are marked
// within twelve seconds.
func testSimulated(t *testing.T, g *testGrid) {
	const nodes, goal, borne = 200, 12 * time.Second, 40 * time.Second
	dir := filepath.Join(t.TempDir(), "data")
	token := g.token(nodes, fsm.RoleBackupManager, fsm.RoleStorage)
	stop := g.agent("--sim", fmt.Sprint(nodes), "--name", "sim", "--data-dir", dir, "--roles", "backup-manager,backup-storage",
		"--join", token+","+strings.TrimPrefix(g.file.Managers[2].URL, "https://"))
	count := func(status string) error {
		var list struct{ Total int }
		if err := g.call(http.MethodGet, "/v1/nodes?q=sim-&limit=1&status="+status, nil, &list); err != nil {
			return err
		}
		if list.Total != nodes {
			return fmt.Errorf("%d of %d", list.Total, nodes)
		}
		return nil
	}
	begin := time.Now()
	g.eventually("all nodes are online", func() error { return count("online") })
	joined := time.Since(begin)
	b := g.waitFor(g.backup(g.newTask("/srv")), "succeeded", "warning", "failed")
	if b.Stats.Bytes == 0 && b.Error == "" {
		t.Errorf("a simulated backup: %+v", b)
	}
	stop(syscall.SIGKILL)
	begin = time.Now()
	g.eventually("all nodes are marked", func() error { return count("offline") })
	marked := time.Since(begin)
	t.Logf("%d nodes: online after %v, marked %v after their death (goal %v)", nodes, joined.Round(time.Millisecond), marked.Round(time.Millisecond), goal)
	if marked > borne {
		t.Errorf("it took %v until all were marked", marked)
	}
}

// A token that a manager refuses, and a manager of another cluster: the node
// ends, with the manager's reason, and can be started again with a good token.
func testRefusedTokens(t *testing.T, g *testGrid) {
	address := strings.TrimPrefix(g.file.Managers[0].URL, "https://")
	good := g.token(1, fsm.RoleBackupManager)
	parsed, err := pki.ParseToken(good)
	check(t, err)
	unknown := pki.NewToken(false, parsed.Pin).String()
	foreign := pki.NewToken(false, strings.Repeat("cd", 32)).String()
	var revoked struct{ ID, Token string }
	g.must("POST", "/v1/join-tokens", object{"roles": []string{fsm.RoleBackupManager}, "ttl": "1h", "uses": 1}, &revoked)
	g.must("DELETE", "/v1/join-tokens/"+revoked.ID, nil, nil)
	dir := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct {
		name, token, role string
		says              []string
	}{
		{"unknown", unknown, fsm.RoleBackupManager, []string{"not known", "bcm token create"}},
		{"revoked", revoked.Token, fsm.RoleBackupManager, []string{"expired or was revoked", "bcm token create"}},
		{"for another role", good, fsm.RoleStorage, []string{fsm.RoleStorage}},
		{"of another cluster", foreign, fsm.RoleBackupManager, []string{"does not match the pin"}},
	} {
		code, out := says(t, "agent", "--data-dir", dir, "--roles", c.role, "--listen-storage", "127.0.0.1:0", "--join", c.token+","+address)
		if code != 1 {
			t.Errorf("%s: exit code %d", c.name, code)
		}
		for _, part := range c.says {
			if !strings.Contains(out, part) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, part, out)
			}
		}
	}
	stop := g.agent("--name", "late", "--data-dir", dir, "--roles", fsm.RoleBackupManager, "--join", good+","+address)
	g.statusOf("late", "online")
	stop(syscall.SIGTERM)
	g.statusOf("late", "left")
	stop = g.agent("--data-dir", dir)
	g.statusOf("late", "online")
	stop(syscall.SIGKILL)
	g.statusOf("late", "offline")
}

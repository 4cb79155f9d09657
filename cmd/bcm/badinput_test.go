package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent"
	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// says runs the program, which has to end by itself, and returns its exit code
// and what it said.
func says(t *testing.T, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("bcm %v does not end; it said:\n%s", args, out)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	check(t, err)
	return 0, string(out)
}

// anyPorts are flags of a manager that listens where nobody else does.
func anyPorts(more ...string) []string {
	return append([]string{"--listen-api", "127.0.0.1:0", "--listen-member", "127.0.0.1:0", "--listen-gossip", "127.0.0.1:0"}, more...)
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o700))
	check(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// listing is everything in a directory with its content, to see that nothing changed.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	check(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		data, err := os.ReadFile(path)
		b.WriteString(path + "\n" + string(data) + "\n")
		return err
	}))
	return b.String()
}

// What makes no sense is refused with the right code, says what is wrong and
// what there is instead, and leaves nothing behind.
func TestWrongWords(t *testing.T) {
	t.Parallel() // most of it is waiting
	files := t.TempDir()
	dir := filepath.Join(files, "data")
	token := pki.NewToken(false, strings.Repeat("ab", 32)).String()
	managers := pki.NewToken(true, strings.Repeat("ab", 32)).String()
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"command":           {[]string{"manger"}, 2, []string{`"manger"`, "did you mean manager?"}},
		"help of none":      {[]string{"help", "node", "lst"}, 2, []string{`"node lst"`, "bcm node --help"}},
		"completion":        {[]string{"completion", "bahs"}, 2, []string{`"bahs"`, "did you mean bash?"}},
		"flag":              {[]string{"manager", "--data-dri", dir}, 2, []string{"--data-dri", "--data-dir"}},
		"flag of the other": {[]string{"agent", "--bootstrap-expect", "3"}, 2, []string{"--bootstrap-expect"}},
		"value":             {[]string{"agent", "--slots", "many"}, 2, []string{"many", "--slots"}},
		"argument":          {[]string{"manager", "start"}, 2, []string{"start"}},
		"dev argument":      {[]string{"dev", "begin"}, 2, []string{"begin"}},
		"key": {[]string{"manager", "--config", writeFile(t, filepath.Join(files, "a.yml"), "data_dri: /x\n")}, 2,
			[]string{`"data_dri"`, `"data_dir"`, "a.yml"}},
		"key below": {[]string{"agent", "--config", writeFile(t, filepath.Join(files, "b.yml"), "listen:\n  storge: x\n")}, 2,
			[]string{`"listen.storge"`, `"listen.storage"`}},
		"type":                  {[]string{"agent", "--config", writeFile(t, filepath.Join(files, "c.yml"), "slots: [1]\n")}, 2, []string{"slots", "c.yml"}},
		"yaml":                  {[]string{"agent", "--config", writeFile(t, filepath.Join(files, "d.yml"), "a: [\n")}, 2, []string{"YAML", "d.yml"}},
		"no such configuration": {[]string{"agent", "--config", filepath.Join(files, "none.yml")}, 2, []string{"none.yml"}},
		"log level":             {[]string{"agent", "--log-level", "loud"}, 2, []string{"loud", "debug"}},
		"even managers":         {[]string{"manager", "--data-dir", dir, "--bootstrap-expect", "2"}, 2, []string{"2 managers", "3"}},
		"no beginning":          {[]string{"manager", "--data-dir", dir}, 2, []string{"--bootstrap-expect", "--join"}},
		"role":                  {[]string{"agent", "--data-dir", dir, "--roles", "storage"}, 2, []string{`"storage"`, "backup-storage"}},
		"no role":               {[]string{"agent", "--data-dir", dir, "--join", token + ",h:1"}, 2, []string{"--roles", "backup-manager"}},
		"no token":              {[]string{"agent", "--data-dir", dir, "--roles", "backup-manager", "--join", "h:1"}, 2, []string{"bcm token create"}},
		"half a token": {[]string{"agent", "--data-dir", dir, "--roles", "backup-manager", "--join", token[:40]}, 2,
			[]string{"not a join token", "copied whole"}},
		"no address": {[]string{"agent", "--data-dir", dir, "--roles", "backup-manager", "--join", token}, 2, []string{"host:7443"}},
		"token of a manager": {[]string{"agent", "--data-dir", dir, "--roles", "backup-manager", "--join", managers + ",h:1"}, 2,
			[]string{"bcm manager"}},
		"address":      {[]string{"manager", "--data-dir", dir, "--bootstrap-expect", "1", "--listen-api", "nonsense"}, 2, []string{"nonsense"}},
		"dev managers": {[]string{"dev", "--managers", "2", "--data-dir", dir}, 2, []string{"--managers 2", "3"}},
		"dev member":   {[]string{"dev", "restart", "--data-dir", dir}, 2, []string{"NAME"}},
		"no grid":      {[]string{"dev", "restart", "manager-1", "--data-dir", dir}, 1, []string{"no grid", dir}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := says(t, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, part := range c.says {
				if !strings.Contains(out, part) {
					t.Errorf("it does not say %q:\n%s", part, out)
				}
			}
			if strings.Contains(out, token) || strings.Contains(out, managers) {
				t.Errorf("it repeats a secret:\n%s", out)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "*", "*")); err != nil || len(left) > 0 {
				t.Errorf("it left %v %v", left, err)
			}
		})
	}
}

// member makes the directory of a node that a cluster has let in.
func member(t *testing.T, kind pki.Kind) (dir string, ca *pki.CA) {
	t.Helper()
	dir = t.TempDir()
	id, err := agent.OpenIdentity(filepath.Join(dir, identityDir), "n")
	check(t, err)
	ca, err = pki.NewCA("c1", time.Now())
	check(t, err)
	csr, err := id.Request()
	check(t, err)
	cert, err := ca.Sign(csr, pki.Identity{Cluster: "c1", Kind: kind, ID: id.ID(), Roles: []string{fsm.RoleBackupManager}}, nil, time.Now(), time.Hour)
	check(t, err)
	check(t, id.Accept("c1", cert, ca.CertPEM(), []fsm.Peer{{ID: "m1", Address: "127.0.0.1:1"}}))
	return dir, ca
}

// A directory that is not for this start is named, with what to do, and stays as
// it is.
func TestForeignDirectories(t *testing.T) {
	t.Parallel() // most of it is waiting
	node, _ := member(t, pki.Agent)
	other, err := pki.NewCA("c2", time.Now())
	check(t, err)
	foreign := pki.NewToken(false, other.Pin()).String()
	newer, _ := member(t, pki.Agent)
	spoil(t, filepath.Join(newer, identityDir, "node.json"), func(f map[string]any) { f["format"] = 99 })
	newPlate := t.TempDir()
	check(t, cluster.Create(newPlate, cluster.Plate{Cluster: "c1", ID: "n1", Name: "m"}))
	spoil(t, filepath.Join(newPlate, "cluster.json"), func(f map[string]any) { f["format"] = 99 })
	plate := t.TempDir()
	check(t, cluster.Create(plate, cluster.Plate{Cluster: "c1", ID: "n1", Name: "m"}))
	journal, _ := member(t, pki.Agent)
	writeFile(t, filepath.Join(journal, "agent", "journal"), "bcm-journal 2\n")

	for name, c := range map[string]struct {
		dir  string
		args []string
		says []string
	}{
		"of another cluster": {node, []string{"agent", "--join", foreign + ",127.0.0.1:1"}, []string{"cluster c1", "another cluster", "another directory"}},
		"of an agent":        {node, append([]string{"manager", "--bootstrap-expect", "1"}, anyPorts()...), []string{"bcm agent", "another directory"}},
		"of a manager":       {plate, []string{"agent", "--roles", "backup-manager"}, []string{"bcm manager", "another directory"}},
		"newer identity":     {newer, []string{"agent"}, []string{"newer version", "format 99"}},
		"newer member":       {newPlate, append([]string{"manager"}, anyPorts()...), []string{"newer version", "format 99"}},
		"newer journal":      {journal, []string{"agent", "--listen-storage", "127.0.0.1:0"}, []string{"newer version", "journal"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := listing(t, c.dir)
			code, out := says(t, append(c.args, "--data-dir", c.dir)...)
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			for _, part := range append(c.says, c.dir) {
				if !strings.Contains(out, part) {
					t.Errorf("it does not say %q:\n%s", part, out)
				}
			}
			if after := listing(t, c.dir); after != before {
				t.Errorf("the directory was changed:\n%s", after)
			}
		})
	}
}

func spoil(t *testing.T, path string, do func(map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	var f map[string]any
	check(t, json.Unmarshal(data, &f))
	do(f)
	data, err = json.Marshal(f)
	check(t, err)
	check(t, os.WriteFile(path, data, 0o600))
}

// A port in use is named with the flag that chooses another, before a cluster is
// made.
func TestPortInUse(t *testing.T) {
	t.Parallel() // most of it is waiting
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	taken := l.Addr().String()
	for _, flag := range []string{"--listen-api", "--listen-member", "--listen-gossip"} {
		t.Run(flag, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			code, out := says(t, append([]string{"manager", "--data-dir", dir, "--bootstrap-expect", "1"}, anyPorts(flag, taken)...)...)
			if code != 1 || !strings.Contains(out, taken) || !strings.Contains(out, "in use") || !strings.Contains(out, flag) {
				t.Errorf("exit code %d, and it said:\n%s", code, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "cluster.json")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a cluster was made: %v", err)
			}
		})
	}
	dir, _ := member(t, pki.Agent)
	code, out := says(t, "agent", "--data-dir", dir, "--roles", "backup-storage", "--listen-storage", taken)
	if code != 1 || !strings.Contains(out, taken) || !strings.Contains(out, "--listen-storage") {
		t.Errorf("agent: exit code %d, and it said:\n%s", code, out)
	}
}

// Two processes never use one directory.
func TestDirectoryInUse(t *testing.T) {
	dir, _ := member(t, pki.Agent)
	lock, err := agent.LockDir(dir)
	check(t, err)
	defer lock.Unlock()
	code, out := says(t, "agent", "--data-dir", dir, "--listen-storage", "127.0.0.1:0")
	if code != 1 || !strings.Contains(out, "in use") || !strings.Contains(out, dir) {
		t.Errorf("exit code %d, and it said:\n%s", code, out)
	}
}

// A disk without room is refused before anything is on it.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	code, out := says(t, append([]string{"manager", "--data-dir", filepath.Join(dir, "m"), "--bootstrap-expect", "1"}, anyPorts()...)...)
	if code != 1 || !strings.Contains(out, "full") || !strings.Contains(out, "raft.reserve") {
		t.Errorf("exit code %d, and it said:\n%s", code, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

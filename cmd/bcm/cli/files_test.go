package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"bcm/fsm"
)

const (
	fileRow = `{"name":"hosts","path":"/etc/hosts","type":"file","size":2048,"mode":"0644","modified_at":"2026-02-03T04:05:06Z","owner":"0:0"}`
	dirRow  = `{"name":"ssl","path":"/etc/ssl","type":"directory","size":0,"mode":"0755","modified_at":"2026-02-03T04:05:06Z","owner":"0:0"}`
	linkRow = `{"name":"mtab","path":"/etc/mtab","type":"symlink","size":0,"mode":"0777","modified_at":"2026-02-03T04:05:06Z","target":"../proc"}`
)

func TestFiles(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b1/files", 200, listOf(dirRow, fileRow, linkRow))
	got := w.run("backup", "files", "b1", "/etc")
	golden(t, "files.txt", got.out)
	if !strings.Contains(w.lastAsked(), "path=%2Fetc") {
		t.Errorf("asked %s", w.lastAsked())
	}
	if got := w.run("backup", "files", "b1", "-q"); got.out != "/etc/ssl\n/etc/hosts\n/etc/mtab\n" || w.lastAsked() != "GET /v1/backups/b1/files?path=%2F" {
		t.Errorf("%+v, asked %s", got, w.lastAsked())
	}
}

func TestGetFile(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups/b1/files/content", 200, "line\x00\n")
	if got := w.run("backup", "files", "b1", "/etc/hosts", "--get", "-"); got.out != "line\x00\n" || got.code != 0 {
		t.Errorf("%+v", got)
	}
	if w.lastAsked() != "GET /v1/backups/b1/files/content?path=%2Fetc%2Fhosts" {
		t.Errorf("asked %s", w.lastAsked())
	}
	to := filepath.Join(t.TempDir(), "hosts")
	if got := w.run("backup", "files", "b1", "/etc/hosts", "--get", to); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if data, err := os.ReadFile(to); err != nil || string(data) != "line\x00\n" {
		t.Errorf("%q %v", data, err)
	}
	if got := w.run("backup", "files", "b1", "/etc/hosts", "--get", to); got.code != 2 || !strings.Contains(got.err, "exists already") {
		t.Errorf("%+v", got)
	}
}

// stateWith makes a snapshot of a cluster that has just begun.
func stateWith(t *testing.T) []byte {
	t.Helper()
	f := fsm.New(hclog.NewNullLogger())
	entry, err := fsm.NewEntry(context.Background(), "system:test", &fsm.InitCluster{
		Cluster: "c1", Admin: fsm.CreateUser{ID: "u1", Name: "admin", Groups: []string{fsm.Superusers}},
		Manager:     fsm.NewNode{ID: "m1", Name: "manager-1", Roles: []string{fsm.RoleManager}},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "0a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	entry.At = fsm.At(clock)
	outcomes, err := f.Replay(1, entry)
	if err == nil {
		_, err = outcomes.At(0)
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.View(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := v.WriteSnapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSnapshotSaveAndInspect(t *testing.T) {
	data := stateWith(t)
	w := newWorld(t).on("GET /v1/cluster/snapshot", 200, string(data))
	path := filepath.Join(t.TempDir(), "state")
	got := w.run("operator", "snapshot", "save", path)
	if got.code != 0 || !strings.Contains(got.out, "state of index 1") {
		t.Fatalf("%+v", got)
	}
	if saved, err := os.ReadFile(path); err != nil || !bytes.Equal(saved, data) {
		t.Errorf("saved %d bytes of %d: %v", len(saved), len(data), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	got = w.run("operator", "snapshot", "inspect", path)
	if got.code != 0 || !strings.Contains(got.out, "groups        6\n") || !strings.Contains(got.out, "Cluster       c1\n") {
		t.Errorf("%+v", got)
	}
	if got := w.run("operator", "snapshot", "inspect", path, "--json"); !strings.Contains(got.out, `"groups": 6`) {
		t.Errorf("%+v", got)
	}
	if got := w.run("operator", "snapshot", "save", path); got.code != 2 {
		t.Errorf("wrote over it: %+v", got)
	}
}

func TestDamagedSnapshots(t *testing.T) {
	good := stateWith(t)
	for name, data := range map[string][]byte{
		"cut off": good[:len(good)-5], "changed": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), "another file": []byte("hello"), "empty": nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := newWorld(t).on("GET /v1/cluster/snapshot", 200, string(data))
			if got := w.run("operator", "snapshot", "save", filepath.Join(dir, "state")); got.code != 1 {
				t.Errorf("%+v", got)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left %v %v", left, err)
			}
			path := filepath.Join(dir, "bad")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			w.asked = nil
			for _, verb := range []string{"inspect", "restore"} {
				if got := w.run("operator", "snapshot", verb, path); got.code != 1 || !strings.Contains(got.err, "snapshot") {
					t.Errorf("%s: %+v", verb, got)
				}
			}
			if len(w.asked) > 0 {
				t.Errorf("asked %d requests", len(w.asked))
			}
		})
	}
}

func TestSnapshotRestore(t *testing.T) {
	data := stateWith(t)
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t).on("POST /v1/cluster/snapshot", 204, "")
	if got := w.run("operator", "snapshot", "restore", path); got.code != 2 || len(w.asked) > 0 {
		t.Errorf("did not ask: %+v", got)
	}
	if got := w.run("operator", "snapshot", "restore", path, "--yes"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if want := "POST /v1/cluster/snapshot " + string(data); w.lastAsked() != want {
		t.Errorf("sent %d bytes, wanted %d", len(w.lastAsked()), len(want))
	}
}

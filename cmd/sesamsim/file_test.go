package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRestart: everything that was answered is there after a restart, and
// nothing else.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	x := begin(t, "--data-dir="+dir, "--demo")
	x.post("users/create", `{"name":"eve","password":"e","groups":["ADMIN",4]}`)
	x.post("credentials/create", `{"type":"LDAP","secret":"s","port":389}`)
	x.post("externalgroups/create", `{"externalId":"e"}`)
	x.post("externalgroups/1/groups", `[["OPERATOR"]]`)
	x.post("groups/create", `{"name":"g","rolesList":["All"]}`)
	x.post("schedules/delete", `"WEEKLY-FULL"`)
	x.post("/bcm-ext/v1/cluster-mode", `{"mode":"managed"}`)
	x.post("clients/create", `{"id":9007199254740993,"name":"big"}`) // no float holds this
	id := x.post("backups/start", `[{"taskName":"mail"}]`).column("savesetId")[0].(string)
	session := x.session(t)
	paths := []string{"users", "groups", "credentials", "externalgroups", "externalgroups/1/groups", "schedules", "clients", "locations", "acls",
		"backupevents", "backups/findTasks", "datastores", "mediapools", "drivegroups", "drives", "media", "/bcm-ext/v1/cluster-mode", v1 + "roleRelations"}
	before := map[string]string{}
	for _, p := range paths {
		before[p] = x.get(p).text
	}
	results := len(x.get("backups").column("id"))
	x.end()

	y := begin(t, "--data-dir="+dir) // without --demo: it is all in the file
	y.clock.move(time.Hour)
	y.get("backups/" + id).has(`{"state":"CANCELLED","resultsSts":"3"}`) // what ran was broken off
	for _, p := range paths {
		after := y.get(p).text
		if p == "backups/findTasks" { // the state of the task has followed
			after = strings.Replace(after, `"resultsSts":"CANCELLED"`, `"resultsSts":"IN_QUEUE"`, 1)
		}
		if after != before[p] {
			t.Errorf("%s\nbefore %s\nafter  %s", p, before[p], after)
		}
	}
	if n := len(y.get("backups").column("id")); n != results {
		t.Errorf("%d results, want %d", n, results)
	}
	y.as(basic("eve", "e")).get("clients")
	y.as(session).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	y.post("backups/start", `[{"taskName":"mail"}]`).lists("state", `["IN_QUEUE"]`)
}

func TestOneServerPerDirectory(t *testing.T) {
	dir := t.TempDir()
	x := begin(t, "--data-dir="+dir)
	if _, err := newServer(defaults(t, "--data-dir="+dir), time.Now, nullLogger()); err == nil {
		t.Fatal("two servers in one directory")
	}
	x.get("clients").lists("id", `[0]`)
}

func TestBadDataFile(t *testing.T) {
	for name, content := range map[string]string{
		"truncated": `{"format":1,"tables":{"clients":[{"id":1`, "other format": `{"format":2,"tables":{}}`, "no JSON": "x", "empty": "",
		"odd row": `{"format":1,"tables":{"users":[{"id":"x","name":"a"}]}}`, "odd list": `{"format":1,"tables":{"users":[{"id":1,"name":"a","groups":["x"]}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "sesam.json")
			write(t, path, content)
			if _, err := newServer(defaults(t, "--data-dir="+dir), time.Now, nullLogger()); err == nil {
				t.Fatal("it was accepted")
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != content {
				t.Errorf("a file that could not be read was changed: %v %q", err, b)
			}
		})
	}
}

// TestWriteFails: what could not be kept is not said to be done.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	x := begin(t, "--data-dir="+dir)
	path := x.state.file.path
	x.state.file.path = filepath.Join(dir, "gone", "sesam.json")
	x.post("clients/create", `{"name":"a"}`).refused(http.StatusInternalServerError, "SERVER_ERROR_INTERNAL")
	x.get("clients/0").has(`{"id":0}`)
	x.state.file.path = path
	x.post("clients/create", `{"name":"b"}`)
}

// TestChangeIsWhole: a change that fails half way leaves nothing behind.
func TestChangeIsWhole(t *testing.T) {
	x := begin(t, "--data-dir="+t.TempDir(), "--demo")
	content, _ := x.state.encode()
	before := string(content)
	boom := errors.New("boom")
	for i, do := range []func(*tx) error{
		func(t *tx) error {
			_, err := t.create(t.s.resource("datastores"), map[string]any{"name": "n"})
			return err
		},
		func(t *tx) error { return t.remove(t.s.resource("tasks"), t.get("tasks", "mail")) },
		func(t *tx) error { return t.remove(t.s.resource("groups"), t.get("groups", "1")) }, // refused by itself
		func(t *tx) error { return t.remove(t.s.resource("users"), t.get("users", "4")) },
		func(t *tx) error {
			_, err := t.update(t.s.resource("clients"), map[string]any{"id": int64(1), "name": "new"})
			return err
		},
		func(t *tx) error { panic(boom) },
	} {
		func() {
			defer func() { _ = recover() }()
			err := x.state.change(x.now(), func(t *tx) error { return errors.Join(do(t), boom) })
			if !errors.Is(err, boom) {
				t.Errorf("%d: %v", i, err)
			}
		}()
		if content, _ := x.state.encode(); string(content) != before {
			t.Errorf("%d: something is left", i)
		}
	}
	// Ids go back too: the next one is the one that would have come.
	x.post("users/create", `{"name":"next"}`).has(`{"id":5}`)
}

// TestFileIsAtomic: at any moment there is a whole file.
func TestFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	x := begin(t, "--data-dir="+dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			if _, err := x.try("POST", "clients/create", fmt.Sprintf(`{"name":"c%d"}`, i)); err != nil {
				t.Error(err)
			}
		}
	}()
	seen := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		s := newState(x.catalogue(), nullLogger())
		if _, err := (&file{path: filepath.Join(dir, "sesam.json")}).load(s); err != nil {
			t.Fatal(err)
		}
		n := len(s.tables["clients"].rows)
		if n < seen {
			t.Fatalf("the file went back from %d to %d clients", seen, n)
		}
		seen = n
	}
	if seen != 201 {
		t.Errorf("%d clients in the file, want 201", seen)
	}
}

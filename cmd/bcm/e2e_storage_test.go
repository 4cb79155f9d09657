package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bcm/fsm"
)

// Storages die in the middle of copies, and nodes that are needed are drained: what
// was backed up is on two storages all the same, and comes back.
func TestStoragesComeAndGo(t *testing.T) {
	t.Parallel() // most of it is waiting
	g := newTestGrid(t, "--demo=false", "--backup-managers", "2", "--storages", "1")
	source := filepath.Join(t.TempDir(), "source")
	check(t, os.Mkdir(source, 0o755))
	makeTree(t, source, 50, 3)
	noise := make([]byte, 100<<20)
	dice := rand.NewChaCha8([32]byte{3})
	if _, err := dice.Read(noise); err != nil {
		t.Fatal(err)
	}
	check(t, os.WriteFile(filepath.Join(source, "large"), noise, 0o600))
	task := g.newTask(source)
	first := g.waitFor(g.backup(task), "succeeded")
	client := "client-" + strings.TrimPrefix(task, "task-")

	copier := filepath.Join(t.TempDir(), "copier")
	stop := g.slowStorage("copier", copier)
	g.must(http.MethodPatch, "/v1/clients/"+client, object{"copies": 2}, nil)
	g.copying(client)
	stop(syscall.SIGKILL)
	g.slowStorage("copier", copier)
	job := g.copying(client)
	g.kill("storage-1")
	g.restart("storage-1")
	g.whole(client, "storage-1", "copier")
	done := g.waitFor("/v1/jobs/"+job.ID, "succeeded")
	if done.Attempt < 2 {
		t.Errorf("its storage was killed in the middle, and the copy ended in attempt %d", done.Attempt)
	}

	g.slowStorage("heir", filepath.Join(t.TempDir(), "heir"))
	g.drained("storage-1")
	g.whole(client, "copier", "heir")
	g.kill("storage-1")
	g.statusOf("storage-1", "offline")
	g.restoreEqual(first, source)
	g.restoreEqual(g.waitFor(g.backup(task), "succeeded"), source)

	testDrainBackupManager(t, g)
}

// slowStorage runs a storage that takes some seconds to copy a hundred megabytes.
func (g *testGrid) slowStorage(name, dir string) (stop func(syscall.Signal)) {
	g.t.Helper()
	config := writeFile(g.t, dir+".yaml", "storage:\n  copy_rate: 15000000\n")
	args := []string{"--config", config, "--name", name, "--data-dir", dir, "--roles", fsm.RoleStorage, "--listen-storage", "127.0.0.1:0", "--listen-metrics", "127.0.0.1:0"}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		args = append(args, "--join", g.token(1, fsm.RoleStorage)+","+strings.TrimPrefix(g.file.Managers[0].URL, "https://"))
	}
	stop = g.agent(args...)
	g.statusOf(name, "online")
	return stop
}

// copying waits until a copy of a client's data is under way, and not near its end.
func (g *testGrid) copying(client string) (job shownRun) {
	g.t.Helper()
	g.eventually("a copy is under way", func() error {
		var jobs struct{ Items []shownRun }
		if err := g.call(http.MethodGet, "/v1/jobs?kind=copy&repository="+client, nil, &jobs); err != nil {
			return err
		}
		i := slices.IndexFunc(jobs.Items, func(j shownRun) bool { return j.Status == "running" && j.Progress.Bytes > 0 })
		if i < 0 {
			return fmt.Errorf("there are %+v", jobs.Items)
		}
		job = jobs.Items[i]
		return nil
	})
	return job
}

// whole waits until the data of a client is on exactly these storages, all of it.
func (g *testGrid) whole(client string, storages ...string) {
	g.t.Helper()
	g.eventually(fmt.Sprintf("the data is on %v", storages), func() error {
		var r struct {
			Storages []string
			Copies   []struct{ Storage, State string }
		}
		if err := g.call(http.MethodGet, "/v1/repositories/"+client, nil, &r); err != nil {
			return err
		}
		if !slices.Equal(slices.Sorted(slices.Values(r.Storages)), slices.Sorted(slices.Values(storages))) || r.Copies[1].State != "whole" {
			return fmt.Errorf("it is %+v", r.Copies)
		}
		return nil
	})
}

// drained drains a node and waits until it has nothing left.
func (g *testGrid) drained(node string) {
	g.t.Helper()
	g.must(http.MethodPost, "/v1/nodes/"+node+"/drain", nil, nil)
	g.awaitDrained(node)
}

func (g *testGrid) awaitDrained(node string) {
	g.t.Helper()
	g.eventually(node+" is drained", func() error {
		var n struct{ Drained bool }
		if err := g.call(http.MethodGet, "/v1/nodes/"+node, nil, &n); err != nil {
			return err
		}
		if !n.Drained {
			return errors.New("it has something left")
		}
		return nil
	})
}

// A backup manager that drains finishes what it runs, in the same attempt, and gets
// nothing new.
func testDrainBackupManager(t *testing.T, g *testGrid) {
	gate := filepath.Join(t.TempDir(), "gate")
	task := g.slowTask(gate)
	path := g.backup(task)
	first := g.underWay(path)
	g.must(http.MethodPost, "/v1/nodes/"+first.Node+"/drain", nil, nil)
	other := g.underWay(g.backup(g.slowTask(gate)))
	if other.Node == first.Node {
		t.Errorf("%s drains and was given a backup", first.Node)
	}
	check(t, os.WriteFile(gate, nil, 0o600))
	done := g.waitFor(path, "succeeded")
	if done.Attempt != 1 || done.Node != first.Node {
		t.Errorf("it ended in attempt %d on %s, and was begun on %s", done.Attempt, done.Node, first.Node)
	}
	g.awaitDrained(first.Node)
}

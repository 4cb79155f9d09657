package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bcm/cluster/pki"
)

// The goals for the time from the death of a leader to the next acknowledged
// write, on a quiet machine; and what is still borne on a busy one, so that the
// test tells of faults and not of its neighbours.
const (
	failoverMedian = 700 * time.Millisecond
	failoverWorst  = time.Second
	failoverBorne  = 10 * time.Second
)

// The leader is killed ten times while a backup of 100,000 files runs: the
// backup does not notice, and writes are soon accepted again.
func TestLeaderKilledInABackup(t *testing.T) {
	files, trials := 100_000, 10
	if testing.Short() {
		files, trials = 5_000, 3
	}
	g := newTestGrid(t, "--demo=false", "--backup-managers", "1", "--storages", "1")
	source := filepath.Join(t.TempDir(), "source")
	check(t, os.Mkdir(source, 0o755))
	makeTree(t, source, files, 2)

	path := g.backup(g.newTask(source))
	g.eventually("the backup is under way", func() error {
		var r shownRun
		if err := g.call(http.MethodGet, path, nil, &r); err != nil {
			return err
		}
		if r.Status != "running" {
			return errors.New("it is " + r.Status)
		}
		return nil
	})
	var gaps []time.Duration
	during := 0
	for range trials {
		gaps = append(gaps, g.failover())
		var r shownRun
		g.must(http.MethodGet, path, nil, &r)
		if r.Status == "running" {
			during++
		}
	}
	b := g.waitFor(path, "succeeded")
	if b.Attempt != 1 || b.Stats.Files < int64(files) {
		t.Errorf("%+v", b)
	}
	if during == 0 {
		t.Error("the backup was over before a leader was killed")
	}
	slices.Sort(gaps)
	median, worst := (gaps[(len(gaps)-1)/2]+gaps[len(gaps)/2])/2, gaps[len(gaps)-1]
	t.Logf("%d files, %d leaders killed, %d of them in the backup; writes accepted again after %v (median, goal %v), %v (worst, goal %v): %v",
		files, trials, during, median.Round(time.Millisecond), failoverMedian, worst.Round(time.Millisecond), failoverWorst, gaps)
	if worst > failoverBorne {
		t.Errorf("writes were refused for %v", worst)
	}
	g.sameDigests()
}

// failover kills the leader, measures how long writes are not accepted by the
// others, and brings it back.
func (g *testGrid) failover() time.Duration {
	g.t.Helper()
	leader := g.leader()
	left := g.others(leader)
	pid := g.member(leader).PID
	g.kill(leader)
	begin := time.Now()
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	err := poll(ctx, patience, func(ctx context.Context) error {
		var err error
		for _, m := range left {
			name := "write-" + pki.NewID()
			if err = g.callOne(ctx, m.URL, pki.NewID(), http.MethodPost, "/v1/clients", object{"name": name}, nil); err == nil {
				return nil
			}
		}
		return err
	})
	gap := time.Since(begin)
	if err != nil {
		g.t.Fatalf("no write after %v: %v", gap, err)
	}
	g.eventually("the old leader is dead", func() error {
		if alive(pid) {
			return fmt.Errorf("pid %d is alive", pid)
		}
		return nil
	})
	g.restart(leader)
	g.eventually("all managers are healthy", func() error {
		var c struct {
			Members []struct{ Voter, Healthy bool }
		}
		if err := g.call(http.MethodGet, "/v1/cluster", nil, &c); err != nil {
			return err
		}
		for _, m := range c.Members {
			if !m.Voter || !m.Healthy {
				return fmt.Errorf("%+v", c.Members)
			}
		}
		return nil
	})
	return gap
}

package kopia

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	wire "bcm/agent/storage/blob"
)

// onGet calls do once, before the first blob of a prefix is read.
func (w *world) onGet(prefix string, do func()) {
	var once sync.Once
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/"+ns+"/"+prefix) {
				once.Do(do)
			}
			next.ServeHTTP(rw, r)
		})
	})
}

func TestCreate(t *testing.T) {
	w := newWorld(t, Options{})
	dir := t.TempDir()
	source := backup.Source{Paths: []string{dir}}
	_, err := w.engine.Backup(t.Context(), w.repo, source, backup.BackupOptions{}, nil)
	want(t, "backup without a repository", err, backup.ErrNoRepository)
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 4 {
		node := w
		if i > 0 {
			node = w.as("n"+string(rune('1'+i)), storage.Read|storage.Write)
		}
		all.Go(func() {
			err := node.engine.Create(t.Context(), node.repo)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, backup.ErrExists) {
				t.Errorf("create: %v", err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d have created it", won.Load())
	}
	w.backup(dir)
	want(t, "again", w.engine.Create(t.Context(), w.repo), backup.ErrExists)
	wrong := w.repo
	wrong.Password = "other"
	_, err = w.engine.Backup(t.Context(), wrong, source, backup.BackupOptions{}, nil)
	want(t, "wrong password", err, backup.ErrWrongKey)
	foreign := w.repo
	foreign.Namespace = "ns2"
	_, err = w.engine.Backup(t.Context(), foreign, source, backup.BackupOptions{}, nil)
	want(t, "another's namespace", err, backup.ErrForbidden)
	want(t, "create in another's namespace", w.engine.Create(t.Context(), foreign), backup.ErrForbidden)
}

func TestBackupGoesOnWhenTheStorageComesBack(t *testing.T) {
	w := newRepository(t, Options{Parallel: 2})
	dir := t.TempDir()
	grow(t, dir, 600, 50_000) // three packs
	away := make(chan struct{})
	w.onPut("p", func(n int32) {
		if n == 2 {
			go func() {
				w.Kill()
				close(away)
			}()
			<-away
		}
	})
	back := make(chan struct{})
	go func() {
		<-away
		time.AfterFunc(300*time.Millisecond, func() { w.Resume(); close(back) })
	}()
	snap := w.backup(dir)
	<-back
	if snap.Files != 600 || snap.WarningCount != 0 {
		t.Errorf("%+v", snap)
	}
	w.verify()
	same(t, dir, w.restore(snap.ID))
}

func TestBackupFailsWhenTheStorageStaysAway(t *testing.T) {
	w := newRepository(t, Options{Storage: wire.Options{Wait: 100 * time.Millisecond}})
	dir := t.TempDir()
	grow(t, dir, 400, 30_000)
	var gone sync.Once
	w.onPut("p", func(int32) { gone.Do(w.Kill) })
	_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	want(t, "away", err, backup.ErrUnavailable)
	w.Wrap(nil)
	w.Resume()
	// What was left behind is in nobody's way: neither on the storage nor in the cache.
	next := *w
	next.engine = newEngine(t, Options{})
	snap := next.backup(dir)
	next.verify()
	same(t, dir, next.restore(snap.ID))
}

func TestCheckpointsSurviveACrash(t *testing.T) {
	w := newRepository(t, Options{Checkpoint: 50 * time.Millisecond, Parallel: 1, Storage: wire.Options{Wait: time.Millisecond}})
	dir := t.TempDir()
	grow(t, dir, 1500, 10_000)
	var stored atomic.Int32
	w.Wrap(func(next http.Handler) http.Handler { // a storage slow enough for checkpoints, that dies after some
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r)
			if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/v1/"+ns+"/x") && stored.Add(1) == 3 {
				w.Kill()
			}
		})
	})
	_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1", Run: "r1"}, nil)
	want(t, "crash", err, backup.ErrUnavailable)
	w.Wrap(nil)
	w.Resume()
	next := *w
	next.engine = newEngine(t, Options{})
	if all := next.list(backup.Filter{}); len(all) != 0 {
		t.Errorf("listed: %+v", all)
	}
	begun := next.list(backup.Filter{Incomplete: true, Run: "r1"})
	if len(begun) == 0 {
		t.Fatal("no checkpoint was stored")
	}
	next.verify()
	snap := next.backup(dir)
	if snap.Files != 1500 || snap.NewFiles == 1500 {
		t.Errorf("it began again: %+v", snap)
	}
	if all := next.list(backup.Filter{Incomplete: true}); len(all) != 1 {
		t.Errorf("checkpoints stay: %+v", all)
	}
	next.verify()
	same(t, dir, next.restore(snap.ID))
}

func TestDamageIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(path string) error
		percent float64 // that is enough to find it
	}{
		"flipped bits": {func(p string) error { return flip(p) }, 100},
		"pack missing": {os.Remove, 0},
		"pack shorter": {func(p string) error { return os.Truncate(p, 1000) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRepository(t, Options{})
			dir := t.TempDir()
			grow(t, dir, 60, 20_000)
			snap := w.backup(dir)
			if err := c.spoil(w.packs()[0]); err != nil {
				t.Fatal(err)
			}
			w.Reopen()
			report, err := w.engine.Verify(t.Context(), w.repo, backup.VerifyOptions{Percent: c.percent, Snapshots: []backup.SnapshotID{snap.ID}}, nil)
			want(t, "verify", err, backup.ErrCorrupt)
			if len(report.Hit) != 1 || report.Hit[0] != snap.ID {
				t.Errorf("hit: %v", report.Hit)
			}
			if report.ProblemCount == 0 || len(report.Problems) == 0 || !strings.HasPrefix(report.Problems[0].Path, string(snap.ID)+":/d") || report.Files != 60 {
				t.Errorf("%+v", report)
			}
			fresh := *w
			fresh.engine, fresh.repo.CacheDir = newEngine(t, Options{}), t.TempDir()
			target := t.TempDir()
			stats, err := fresh.engine.Restore(t.Context(), fresh.repo, snap.ID, "/", backup.Target{Dir: target}, nil)
			want(t, "restore", err, backup.ErrCorrupt)
			if stats.Failed != report.ProblemCount || stats.Files+stats.Failed != 60 {
				t.Errorf("verification found %d, restore %+v", report.ProblemCount, stats)
			}
			original := look(t, dir)
			for path, text := range look(t, target) { // what is there is right
				if path != "." && original[path] != text {
					t.Errorf("%s is %s, was %s", path, text, original[path])
				}
			}
		})
	}
}

// All backups are named that have what is damaged, though it is looked at once.
func TestDamageNamesAllBackupsThatItHits(t *testing.T) {
	w := newRepository(t, Options{})
	first, second := t.TempDir(), t.TempDir()
	grow(t, first, 60, 20_000)
	hit := []backup.SnapshotID{w.backup(first).ID}
	damaged := w.packs()
	plant(t, first, map[string]string{"new": "file"})
	hit = append(hit, w.backup(first).ID)
	plant(t, second, map[string]string{"f": "whole"})
	whole := w.backup(second).ID
	for _, path := range damaged {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	w.Reopen()
	report, err := w.engine.Verify(t.Context(), w.repo, backup.VerifyOptions{}, nil)
	want(t, "verify", err, backup.ErrCorrupt)
	slices.Sort(hit)
	if !slices.Equal(report.Hit, hit) || report.Snapshots != 3 || slices.Contains(report.Hit, whole) {
		t.Errorf("hit %v, want %v", report.Hit, hit)
	}
}

// flip changes a few bytes in the middle of a file.
func flip(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("rot"), info.Size()/2)
	return errors.Join(err, f.Close())
}

func TestAttemptsOfARun(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "x"})
	attempt := func(run string, n int32, index uint64) (backup.Snapshot, error) {
		return w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}},
			backup.BackupOptions{Client: "c1", Task: "t1", Run: run, Attempt: n, Fence: backup.Fence{Epoch: 1, Index: index}}, nil)
	}
	other, err := attempt("r0", 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	first, err := attempt("r1", 1, 10)
	if err != nil || first.Run != "r1" || first.Attempt != 1 || first.Fence.Index != 10 {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := attempt("r1", 2, 20) // the first one's result was lost
	if err != nil {
		t.Fatal(err)
	}
	_, err = attempt("r1", 1, 10) // it wakes up and goes on
	want(t, "a late attempt", err, backup.ErrFenced)
	all := w.list(backup.Filter{})
	if len(all) != 2 || all[0].ID != other.ID || all[1].ID != second.ID || all[1].Attempt != 2 || all[1].Task != "t1" || all[1].Client != "c1" {
		t.Errorf("%+v", all)
	}
}

func TestForget(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "x"})
	var ids []backup.SnapshotID
	for range 6 {
		ids = append(ids, w.backup(dir).ID)
	}
	other, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c2"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	forget := func(keep backup.Retention, ids ...backup.SnapshotID) int {
		t.Helper()
		gone, err := w.engine.Forget(t.Context(), w.repo, keep, ids...)
		if err != nil {
			t.Error(err)
		}
		return len(gone)
	}
	if n := forget(backup.Retention{}, ids[0], "ffffffffffffffffffffffffffffffff"); n != 1 {
		t.Errorf("by id: %d", n)
	}
	if n := forget(backup.Retention{}, ids[0]); n != 0 {
		t.Errorf("again: %d", n)
	}
	if n := forget(backup.Retention{}); n != 0 {
		t.Errorf("a retention that keeps nothing is none: %d", n)
	}
	if n := forget(backup.Retention{Last: 2}, ids[1]); n != 3 {
		t.Errorf("keep 2 of 5: %d", n)
	}
	// A run of another node sees it too.
	node := w.as("n2", storage.Read)
	all := node.list(backup.Filter{})
	if len(all) != 3 || all[0].ID != ids[4] || all[1].ID != ids[5] || all[2].ID != other.ID {
		t.Errorf("%+v", all)
	}
	_, err = node.engine.Forget(t.Context(), node.repo, backup.Retention{}, ids[4])
	want(t, "one that may only read", err, backup.ErrForbidden)
	w.verify()
}

func TestCancelledCommandDies(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	script := "sleep 1000 & echo $! $$ > " + pids + ".new; mv " + pids + ".new " + pids + "; seq 1 100000000; wait"
	_, err := w.engine.Backup(ctx, w.repo, backup.Source{Command: []string{"sh", "-c", script}, Name: "x"}, backup.BackupOptions{}, func(e backup.Event) {
		if _, err := os.Stat(pids); err == nil {
			cancel()
		}
	})
	want(t, "cancelled", err, backup.ErrCanceled)
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for pid := range strings.FieldsSeq(string(text)) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			t.Errorf("process %s lives on: %s", pid, stat)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
	if all := w.list(backup.Filter{Incomplete: true}); len(all) != 0 {
		t.Errorf("stored: %+v", all)
	}
}

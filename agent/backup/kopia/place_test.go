package kopia

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/fsm"

	"golang.org/x/sys/unix"
)

// told writes the changes of a restore as "new 2 a b".
func told(s backup.RestoreStats) string {
	var all []string
	for _, c := range s.Changes {
		all = append(all, fmt.Sprintf("%s %d %s", c.Kind, c.Count, strings.Join(c.Paths, " ")))
	}
	return strings.Join(all, "; ")
}

// mixed is a snapshot, and a target that has some of it as it is, some of it
// differently, and something else.
func mixed(t *testing.T) (w *world, snap backup.Snapshot, dir, target string) {
	t.Helper()
	w = newRepository(t, Options{})
	dir, target = t.TempDir(), t.TempDir()
	plant(t, dir, map[string]string{"equal": "stored", "other": "stored", "sub/new": "stored", "sub/deep/er": "stored"})
	if err := os.Symlink("equal", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	snap = w.backup(dir)
	plant(t, target, map[string]string{"equal": "stored", "other": "there", "extra": "there"})
	info, err := os.Lstat(filepath.Join(dir, "equal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(target, "equal"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	return w, snap, dir, target
}

// A dry run says what would change, the restore does the same, and the dry run has
// changed nothing.
func TestDryRunSaysWhatARestoreDoes(t *testing.T) {
	for rule, says := range map[fsm.Overwrite]string{
		fsm.Never:  "new 3 link sub/deep/er sub/new; skipped 1 other; same 1 equal",
		fsm.Always: "new 3 link sub/deep/er sub/new; replaced 1 other; same 1 equal",
		fsm.Beside: "new 3 link sub/deep/er sub/new; beside 1 other.restored-T; same 1 equal",
	} {
		t.Run(string(rule), func(t *testing.T) {
			w, snap, _, target := mixed(t)
			before := look(t, target)
			to := backup.Target{Dir: target, Overwrite: rule, Stamp: "T", DryRun: true}
			stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", to, nil)
			if got := told(stats); err != nil || got != says {
				t.Errorf("%s, %v, want %s", got, err, says)
			}
			differ(t, before, look(t, target))
			to.DryRun = false
			stats, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", to, nil)
			if got := told(stats); err != nil || got != says {
				t.Errorf("then restored %s, %v, want %s", got, err, says)
			}
		})
	}
}

func TestDryRunOfANewPlaceMakesNone(t *testing.T) {
	w, snap, _, _ := mixed(t)
	place := filepath.Join(t.TempDir(), "a", "b")
	stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: place, DryRun: true}, nil)
	if got := told(stats); err != nil || got != "new 5 equal link other sub/deep/er sub/new" || stats.Bytes != 24 {
		t.Errorf("%s %+v, %v", got, stats, err)
	}
	if _, err := os.Lstat(filepath.Dir(place)); !os.IsNotExist(err) {
		t.Errorf("made: %v", err)
	}
}

func TestRestoreBeside(t *testing.T) {
	w, snap, dir, target := mixed(t)
	plant(t, target, map[string]string{"sub": "a file where a folder belongs"})
	to := backup.Target{Dir: target, Overwrite: fsm.Beside, Stamp: "T"}
	stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", to, nil)
	if err != nil || stats.Failed != 0 {
		t.Fatalf("%+v, %v", stats, err)
	}
	for name, text := range map[string]string{"other": "there", "other.restored-T": "stored", "sub": "a file where a folder belongs", "extra": "there"} {
		if got, err := os.ReadFile(filepath.Join(target, name)); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	same(t, filepath.Join(dir, "sub"), filepath.Join(target, "sub.restored-T"))
	before := look(t, target)
	stats, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", to, nil) // tried again
	if err != nil || stats.Same != 5 || stats.Files+stats.Links != 0 {
		t.Errorf("again: %+v, %v", stats, err)
	}
	differ(t, before, look(t, target))
	plant(t, target, map[string]string{"other.restored-T": "taken too"})
	_, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", to, nil)
	want(t, "the name beside is taken", err, backup.ErrTarget)
}

// A restore that was cut goes on where it was: what is there and equal is not fetched.
func TestRestoreTriedAgainFetchesTheRest(t *testing.T) {
	w := newRepository(t, Options{})
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "t")
	grow(t, dir, 300, 20_000)
	snap := w.backup(dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stats, err := w.engine.Restore(ctx, w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: fsm.Always},
		func(e backup.Event) {
			if e.Files > 20 {
				cancel()
			}
		})
	if err == nil { // it was faster than its events
		t.Logf("not cut: %+v", stats)
	}
	cut := 0
	for path := range look(t, target) {
		if strings.HasPrefix(filepath.Base(path), "f0") {
			cut++
		}
	}
	var fetched atomic.Int64
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			fetched.Add(1)
			next.ServeHTTP(rw, r)
		})
	})
	stats, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: fsm.Always}, nil)
	if err != nil || stats.Same != int64(cut) || stats.Files != int64(300-cut) || stats.Bytes != int64(300-cut)*20_000 {
		t.Errorf("after %d: %+v, %v", cut, stats, err)
	}
	for path, text := range look(t, dir) {
		if path != "." && look(t, target)[path] != text {
			t.Errorf("%s is %s, was %s", path, look(t, target)[path], text)
			break
		}
	}
	before := fetched.Load()
	stats, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: fsm.Never}, nil)
	if err != nil || stats.Same != 300 || stats.Bytes != 0 {
		t.Errorf("once more: %+v, %v, %d requests", stats, err, fetched.Load()-before)
	}
}

// Of equal size and time, a file of another mode is another file.
func TestEqualIsSizeTimeAndMode(t *testing.T) {
	w, snap, _, target := mixed(t)
	if err := os.Chmod(filepath.Join(target, "equal"), 0o600); err != nil {
		t.Fatal(err)
	}
	stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: fsm.Always}, nil)
	if got := told(stats); err != nil || !strings.Contains(got, "replaced 2 equal other") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRestoreOnlySome(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a/b/one": "1", "a/b/two": "2", "a/three": "3", "a/c/four": "4", "five": "5"})
	snap := w.backup(dir)
	for name, c := range map[string]struct {
		path, want string
		only       []string
	}{
		"files":         {"/a", "b b/two three", []string{"b/two", "three"}},
		"a folder":      {"/", "a a/b a/b/one a/b/two five", []string{"a/b", "five"}},
		"one in other":  {"/", "a a/b a/b/one a/b/two", []string{"a/b", "a/b/one"}},
		"other order":   {"/", "a a/b a/b/one a/b/two", []string{"a/b/one", "a/b"}},
		"nested deeper": {"/", "a a/b a/b/one a/c a/c/four", []string{"a/c", "a/b/one"}},
	} {
		target := filepath.Join(t.TempDir(), "t")
		stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, c.path, backup.Target{Dir: target, Only: c.only}, nil)
		if err != nil || stats.Failed != 0 {
			t.Errorf("%s: %+v, %v", name, stats, err)
		}
		var got []string
		for path := range orderly(look(t, target)) {
			if path != "." {
				got = append(got, path)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
	for _, missing := range []string{"a/nothing", "five/below", "../five", "a/../five"} {
		target := filepath.Join(t.TempDir(), "t")
		_, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Only: []string{"a/three", missing}}, nil)
		want(t, missing, err, backup.ErrNotFound)
		if _, err := os.Lstat(target); !os.IsNotExist(err) {
			t.Errorf("%s: something was restored", missing)
		}
	}
}

func TestRestoreToTheOrigin(t *testing.T) {
	w := newRepository(t, Options{})
	base := t.TempDir()
	plant(t, base, map[string]string{"x/data/a": "a", "x/data/sub/b": "b", "y/data/c": "c", "etc/hosts": "h"})
	sources := []string{filepath.Join(base, "x/data"), filepath.Join(base, "y/data"), filepath.Join(base, "etc/hosts")}
	all, one := w.backup(sources...), w.backup(sources[0])
	before := look(t, base)
	for _, gone := range []string{"x/data/sub", "y/data", "etc"} {
		if err := os.RemoveAll(filepath.Join(base, gone)); err != nil {
			t.Fatal(err)
		}
	}
	plant(t, base, map[string]string{"x/data/a": "changed since"})
	stats, err := w.engine.Restore(t.Context(), w.repo, all.ID, "/", backup.Target{Origin: true, Overwrite: fsm.Always}, nil)
	if err != nil || !strings.Contains(told(stats), "replaced 1 "+sources[0]+"/a") {
		t.Errorf("%s, %v", told(stats), err)
	}
	after := look(t, base)
	for _, path := range []string{"x/data/a", "x/data/sub", "x/data/sub/b", "y/data", "y/data/c", "etc/hosts"} {
		if after[path] != before[path] {
			t.Errorf("%s is %s, was %s", path, after[path], before[path])
		}
	}
	if err := os.RemoveAll(filepath.Join(base, "x/data/sub")); err != nil {
		t.Fatal(err)
	}
	stats, err = w.engine.Restore(t.Context(), w.repo, one.ID, "/sub", backup.Target{Origin: true}, nil)
	if got := told(stats); err != nil || got != "new 1 "+sources[0]+"/sub/b" {
		t.Errorf("a folder of one source: %s, %v", got, err)
	}
}

func TestWhatHasNoOrigin(t *testing.T) {
	w := newRepository(t, Options{})
	source := backup.Source{Command: []string{"echo", "dump"}, Name: "dump.sql"}
	snap, err := w.engine.Backup(t.Context(), w.repo, source, backup.BackupOptions{Client: "c1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Origin: true}, nil)
	want(t, "of a command", err, backup.ErrTarget)
}

// Sparse files stay sparse, and times and modes of what lies in each other come back.
func TestRestoreKeepsHoles(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "holes"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteAt([]byte("end"), 64<<20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1_500_000_000, 123_456_789)
	if err := os.Chtimes(filepath.Join(dir, "holes"), when, when); err != nil {
		t.Fatal(err)
	}
	got := w.restore(w.backup(dir).ID)
	same(t, dir, got)
	if was, is := blocks(t, filepath.Join(dir, "holes")), blocks(t, filepath.Join(got, "holes")); is > was+256 {
		t.Errorf("%d blocks on disk, were %d", is, was)
	}
}

func blocks(t *testing.T, path string) int64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks
}

// orderly ranges over the keys of a map in their order.
func orderly[V any](m map[string]V) iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(m)))
}

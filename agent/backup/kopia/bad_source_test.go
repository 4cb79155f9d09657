package kopia

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"
)

// Paths that overlap are refused where tasks are made. Links can make them overlap all
// the same: then each is kept whole, and what is the same is stored once.
func TestSourcesThatOverlap(t *testing.T) {
	w := newRepository(t, Options{})
	base := t.TempDir()
	outer := filepath.Join(base, "outer")
	grow(t, outer, 50, 10_000)
	link := filepath.Join(base, "link")
	if err := os.Symlink(filepath.Join(outer, "d07"), link); err != nil {
		t.Fatal(err)
	}
	snap := w.backup(outer, link, outer)
	if snap.Files != 101 || snap.WarningCount != 0 {
		t.Errorf("%+v", snap)
	}
	if once := w.used(); once > 700_000 {
		t.Errorf("%d bytes were stored for 500000", once)
	}
	got := w.restore(snap.ID)
	entries, err := os.ReadDir(got)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v %v", entries, err)
	}
	for _, e := range entries {
		want := outer
		if e.Name() == "link" {
			want = filepath.Join(outer, "d07")
		}
		same(t, want, filepath.Join(got, e.Name()))
	}
}

// What vanishes while it is read is left out, and the rest is kept. When all of it does,
// the backup does not succeed with nothing.
func TestSourceThatVanishesInMidRun(t *testing.T) {
	for name, c := range map[string]struct {
		gone string // below the source
		all  bool
	}{"a folder": {gone: "d49"}, "all": {all: true}} {
		t.Run(name, func(t *testing.T) {
			w := newRepository(t, Options{Parallel: 1})
			dir := filepath.Join(t.TempDir(), "source")
			grow(t, dir, 500, 50_000) // two packs
			w.onPut("p", func(n int32) {
				if n == 1 {
					if err := os.RemoveAll(filepath.Join(dir, c.gone)); err != nil {
						t.Error(err)
					}
				}
			})
			snap, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
			w.Wrap(nil)
			w.verify()
			if c.all {
				want(t, "all of it", err, backup.ErrSource)
				if left := w.list(backup.Filter{}); len(left) != 0 || err != nil && !strings.Contains(err.Error(), "no such file") {
					t.Errorf("%v, and listed is %+v", err, left)
				}
				return
			}
			if err != nil || snap.Files == 500 || snap.Files < 150 {
				t.Fatalf("%+v, %v", snap, err)
			}
			got := w.restore(snap.ID)
			if files := look(t, got); len(files) < 150 {
				t.Errorf("%d restored", len(files))
			}
		})
	}
}

// A storage that is full in the middle of a backup ends it, with what was there before
// untouched; once there is room the next one goes well.
func TestStorageThatIsFullInMidRun(t *testing.T) {
	w := newRepository(t, Options{Parallel: 2})
	before := t.TempDir()
	plant(t, before, map[string]string{"kept": "before"})
	kept := w.backup(before)
	dir := t.TempDir()
	grow(t, dir, 600, 60_000) // four packs
	var tried atomic.Int32
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && tried.Add(1) > 2 {
				rw.Header().Set(wire.HeaderError, wire.CodeFull)
				rw.WriteHeader(http.StatusInsufficientStorage)
				return
			}
			next.ServeHTTP(rw, r)
		})
	})
	_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t2"}, nil)
	want(t, "full", err, backup.ErrQuota)
	if tried.Load() > 8 {
		t.Errorf("it went on for %d blobs", tried.Load())
	}
	w.Wrap(nil)
	if all := w.list(backup.Filter{Incomplete: true}); len(all) != 1 || all[0].ID != kept.ID {
		t.Errorf("listed: %+v", all)
	}
	w.verify()
	same(t, before, w.restore(kept.ID))
	same(t, dir, w.restore(w.backup(dir).ID))
}

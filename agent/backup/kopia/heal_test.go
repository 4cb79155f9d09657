package kopia

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	wire "bcm/agent/storage/blob"
	"bcm/agent/storage/storagetest"

	"github.com/kopia/kopia/repo"
	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/maintenance"
)

// blobs returns the files of the storage that hold blobs of a kind.
func (w *world) blobs(kind string) []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.Dir, "blobs", ns, "*", kind+"*"))
	if err != nil || len(found) == 0 {
		w.t.Fatalf("no blobs %s: %v", kind, err)
	}
	return found
}

// lose takes files from the storage and returns a way to put them back.
func (w *world) lose(paths ...string) (back func()) {
	w.t.Helper()
	kept := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			w.t.Fatal(err)
		}
		kept[path] = data
	}
	w.Reopen()
	return func() {
		w.t.Helper()
		for path, data := range kept {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				w.t.Fatal(err)
			}
		}
		w.Reopen()
	}
}

// anew is the same node with nothing in its memory and its cache.
func (w *world) anew() *world {
	w.t.Helper()
	next := *w
	next.engine, next.repo.CacheDir = newEngine(w.t, Options{}), w.t.TempDir()
	return &next
}

// healed tells whether a backup says that it has stored again what was lost.
func healed(s backup.Snapshot) bool {
	return slices.ContainsFunc(s.Warnings, func(w backup.Warning) bool {
		return w.Path == "repository" && strings.HasPrefix(w.Reason, "healed: ")
	})
}

// marks counts the contents that are marked as deleted.
func (w *world) marks() (n int) {
	w.t.Helper()
	w.write(func(ctx context.Context, rw repo.RepositoryWriter) error {
		return rw.(repo.DirectRepositoryWriter).ContentReader().IterateContents(ctx, content.IterateOptions{IncludeDeleted: true}, func(c content.Info) error {
			if c.Deleted {
				n++
			}
			return nil
		})
	})
	return n
}

// A backup that succeeds can be restored, whatever the storage has lost before.
func TestBackupHealsWhatIsLost(t *testing.T) {
	for name, spoil := range map[string]func(w *world){
		"all data": func(w *world) { w.lose(w.packs()...) },
		"one pack": func(w *world) { w.lose(w.packs()[0]) },
		"pack shorter": func(w *world) {
			if err := os.Truncate(w.packs()[0], 1000); err != nil {
				w.t.Fatal(err)
			}
			w.Reopen()
		},
	} {
		for _, node := range []string{"the same node", "another node"} {
			t.Run(name+", "+node, func(t *testing.T) {
				w := newRepository(t, Options{})
				dir := t.TempDir()
				grow(t, dir, 400, 60_000) // three packs
				plant(t, dir, map[string]string{"big": strings.Repeat("0123456789abcdef", 1<<19)})
				w.backup(dir)
				spoil(w)
				if node == "another node" {
					w = w.as("n2", storage.Read|storage.Write)
				}
				second := w.backup(dir)
				if !healed(second) || second.WarningCount != 1 || second.NewBytes < 1000 || second.Files != 401 {
					t.Errorf("%+v", second)
				}
				w.verify()
				same(t, dir, w.anew().restore(second.ID))
				if n := w.marks(); n != 0 {
					t.Errorf("%d contents are marked as deleted", n)
				}
				third := w.backup(dir)
				if third.WarningCount != 0 || third.NewBytes > 1<<20 || third.NewFiles != 0 {
					t.Errorf("after it was healed: %+v", third)
				}
			})
		}
	}
}

// What no backup has any more stays lost, is told of the old backups, and costs later
// ones nothing.
func TestHealingLeavesWhatIsNotThereAnyMore(t *testing.T) {
	c := &clock{}
	w := newRepositoryOn(t, storagetest.Start(t, storage.Options{MinAge: time.Nanosecond, Clock: c.now}), Options{now: c.now})
	dir := t.TempDir()
	grow(t, dir, 100, 20_000)
	plant(t, dir, map[string]string{"gone": "content that is nowhere else", "changed": "before"})
	first := w.backup(dir)
	w.lose(w.packs()...)
	if err := os.Remove(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	plant(t, dir, map[string]string{"changed": "after it", "new": "file"})
	second := w.backup(dir)
	report, err := w.engine.Verify(t.Context(), w.repo, backup.VerifyOptions{Percent: 100}, nil)
	want(t, "verify", err, backup.ErrCorrupt)
	if !healed(second) || !slices.Equal(report.Hit, []backup.SnapshotID{first.ID}) || report.ProblemCount != 2 {
		t.Errorf("%+v, %+v", second, report)
	}
	same(t, dir, w.anew().restore(second.ID))
	third := w.backup(dir)
	if third.WarningCount != 0 || third.NewFiles != 0 {
		t.Errorf("%+v", third)
	}
	// Kopia prunes as if nothing had happened, and keeps what was healed: with what is
	// lost still needed by a backup, and when that is gone.
	w.Allow("n1", ns, storage.Read|storage.Write|storage.Delete)
	for _, gone := range []backup.SnapshotID{"", first.ID} {
		if len(w.missed()) == 0 || len(w.Store.Lost(ns)) == 0 {
			t.Error("what a backup needs is forgotten")
		}
		if _, err := w.engine.Forget(t.Context(), w.repo, backup.Retention{}, gone); err != nil {
			t.Fatal(err)
		}
		w.maintain(c, 2)
	}
	w.verify()
	same(t, dir, w.anew().restore(third.ID))
	if missed, lost := w.missed(), w.Store.Lost(ns); len(missed) != 0 || len(lost) != 0 {
		t.Errorf("the index still refers to %v, the storage misses %v", missed, lost)
	}
}

// maintain prunes without kopia's margins, in which the clock counts whole seconds.
func (w *world) maintain(c *clock, times int) {
	w.t.Helper()
	for range times {
		c.advance(2 * time.Second)
		if _, err := w.engine.prune(w.t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone); err != nil {
			w.t.Errorf("prune: %v", err)
		}
	}
}

// missed gives the packs that the index refers to and the storage does not have.
func (w *world) missed() (lost map[kblob.ID]bool) {
	w.t.Helper()
	w.write(func(ctx context.Context, rw repo.RepositoryWriter) (err error) {
		lost, err = lostPacks(ctx, rw.(repo.DirectRepositoryWriter), content.IterateOptions{IncludeDeleted: true})
		return err
	})
	return lost
}

// What is healed and then comes back from a copy is in nobody's way.
func TestHealedPackComesBack(t *testing.T) {
	w := newRepository(t, Options{})
	w.Allow("n1", ns, storage.Read|storage.Write|storage.Delete)
	dir := t.TempDir()
	grow(t, dir, 100, 20_000)
	gone := filepath.Join(dir, "gone")
	plant(t, dir, map[string]string{"gone": "content that is nowhere else"})
	first := w.backup(dir)
	original := t.TempDir()
	if err := os.CopyFS(original, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	back := w.lose(w.packs()...)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	second := w.backup(dir)
	back()
	w.verify()
	if _, err := w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone); err != nil {
		t.Errorf("prune: %v", err)
	}
	w.verify()
	same(t, dir, w.anew().restore(second.ID))
	text, err := os.ReadFile(filepath.Join(w.anew().restore(first.ID), "gone"))
	if err != nil || string(text) != "content that is nowhere else" {
		t.Errorf("%q, %v", text, err)
	}
}

// Several nodes that heal at once do not undo what the others have stored.
func TestSeveralHealAtOnce(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 400, 60_000)
	for i := range 400 { // the same content again, for the goroutines of one backup to race for
		text, err := os.ReadFile(filepath.Join(dir, "d00", "f00000"))
		if err != nil {
			t.Fatal(err)
		}
		plant(t, dir, map[string]string{filepath.Join("same", "f"+string(rune('a'+i%26))+strings.Repeat("x", i/26)): string(text)})
	}
	w.backup(dir)
	w.lose(w.packs()...)
	ids := make([]backup.SnapshotID, 3)
	var all sync.WaitGroup
	for i := range ids {
		node := w.as("m"+string(rune('1'+i)), storage.Read|storage.Write)
		node.engine = newEngine(t, Options{Parallel: 8})
		all.Go(func() {
			s, err := node.engine.Backup(t.Context(), node.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: node.repo.CacheDir}, nil)
			if err != nil {
				t.Errorf("backup: %v", err)
			}
			ids[i] = s.ID
		})
	}
	all.Wait()
	w.verify()
	for _, id := range ids {
		same(t, dir, w.anew().restore(id))
	}
	if n := w.marks(); n != 0 {
		t.Errorf("%d contents are marked as deleted", n)
	}
}

// A backup that dies while it heals leaves nothing that the next one cannot mend.
func TestHealingBreaksOff(t *testing.T) {
	w := newRepository(t, Options{Checkpoint: 20 * time.Millisecond, Parallel: 2, Storage: wire.Options{Wait: time.Millisecond}})
	dir := t.TempDir()
	grow(t, dir, 1500, 20_000)
	w.backup(dir)
	w.lose(w.packs()...)
	w.onPut("p", func(n int32) {
		if n == 3 {
			w.Kill()
		}
	})
	_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	want(t, "crash", err, backup.ErrUnavailable)
	w.Wrap(nil)
	w.Resume()
	next := w.anew()
	snap := next.backup(dir)
	if !healed(snap) {
		t.Errorf("%+v", snap)
	}
	next.verify()
	same(t, dir, next.restore(snap.ID))
}

// The output of a command is stored again too.
func TestHealedCommand(t *testing.T) {
	w := newRepository(t, Options{})
	source := backup.Source{Command: []string{"seq", "1", "300000"}, Name: "numbers"}
	if _, err := w.engine.Backup(t.Context(), w.repo, source, backup.BackupOptions{Client: "c1"}, nil); err != nil {
		t.Fatal(err)
	}
	w.lose(w.packs()...)
	snap, err := w.engine.Backup(t.Context(), w.repo, source, backup.BackupOptions{Client: "c1"}, nil)
	if err != nil || !healed(snap) {
		t.Errorf("%+v, %v", snap, err)
	}
	w.verify()
}

// Directories and the list of snapshots lie in packs of their own kind. A node that
// has copies in its cache puts them back; one that has none says what is wrong and
// makes no backup that nobody could find.
func TestLostDirectories(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 60, 20_000)
	first := w.backup(dir)
	early := w.blobs("q")
	plant(t, dir, map[string]string{"new": "file"})
	w.backup(dir)
	w.lose(append(w.packs(), early...)...)
	other := w.anew()
	_, err := other.engine.Backup(t.Context(), other.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	want(t, "a node without a cache", err, backup.ErrCorrupt)
	snap := w.backup(dir)
	if !healed(snap) {
		t.Errorf("%+v", snap)
	}
	report, err := w.engine.Verify(t.Context(), w.repo, backup.VerifyOptions{Percent: 100}, nil)
	want(t, "verify", err, backup.ErrCorrupt) // the first one's root is in no later backup
	if !slices.Equal(report.Hit, []backup.SnapshotID{first.ID}) || report.ProblemCount != 1 || report.Snapshots != 3 {
		t.Errorf("%+v", report)
	}
	same(t, dir, w.anew().restore(snap.ID))
	if again := w.anew().backup(dir); again.WarningCount != 0 || again.NewFiles != 0 {
		t.Errorf("%+v", again)
	}
}

package kopia

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/fsm"

	"github.com/kopia/kopia/snapshot"
	"golang.org/x/sys/unix"
)

func TestRestoreOverWhatIsThere(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"same": "stored", "older": "stored", "newer": "stored", "missing": "stored", "sub/f": "stored"})
	if err := os.Symlink("stored", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1_600_000_000, 0)
	for _, name := range []string{"same", "older", "newer", "missing", "sub/f"} {
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	snap := w.backup(dir)
	for rule, c := range map[fsm.Overwrite]struct {
		replaced string
		skipped  int64
	}{
		"":          {"missing sub/f", 4},
		fsm.Never:   {"missing sub/f", 4},
		fsm.IfNewer: {"missing older sub/f", 3},
		fsm.Always:  {"link missing newer older same sub/f", 0},
	} {
		t.Run("overwrite "+string(rule), func(t *testing.T) {
			target := t.TempDir()
			plant(t, target, map[string]string{"same": "there", "older": "there", "newer": "there", "extra": "there"})
			if err := os.Symlink("there", filepath.Join(target, "link")); err != nil {
				t.Fatal(err)
			}
			for name, at := range map[string]time.Time{"same": when, "older": when.Add(-time.Hour), "newer": when.Add(time.Hour)} {
				if err := os.Chtimes(filepath.Join(target, name), at, at); err != nil {
					t.Fatal(err)
				}
			}
			stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: rule}, nil)
			if err != nil || stats.Skipped != c.skipped || stats.Failed != 0 {
				t.Errorf("%+v, %v", stats, err)
			}
			var replaced []string
			for _, name := range []string{"link", "missing", "newer", "older", "same", "sub/f"} {
				content, err := os.ReadFile(filepath.Join(target, name))
				if name == "link" {
					var to string
					to, err = os.Readlink(filepath.Join(target, name))
					content = []byte(to)
				}
				if err == nil && string(content) == "stored" {
					replaced = append(replaced, name)
				}
			}
			if got := strings.Join(replaced, " "); got != c.replaced {
				t.Errorf("restored %q, want %q", got, c.replaced)
			}
			if extra, err := os.ReadFile(filepath.Join(target, "extra")); err != nil || string(extra) != "there" {
				t.Errorf("what was not asked about: %q, %v", extra, err)
			}
		})
	}
}

func TestRestorePaths(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a/b/one": "1", "a/b/two": "2", "a/three": "3"})
	snap := w.backup(dir)
	for name, c := range map[string]struct{ path, want, differs string }{
		"folder":   {"/a/b", "one two", ""},
		"slashes":  {"//a//b/", "one two", ""},
		"file":     {"/a/three", "three", ""},
		"all":      {"", "a", ""},
		"missing":  {"/a/nothing", "", "not found"},
		"dots":     {"/a/../a", "", "not found"},
		"a file/f": {"/a/three/x", "", "not found"},
	} {
		target := filepath.Join(t.TempDir(), "new", "place")
		stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, c.path, backup.Target{Dir: target}, nil)
		if c.differs != "" {
			want(t, name, err, backup.ErrNotFound)
			continue
		}
		var got []string
		entries, readErr := os.ReadDir(target)
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if err != nil || readErr != nil || strings.Join(got, " ") != c.want || stats.Files == 0 {
			t.Errorf("%s: %v %+v %v %v", name, got, stats, err, readErr)
		}
	}
	for name, target := range map[string]backup.Target{
		"relative": {Dir: "here"}, "empty": {}, "rule": {Dir: t.TempDir(), Overwrite: "maybe"}, "a file": {Dir: filepath.Join(dir, "a/three")},
	} {
		_, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", target, nil)
		want(t, name, err, backup.ErrTarget)
	}
	_, err := w.engine.Restore(t.Context(), w.repo, "0123456789abcdef0123456789abcdef", "/", backup.Target{Dir: t.TempDir()}, nil)
	want(t, "no such snapshot", err, backup.ErrNotFound)
}

func TestRestoreNeverLeavesTheTarget(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"sub/f": "evil", "deep/er/f": "evil", "file": "evil"})
	snap := w.backup(dir)
	for _, rule := range []fsm.Overwrite{fsm.Never, fsm.Always} {
		outside, target := t.TempDir(), t.TempDir()
		plant(t, outside, map[string]string{"f": "good", "er/f": "good"})
		for link, to := range map[string]string{"sub": outside, "deep": "../" + filepath.Base(outside), "file": filepath.Join(outside, "f")} {
			if err := os.Symlink(to, filepath.Join(target, link)); err != nil {
				t.Fatal(err)
			}
		}
		before := look(t, outside)
		stats, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: target, Overwrite: rule}, nil)
		differ(t, before, look(t, outside))
		if rule == fsm.Always { // the links gave way
			if err != nil || stats.Failed != 0 {
				t.Errorf("%+v, %v", stats, err)
			}
			same(t, filepath.Join(dir, "sub"), filepath.Join(target, "sub"))
		} else {
			want(t, "links where directories belong", err, backup.ErrTarget)
			if stats.Failed != 5 || len(stats.Problems) != 2 {
				t.Errorf("%+v", stats)
			}
		}
	}
}

func TestRestoreRefusesEvilNames(t *testing.T) {
	w := newRepository(t, Options{})
	for _, name := range []string{"..", ".", "", "../evil", "/evil", "a/../../evil", "nul\x00", string(rune(escapeBase + '/')), string(rune(escapeBase+'.')) + "."} {
		id := w.craft(func(root *snapshot.DirManifest) {
			dir := w.craftDir("fine", func(d *snapshot.DirManifest) {
				d.Entries = []*snapshot.DirEntry{w.craftFile(name, "evil")}
				d.Summary.TotalFileCount = 1
			})
			root.Entries = []*snapshot.DirEntry{dir, w.craftFile("good", "good")}
			root.Summary.TotalFileCount, root.Summary.TotalDirCount = 2, 2
		})
		base := t.TempDir()
		target := filepath.Join(base, "x", "y")
		stats, err := w.engine.Restore(t.Context(), w.repo, id, "/", backup.Target{Dir: target}, nil)
		want(t, name, err, backup.ErrCorrupt)
		if got, err := os.ReadFile(filepath.Join(target, "good")); stats.Failed != 1 || err != nil || string(got) != "good" {
			t.Errorf("%q: %+v, %q %v", name, stats, got, err)
		}
		for path := range look(t, base) {
			if strings.Contains(path, "evil") {
				t.Errorf("%q was restored to %s", name, path)
			}
		}
	}
	twice := w.craft(func(root *snapshot.DirManifest) {
		root.Entries = []*snapshot.DirEntry{w.craftFile("f", "one"), w.craftFile("f", "two")}
		root.Summary.TotalFileCount = 2
	})
	_, err := w.engine.Restore(t.Context(), w.repo, twice, "/", backup.Target{Dir: t.TempDir()}, nil)
	want(t, "one name twice", err, backup.ErrCorrupt)
}

func TestRestoreOntoAFullDisk(t *testing.T) {
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("SKIPPED, not tried on a full disk: mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(small, unix.MNT_DETACH) })
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 100, 100_000)
	snap := w.backup(dir)
	_, err := w.engine.Restore(t.Context(), w.repo, snap.ID, "/", backup.Target{Dir: small}, nil)
	want(t, "full", err, backup.ErrTarget)
	want(t, "full", err, unix.ENOSPC)
	for path, text := range look(t, small) {
		if strings.Contains(path, ".bcm-restore-") {
			t.Errorf("left over: %s", path)
		} else if strings.HasPrefix(filepath.Base(path), "f") && !strings.Contains(text, " 100000 ") {
			t.Errorf("half a file: %s %s", path, text)
		}
	}
}

func TestRestoreEndsWithItsContext(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 200, 20_000)
	snap := w.backup(dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.onGet("p", cancel)
	target := t.TempDir()
	fresh := *w
	fresh.engine, fresh.repo.CacheDir = newEngine(t, Options{}), t.TempDir()
	_, err := fresh.engine.Restore(ctx, fresh.repo, snap.ID, "/", backup.Target{Dir: target}, nil)
	want(t, "cancelled", err, backup.ErrCanceled)
	_, err = fresh.engine.Verify(ctx, fresh.repo, backup.VerifyOptions{Percent: 100}, nil)
	want(t, "cancelled before it began", err, backup.ErrCanceled)
}

func TestBrowseAndOpen(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"b/file": "content", "b/caf\xe9": "bytes", "a": ""})
	if err := os.Symlink("b/file", filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	snap := w.backup(dir)
	root, err := w.engine.Browse(t.Context(), w.repo, snap.ID, "/")
	if err != nil || names(root) != "a b c" {
		t.Fatalf("%s, %v", names(root), err)
	}
	if b := root[1]; !b.Mode.IsDir() || b.Files != 2 || b.Size != 12 {
		t.Errorf("directory %+v", b)
	}
	if c := root[2]; c.Link != "b/file" || c.Mode.Type() != os.ModeSymlink {
		t.Errorf("link %+v", c)
	}
	info, err := os.Stat(filepath.Join(dir, "b"))
	if err != nil || !root[1].Modified.Equal(info.ModTime()) {
		t.Errorf("time %v, was %v", root[1].Modified, info.ModTime())
	}
	sub, err := w.engine.Browse(t.Context(), w.repo, snap.ID, "b")
	if err != nil || len(sub) != 2 {
		t.Fatalf("%+v, %v", sub, err)
	}
	for _, e := range sub { // a name that is not UTF-8 can be asked for too
		r, err := w.engine.Open(t.Context(), w.repo, snap.ID, "/b/"+e.Name)
		if err != nil {
			t.Errorf("%q: %v", e.Name, err)
			continue
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || int64(len(data)) != e.Size {
			t.Errorf("%q: %d bytes of %d, %v", e.Name, len(data), e.Size, err)
		}
	}
	for _, path := range []string{"/", "/b", "/c", "/nothing"} {
		if r, err := w.engine.Open(t.Context(), w.repo, snap.ID, path); !errors.Is(err, backup.ErrNotFound) {
			t.Errorf("open %s: %v, %v", path, r, err)
		}
	}
	for _, path := range []string{"/a", "/nothing", "/a/b"} {
		if _, err := w.engine.Browse(t.Context(), w.repo, snap.ID, path); !errors.Is(err, backup.ErrNotFound) {
			t.Errorf("browse %s: %v", path, err)
		}
	}
}

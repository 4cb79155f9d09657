package kopia

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"

	"golang.org/x/sys/unix"
)

// special plants one of everything that a backup keeps.
func special(t *testing.T, dir string) {
	t.Helper()
	plant(t, dir, map[string]string{
		"a/small": "hello", "a/empty": "", "b/c/d/deep": "down here", "with space/ü": "x", "exec": "#!/bin/sh",
		"readonly/file": "r", "latin-\xe9/caf\xe9": "not UTF-8", "latin-\xe8/caf\xe9": "another", "\U0010FEE9": "a rune of the escapes",
		"placeholder.kopia-entry": "an ordinary file", ".kopiaignore": "*\n", "kept/.kopiaignore": "*\n", "kept/file": "k",
		"cache/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n", "cache/file": "a backup takes this too",
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sparse, err := os.Create(filepath.Join(dir, "sparse"))
	must(err)
	_, err = sparse.WriteAt([]byte("end"), 8<<20)
	must(err)
	_, err = sparse.WriteAt([]byte("begin"), 100)
	must(err)
	must(sparse.Close())
	must(os.Symlink("a/small", filepath.Join(dir, "link")))
	must(os.Symlink("/nowhere/at/all", filepath.Join(dir, "dangling")))
	must(os.Symlink("a", filepath.Join(dir, "linkdir")))
	must(os.Link(filepath.Join(dir, "a/small"), filepath.Join(dir, "hard")))
	must(os.Mkdir(filepath.Join(dir, "void"), 0o700))
	must(os.Chmod(filepath.Join(dir, "exec"), 0o4755))
	must(os.Chmod(filepath.Join(dir, "a/empty"), 0))
	must(os.Chmod(filepath.Join(dir, "b"), os.ModeSticky|os.ModeSetgid|0o777))
	must(os.Chmod(filepath.Join(dir, "readonly/file"), 0o400))
	must(os.Chmod(filepath.Join(dir, "readonly"), 0o500))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "readonly"), 0o700) })
	if os.Geteuid() == 0 {
		must(os.Lchown(filepath.Join(dir, "a/small"), 1234, 5678))
		must(os.Lchown(filepath.Join(dir, "link"), 4321, 8765))
		must(os.Lchown(filepath.Join(dir, "b/c"), 11, 12))
		must(os.Chmod(filepath.Join(dir, "exec"), 0o4755)) // changing an owner takes this away
	}
	when := func(name string, nanos int64) {
		t.Helper()
		ts := unix.NsecToTimespec(nanos)
		must(unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(dir, name), []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW))
	}
	when("a/small", 1_000_000_000_123_456_789)
	when("link", 1_100_000_000_987_654_321)
	when("b/c/d/deep", 1_700_000_000_000_000_001)
	when("void", 900_000_000_000_000_009)
	when("b/c", 1_000_000_000_000_000_003) // older than what is in it
	when("a", 1_600_000_000_000_000_007)
	when(".", 1_500_000_000_000_000_005)
}

func TestRestoreIsEqual(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	special(t, dir)
	snap := w.backup(dir)
	if snap.WarningCount != 0 || snap.Files != 17 || snap.Links != 3 || snap.ID == "" || snap.NewFiles == 0 || snap.NewBytes == 0 {
		t.Errorf("%+v", snap)
	}
	restored := w.restore(snap.ID)
	same(t, dir, restored)
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(restored, "sparse"), &st); err != nil || st.Blocks*512 > 1<<20 {
		t.Errorf("the sparse file takes %d bytes of the disk, %v", st.Blocks*512, err)
	}
	w.verify()
	if left, err := filepath.Glob(filepath.Join(restored, "*", ".bcm-restore-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

func TestSecondBackupStoresWhatIsNew(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 300, 10_000)
	first := w.backup(dir)
	plant(t, dir, map[string]string{"d00/f00000": "changed", "new": "new"})
	second := w.backup(dir)
	// Pitfall 6: kopia's own count of files leaves out those that it knew.
	if second.Files != 301 || second.NewFiles > 2+1 || second.NewBytes > first.NewBytes/10 {
		t.Errorf("first %+v\nsecond %+v", first, second)
	}
	// Another node goes on from what this one stored.
	other := w.as("n2", 3)
	third, err := other.engine.Backup(t.Context(), other.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	if err != nil || third.NewFiles != 0 || third.Files != 301 {
		t.Errorf("on another node: %+v, %v", third, err)
	}
	if all := w.list(backup.Filter{Client: "c1", Task: "t1"}); len(all) != 3 || all[0].ID != first.ID || all[2].ID != third.ID {
		t.Errorf("listed: %+v", all)
	}
	same(t, dir, w.restore(third.ID))
}

func TestSeveralPathsMakeFolders(t *testing.T) {
	w := newRepository(t, Options{})
	base := t.TempDir()
	plant(t, base, map[string]string{"one/data/f": "1", "two/data/f": "2", "etc/passwd": "root", "log": "one file"})
	snap := w.backup(filepath.Join(base, "one/data"), filepath.Join(base, "two/data"), filepath.Join(base, "etc"), filepath.Join(base, "log"))
	root, err := w.engine.Browse(t.Context(), w.repo, snap.ID, "/")
	if err != nil {
		t.Fatal(err)
	}
	prefix := strings.ReplaceAll(strings.Trim(base, "/"), "/", "_")
	if got := names(root); len(root) != 4 || !strings.Contains(got, prefix+"_one_data") || !strings.Contains(got, "etc") || !strings.Contains(got, "log") {
		t.Errorf("root: %s", got)
	}
	restored := w.restore(snap.ID)
	same(t, filepath.Join(base, "two/data"), filepath.Join(restored, prefix+"_two_data"))
	same(t, filepath.Join(base, "etc"), filepath.Join(restored, "etc"))
	// One path that is a file: the root has it.
	single := w.backup(filepath.Join(base, "log"))
	if got, err := os.ReadFile(filepath.Join(w.restore(single.ID), "log")); err != nil || string(got) != "one file" {
		t.Errorf("one file: %q, %v", got, err)
	}
	// A link that is named itself is followed.
	if err := os.Symlink("one/data", filepath.Join(base, "ln")); err != nil {
		t.Fatal(err)
	}
	linked := w.backup(filepath.Join(base, "ln"))
	same(t, filepath.Join(base, "one/data"), w.restore(linked.ID))
}

func TestExcludes(t *testing.T) {
	w := newRepository(t, Options{})
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for _, dir := range []string{a, b} {
		plant(t, dir, map[string]string{
			"keep": "k", "x.tmp": "t", "sub/y.tmp": "t", "sub/keep": "k", "cache/f": "c", "sub/cache/f": "k", "only/f": "o", "log/1.log": "l", "log/keep.log": "k",
		})
	}
	rules := []string{"*.tmp", "/cache", a + "/only", "*.log", "!keep.log"}
	for name, c := range map[string]struct {
		paths []string
		want  map[string]string
	}{
		"one path":  {[]string{a}, map[string]string{"/": "keep log sub", "/sub": "cache keep", "/log": "keep.log"}},
		"two paths": {[]string{a, b}, map[string]string{"/a": "keep log sub", "/b": "keep log only sub", "/b/sub": "cache keep"}},
	} {
		snap, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: c.paths, Exclude: rules}, backup.BackupOptions{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range c.want {
			entries, err := w.engine.Browse(t.Context(), w.repo, snap.ID, path)
			if got := names(entries); err != nil || got != want {
				t.Errorf("%s: %s has %q, want %q, %v", name, path, got, want, err)
			}
		}
	}
	_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{a, b}, Exclude: []string{"[z-a"}}, backup.BackupOptions{}, nil)
	want(t, "a wrong exclude", err, backup.ErrSource)
}

func TestSourcesThatAreNotWhole(t *testing.T) {
	w := newRepository(t, Options{})
	base := t.TempDir()
	plant(t, base, map[string]string{"d/file": "f", "d/sub/file": "f"})
	d := filepath.Join(base, "d")
	if err := unix.Mkfifo(filepath.Join(d, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mknod(filepath.Join(d, "null"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		t.Logf("no device tried: %v", err)
	}
	snap := w.backup(d)
	for _, wanted := range []string{"pipe: a named pipe, which is not kept"} {
		if len(snap.Warnings) == 0 || int(snap.WarningCount) != len(snap.Warnings) || !strings.Contains(snap.Warnings[len(snap.Warnings)-1].String(), wanted) {
			t.Errorf("warnings %v", snap.Warnings)
		}
	}
	if snap.Files != 2 {
		t.Errorf("the rest was not kept: %+v", snap)
	}
	if listed := w.list(backup.Filter{}); len(listed) != 1 || listed[0].WarningCount != snap.WarningCount {
		t.Errorf("listed %+v", listed)
	}
	for name, c := range map[string]struct {
		source backup.Source
		err    error
		text   string
	}{
		"vanished":        {backup.Source{Paths: []string{base + "/gone"}}, backup.ErrSource, "gone: file does not exist"},
		"all vanished":    {backup.Source{Paths: []string{base + "/gone", base + "/too"}}, backup.ErrSource, "too: file does not exist"},
		"relative":        {backup.Source{Paths: []string{"d"}}, backup.ErrSource, "not an absolute path"},
		"device":          {backup.Source{Paths: []string{"/dev/null"}}, backup.ErrSource, "a device"},
		"nothing":         {backup.Source{}, backup.ErrSource, "neither paths nor a command"},
		"no such program": {backup.Source{Command: []string{"bcm-no-such-program"}, Name: "x"}, backup.ErrSource, "not found"},
		"no name":         {backup.Source{Command: []string{"true"}}, backup.ErrSource, "needs a name"},
		"bad name":        {backup.Source{Command: []string{"true"}, Name: "../x"}, backup.ErrSource, "cannot be a file's name"},
	} {
		_, err := w.engine.Backup(t.Context(), w.repo, c.source, backup.BackupOptions{}, nil)
		want(t, name, err, c.err)
		if err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v does not say %q", name, err, c.text)
		}
	}
	some := w.backup(d, base+"/gone")
	if some.Files != 2 || some.WarningCount < 2 {
		t.Errorf("one of two vanished: %+v", some)
	}
}

func TestUnreadableFile(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"a": "a", "secret": "s", "closed/f": "f"})
	if os.Geteuid() == 0 {
		for _, name := range []string{"secret", "closed"} {
			if err := cover(t, filepath.Join(dir, name)); err != nil {
				t.Skipf("SKIPPED: root reads everything, and nothing could be made unreadable: %v", err)
			}
		}
	} else {
		for _, name := range []string{"secret", "closed"} {
			if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, name), 0o700) })
		}
	}
	snap := w.backup(dir)
	if snap.Files != 1 || snap.WarningCount != 2 || len(snap.Warnings) != 2 || snap.Warnings[0].Path != "closed" || snap.Warnings[1].Path != "secret" {
		t.Errorf("%+v", snap)
	}
}

func TestCommand(t *testing.T) {
	w := newRepository(t, Options{})
	dump := func(script string) (backup.Snapshot, error) {
		return w.engine.Backup(t.Context(), w.repo, backup.Source{Command: []string{"sh", "-c", script}, Name: "db.sql"},
			backup.BackupOptions{Client: "c", Task: "db"}, nil)
	}
	snap, err := dump("echo one; seq 1 200000")
	if err != nil || snap.Files != 1 || snap.Bytes < 1_000_000 {
		t.Fatalf("%+v, %v", snap, err)
	}
	r, err := w.engine.Open(t.Context(), w.repo, snap.ID, "/db.sql")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil || !strings.HasPrefix(string(data), "one\n1\n2\n") || int64(len(data)) != snap.Bytes || r.Close() != nil {
		t.Errorf("%d bytes of %d, %v", len(data), snap.Bytes, err)
	}
	for name, c := range map[string]struct{ script, text string }{
		"fails at once":        {"echo no such database >&2; exit 3", "no such database"},
		"fails after output":   {"seq 1 100000; echo lost connection >&2; exit 1", "lost connection"},
		"killed":               {"seq 1 1000; kill -9 $$", "killed"},
		"long last words":      {"head -c 100000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1", "the end"},
		"closes its output":    {"exec 1>&-; exit 4", "exit status 4"},
		"writes, then closes":  {"seq 1 1000; exec 1>&-; exit 5", "exit status 5"},
		"a part fails quietly": {"set -e; seq 1 10; false; seq 1 10", "exit status 1"},
	} {
		_, err := dump(c.script)
		want(t, name, err, backup.ErrSource)
		if err != nil && (!strings.Contains(err.Error(), c.text) || len(err.Error()) > 3000) {
			t.Errorf("%s: %v does not say %q", name, err, c.text)
		}
	}
	if all := w.list(backup.Filter{Incomplete: true}); len(all) != 1 {
		t.Errorf("failed commands left snapshots: %+v", all)
	}
}

// What Create makes hashes as it should. The repositories of the other tests are made
// with kopia's own choice, as old ones are.
func TestHashOfANewRepository(t *testing.T) {
	w := newWorld(t, Options{})
	if err := w.engine.Create(t.Context(), w.repo); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "text", "d/g": "other"})
	same(t, dir, w.restore(w.backup(dir).ID))
	w.verify()
	h, err := w.engine.acquire(t.Context(), w.repo, cached)
	if err != nil {
		t.Fatal(err)
	}
	defer w.engine.release(h)
	if got := h.rep.ContentReader().ContentFormat().GetHashFunction(); got != "BLAKE3-256-128" {
		t.Errorf("it hashes with %s", got)
	}
}

func TestManyRepositoriesStayOpenWithinBounds(t *testing.T) {
	w := newRepository(t, Options{MaxOpen: 1})
	w.Allow("n1", "ns2", 3)
	second := w.repo
	second.Namespace = "ns2"
	if err := w.engine.Create(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, r := range []backup.Repo{w.repo, second} {
			if _, err := w.engine.Snapshots(t.Context(), r, backup.Filter{}); err != nil {
				t.Error(err)
			}
		}
	}
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	if len(w.engine.open) != 1 {
		t.Errorf("%d repositories are open", len(w.engine.open))
	}
}

func TestOpenAsItWas(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "before"})
	first := w.backup(dir)
	before := time.Now()
	plant(t, dir, map[string]string{"f": "encrypted!"})
	second := w.backup(dir)
	if _, err := w.engine.Forget(t.Context(), w.repo, backup.Retention{}, first.ID); err != nil {
		t.Fatal(err)
	}
	if all := w.list(backup.Filter{}); len(all) != 1 || all[0].ID != second.ID {
		t.Fatalf("now: %+v", all)
	}
	past := *w
	past.repo.AsOf = before
	if all := past.list(backup.Filter{}); len(all) != 1 || all[0].ID != first.ID {
		t.Fatalf("then: %+v", all)
	}
	if got, err := os.ReadFile(filepath.Join(past.restore(first.ID), "f")); err != nil || string(got) != "before" {
		t.Errorf("restored %q, %v", got, err)
	}
	if _, err := past.engine.Backup(t.Context(), past.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{}, nil); err == nil {
		t.Error("the past was written to")
	}
}

// Whoever may only read a repository can do so whatever is in it: kopia takes sixteen
// manifests together, and did so for readers too, who then failed for want of a right.
func TestReadersNeedNoRightToWrite(t *testing.T) {
	w := newRepository(t, Options{})
	w.Allow("n2", ns, storage.Read)
	dir, reader := t.TempDir(), newEngine(t, Options{})
	repo := w.repo
	repo.HTTP, repo.CacheDir = w.Client("n2"), t.TempDir()
	for i := range 20 {
		plant(t, dir, map[string]string{"file": strconv.Itoa(i)})
		id := w.backup(dir).ID
		if i < 12 {
			continue
		}
		if all, err := reader.Snapshots(t.Context(), repo, backup.Filter{}); err != nil || len(all) != i+1 {
			t.Errorf("after %d backups: %d are listed, %v", i+1, len(all), err)
		}
		if _, err := reader.Verify(t.Context(), repo, backup.VerifyOptions{Percent: 100, Snapshots: []backup.SnapshotID{id}}, nil); err != nil {
			t.Errorf("after %d backups: %v", i+1, err)
		}
	}
}

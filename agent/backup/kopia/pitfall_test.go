package kopia

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"

	"github.com/hashicorp/go-hclog"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/policy"
)

// The tests of this file are each of one thing about kopia that bites, numbered as
// the trial of it numbered them. A test fails when the handling is taken away. The
// sixth is in TestSecondBackupStoresWhatIsNew; the eighth is in prune_test.go.

// Pitfall 1: a restore may do nothing and say that all is well.
func TestPitfall01RestoreCountsWhatItRestored(t *testing.T) {
	w := newRepository(t, Options{})
	id := w.craft(func(root *snapshot.DirManifest) {
		root.Entries = []*snapshot.DirEntry{w.craftFile("one", "1")}
		root.Summary.TotalFileCount = 2 // one was lost on the way
	})
	dir := t.TempDir()
	stats, err := w.engine.Restore(t.Context(), w.repo, id, "/", backup.Target{Dir: dir}, nil)
	want(t, "one of two files", err, backup.ErrCorrupt)
	if stats.Files != 1 {
		t.Errorf("%+v", stats)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.kopia-entry")); err != nil || len(left) > 0 {
		t.Errorf("placeholders: %v, %v", left, err)
	}
}

// Pitfall 2: a backup that is cut off stores nothing, and one that is stopped softly
// looks like one that has succeeded.
func TestPitfall02CancelledBackupIsGoneOnFrom(t *testing.T) {
	w := newRepository(t, Options{Parallel: 2})
	dir := t.TempDir()
	grow(t, dir, 500, 30_000) // a pack and a half
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.onPut("p", func(int32) { cancel() })
	partial, err := w.engine.Backup(ctx, w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	want(t, "cancelled", err, backup.ErrCanceled)
	if partial.ID == "" || !partial.Incomplete || partial.Files == 0 || partial.Files == 500 {
		t.Errorf("stored of it: %+v", partial)
	}
	if all := w.list(backup.Filter{}); len(all) != 0 {
		t.Errorf("it is listed: %+v", all)
	}
	if _, err := w.engine.Browse(t.Context(), w.repo, partial.ID, "/"); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("it is browsed: %v", err)
	}
	whole := w.backup(dir)
	if whole.Files != 500 || whole.NewFiles > 500-partial.Files {
		t.Errorf("after %d files it read %d of %d", partial.Files, whole.NewFiles, whole.Files)
	}
	if all := w.list(backup.Filter{Incomplete: true}); len(all) != 1 {
		t.Errorf("the incomplete one stays: %+v", all)
	}
	w.verify()
}

// Pitfall 3: after an error of the storage that will come again kopia goes on reading,
// and a backup whose data did not arrive succeeds, short of a file.
func TestPitfall03RefusalsEndABackup(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(w *world)
		want   error
	}{
		"quota":     {func(w *world) { w.Quota(ns, 1<<20) }, backup.ErrQuota},
		"forbidden": {func(w *world) { w.Allow("n1", ns, storage.Read) }, backup.ErrForbidden},
		"removed":   {func(w *world) { w.Allow("n1", ns, 0) }, backup.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRepository(t, Options{Parallel: 2})
			dir := t.TempDir()
			grow(t, dir, 600, 60_000) // four packs
			var puts atomic.Int32
			w.onPut("p", func(n int32) {
				puts.Store(n)
				if n == 1 {
					c.refuse(w)
				}
			})
			var last backup.Event
			_, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{},
				func(e backup.Event) { last = e })
			want(t, "refused", err, c.want)
			if puts.Load() > 3 || last.Bytes > 26_000_000 {
				t.Errorf("it went on: %d packs tried, %d bytes read", puts.Load(), last.Bytes)
			}
			w.Allow("n1", ns, storage.Read|storage.Write)
			if all := w.list(backup.Filter{Incomplete: true}); len(all) != 0 {
				t.Errorf("stored: %+v", all)
			}
		})
	}
}

// Pitfall 4: when kopia finds that it cannot go on with a repository it ends the
// process. Without the handling this test binary ends.
func TestPitfall04FatalErrorsAreSurvived(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	st, err := filesystem.New(ctx, &filesystem.Options{Path: dir}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Initialize(ctx, st, nil, "secret"); err != nil {
		t.Fatal(err)
	}
	opt := Options{}.withDefaults()
	var later atomic.Int64
	opt.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	open := func() *handle {
		h := newHandle(handleKey{})
		if err := h.openOn(ctx, st, backup.Repo{Password: "secret", CacheDir: t.TempDir()}, written, opt); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.close(context.Background()) })
		return h
	}
	h := open()
	formats := open().rep.FormatManager()
	features, err := formats.RequiredFeatures(ctx)
	if err != nil {
		t.Fatal(err)
	}
	features = slices.Grow(features, 1)[:len(features)+1]
	features[len(features)-1].Feature = "of another version"
	params, err := formats.GetMutableParameters(ctx)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := formats.BlobCfgBlob(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := formats.SetParameters(ctx, params, blobs, features); err != nil {
		t.Fatal(err)
	}
	touch := func() error {
		return repo.WriteSession(ctx, h.rep, repo.WriteSessionOptions{}, func(ctx context.Context, w repo.RepositoryWriter) error {
			_, err := w.PutManifest(ctx, map[string]string{"type": "test"}, 1)
			return err
		})
	}
	if err := touch(); err != nil || h.broken.Load() {
		t.Fatalf("before it is noticed: %v", err)
	}
	later.Store(int64(time.Hour)) // kopia looks again
	if err := touch(); err == nil || !h.broken.Load() {
		t.Errorf("kopia gave up: %v, noted: %v", err, h.broken.Load())
	}
	e := New(Options{})
	e.open[h.key] = h
	if e.take(h.key) == h {
		t.Error("the next one gets what kopia gave up")
	}
}

// Pitfall 5: opening a repository is slow on purpose, and kopia wants it described in
// a file.
func TestPitfall05RepositoriesStayOpenWithoutSecretsOnDisk(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"f": "x"})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { w.backup(dir) })
	}
	all.Wait()
	for range 2 {
		w.list(backup.Filter{})
	}
	if w.engine.opened != 2 { // to be written to, and to be read
		t.Errorf("the repository was opened %d times", w.engine.opened)
	}
	err := filepath.WalkDir(w.repo.CacheDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{w.repo.Password, w.URL, "127.0.0.1"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s has %q", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", w.repo, w.repo, w.repo, w.repo); strings.Contains(text, "secret") {
		t.Errorf("printed: %s", text)
	}
}

// Pitfall 7: by default kopia does not compress, and deletes snapshots by a policy of
// its own when it makes a checkpoint.
func TestPitfall07DefaultsAreNotKopias(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	for i := range 12 {
		plant(t, dir, map[string]string{"text": strings.Repeat("the same again, "+strconv.Itoa(i)+"\n", 100_000)})
		if snap := w.backup(dir); snap.NewBytes > snap.Bytes/20 {
			t.Errorf("%d bytes of text became %d", snap.Bytes, snap.NewBytes)
		}
	}
	h, err := w.engine.acquire(t.Context(), w.repo, written)
	if err != nil {
		t.Fatal(err)
	}
	defer w.engine.release(h)
	err = repo.WriteSession(t.Context(), h.rep, repo.WriteSessionOptions{}, func(ctx context.Context, wr repo.RepositoryWriter) error {
		gone, err := policy.ApplyRetentionPolicy(ctx, wr, snapshot.SourceInfo{Host: "c1", UserName: maintainer, Path: "t1"}, true)
		if len(gone) > 0 {
			t.Errorf("a checkpoint deletes %d snapshots", len(gone))
		}
		return err
	})
	if all := w.list(backup.Filter{}); err != nil || len(all) != 12 {
		t.Errorf("%d snapshots are left, %v", len(all), err)
	}
}

// Pitfall 9: kopia finds storages by a table of the process, and logs by the context.
func TestPitfall09ManyRepositoriesAtOnceAreApart(t *testing.T) {
	var lines counter
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: &lines})
	first := newRepository(t, Options{Log: log})
	second := newRepository(t, Options{Log: log})
	var all sync.WaitGroup
	for i, w := range []*world{first, second, first.as("n2", 3), second.as("n3", 3)} {
		dir := t.TempDir()
		plant(t, dir, map[string]string{"who": strconv.Itoa(i)})
		all.Go(func() {
			snap, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{Client: strconv.Itoa(i)}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := os.ReadFile(filepath.Join(w.restore(snap.ID), "who")); err != nil || string(got) != strconv.Itoa(i) {
				t.Errorf("%d reads %q, %v", i, got, err)
			}
		})
	}
	all.Wait()
	if n := len(first.list(backup.Filter{})); n != 2 {
		t.Errorf("%d snapshots in a repository of two", n)
	}
	if lines.n.Load() == 0 {
		t.Error("kopia logs nowhere")
	}
}

type counter struct{ n atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) { c.n.Add(1); return len(p), nil }

// Pitfall 10: kopia promises no stable API.
func TestPitfall10KopiaIsPinnedAndImportedHereOnly(t *testing.T) {
	root := "../../.."
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "github.com/kopia/kopia v0.23.1\n") {
		t.Errorf("go.mod does not pin kopia v0.23.1, %v", err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		abs, err := filepath.Abs(filepath.Dir(path))
		if err != nil || abs == here || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range file.Imports {
			if strings.Contains(imp.Path.Value, "kopia/kopia") {
				t.Errorf("%s imports %s", path, imp.Path.Value)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Pitfall 11: kopia reports from several goroutines at once, for every piece.
func TestPitfall11EventsComeAtAnEvenPace(t *testing.T) {
	w := newRepository(t, Options{Parallel: 8})
	dir := t.TempDir()
	grow(t, dir, 1000, 500)
	var events []backup.Event // written without a lock: one goroutine tells
	start := time.Now()
	snap, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, backup.BackupOptions{},
		func(e backup.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	if most := int(2*time.Since(start).Seconds()) + 2; len(events) == 0 || len(events) > most {
		t.Errorf("%d events in %v", len(events), time.Since(start))
	}
	last := events[len(events)-1]
	if last.Files != 1000 || last.Bytes != 500_000 || last.Uploaded < 500_000 || last.TotalFiles != 1000 || snap.Files != 1000 {
		t.Errorf("the last event %+v, snapshot %+v", last, snap)
	}
}

// onPut calls do with a running number before each blob of a prefix is stored.
func (w *world) onPut(prefix string, do func(n int32)) {
	var n atomic.Int32
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/v1/"+ns+"/"+prefix) {
				do(n.Add(1))
			}
			next.ServeHTTP(rw, r)
		})
	})
}

package kopia

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	"bcm/agent/storage/storagetest"

	"github.com/hashicorp/go-hclog"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob/filesystem"
	"github.com/kopia/kopia/repo/format"
)

const ns = "ns1"

// packSize is as small as it may be, so that little data makes several packs.
const packSize = 10 << 20

// world is a storage and an engine on the node n1, which may write in the namespace.
type world struct {
	*storagetest.Storage
	t      *testing.T
	engine *Engine
	repo   backup.Repo
}

// newWorld starts a storage with an empty namespace.
func newWorld(t *testing.T, opt Options) *world {
	t.Helper()
	return newWorldOn(t, storagetest.Start(t, storage.Options{MinAge: time.Nanosecond}), opt)
}

func newWorldOn(t *testing.T, s *storagetest.Storage, opt Options) *world {
	t.Helper()
	w := &world{Storage: s, t: t}
	w.Allow("n1", ns, storage.Read|storage.Write)
	w.engine = newEngine(t, opt)
	w.repo = backup.Repo{Namespace: ns, URLs: []string{w.URL}, HTTP: w.Client("n1"), Password: "secret", CacheDir: t.TempDir()}
	return w
}

// newRepository starts a storage with a repository. It is a copy of one that is made
// once, since making one is slow on purpose.
func newRepository(t *testing.T, opt Options) *world {
	t.Helper()
	return newRepositoryOn(t, storagetest.Start(t, storage.Options{MinAge: time.Nanosecond}), opt)
}

func newRepositoryOn(t *testing.T, s *storagetest.Storage, opt Options) *world {
	t.Helper()
	w := newWorldOn(t, s, opt)
	data, err := template()
	if err != nil {
		t.Fatal(err)
	}
	offer := storage.Offer{Namespace: ns, Name: "kopia.repository", Size: int64(len(data)), Sum: sha256.Sum256(data)}
	if _, err := w.Store.Put(offer, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return w
}

// template is the one blob that makes an empty repository with the password "secret".
var template = sync.OnceValues(func() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "bcm-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st, err := filesystem.New(context.Background(), &filesystem.Options{Path: dir}, true)
	if err != nil {
		return nil, err
	}
	opt := &repo.NewRepositoryOptions{
		BlockFormat: format.ContentFormat{MutableParameters: format.MutableParameters{MaxPackSize: packSize}},
		// Opening must cost little here: scrypt, which Create uses, takes seconds under the race detector.
		FormatBlockKeyDerivationAlgorithm: "pbkdf2-sha256-600000",
	}
	if err := repo.Initialize(context.Background(), st, opt, "secret"); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "kopia.repository.f"))
})

func newEngine(t *testing.T, opt Options) *Engine {
	t.Helper()
	if opt.Storage.Wait == 0 {
		opt.Storage.Wait = time.Minute
	}
	opt.Storage.MinBackoff, opt.Storage.MaxBackoff = 2*time.Millisecond, 20*time.Millisecond
	if os.Getenv("BCM_TEST_LOG") != "" {
		opt.Log = hclog.New(&hclog.LoggerOptions{Level: hclog.LevelFromString(os.Getenv("BCM_TEST_LOG"))})
	}
	e := New(opt)
	t.Cleanup(func() {
		if err := e.Close(); err != nil && !t.Failed() {
			t.Errorf("closing the engine: %v", err)
		}
	})
	return e
}

// as is the world seen from another node, with an engine of its own.
func (w *world) as(node string, rights storage.Rights) *world {
	w.t.Helper()
	w.Allow(node, ns, rights)
	other := *w
	other.engine = newEngine(w.t, Options{})
	other.repo.HTTP = w.Client(node)
	other.repo.CacheDir = w.t.TempDir()
	return &other
}

// backup makes a backup of paths that must succeed.
func (w *world) backup(paths ...string) backup.Snapshot {
	w.t.Helper()
	s, err := w.engine.Backup(w.t.Context(), w.repo, backup.Source{Paths: paths}, backup.BackupOptions{Client: "c1", Task: "t1"}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// restore restores all of a snapshot into a new directory and returns that.
func (w *world) restore(id backup.SnapshotID) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "restored")
	if _, err := w.engine.Restore(w.t.Context(), w.repo, id, "/", backup.Target{Dir: dir}, nil); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// verify reads everything and must find nothing.
func (w *world) verify() {
	w.t.Helper()
	if report, err := w.engine.Verify(w.t.Context(), w.repo, backup.VerifyOptions{Percent: 100}, nil); err != nil {
		w.t.Errorf("verify: %v %+v", err, report)
	}
}

// list returns the snapshots that a filter lets through.
func (w *world) list(f backup.Filter) []backup.Snapshot {
	w.t.Helper()
	all, err := w.engine.Snapshots(w.t.Context(), w.repo, f)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// packs returns the files of the storage that hold data.
func (w *world) packs() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.Dir, "blobs", ns, "*", "p*"))
	if err != nil || len(found) == 0 {
		w.t.Fatalf("no packs: %v", err)
	}
	return found
}

// plant writes files below a directory: names and contents.
func plant(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// grow plants so many files of so many random bytes each.
func grow(t testing.TB, dir string, files, size int) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{byte(files), byte(size)})
	buf := make([]byte, size)
	for i := range files {
		_, _ = random.Read(buf) // it never fails
		plant(t, dir, map[string]string{fmt.Sprintf("d%02d/f%05d", i%50, i): string(buf)})
	}
}

// look describes everything below a directory and the directory itself: type, mode,
// owner, time and content.
func look(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%v %d:%d %v", info.Mode(), st.Uid, st.Gid, info.ModTime().UnixNano())
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %d %x", len(data), sha256.Sum256(data))
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += " " + to
		}
		rel, err := filepath.Rel(dir, path)
		all[rel] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// same compares two directories by all that look sees.
func same(t testing.TB, want, got string) {
	t.Helper()
	differ(t, look(t, want), look(t, got))
}

func differ(t testing.TB, want, got map[string]string) {
	t.Helper()
	n := 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if want[name] != got[name] && n < 10 {
			n++
			t.Errorf("%q\n  was  %s\n  is   %s", name, want[name], got[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%q has come from nowhere", name)
		}
	}
}

// want checks an error's kind.
func want(t testing.TB, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func names(entries []backup.Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return strings.Join(all, " ")
}

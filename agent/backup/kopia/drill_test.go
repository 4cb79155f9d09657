package kopia

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	"bcm/agent/storage/blob"
	"bcm/agent/storage/storagetest"
	"bcm/fsm"
)

// drilled is a world whose deleted blobs are kept, with a second storage beside it.
func drilled(t *testing.T) (w *world, second *storagetest.Storage) {
	t.Helper()
	opt := storage.Options{MinAge: time.Nanosecond, KeepDeleted: time.Hour}
	w = &world{Storage: storagetest.Start(t, opt), t: t}
	w.Allow("n1", ns, storage.Read|storage.Write)
	w.engine = newEngine(t, Options{})
	w.repo = backup.Repo{Namespace: ns, URLs: []string{w.URL}, HTTP: w.Client("n1"), Password: "secret", CacheDir: t.TempDir()}
	data, err := template()
	if err != nil {
		t.Fatal(err)
	}
	offer := storage.Offer{Namespace: ns, Name: "kopia.repository", Size: int64(len(data)), Sum: sha256.Sum256(data)}
	if _, err := w.Store.Put(offer, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return w, w.Beside("storage2", opt)
}

// on is the world as it is read from another storage, by a node of its own.
func (w *world) on(s *storagetest.Storage, node string, asOf time.Time) *world {
	w.t.Helper()
	s.Allow(node, ns, storage.Read)
	other := *w
	other.engine = newEngine(w.t, Options{Storage: blob.Options{Wait: time.Second}})
	other.repo.URLs, other.repo.HTTP, other.repo.CacheDir = []string{s.URL}, s.Client(node), w.t.TempDir()
	other.repo.AsOf = asOf
	return &other
}

// The ransomware drill: whoever has the identity of a backup manager, even while it
// holds the lease of the repository, deletes and overwrites all that it may. All
// that was backed up before restores equal, from the attacked storage as of before
// and from the copy, whose own copying goes on after the attack.
func TestRansomwareDrill(t *testing.T) {
	for _, rights := range []storage.Rights{storage.Read | storage.Write, storage.Read | storage.Write | storage.Delete} {
		t.Run(fmt.Sprint("rights ", rights), func(t *testing.T) {
			w, second := drilled(t)
			dir := t.TempDir()
			grow(t, dir, 30, 50_000)
			s1 := w.backup(dir)
			if _, err := second.Copy(t.Context(), w.Storage, ns); err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			deleted, overwritten := w.attack(rights)
			if owner := rights&storage.Delete != 0; owner != (deleted > 0) || overwritten > 0 && !owner {
				t.Errorf("deleted %d, overwritten %d", deleted, overwritten)
			}
			out, err := second.Copy(t.Context(), w.Storage, ns, func(o *fsm.Order) { o.Trim = fsm.TrimBounded })
			if err != nil || out.Copy.Trimmed > 0 {
				t.Errorf("the copy after the attack: %+v %v", out.Copy, err)
			}
			for name, at := range map[string]*world{
				"attacked storage, as of before": w.on(w.Storage, "n2", before),
				"copy, as of before":             w.on(second, "n3", before),
			} {
				all := at.list(backup.Filter{})
				if len(all) != 1 || all[0].ID != s1.ID {
					t.Fatalf("%s lists %v", name, all)
				}
				same(t, dir, at.restore(s1.ID))
				at.verify()
			}
		})
	}
}

// attack does with the identity of n1 all that it may, and tells how much that was.
func (w *world) attack(rights storage.Rights) (deleted, overwritten int) {
	w.t.Helper()
	w.Allow("n1", ns, rights)
	c, err := blob.NewClient(w.Client("n1"), []string{w.URL}, ns, blob.Options{Wait: time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	if err := c.List(w.t.Context(), "", func(i blob.Info) error { names = append(names, i.Name); return nil }); err != nil {
		w.t.Fatal(err)
	}
	if len(names) < 4 {
		w.t.Fatalf("there is nothing to attack: %v", names)
	}
	for _, name := range names {
		junk := text("encrypted by somebody else")
		if _, err := c.Put(w.t.Context(), name, junk, true); err == nil {
			overwritten++
		}
		if err := c.Delete(w.t.Context(), name); err == nil {
			deleted++
		}
		if _, err := c.Put(w.t.Context(), name, junk, true); err == nil && rights&storage.Delete == 0 {
			overwritten++
		}
	}
	return deleted, overwritten
}

// text is a body in memory.
type text string

func (b text) Length() int { return len(b) }
func (b text) Open() io.ReadCloser {
	return io.NopCloser(strings.NewReader(string(b)))
}

// The corruption drill: bytes of stored blobs are flipped and files deleted. Until
// it is mended a restore fails and never gives wrong bytes; a scrub finds all, the
// second copy mends all, and then everything restores equal.
func TestCorruptionDrill(t *testing.T) {
	w, second := drilled(t)
	dir := t.TempDir()
	grow(t, dir, 60, 400_000)
	s := w.backup(dir)
	if _, err := second.Copy(t.Context(), w.Storage, ns); err != nil {
		t.Fatal(err)
	}
	packs := w.packs()
	if len(packs) < 3 {
		t.Fatalf("%d packs are too few", len(packs))
	}
	for i, path := range packs {
		switch {
		case i == 0:
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		case i < 3:
			spoil(t, path)
		}
	}
	neverWrong(t, w.on(w.Storage, "n2", time.Time{}), s.ID, dir)
	out, err := w.Scrub(t.Context(), ns, "scrub")
	if err != nil || out.Copy.Found != 3 || out.Copy.Lost != 3 {
		t.Fatalf("the scrub found %+v: %v", out.Copy, err)
	}
	neverWrong(t, w.on(w.Storage, "n3", time.Time{}), s.ID, dir)
	out, err = w.Copy(t.Context(), second, ns, func(o *fsm.Order) { o.Repair = true })
	if err != nil || out.Copy.Lost != 0 {
		t.Fatalf("the repair: %+v %v", out.Copy, err)
	}
	mended := w.on(w.Storage, "n4", time.Time{})
	same(t, dir, mended.restore(s.ID))
	mended.verify()
}

// spoil flips bytes all over a stored blob.
func spoil(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 64; i < len(data); i += 10_000 {
		data[i] ^= 0x40
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// neverWrong restores from a damaged repository: it must fail, and every file that
// it restored must be as it was.
func neverWrong(t *testing.T, w *world, id backup.SnapshotID, want string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := w.engine.Restore(t.Context(), w.repo, id, "/", backup.Target{Dir: dir}, nil); err == nil {
		t.Error("a restore from a damaged repository went well")
	}
	whole := look(t, want)
	if _, err := os.Stat(dir); err != nil {
		return
	}
	for name, is := range look(t, dir) {
		if was := whole[name]; strings.HasPrefix(is, "-") && is != was {
			t.Errorf("%s was restored wrongly:\n  was %s\n  is  %s", name, was, is)
		}
	}
}

// A copy with the wrong key, or of a storage that is full, says so and loses nothing.
func TestDrillOfWrongKeyAndFullStorage(t *testing.T) {
	w, second := drilled(t)
	dir := t.TempDir()
	grow(t, dir, 10, 50_000)
	s := w.backup(dir)
	if _, err := second.Copy(t.Context(), w.Storage, ns); err != nil {
		t.Fatal(err)
	}
	wrong := w.on(second, "n2", time.Time{})
	wrong.repo.Password = "guessed"
	if _, err := wrong.engine.Snapshots(context.Background(), wrong.repo, backup.Filter{}); !errors.Is(err, backup.ErrWrongKey) {
		t.Errorf("the wrong key: %v", err)
	}
	w.Quota(ns, 1)
	grow(t, dir, 20, 90_000)
	opt := backup.BackupOptions{Client: "c1", Task: "t1"}
	if _, err := w.engine.Backup(t.Context(), w.repo, backup.Source{Paths: []string{dir}}, opt, nil); !errors.Is(err, backup.ErrQuota) {
		t.Errorf("a full storage: %v", err)
	}
	w.Quota(ns, 0)
	if all := w.on(second, "n3", time.Time{}).list(backup.Filter{}); len(all) != 1 || all[0].ID != s.ID {
		t.Errorf("the copy lists %v", all)
	}
	w.on(w.Storage, "n4", time.Time{}).verify()
}

package kopia

import (
	"context"
	"testing"

	"bcm/agent/backup"

	kfs "github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/snapshotfs"
)

// write lets do write into the repository as kopia can, past the engine.
func (w *world) write(do func(ctx context.Context, rw repo.RepositoryWriter) error) {
	w.t.Helper()
	h, err := w.engine.acquire(w.t.Context(), w.repo, written)
	if err != nil {
		w.t.Fatal(err)
	}
	defer w.engine.release(h)
	if err := repo.WriteSession(w.t.Context(), h.rep, repo.WriteSessionOptions{Purpose: "test"}, do); err != nil {
		w.t.Fatal(err)
	}
}

// craftFile stores a file's content and returns an entry of it.
func (w *world) craftFile(name, content string) *snapshot.DirEntry {
	w.t.Helper()
	e := &snapshot.DirEntry{Name: name, Type: snapshot.EntryTypeFile, Permissions: 0o644, FileSize: int64(len(content))}
	w.write(func(ctx context.Context, rw repo.RepositoryWriter) (err error) {
		ow := rw.NewObjectWriter(ctx, object.WriterOptions{})
		defer ow.Close()
		if _, err := ow.Write([]byte(content)); err != nil {
			return err
		}
		e.ObjectID, err = ow.Result()
		return err
	})
	return e
}

// craftDir stores a directory and returns an entry of it.
func (w *world) craftDir(name string, change func(*snapshot.DirManifest)) *snapshot.DirEntry {
	w.t.Helper()
	dir := &snapshot.DirManifest{StreamType: directoryStream, Summary: &kfs.DirectorySummary{TotalDirCount: 1}}
	change(dir)
	e := &snapshot.DirEntry{Name: name, Type: snapshot.EntryTypeDirectory, Permissions: 0o755, DirSummary: dir.Summary}
	w.write(func(ctx context.Context, rw repo.RepositoryWriter) (err error) {
		e.ObjectID, err = snapshotfs.WriteDirManifest(ctx, rw, name, dir, "")
		return err
	})
	return e
}

// craft stores a snapshot that no backup would make.
func (w *world) craft(change func(root *snapshot.DirManifest)) backup.SnapshotID {
	w.t.Helper()
	root := w.craftDir("root", change)
	man := &snapshot.Manifest{Source: snapshot.SourceInfo{Host: "evil", UserName: "x", Path: "/"}, RootEntry: root}
	w.write(func(ctx context.Context, rw repo.RepositoryWriter) error {
		_, err := snapshot.SaveSnapshot(ctx, rw, man)
		return err
	})
	return backup.SnapshotID(man.ID)
}

func FuzzNames(f *testing.F) {
	f.Add("plain")
	f.Add("caf\xe9")
	f.Add("\U0010FEE9\xff")
	f.Fuzz(func(t *testing.T, name string) {
		stored := storedName(name)
		back, err := diskName(stored)
		if err == nil && back != name {
			t.Errorf("%q becomes %q and then %q", name, stored, back)
		}
		if err != nil && name != "" && name != "." && name != ".." && !hasAny(name, "/\x00") {
			t.Errorf("%q becomes %q and then %v", name, stored, err)
		}
	})
}

func hasAny(s, chars string) bool {
	for i := range len(s) {
		for j := range len(chars) {
			if s[i] == chars[j] {
				return true
			}
		}
	}
	return false
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"bcm/agent/backup"
	"bcm/agent/backup/kopia"
	"bcm/api"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// files looks into stored backups for the door, with the manager's own identity:
// the grants let managers read.
type files struct {
	engine backup.Engine
	reach  backup.Reach
}

func newFiles(holder *pki.Holder, cache string, log hclog.Logger) files {
	return files{engine: kopia.New(kopia.Options{Log: log}), reach: backup.NewReach(holder, cache)}
}

// List gives the entries of a directory.
func (f files) List(ctx context.Context, s api.Stored, dir string) ([]api.File, error) {
	repo, err := f.reach.Repo(s.Repository)
	if err != nil {
		return nil, err
	}
	entries, err := f.engine.Browse(ctx, repo, backup.SnapshotID(s.Snapshot), dir)
	if err != nil {
		return nil, browseError(err, dir)
	}
	out := make([]api.File, 0, len(entries))
	for _, e := range entries {
		out = append(out, fileOf(e, dir))
	}
	return out, nil
}

// Snapshots gives what a repository itself says that it has.
func (f files) Snapshots(ctx context.Context, s api.Stored) ([]api.Snapshot, error) {
	repo, err := f.reach.Repo(s.Repository)
	if err != nil {
		return nil, err
	}
	all, err := f.engine.Snapshots(ctx, repo, backup.Filter{})
	if errors.Is(err, backup.ErrNoRepository) {
		return nil, nil
	}
	if err != nil {
		return nil, browseError(err, "snapshots")
	}
	out := make([]api.Snapshot, 0, len(all))
	for _, one := range all {
		out = append(out, api.Snapshot{ID: string(one.ID), Client: one.Client, Task: one.Task, Backup: one.Run,
			StartedAt: one.Started.UTC(), EndedAt: one.Ended.UTC(), Files: one.Files, Bytes: one.Bytes})
	}
	return out, nil
}

// Open gives the content of a regular file.
func (f files) Open(ctx context.Context, s api.Stored, name string) (io.ReadCloser, api.File, error) {
	repo, err := f.reach.Repo(s.Repository)
	if err != nil {
		return nil, api.File{}, err
	}
	id := backup.SnapshotID(s.Snapshot)
	dir, base := path.Split(path.Clean("/" + name))
	entries, err := f.engine.Browse(ctx, repo, id, dir)
	if err != nil {
		return nil, api.File{}, browseError(err, name)
	}
	for _, e := range entries {
		if e.Name != base {
			continue
		}
		if !e.Mode.IsRegular() {
			return nil, api.File{}, fsm.Errorf(fsm.Invalid, "%s is no file but a %s", name, typeOf(e))
		}
		r, err := f.engine.Open(ctx, repo, id, name)
		if err != nil {
			return nil, api.File{}, browseError(err, name)
		}
		return r, fileOf(e, dir), nil
	}
	return nil, api.File{}, fsm.Errorf(fsm.NotFound, "the backup has no %s", name)
}

// Walk visits what is at a path and all below.
func (f files) Walk(ctx context.Context, s api.Stored, name string,
	visit func(rel string, file api.File, open func() (io.ReadCloser, error)) error) error {
	repo, err := f.reach.Repo(s.Repository)
	if err != nil {
		return err
	}
	var visited error
	err = f.engine.Walk(ctx, repo, backup.SnapshotID(s.Snapshot), name, func(rel string, e backup.Entry, open func() (io.ReadCloser, error)) error {
		visited = visit(rel, fileOf(e, path.Dir(path.Join(name, rel))), open)
		return visited
	})
	if visited != nil || err == nil {
		return visited
	}
	return browseError(err, name)
}

// Find looks for a name in backups.
func (f files) Find(ctx context.Context, q api.FileQuery) (api.FileFindings, error) {
	repo, ids, runs, err := f.shelf(q.In)
	if err != nil {
		return api.FileFindings{}, err
	}
	got, err := f.engine.Find(ctx, repo, backup.Query{Snapshots: ids, Name: q.Name, Within: q.Within, Most: q.Most})
	if err != nil {
		return api.FileFindings{}, browseError(err, q.Name)
	}
	out := api.FileFindings{Searched: got.Searched, Partial: got.Partial}
	for _, found := range got.Found {
		out.Found = append(out.Found, api.FoundFile{File: fileOf(found.Entry, path.Dir(found.Path)), Backup: runs[found.In], Unchanged: found.Same})
	}
	return out, nil
}

// History gives the states of what is at a path in backups.
func (f files) History(ctx context.Context, in []api.Stored, name string) ([]api.FileVersion, error) {
	repo, ids, runs, err := f.shelf(in)
	if err != nil {
		return nil, err
	}
	versions, err := f.engine.History(ctx, repo, ids, name)
	if err != nil {
		return nil, browseError(err, name)
	}
	var out []api.FileVersion
	for _, v := range versions {
		row := api.FileVersion{File: fileOf(v.Entry, path.Dir(name)), Object: v.Object}
		for _, id := range v.Snapshots {
			row.Backups = append(row.Backups, runs[id])
		}
		out = append(out, row)
	}
	return out, nil
}

// shelf opens the one repository of backups; runs names the backup of a snapshot.
func (f files) shelf(in []api.Stored) (repo backup.Repo, ids []backup.SnapshotID, runs map[backup.SnapshotID]string, err error) {
	if repo, err = f.reach.Repo(in[0].Repository); err != nil {
		return repo, nil, nil, err
	}
	runs = make(map[backup.SnapshotID]string, len(in))
	for _, s := range in {
		id := backup.SnapshotID(s.Snapshot)
		ids, runs[id] = append(ids, id), s.Backup
	}
	return repo, ids, runs, nil
}

func fileOf(e backup.Entry, dir string) api.File {
	return api.File{Name: e.Name, Path: path.Join(dir, e.Name), Type: typeOf(e), Size: e.Size,
		Mode: octal(e.Mode), ModifiedAt: e.Modified.UTC(),
		Owner: fmt.Sprintf("%d:%d", e.UID, e.GID), Target: e.Link}
}

// octal writes a mode as chmod takes it.
func octal(m fs.FileMode) string {
	bits := uint32(m.Perm())
	for i, special := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&special != 0 {
			bits |= 0o1000 << i
		}
	}
	return fmt.Sprintf("%04o", bits)
}

func typeOf(e backup.Entry) string {
	switch {
	case e.Mode.IsDir():
		return "directory"
	case e.Mode.IsRegular():
		return "file"
	case e.Mode.Type() == fs.ModeSymlink:
		return "symlink"
	}
	return "other"
}

// browseError puts an engine's error into words and codes of the door.
func browseError(err error, name string) error {
	switch {
	case errors.Is(err, backup.ErrQuery):
		return fsm.Errorf(fsm.Invalid, "%v", err)
	case errors.Is(err, backup.ErrNotFound):
		return fsm.Errorf(fsm.NotFound, "the backup has no %s", name)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fsm.Errorf(fsm.Unavailable, "the storage did not answer in time: %v", err)
	}
	return fsm.Errorf(fsm.Unavailable, "the backup cannot be read: %v", err)
}

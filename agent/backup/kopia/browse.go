package kopia

import (
	"context"
	"errors"
	"fmt"
	"io"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
)

// Browse lists a directory of a snapshot.
func (e *Engine) Browse(ctx context.Context, r backup.Repo, id backup.SnapshotID, path string) ([]backup.Entry, error) {
	var found []backup.Entry
	err := e.inspect(ctx, r, cached, func(ctx context.Context, h *handle) error {
		root, err := rootOf(ctx, h.rep, id)
		if err != nil {
			return err
		}
		dir, err := find(ctx, h.rep, root, path)
		if err != nil {
			return err
		}
		entries, err := readDir(ctx, h.rep, dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			b := browsed(entry)
			if entry.Type == snapshot.EntryTypeSymlink {
				if b.Link, err = readLink(ctx, h.rep, entry); err != nil {
					return err
				}
			}
			found = append(found, b)
		}
		return nil
	})
	return found, err
}

func browsed(e *snapshot.DirEntry) backup.Entry {
	b := backup.Entry{
		Name: e.Name, Mode: modeOf(e), Size: e.FileSize, Modified: e.ModTime.ToTime(), UID: e.UserID, GID: e.GroupID,
	}
	if e.DirSummary != nil {
		b.Size, b.Files = e.DirSummary.TotalFileSize, e.DirSummary.TotalFileCount
	}
	return b
}

// Open reads a file of a snapshot.
func (e *Engine) Open(ctx context.Context, r backup.Repo, id backup.SnapshotID, path string) (io.ReadCloser, error) {
	run, inner, end := startRun(ctx, r, 0)
	inner = logged(inner, e.opt.Log)
	h, err := e.acquire(inner, r, cached)
	if err != nil {
		end()
		return nil, err
	}
	f := &openFile{run: run, close: func() { e.release(h); end() }}
	f.Reader, err = openIn(inner, h, id, path)
	if err != nil {
		f.close()
		if failure := run.failed(); failure != nil {
			return nil, failure
		}
		return nil, err
	}
	return f, nil
}

func openIn(ctx context.Context, h *handle, id backup.SnapshotID, path string) (object.Reader, error) {
	if err := h.rep.Refresh(ctx); err != nil {
		return nil, reading(err)
	}
	root, err := rootOf(ctx, h.rep, id)
	if err != nil {
		return nil, err
	}
	entry, err := find(ctx, h.rep, root, path)
	if err != nil {
		return nil, err
	}
	if entry.Type != snapshot.EntryTypeFile {
		return nil, fmt.Errorf("%w: %s is no file", backup.ErrNotFound, path)
	}
	r, err := h.rep.OpenObject(ctx, entry.ObjectID)
	return r, reading(err)
}

// openFile is a file of a snapshot being read; the repository stays open for it.
type openFile struct {
	object.Reader
	run   *run
	close func()
}

func (f *openFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if failure := f.run.failed(); failure != nil {
		return n, failure
	}
	return n, reading(err)
}

func (f *openFile) Close() error {
	err := f.Reader.Close()
	f.close()
	return err
}

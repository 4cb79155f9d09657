package kopia

import (
	"context"
	"fmt"
	"io"
	"path"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
)

// Walk visits what is at a path and all below.
func (e *Engine) Walk(ctx context.Context, r backup.Repo, id backup.SnapshotID, at string, visit backup.Visit) error {
	return e.inspect(ctx, r, fresh, func(ctx context.Context, h *handle) error {
		root, err := rootOf(ctx, h.rep, id)
		if err != nil {
			return err
		}
		entry, err := find(ctx, h.rep, root, at)
		if err != nil {
			return err
		}
		return walk(ctx, h.rep, entry, "", visit)
	})
}

func walk(ctx context.Context, rep repo.Repository, e *snapshot.DirEntry, rel string, visit backup.Visit) error {
	b := browsed(e)
	if e.Type == snapshot.EntryTypeSymlink {
		var err error
		if b.Link, err = readLink(ctx, rep, e); err != nil {
			return err
		}
	}
	open := func() (io.ReadCloser, error) {
		content, err := rep.OpenObject(ctx, e.ObjectID)
		return content, reading(err)
	}
	if err := visit(rel, b, open); err != nil || e.Type != snapshot.EntryTypeDirectory {
		return err
	}
	entries, err := readDir(ctx, rep, e)
	if err != nil {
		return err
	}
	for _, child := range entries {
		name, err := diskName(child.Name)
		if err != nil {
			return fmt.Errorf("%w: %q: %w", backup.ErrCorrupt, path.Join(rel, child.Name), err)
		}
		if err := walk(ctx, rep, child, path.Join(rel, name), visit); err != nil {
			return err
		}
	}
	return nil
}

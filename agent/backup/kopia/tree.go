package kopia

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/snapshot"
)

// directoryStream is what kopia writes at the beginning of a directory.
const directoryStream = "kopia:directory"

// errNoDir is returned when a path leads through something that is no directory.
var errNoDir = errors.New("not a directory")

// rootOf returns the root of a snapshot.
func rootOf(ctx context.Context, rep repo.Repository, id backup.SnapshotID) (*snapshot.DirEntry, error) {
	m, err := complete(ctx, rep, id)
	if err != nil {
		return nil, err
	}
	return m.RootEntry, nil
}

// complete returns a snapshot with its root. An incomplete one has none.
func complete(ctx context.Context, rep repo.Repository, id backup.SnapshotID) (*snapshot.Manifest, error) {
	m, err := snapshot.LoadSnapshot(ctx, rep, manifest.ID(id))
	if errors.Is(err, snapshot.ErrSnapshotNotFound) || err == nil && m.IncompleteReason != "" {
		return nil, fmt.Errorf("%w: snapshot %s", backup.ErrNotFound, id)
	}
	if err != nil {
		return nil, reading(err)
	}
	if m.RootEntry == nil {
		return nil, fmt.Errorf("%w: snapshot %s has no root", backup.ErrCorrupt, id)
	}
	return m, nil
}

// find goes down a path from a directory. "/" and "" are the directory itself.
func find(ctx context.Context, rep repo.Repository, root *snapshot.DirEntry, path string) (*snapshot.DirEntry, error) {
	at := root
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			continue
		}
		if at.Type != snapshot.EntryTypeDirectory {
			return nil, fmt.Errorf("%w in the backup: %s", backup.ErrNotFound, path)
		}
		entries, err := readDir(ctx, rep, at)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(entries, func(e *snapshot.DirEntry) bool { return e.Name == part })
		if i < 0 {
			return nil, fmt.Errorf("%w in the backup: %s", backup.ErrNotFound, path)
		}
		at = entries[i]
	}
	return at, nil
}

// readDir reads a directory, in the order of names.
func readDir(ctx context.Context, rep repo.Repository, dir *snapshot.DirEntry) ([]*snapshot.DirEntry, error) {
	if dir.Type != snapshot.EntryTypeDirectory {
		return nil, fmt.Errorf("%w: %s: %w", backup.ErrNotFound, dir.Name, errNoDir)
	}
	r, err := rep.OpenObject(ctx, dir.ObjectID)
	if err != nil {
		return nil, reading(err)
	}
	var content snapshot.DirManifest
	err = json.NewDecoder(r).Decode(&content)
	if err == nil && content.StreamType != directoryStream {
		err = fmt.Errorf("%w: it begins with %q", errNoDir, content.StreamType)
	}
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("directory %s: %w", dir.Name, reading(err))
	}
	slices.SortFunc(content.Entries, func(a, b *snapshot.DirEntry) int { return cmp.Compare(a.Name, b.Name) })
	return content.Entries, nil
}

// readLink reads where a symbolic link points to.
func readLink(ctx context.Context, rep repo.Repository, link *snapshot.DirEntry) (string, error) {
	r, err := rep.OpenObject(ctx, link.ObjectID)
	if err != nil {
		return "", reading(err)
	}
	target, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return "", reading(err)
	}
	return string(target), nil
}

// modeOf returns the mode of an entry with its type.
func modeOf(e *snapshot.DirEntry) fs.FileMode {
	mode := fs.FileMode(e.Permissions)
	switch e.Type {
	case snapshot.EntryTypeDirectory:
		mode |= fs.ModeDir
	case snapshot.EntryTypeSymlink:
		mode |= fs.ModeSymlink
	}
	return mode
}

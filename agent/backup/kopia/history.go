package kopia

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
)

// History gives the states in which what is at a path is in snapshots.
func (e *Engine) History(ctx context.Context, r backup.Repo, ids []backup.SnapshotID, at string) ([]backup.Version, error) {
	var all []backup.Version
	err := e.inspect(ctx, r, cached, func(ctx context.Context, h *handle) error {
		t := &trail{rep: h.rep, known: map[stop]*snapshot.DirEntry{}}
		place := map[sight]int{}
		for _, id := range ids {
			entry, err := t.follow(ctx, id, at)
			if err != nil {
				return err
			}
			if entry == nil {
				continue
			}
			s := sight{object: entry.ObjectID, modified: entry.ModTime.ToTime().UnixNano()}
			i, ok := place[s]
			if !ok {
				i = len(all)
				place[s] = i
				all = append(all, backup.Version{Entry: browsed(entry), Object: entry.ObjectID.String()})
			}
			all[i].Snapshots = append(all[i].Snapshots, id)
		}
		return nil
	})
	return all, err
}

// trail follows one path down many snapshots. Equal directories have equal ids: from
// one on that was passed before the way is known.
type trail struct {
	rep   repo.Repository
	known map[stop]*snapshot.DirEntry // nil where it leads nowhere
}

// stop is a directory on the way, and what is left of it.
type stop struct {
	dir  object.ID
	rest string
}

// follow gives what is at the path in a snapshot; nil when nothing is.
func (t *trail) follow(ctx context.Context, id backup.SnapshotID, at string) (*snapshot.DirEntry, error) {
	root, err := rootOf(ctx, t.rep, id)
	if errors.Is(err, backup.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.down(ctx, root, strings.Trim(path.Clean("/"+at), "/"))
}

func (t *trail) down(ctx context.Context, dir *snapshot.DirEntry, rest string) (*snapshot.DirEntry, error) {
	if rest == "" {
		return dir, nil
	}
	if dir.Type != snapshot.EntryTypeDirectory {
		return nil, nil
	}
	here := stop{dir.ObjectID, rest}
	if e, ok := t.known[here]; ok {
		return e, nil
	}
	entries, err := readDir(ctx, t.rep, dir)
	if err != nil {
		return nil, err
	}
	name, rest, _ := strings.Cut(rest, "/")
	var found *snapshot.DirEntry
	if i := slices.IndexFunc(entries, func(e *snapshot.DirEntry) bool { return e.Name == name }); i >= 0 {
		if found, err = t.down(ctx, entries[i], rest); err != nil {
			return nil, err
		}
	}
	t.known[here] = found
	return found, nil
}

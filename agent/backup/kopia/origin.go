package kopia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
)

var errNoOrigin = errors.New("the backup does not say where its source was; name a directory to restore to")

// tag notes where the source was.
func (r *roots) tag(tags map[string]string) error {
	if len(r.paths) == 0 {
		return nil // of a command
	}
	text, err := json.Marshal(r.paths)
	tags[tagSource] = string(text)
	return err
}

// lots says where each part of a snapshot goes that is restored to its origin: to the
// source's path, or to those of the folders that stand for several.
func lots(ctx context.Context, rep repo.Repository, m *snapshot.Manifest, all *pick, t backup.Target) ([]lot, error) {
	var paths []string
	if err := json.Unmarshal([]byte(m.Tags[tagSource]), &paths); err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("%w: %w", backup.ErrTarget, errNoOrigin)
	}
	if m.RootEntry.Name != virtualRoot {
		t.Dir = paths[0]
		return []lot{{pick: all, to: t}}, nil
	}
	names := folderNames(paths)
	parts, err := all.parts(ctx, rep)
	if err != nil {
		return nil, err
	}
	var found []lot
	for _, p := range parts {
		name, err := diskName(p.entry.Name)
		i := slices.Index(names, name)
		if err != nil || i < 0 {
			return nil, fmt.Errorf("%w: %q: %w", backup.ErrTarget, p.entry.Name, errNoOrigin)
		}
		to, one := t, lot{pick: p}
		to.Dir = paths[i]
		if p.entry.Type != snapshot.EntryTypeDirectory {
			to.Dir, one.name = filepath.Split(filepath.Clean(paths[i]))
		}
		one.to = to
		found = append(found, one)
	}
	return found, nil
}

package kopia

import (
	"context"
	"maps"
	"slices"
	"strings"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
)

// pick is what is restored of an entry: all of it, or only some of what is below.
type pick struct {
	entry *snapshot.DirEntry
	below map[string]*pick // by name; nil when all is
}

// choose picks what lies at the path, or only at some paths below it. Each must be
// there.
func choose(ctx context.Context, rep repo.Repository, root *snapshot.DirEntry, path string, only []string) (*pick, error) {
	entry, err := find(ctx, rep, root, path)
	if err != nil || len(only) == 0 {
		return &pick{entry: entry}, err
	}
	some := &pick{entry: entry, below: map[string]*pick{}}
	for _, sub := range only {
		if err := some.add(ctx, rep, sub); err != nil {
			return nil, err
		}
	}
	return some, nil
}

// add picks what lies at a path below, besides what was picked there.
func (p *pick) add(ctx context.Context, rep repo.Repository, path string) error {
	at := p
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			continue
		}
		next, ok := at.below[part]
		if ok && next.below == nil {
			return nil // all of it is picked
		}
		if !ok {
			entry, err := find(ctx, rep, at.entry, part)
			if err != nil {
				return err
			}
			next = &pick{entry: entry, below: map[string]*pick{}}
			at.below[part] = next
		}
		at = next
	}
	at.below = nil
	return nil
}

// parts gives what is picked directly below, in the order of names.
func (p *pick) parts(ctx context.Context, rep repo.Repository) ([]*pick, error) {
	if p.below != nil {
		var some []*pick
		for _, name := range slices.Sorted(maps.Keys(p.below)) {
			some = append(some, p.below[name])
		}
		return some, nil
	}
	entries, err := readDir(ctx, rep, p.entry)
	if err != nil {
		return nil, err
	}
	all := make([]*pick, len(entries))
	for i, e := range entries {
		all[i] = &pick{entry: e}
	}
	return all, nil
}

// size returns how many files, and how much else, are picked.
func (p *pick) size() (files, others, bytes int64) {
	if p.below == nil {
		return size(p.entry)
	}
	others = 1 // the folder
	for _, b := range p.below {
		f, o, n := b.size()
		files, others, bytes = files+f, others+o, bytes+n
	}
	return files, others, bytes
}

// lot is what is restored into one directory.
type lot struct {
	pick *pick
	to   backup.Target
	name string // of a file or a link there; its own when empty
}

package kopia

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
)

// mostKept bounds what a search keeps of the directories that it has been through.
const mostKept = 200_000

// Find looks for names in snapshots.
func (e *Engine) Find(ctx context.Context, r backup.Repo, q backup.Query) (backup.Findings, error) {
	match, err := matcher(q.Name)
	if err != nil {
		return backup.Findings{}, err
	}
	var out backup.Findings
	err = e.inspect(ctx, r, cached, func(ctx context.Context, h *handle) error {
		s := &search{rep: h.rep, match: match, known: map[object.ID]*branch{}, seen: map[sight]*backup.Found{}, most: q.Most}
		if q.Within > 0 {
			s.until = time.Now().Add(q.Within)
		}
		err := s.all(ctx, q.Snapshots)
		out = backup.Findings{Searched: s.searched, Partial: s.partial}
		for _, f := range s.found {
			out.Found = append(out.Found, *f)
		}
		return err
	})
	return out, err
}

// matcher makes of what is looked for a test of names.
func matcher(name string) (func(string) bool, error) {
	name = strings.ToLower(name)
	if name == "" {
		return nil, fmt.Errorf("%w: nothing to look for", backup.ErrQuery)
	}
	if !strings.ContainsAny(name, "*?[") {
		return func(s string) bool { return strings.Contains(strings.ToLower(s), name) }, nil
	}
	if _, err := path.Match(name, ""); err != nil {
		return nil, fmt.Errorf("%w: %q: %w", backup.ErrQuery, name, err)
	}
	return func(s string) bool {
		ok, err := path.Match(name, strings.ToLower(s))
		return ok && err == nil
	}, nil
}

// search is one search. Equal directories have equal ids, in whatever snapshot they
// are: each is read once.
type search struct {
	rep   repo.Repository
	match func(name string) bool
	until time.Time // the end; never when zero
	most  int

	known    map[object.ID]*branch // nil for directories without anything
	kept     int                   // entries in known
	seen     map[sight]*backup.Found
	found    []*backup.Found
	searched int
	partial  bool
}

// branch is what a directory, or something below, has of what is looked for.
type branch struct {
	hits  []*snapshot.DirEntry
	below []limb
}

type limb struct {
	name string
	*branch
}

// sight is what makes two findings the same. Directories are the same by their path:
// they change with everything in them.
type sight struct {
	path     string
	object   object.ID
	modified int64
}

// all searches the snapshots, until the time is up.
func (s *search) all(ctx context.Context, ids []backup.SnapshotID) error {
	for _, id := range ids {
		root, err := rootOf(ctx, s.rep, id)
		if errors.Is(err, backup.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		b, err := s.look(ctx, root)
		if err != nil {
			return err
		}
		begin := len(s.found)
		s.gather(b, "/", id)
		slices.SortFunc(s.found[begin:], func(a, b *backup.Found) int { return strings.Compare(a.Path, b.Path) })
		if s.partial {
			return nil
		}
		s.searched++
	}
	return nil
}

// look finds what a directory has. A part of it is what it returns when the time is
// up.
func (s *search) look(ctx context.Context, dir *snapshot.DirEntry) (*branch, error) {
	if b, ok := s.known[dir.ObjectID]; ok {
		return b, nil
	}
	if s.kept > mostKept || !s.until.IsZero() && time.Now().After(s.until) {
		s.partial = true
		return nil, nil
	}
	entries, err := readDir(ctx, s.rep, dir)
	if err != nil {
		return nil, err
	}
	found := &branch{}
	for _, e := range entries {
		if s.match(e.Name) {
			found.hits = append(found.hits, e)
			s.kept++
		}
		if e.Type != snapshot.EntryTypeDirectory {
			continue
		}
		below, err := s.look(ctx, e)
		if err != nil {
			return nil, err
		}
		if below != nil {
			found.below = append(found.below, limb{e.Name, below})
			s.kept++
		}
	}
	if len(found.hits)+len(found.below) == 0 {
		found = nil
	}
	if !s.partial {
		s.known[dir.ObjectID] = found
		s.kept++
	}
	return found, nil
}

// gather adds what a branch has to the findings.
func (s *search) gather(b *branch, dir string, in backup.SnapshotID) {
	if b == nil {
		return
	}
	for _, e := range b.hits {
		at := sight{path: path.Join(dir, e.Name)}
		if e.Type != snapshot.EntryTypeDirectory {
			at.object, at.modified = e.ObjectID, e.ModTime.ToTime().UnixNano()
		}
		switch f := s.seen[at]; {
		case f != nil:
			f.Same++
		case s.most > 0 && len(s.found) >= s.most:
			s.partial = true
		default:
			f = &backup.Found{Path: at.path, Entry: browsed(e), In: in}
			s.seen[at], s.found = f, append(s.found, f)
		}
	}
	for _, l := range b.below {
		s.gather(l.branch, path.Join(dir, l.name), in)
	}
}

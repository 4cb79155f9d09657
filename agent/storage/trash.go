package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bcm/agent/storage/blob"
)

// gone is a blob that was deleted and is still there to be read as of before.
type gone struct {
	entry
	at int64 // when it was deleted, in nanoseconds since 1970
}

// was tells whether the blob was there at a time.
func (g gone) was(asOf int64) bool { return g.created <= asOf && asOf < g.at }

func (s *Store) trashDir() string { return filepath.Join(s.dir, "trash") }

// trashPath is where a deleted blob lies. A tilde is in no blob's name.
func (s *Store) trashPath(ns, name string, at int64) string {
	return filepath.Join(s.trashDir(), ns, name+"~"+strconv.FormatInt(at, 10))
}

// discard takes a blob's file away: at once, or into the trash. The caller holds
// the blob's commit lock.
func (s *Store) discard(ns, name string, e entry, atOnce bool) error {
	if atOnce || s.opt.KeepDeleted <= 0 {
		return ignoreMissing(os.Remove(s.path(ns, name)))
	}
	g := gone{e, s.now().UnixNano()}
	to := s.trashPath(ns, name, g.at)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(s.path(ns, name), to); err != nil {
		return ignoreMissing(err)
	}
	if err := syncDir(filepath.Dir(to)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spaces[ns].bury(name, g)
	return nil
}

// keepReplaced puts a second name of a blob that is about to be replaced into the
// trash, so that what it was can be read as of before like anything deleted, and the
// blob is there all the time. The caller holds the blob's commit lock.
func (s *Store) keepReplaced(ns, name string) error {
	e, ok := s.lookup(ns, name)
	if !ok || s.opt.KeepDeleted <= 0 {
		return nil
	}
	g := gone{e, s.now().UnixNano()}
	to := s.trashPath(ns, name, g.at)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	err := os.Link(s.path(ns, name), to)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrExist) {
		return nil // it is lost; or replaced twice at one moment, and the first is kept
	}
	if err := errors.Join(err, syncDir(filepath.Dir(to))); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spaces[ns].bury(name, g)
	return nil
}

// bury makes a deleted blob known. The caller holds the store's lock.
func (sp *space) bury(name string, g gone) {
	if sp.gone == nil {
		sp.gone = make(map[string][]gone)
	}
	sp.gone[name] = append(sp.gone[name], g)
	sp.buried += g.size
}

// loadTrash reads what lies in the trash.
func (s *Store) loadTrash() error {
	spaces, err := os.ReadDir(s.trashDir())
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, ns := range spaces {
		files, err := os.ReadDir(filepath.Join(s.trashDir(), ns.Name()))
		if err != nil {
			return fmt.Errorf("storage: %w", err)
		}
		for _, file := range files {
			name, stamp, _ := strings.Cut(file.Name(), "~")
			at, err := strconv.ParseInt(stamp, 10, 64)
			if err != nil || checkNames(ns.Name(), name) != nil {
				s.log.Warn("not a deleted blob, left alone", "namespace", ns.Name(), "file", file.Name())
				continue
			}
			h, err := s.headAt(s.trashPath(ns.Name(), name, at))
			if err != nil {
				s.log.Error("a deleted blob is damaged, left alone", "namespace", ns.Name(), "file", file.Name(), "error", err)
				continue
			}
			s.space(ns.Name()).bury(name, gone{entry{h.size, h.created.UnixNano()}, at})
		}
	}
	return nil
}

// Reap removes what was deleted longer ago than deleted blobs are kept, and tells
// how many blobs that were. Room is never made before that time: whoever fills the
// disk must not be able to destroy what was.
func (s *Store) Reap() (n int, err error) {
	limit := s.now().Add(-s.opt.KeepDeleted).UnixNano()
	due := make(map[known][]gone)
	s.mu.RLock()
	for ns, sp := range s.spaces {
		for name, all := range sp.gone {
			for _, g := range all {
				if g.at <= limit {
					due[known{ns, name}] = append(due[known{ns, name}], g)
				}
			}
		}
	}
	s.mu.RUnlock()
	for k, all := range due {
		for _, g := range all {
			if e := ignoreMissing(os.Remove(s.trashPath(k.ns, k.name, g.at))); e != nil {
				err = errors.Join(err, fmt.Errorf("storage: %w", e))
				continue
			}
			s.exhume(k, g)
			n++
		}
	}
	return n, err
}

// exhume makes a deleted blob unknown.
func (s *Store) exhume(k known, g gone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[k.ns]
	sp.gone[k.name] = slices.DeleteFunc(sp.gone[k.name], func(o gone) bool { return o.at == g.at })
	if len(sp.gone[k.name]) == 0 {
		delete(sp.gone, k.name)
	}
	sp.buried -= g.size
}

// pathAsOf finds the file of a blob as it was at a time; "" when there was none.
func (s *Store) pathAsOf(ns, name string, asOf time.Time) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sp := s.spaces[ns]
	if sp == nil {
		return ""
	}
	e, ok := sp.blobs[name]
	if ok && (asOf.IsZero() || e.created <= asOf.UnixNano()) {
		return s.path(ns, name)
	}
	if !asOf.IsZero() {
		for _, g := range sp.gone[name] {
			if g.was(asOf.UnixNano()) {
				return s.trashPath(ns, name, g.at)
			}
		}
	}
	return ""
}

// listGone adds the deleted blobs that were there at a time. The caller holds the
// store's lock.
func (sp *space) listGone(all []blob.Info, prefix string, asOf int64) []blob.Info {
	for name, deleted := range sp.gone {
		if e, ok := sp.blobs[name]; !strings.HasPrefix(name, prefix) || ok && e.created <= asOf {
			continue
		}
		for _, g := range deleted {
			if g.was(asOf) {
				all = append(all, blob.Info{Name: name, Size: g.size, Created: time.Unix(0, g.created)})
				break
			}
		}
	}
	return all
}

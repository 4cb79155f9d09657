package storage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bcm/agent/storage/blob"

	"golang.org/x/sys/unix"
)

// Usage is what a store holds and what it could hold, in bytes.
type Usage struct {
	Capacity   int64 // of the disk
	Free       int64 // of the disk, what blobs may still take: the reserve is taken off
	Used       int64 // by blobs
	Damaged    int   // files that are not whole blobs, found at start
	Namespaces []NamespaceUsage
}

// NamespaceUsage is what one namespace holds.
type NamespaceUsage struct {
	Namespace string
	Blobs     int
	Used      int64
	Reserved  int64 // being received
}

// Usage returns what the store holds, namespaces in the order of their names.
func (s *Store) Usage() (Usage, error) {
	capacity, avail, err := s.diskSpace()
	if err != nil {
		return Usage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := Usage{
		Capacity: capacity,
		Free:     max(0, avail-s.reserved-s.opt.KeepFree),
		Damaged:  s.damaged,
	}
	for name, sp := range s.spaces {
		u.Used += sp.used
		u.Namespaces = append(u.Namespaces, NamespaceUsage{Namespace: name, Blobs: len(sp.blobs), Used: sp.used, Reserved: sp.reserved})
	}
	slices.SortFunc(u.Namespaces, func(a, b NamespaceUsage) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return u, nil
}

// diskSpace returns how many bytes the disk has, and how many can still be written.
func (s *Store) diskSpace() (capacity, avail int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return 0, 0, fmt.Errorf("storage: %w", err)
	}
	return int64(st.Blocks) * st.Bsize, int64(st.Bavail) * st.Bsize, nil
}

// List returns the blobs of a namespace whose names begin with the prefix, in the
// order of names; when asOf is not zero, those stored at or before it. A namespace
// that nothing was stored in is empty.
func (s *Store) List(ns, prefix string, asOf time.Time) ([]blob.Info, error) {
	if err := blob.CheckNamespace(ns); err != nil {
		return nil, err
	}
	var all []blob.Info
	s.mu.RLock()
	if sp := s.spaces[ns]; sp != nil {
		for name, e := range sp.blobs {
			if strings.HasPrefix(name, prefix) && (asOf.IsZero() || e.created <= asOf.UnixNano()) {
				all = append(all, blob.Info{Name: name, Size: e.size, Created: time.Unix(0, e.created)})
			}
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b blob.Info) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

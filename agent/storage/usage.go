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
	Used       int64 // by blobs, also those deleted and kept
	Damaged    int   // files that are not whole blobs
	Lost       int   // blobs that ought to be there and cannot be given
	Grows      int64 // by how much Free gets less a day, lately
	Namespaces []NamespaceUsage
}

// NamespaceUsage is what one namespace holds.
type NamespaceUsage struct {
	Namespace string
	Blobs     int
	Used      int64
	Deleted   int64 // of that, by blobs that were deleted and are kept
	Lost      int
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
		Grows:    grows(s.samples),
	}
	for name, sp := range s.spaces {
		n := NamespaceUsage{Namespace: name, Blobs: len(sp.blobs), Used: sp.used + sp.buried, Deleted: sp.buried, Lost: len(sp.lost), Reserved: sp.reserved}
		u.Used += n.Used
		u.Lost += n.Lost
		u.Damaged += sp.damaged
		u.Namespaces = append(u.Namespaces, n)
	}
	slices.SortFunc(u.Namespaces, func(a, b NamespaceUsage) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return u, nil
}

// Lost names the blobs of a namespace that ought to be there and cannot be given, in
// order.
func (s *Store) Lost(ns string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var names []string
	if sp := s.spaces[ns]; sp != nil {
		for name := range sp.lost {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
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
// order of names; when asOf is not zero, those that were there at that time: what was
// deleted since is among them for as long as it is kept. A namespace that nothing was
// stored in is empty.
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
		if !asOf.IsZero() {
			all = sp.listGone(all, prefix, asOf.UnixNano())
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b blob.Info) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

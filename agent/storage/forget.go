package storage

import (
	"context"
	"fmt"
	"os"

	"bcm/agent/storage/blob"
)

// forget takes a blob that is lost off the list of those that ought to be there. What
// lies in its place is no whole blob and goes into the quarantine. A blob that is not
// lost is missing. The caller holds the blob's commit lock.
func (s *Store) forget(ns, name string) error {
	s.mu.RLock()
	sp := s.spaces[ns]
	lost := sp != nil && sp.lost[name] != ""
	s.mu.RUnlock()
	if !lost {
		return fmt.Errorf("%w: %s", blob.ErrMissing, name)
	}
	if _, err := os.Lstat(s.path(ns, name)); err == nil {
		if err := s.quarantine(ns, s.path(ns, name)); err != nil {
			return err
		}
	} else if ignoreMissing(err) != nil {
		return fmt.Errorf("storage: %w", err)
	}
	s.ledger.note('-', ns, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	sp.setAside(name)
	delete(sp.lost, name)
	s.log.Warn("a lost blob is given up", "namespace", ns, "blob", name)
	return nil
}

// giveUp forgets all that is lost of a namespace, and tells how many blobs that were.
// What has come back meanwhile stays.
func (s *Store) giveUp(ctx context.Context, ns string, t throttle) (n int64, err error) {
	sc := &scrubbing{store: s, ns: ns, throttle: t}
	for _, name := range s.Lost(ns) {
		if err := sc.check(ctx, name); err != nil {
			return n, err
		}
		gone, err := s.giveUpOne(ns, name)
		if err != nil {
			return n, err
		}
		n += gone
	}
	return n, nil
}

func (s *Store) giveUpOne(ns, name string) (n int64, err error) {
	lock := s.commit(ns, name)
	lock.Lock()
	defer lock.Unlock()
	if _, back := s.lookup(ns, name); back {
		return 0, nil
	}
	return 1, s.forget(ns, name)
}

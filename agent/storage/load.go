package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bcm/agent/storage/blob"

	"golang.org/x/sync/errgroup"
)

// loaders is how many directories are read at once at start.
const loaders = 8

// load reads the head of every blob into memory, and finds out which blobs ought to
// be there and are not.
func (s *Store) load() error {
	names, err := readLedger(s.ledgerPath())
	if err != nil {
		return err
	}
	if err := s.loadBlobs(); err != nil {
		return err
	}
	for k := range names {
		sp := s.space(k.ns)
		if _, there := sp.blobs[k.name]; !there && sp.lost[k.name] == "" {
			s.log.Error("a blob is missing", "namespace", k.ns, "blob", k.name)
			sp.lost[k.name] = "missing"
		}
	}
	clear(names)
	for ns, sp := range s.spaces {
		for name := range sp.blobs {
			if !blob.Ephemeral(name) {
				names[known{ns, name}] = true
			}
		}
		for name := range sp.lost {
			names[known{ns, name}] = true
		}
	}
	s.ledger, err = newLedger(s.ledgerPath(), names)
	return err
}

func (s *Store) ledgerPath() string { return filepath.Join(s.dir, "ledger") }

func (s *Store) loadBlobs() error {
	names, err := os.ReadDir(s.blobsDir())
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var group errgroup.Group
	group.SetLimit(loaders)
	for _, ns := range names {
		if blob.CheckNamespace(ns.Name()) != nil || !ns.IsDir() {
			s.log.Warn("not a namespace, left alone", "name", ns.Name())
			continue
		}
		s.space(ns.Name())
	}
	for name := range s.spaces {
		shards, err := os.ReadDir(filepath.Join(s.blobsDir(), name))
		if err != nil {
			return fmt.Errorf("storage: %w", err)
		}
		for _, shard := range shards {
			group.Go(func() error { return s.loadShard(name, filepath.Join(s.blobsDir(), name, shard.Name())) })
		}
	}
	return group.Wait()
}

func (s *Store) loadShard(ns, dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(dir, file.Name())
		h, err := s.loadOne(ns, path)
		if errors.Is(err, errDamaged) {
			s.log.Error("not a whole blob, left alone and not listed", "file", path, "error", err)
		} else if err != nil {
			return fmt.Errorf("storage: %s: %w", path, err)
		}
		s.mu.Lock()
		if err != nil {
			s.spaces[ns].damaged++
			if !errors.Is(err, errMisplaced) && !blob.Ephemeral(file.Name()) {
				s.spaces[ns].lost[file.Name()] = inPlace
			}
		} else {
			s.spaces[ns].add(file.Name(), h)
		}
		s.mu.Unlock()
	}
	return nil
}

// inPlace is why a blob is lost whose file still lies where it was.
const inPlace = "damaged"

// setAside counts a damaged file no more that lies among the blobs no more. The caller
// holds the store's lock.
func (sp *space) setAside(name string) {
	if sp.lost[name] == inPlace {
		sp.damaged = max(0, sp.damaged-1)
	}
}

// errMisplaced is an errDamaged: the file may be a blob, but not one from here.
var errMisplaced = fmt.Errorf("%w: no blob of this name belongs here", errDamaged)

// loadOne reads the head of a file and refuses one that lies where no blob of its
// name would.
func (s *Store) loadOne(ns, path string) (h head, err error) {
	name := filepath.Base(path)
	if blob.CheckName(name) != nil || s.path(ns, name) != path {
		return head{}, errMisplaced
	}
	return s.headAt(path)
}

// headAt reads the head of a file.
func (s *Store) headAt(path string) (h head, err error) {
	f, err := os.Open(path)
	if err != nil {
		return head{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return s.headOf(f)
}

// add makes a blob known. The caller holds the store's lock.
func (sp *space) add(name string, h head) {
	sp.used += h.size - sp.blobs[name].size
	sp.blobs[name] = entry{size: h.size, created: h.created.UnixNano()}
	delete(sp.lost, name)
}

// remove makes a blob unknown. The caller holds the store's lock.
func (sp *space) remove(name string) {
	sp.used -= sp.blobs[name].size
	delete(sp.blobs, name)
}

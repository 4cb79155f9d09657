package storage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"bcm/agent/storage/blob"
)

// mostUnreadable is how many files a scrub takes for damaged because they cannot be
// read at all: where there are more, the disk is at fault and not its files.
const mostUnreadable = 16

// scrubReport is what a scrub has found.
type scrubReport struct {
	Blobs   int64    `json:"blobs"` // read
	Bytes   int64    `json:"bytes"`
	Found   int64    `json:"found"`   // damaged or missing ones
	Strays  int64    `json:"strays"`  // files that are no blobs
	Problem []string `json:"problem"` // the first of both
}

func (r *scrubReport) tell(name, why string) {
	if len(r.Problem) < mostTold {
		r.Problem = append(r.Problem, name+": "+why)
	}
}

// mostTold is how many problems a report names.
const mostTold = 50

// scrubbing is a scrub at work, and what is kept of it on disk to go on from.
type scrubbing struct {
	Run    string      `json:"run"`
	After  string      `json:"after"` // the last name that was done
	Report scrubReport `json:"report"`

	store      *Store
	ns         string
	throttle   throttle
	unreadable int
	saved      time.Time
}

// scrub reads every blob of a namespace again and compares it with its checksum.
// What is damaged is moved into the quarantine, where nothing deletes it, and counts
// as lost from then on, as does what is missing. A scrub that broke off goes on
// where it was when it is begun again for the same run. It reads no faster than
// throttle lets it, and tells how far it is.
func (s *Store) scrub(ctx context.Context, ns, run string, t throttle, progress func(done, all scrubReport)) (scrubReport, error) {
	sc := &scrubbing{store: s, ns: ns, throttle: t}
	if err := sc.resume(run); err != nil {
		return scrubReport{}, err
	}
	names, all := sc.plan()
	for _, name := range names {
		if name <= sc.After {
			continue
		}
		if err := sc.check(ctx, name); err != nil {
			return sc.Report, errors.Join(err, sc.save())
		}
		sc.After = name
		progress(sc.Report, all)
		if time.Since(sc.saved) > 10*time.Second {
			if err := sc.save(); err != nil {
				return sc.Report, err
			}
		}
	}
	err := sc.strays()
	if err == nil {
		err = ignoreMissing(os.Remove(sc.path()))
	}
	return sc.Report, err
}

// path is where the state of the scrub of a namespace lies.
func (sc *scrubbing) path() string { return filepath.Join(sc.store.dir, "scrub-"+sc.ns+".json") }

// resume reads what an earlier attempt of the same run has done.
func (sc *scrubbing) resume(run string) error {
	if err := blob.CheckNamespace(sc.ns); err != nil {
		return err
	}
	data, err := os.ReadFile(sc.path())
	if ignoreMissing(err) != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err != nil || json.Unmarshal(data, sc) != nil || sc.Run != run {
		sc.Run, sc.After, sc.Report = run, "", scrubReport{}
	}
	return nil
}

func (sc *scrubbing) save() error {
	sc.saved = time.Now()
	data, err := json.Marshal(sc)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return os.WriteFile(sc.path(), data, 0o600)
}

// plan lists the names that ought to be there, in order, and sums up what there is.
func (sc *scrubbing) plan() (names []string, all scrubReport) {
	s := sc.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	sp := s.spaces[sc.ns]
	if sp == nil {
		return nil, all
	}
	for name, e := range sp.blobs {
		if !blob.Ephemeral(name) {
			names = append(names, name)
			all.Bytes += e.size
		}
	}
	for name := range sp.lost {
		names = append(names, name)
	}
	slices.Sort(names)
	all.Blobs = int64(len(names))
	return names, all
}

// check reads one blob. The error ends the scrub.
func (sc *scrubbing) check(ctx context.Context, name string) error {
	why := ""
	f, err := os.Open(sc.store.path(sc.ns, name))
	if err == nil {
		why, err = sc.read(ctx, f)
		defer func() { _ = f.Close() }() // it was read
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrNotExist):
		why = "missing"
	case err != nil:
		if sc.unreadable++; sc.unreadable > mostUnreadable {
			return fmt.Errorf("storage: the disk fails: %w", err)
		}
		why = "cannot be read: " + err.Error()
	}
	if why == "" {
		sc.Report.Blobs++
		return sc.adopt(f, name)
	}
	found, err := sc.lose(f, name, why)
	if found {
		sc.Report.Found++
		sc.Report.tell(name, why)
	}
	return err
}

// read reads a file to its end and tells what is wrong with it.
func (sc *scrubbing) read(ctx context.Context, f *os.File) (why string, err error) {
	h, err := sc.store.headOf(f)
	if errors.Is(err, errDamaged) {
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, sc.throttle.reader(ctx, f))
	sc.Report.Bytes += n
	if err == nil && [32]byte(sum.Sum(nil)) != h.sum {
		why = "its bytes do not have its checksum"
	}
	return why, err
}

// lose moves what is wrong away and notes that the blob is lost. found is false when
// the blob has been deleted or stored anew meanwhile.
func (sc *scrubbing) lose(f *os.File, name, why string) (found bool, err error) {
	s := sc.store
	lock := s.commit(sc.ns, name)
	lock.Lock()
	defer lock.Unlock()
	path := s.path(sc.ns, name)
	now, err := os.Stat(path)
	switch {
	case err == nil && why == "missing":
		return false, nil // it has come
	case err == nil:
		if f != nil {
			if was, err := f.Stat(); err != nil || !os.SameFile(was, now) {
				return false, err
			}
		}
		if err := s.quarantine(sc.ns, path); err != nil {
			return true, err
		}
	case !errors.Is(err, os.ErrNotExist):
		return true, fmt.Errorf("storage: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[sc.ns]
	_, listed := sp.blobs[name]
	if !listed && sp.lost[name] == "" {
		return false, nil // deleted meanwhile
	}
	if listed {
		sp.remove(name)
	}
	sp.setAside(name)
	sp.lost[name] = why
	s.log.Error("a blob is lost", "namespace", sc.ns, "blob", name, "reason", why)
	return true, nil
}

// adopt makes a whole blob known that was lost: somebody has put its file back.
func (sc *scrubbing) adopt(f *os.File, name string) error {
	s := sc.store
	if _, listed := s.lookup(sc.ns, name); listed {
		return nil
	}
	lock := s.commit(sc.ns, name)
	lock.Lock()
	defer lock.Unlock()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	h, err := s.headOf(f)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spaces[sc.ns].lost[name] != "" {
		s.spaces[sc.ns].add(name, h)
	}
	return nil
}

// strays moves files away that lie among the blobs and are none.
func (sc *scrubbing) strays() error {
	s := sc.store
	shards, err := os.ReadDir(filepath.Join(s.blobsDir(), sc.ns))
	if ignoreMissing(err) != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, shard := range shards {
		dir := filepath.Join(s.blobsDir(), sc.ns, shard.Name())
		files, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("storage: %w", err)
		}
		for _, file := range files {
			if err := sc.stray(filepath.Join(dir, file.Name())); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp := s.spaces[sc.ns]; sp != nil {
		sp.damaged = 0
	}
	return nil
}

// stray moves a file away unless it is a blob that is known.
func (sc *scrubbing) stray(path string) error {
	s, name := sc.store, filepath.Base(path)
	lock := s.commit(sc.ns, name)
	lock.Lock()
	defer lock.Unlock()
	if _, listed := s.lookup(sc.ns, name); listed && s.path(sc.ns, name) == path {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return ignoreMissing(err)
	}
	sc.Report.Strays++
	sc.Report.tell(name, "is no blob")
	return s.quarantine(sc.ns, path)
}

// quarantine moves a file to where it can be looked at and is in nobody's way.
func (s *Store) quarantine(ns, path string) error {
	dir := filepath.Join(s.dir, "quarantine", ns)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	to := filepath.Join(dir, filepath.Base(path)+"~"+strconv.FormatInt(s.now().UnixNano(), 10))
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(path)))
}

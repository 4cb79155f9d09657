package storage

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bcm/agent/storage/blob"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

// ErrInUse is returned by [Open] for a directory that another process serves.
var ErrInUse = errors.New("another process serves this storage directory")

// Options say how a [Store] keeps blobs.
type Options struct {
	// MinAge is how old a blob must be before it may be deleted. 1 hour when zero.
	MinAge time.Duration
	// KeepFree is how many bytes of the disk are not given to blobs, so that what
	// shares the disk goes on working. 0 is allowed.
	KeepFree int64
	// KeepDeleted is how long a blob that was deleted can still be read as of the
	// time before, whoever deleted it. It counts as used until then. 0 deletes at once.
	KeepDeleted time.Duration
	// Clock tells the time by which blobs age, in tests. Without it, it is one that
	// does not jump while the process lives.
	Clock func() time.Time
}

// Store keeps blobs in a directory. Its methods are safe for concurrent use.
type Store struct {
	dir  string
	opt  Options
	log  hclog.Logger
	lock *os.File
	now  func() time.Time
	// disk wraps the file that a blob is received into; tests let it fail.
	disk func(io.Writer) io.Writer

	commits [64]sync.Mutex // by name: who makes a blob visible or invisible

	mu       sync.RWMutex
	spaces   map[string]*space
	reserved int64 // bytes being received, all namespaces
	ledger   *ledger
	samples  []sample // of the room that is left, the oldest first
}

// space is one namespace.
type space struct {
	blobs    map[string]entry
	gone     map[string][]gone // deleted and kept for a while, the oldest first
	lost     map[string]string // that ought to be there and cannot be given, and why
	used     int64             // bytes of its blobs, heads not counted
	buried   int64             // bytes of those deleted and kept
	reserved int64             // bytes being received
	damaged  int               // files among its blobs that are no whole ones
}

// entry is what is held in memory of a blob.
type entry struct {
	size    int64
	created int64 // nanoseconds since 1970
}

// Open opens the store in a directory, which it makes if need be, empties what a
// crash left in tmp, and reads the head of every blob. A file that is not a whole
// blob is reported to the log, counted in [Usage.Damaged] and left where it is until
// a scrub, but not listed. The error wraps [ErrInUse] when another process has the
// directory.
func Open(dir string, opt Options, log hclog.Logger) (*Store, error) {
	if opt.MinAge == 0 {
		opt.MinAge = time.Hour
	}
	if opt.Clock == nil {
		opt.Clock = steadyClock()
	}
	s := &Store{
		dir: dir, opt: opt, log: log,
		now: opt.Clock, disk: func(w io.Writer) io.Writer { return w },
		spaces: map[string]*space{},
	}
	for _, d := range []string{dir, s.tmpDir(), s.blobsDir(), s.trashDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
	}
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	if err := errors.Join(s.emptyTmp(), s.load(), s.loadTrash(), s.loadSamples()); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// Close gives the directory free. Nothing may be going on in the store.
func (s *Store) Close() error { return errors.Join(s.ledger.close(), s.lock.Close()) }

// steadyClock tells the time as it was when the process began plus what has passed
// since: setting the system's clock does not make blobs older.
func steadyClock() func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(time.Since(start)).Round(0) }
}

func (s *Store) tmpDir() string   { return filepath.Join(s.dir, "tmp") }
func (s *Store) blobsDir() string { return filepath.Join(s.dir, "blobs") }

// shard returns the directory of a blob.
func (s *Store) shard(ns, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(s.blobsDir(), ns, fmt.Sprintf("%02x", sum[0]))
}

func (s *Store) path(ns, name string) string { return filepath.Join(s.shard(ns, name), name) }

// commit returns the lock under which a blob appears or disappears.
func (s *Store) commit(ns, name string) *sync.Mutex {
	sum := sha256.Sum256([]byte(ns + "/" + name))
	return &s.commits[int(sum[0])%len(s.commits)]
}

func (s *Store) takeLock() error {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s", ErrInUse, s.dir)
		}
		return errors.Join(err, f.Close())
	}
	s.lock = f
	return nil
}

// emptyTmp removes what was being received when the last process ended: none of it
// was acknowledged.
func (s *Store) emptyTmp() error {
	left, err := os.ReadDir(s.tmpDir())
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, f := range left {
		if err := os.Remove(filepath.Join(s.tmpDir(), f.Name())); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
	}
	if len(left) > 0 {
		s.log.Info("removed what an interrupted process was receiving", "files", len(left))
	}
	return nil
}

// lookup returns what is held of a blob.
func (s *Store) lookup(ns, name string) (entry, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sp := s.spaces[ns]
	if sp == nil {
		return entry{}, false
	}
	e, ok := sp.blobs[name]
	return e, ok
}

// Reader is an open blob.
type Reader struct {
	*io.SectionReader
	blob.Info
	file *os.File
}

// Close ends the reading.
func (r *Reader) Close() error { return r.file.Close() }

// Get opens a blob. It stays readable when it is deleted meanwhile. A blob that
// does not exist is [blob.ErrMissing]; the content is not checked against the sum.
func (s *Store) Get(ns, name string) (*Reader, error) { return s.GetAsOf(ns, name, time.Time{}) }

// GetAsOf opens a blob as it was at a time, or as it is when that is zero. What was
// stored later is missing, what was deleted later is there for as long as deleted
// blobs are kept.
func (s *Store) GetAsOf(ns, name string, asOf time.Time) (*Reader, error) {
	if err := checkNames(ns, name); err != nil {
		return nil, err
	}
	path := s.pathAsOf(ns, name, asOf)
	if path == "" {
		return nil, fmt.Errorf("%w: %s", blob.ErrMissing, name)
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", blob.ErrMissing, name)
	}
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	h, err := s.headOf(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: blob %s: %w", name, err), f.Close())
	}
	return &Reader{
		SectionReader: io.NewSectionReader(f, headSize, h.size),
		Info:          blob.Info{Name: name, Size: h.size, Created: h.created, Sum: h.sum},
		file:          f,
	}, nil
}

func (s *Store) headOf(f *os.File) (head, error) {
	st, err := f.Stat()
	if err != nil {
		return head{}, err
	}
	return readHead(f, st.Size())
}

// Stat returns what the store knows of a blob, or [blob.ErrMissing].
func (s *Store) Stat(ns, name string) (blob.Info, error) {
	r, err := s.Get(ns, name)
	if err != nil {
		return blob.Info{}, err
	}
	return r.Info, r.Close()
}

// space returns a namespace, which it makes if need be.
func (s *Store) space(ns string) *space {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spaceLocked(ns)
}

// spaceLocked is space for who holds the store's lock.
func (s *Store) spaceLocked(ns string) *space {
	sp := s.spaces[ns]
	if sp == nil {
		sp = &space{blobs: map[string]entry{}, lost: map[string]string{}}
		s.spaces[ns] = sp
	}
	return sp
}

func checkNames(ns, name string) error {
	if err := blob.CheckNamespace(ns); err != nil {
		return err
	}
	return blob.CheckName(name)
}

package cluster

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	wal "github.com/hashicorp/raft-wal"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// What a data directory holds beside its name plate.
const (
	voteFile    = "raft.db" // term and vote, and the log when it is kept by bolt
	walDir      = "wal"     // the log when it is kept by raft-wal
	walMeta     = "wal-meta.db"
	snapshotDir = "snapshots" // made by raft
	lockWait    = 2 * time.Second
	keepSnaps   = 2
	cachedLogs  = 1024 // entries kept in memory for followers
)

// disk is everything that raft keeps.
type disk struct {
	*guard
	cache *raft.LogCache
	snaps *raft.FileSnapshotStore
	parts []io.Closer
}

// openDisk opens the files of a member, making them when it has none yet. A
// member that had a log must still have it.
func openDisk(cfg Config, m Plate, log hclog.Logger) (*disk, error) {
	if err := m.hasLog(cfg.DataDir); err != nil {
		return nil, err
	}
	d := &disk{}
	vote, err := openBolt(filepath.Join(cfg.DataDir, voteFile))
	if err != nil {
		return nil, err
	}
	d.parts = append(d.parts, vote)
	var logs raft.LogStore = vote
	if cfg.LogStore == WAL {
		w, err := openWAL(filepath.Join(cfg.DataDir, walDir), log)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		d.parts = append([]io.Closer{w}, d.parts...)
		logs = w
	}
	d.guard = newGuard(cfg, logs, vote)
	if d.cache, err = raft.NewLogCache(cachedLogs, d.guard); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.snaps, err = raft.NewFileSnapshotStoreWithLogger(cfg.DataDir, keepSnaps, log.Named("snapshot")); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := errors.Join(d.whole(), d.remember(cfg, m)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// hasLog refuses a directory that had a log and has lost it.
func (m Plate) hasLog(dir string) error {
	if m.Log == "" {
		return nil
	}
	need := []string{voteFile}
	if m.Log == WAL {
		need = append(need, filepath.Join(walDir, walMeta), filepath.Join(walDir, "*.wal"))
	}
	for _, pattern := range need {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%w: %s is not there, though %s says that it was; restore the directory, "+
				"or remove the member and join again with an empty one", ErrLogGone, filepath.Join(dir, pattern), plateFile)
		}
	}
	return nil
}

// remember writes down that there is a log from now on.
func (d *disk) remember(cfg Config, m Plate) error {
	if m.Log != "" {
		return nil
	}
	m.Log = cfg.LogStore
	return m.save(cfg.DataDir)
}

// whole refuses a log whose beginning is neither there nor in a snapshot, or
// whose end is gone.
func (d *disk) whole() error {
	first, err := d.logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	snaps, err := d.snaps.List()
	if err != nil {
		return err
	}
	var covered uint64
	if len(snaps) > 0 {
		covered = snaps[0].Index
	}
	if first > covered+1 {
		return fmt.Errorf("%w: the log begins at %d and the newest snapshot ends at %d; remove the member and join "+
			"again with an empty directory", ErrDamaged, first, covered)
	}
	return d.complete(covered)
}

func openBolt(path string) (_ *raftboltdb.BoltStore, err error) {
	defer recovered(&err, path)
	store, err := raftboltdb.New(raftboltdb.Options{
		Path:        path,
		BoltOptions: &bbolt.Options{Timeout: lockWait, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType},
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s is in use by another process", path)
	}
	if err != nil {
		return nil, opening(path, err)
	}
	return store, nil
}

func openWAL(dir string, log hclog.Logger) (_ *wal.WAL, err error) {
	defer recovered(&err, dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w, err := wal.Open(dir, wal.WithLogger(log.Named("wal")))
	if err != nil {
		return nil, opening(dir, err)
	}
	return w, nil
}

// opening tells files that may not be opened from files that cannot be read.
func opening(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
}

// recovered makes an error of a panic: libraries panic over damaged files.
func recovered(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %s: %v", ErrDamaged, what, p)
	}
}

// Close closes all files.
func (d *disk) Close() error {
	var errs []error
	if d.guard != nil {
		d.closed.Store(true)
		if d.running.Load() {
			errs = append(errs, d.closing())
		}
	}
	for _, p := range d.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

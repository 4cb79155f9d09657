package cluster

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"bcm/fsm"
)

// ErrStorage is wrapped when a member had to stop because its disk failed. What
// the failed access has left behind is unknown: the member must be restarted
// and reads its files anew.
var ErrStorage = errors.New("storage failed")

// guard stands between raft and the disk. It lets nothing pass after the first
// error, and lets no log grow into the last free bytes of the disk.
type guard struct {
	logs  raft.LogStore
	vote  raft.StableStore
	dir   string
	fault func(op string) error
	free  func(dir string) (int64, error)
	least int64

	mark     mark
	running  atomic.Bool // raft's goroutines use it, not the one that opens
	closed   atomic.Bool
	broken   atomic.Pointer[error]
	failed   chan error // one: why the member must stop
	measured atomic.Int64
	room     atomic.Bool
}

// measureEvery bounds how often the disk is asked for its free space.
const measureEvery = 200 * time.Millisecond

func newGuard(cfg Config, logs raft.LogStore, vote raft.StableStore) *guard {
	g := &guard{logs: logs, vote: vote, dir: cfg.DataDir, fault: cfg.Fault, free: cfg.Free, least: cfg.Reserve,
		failed: make(chan error, 1)}
	g.room.Store(true)
	return g
}

func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// Room refuses while less than the reserve is free.
func (g *guard) Room() error {
	now := time.Now().UnixNano()
	last := g.measured.Load()
	if now-last > int64(measureEvery) && g.measured.CompareAndSwap(last, now) {
		free, err := g.free(g.dir)
		if err != nil {
			return fsm.Errorf(fsm.Unavailable, "%v", err)
		}
		g.room.Store(free >= g.least)
	}
	if !g.room.Load() {
		return fsm.Errorf(fsm.NoRoom, "the disk of %s has less than %d MiB free: nothing is written until there is more",
			g.dir, g.least>>20)
	}
	return nil
}

// do carries one access out, unless an earlier one has failed. A panic of a
// library counts as an error of the disk.
func (g *guard) do(op string, access func() error) error {
	if err := g.broken.Load(); err != nil {
		return *err
	}
	err := func() (err error) {
		defer recovered(&err, op)
		if g.fault != nil {
			if err := g.fault(op); err != nil {
				return err
			}
		}
		return access()
	}()
	if err == nil || errors.Is(err, raft.ErrLogNotFound) || errors.Is(err, raftboltdb.ErrKeyNotFound) || g.closed.Load() {
		return err
	}
	return g.fail(op, err)
}

func (g *guard) fail(op string, err error) error {
	err = fmt.Errorf("%w: %s: %w", ErrStorage, op, err)
	if g.broken.CompareAndSwap(nil, &err) {
		g.failed <- err
	}
	return err
}

// must is do for accesses over whose failure raft panics. It ends raft's
// goroutine instead, in good order: what raft defers, runs, and the member is
// about to stop as a whole.
func (g *guard) must(op string, access func() error) error {
	err := g.do(op, access)
	if errors.Is(err, ErrStorage) && g.running.Load() {
		runtime.Goexit()
	}
	return err
}

// FirstIndex implements [raft.LogStore].
func (g *guard) FirstIndex() (index uint64, err error) {
	err = g.do("first index", func() error { index, err = g.logs.FirstIndex(); return err })
	return index, err
}

// LastIndex implements [raft.LogStore].
func (g *guard) LastIndex() (index uint64, err error) {
	err = g.do("last index", func() error { index, err = g.logs.LastIndex(); return err })
	return index, err
}

// GetLog implements [raft.LogStore]. An entry that is missing from the middle is
// a failure; raft asks for those before the first and after the last.
func (g *guard) GetLog(index uint64, log *raft.Log) error {
	return g.must("read log", func() error {
		err := g.logs.GetLog(index, log)
		if !errors.Is(err, raft.ErrLogNotFound) {
			return err
		}
		first, ferr := g.logs.FirstIndex()
		last, lerr := g.logs.LastIndex()
		if ferr != nil || lerr != nil || first <= index && index <= last {
			return fmt.Errorf("entry %d is missing from a log of %d to %d", index, first, last)
		}
		return err
	})
}

// StoreLog implements [raft.LogStore].
func (g *guard) StoreLog(log *raft.Log) error { return g.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements [raft.LogStore]. Refusing for want of room is no failure:
// nothing was touched. What raft writes for itself is small and may use the
// reserve, so that there is a leader while disks are full.
func (g *guard) StoreLogs(logs []*raft.Log) error {
	if slices.ContainsFunc(logs, func(l *raft.Log) bool { return l.Type == raft.LogCommand }) {
		if err := g.Room(); err != nil {
			return err
		}
	}
	return g.do("write log", func() error {
		if err := g.logs.StoreLogs(logs); err != nil {
			return err
		}
		return g.reached(logs)
	})
}

// DeleteRange implements [raft.LogStore].
func (g *guard) DeleteRange(from, to uint64) error {
	return g.do("shorten log", func() error {
		if err := g.shortened(from, to); err != nil {
			return err
		}
		return g.logs.DeleteRange(from, to)
	})
}

// IsMonotonic implements [raft.MonotonicLogStore].
func (g *guard) IsMonotonic() bool {
	m, ok := g.logs.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

// Set implements [raft.StableStore].
func (g *guard) Set(key, value []byte) error {
	return g.must("write vote", func() error { return g.vote.Set(key, value) })
}

// Get implements [raft.StableStore].
func (g *guard) Get(key []byte) (value []byte, err error) {
	err = g.must("read vote", func() error { value, err = g.vote.Get(key); return err })
	return value, err
}

// SetUint64 implements [raft.StableStore].
func (g *guard) SetUint64(key []byte, value uint64) error {
	return g.must("write term", func() error { return g.vote.SetUint64(key, value) })
}

// GetUint64 implements [raft.StableStore].
func (g *guard) GetUint64(key []byte) (value uint64, err error) {
	err = g.must("read term", func() error { value, err = g.vote.GetUint64(key); return err })
	return value, err
}

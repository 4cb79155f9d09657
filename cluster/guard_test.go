package cluster

import (
	"errors"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"bcm/fsm"
)

func openTestDisk(t *testing.T, cfg Config) *disk {
	t.Helper()
	p, err := Load(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openDisk(cfg, p, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() }) // once more does no harm to what is being tested
	return d
}

func entries(from, to uint64) []*raft.Log {
	var logs []*raft.Log
	for i := from; i <= to; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: 1, Type: raft.LogCommand, Data: []byte("entry")})
	}
	return logs
}

func TestGuardLetsNothingPassAfterAnError(t *testing.T) {
	cfg, _ := newWorld(t).config(t)
	var bad bool
	cfg.Fault = func(string) error {
		if bad {
			return syscall.EIO
		}
		return nil
	}
	d := openTestDisk(t, cfg)
	if err := d.StoreLogs(entries(1, 3)); err != nil {
		t.Fatal(err)
	}
	if err := d.GetLog(9, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Errorf("an entry behind the end: %v", err)
	}
	bad = true
	if err := d.StoreLogs(entries(4, 4)); !errors.Is(err, syscall.EIO) || !errors.Is(err, ErrStorage) {
		t.Errorf("the first error: %v", err)
	}
	bad = false
	if err := d.StoreLogs(entries(4, 4)); !errors.Is(err, ErrStorage) {
		t.Errorf("a write after the error: %v", err)
	}
	if _, err := d.GetUint64([]byte("x")); !errors.Is(err, ErrStorage) {
		t.Errorf("a read after the error: %v", err)
	}
	if err := <-d.failed; !errors.Is(err, syscall.EIO) {
		t.Errorf("the member is told: %v", err)
	}
}

// Raft panics over some errors. Where it runs, its goroutine ends instead.
func TestGuardEndsRaftsGoroutine(t *testing.T) {
	cfg, _ := newWorld(t).config(t)
	cfg.Fault = func(string) error { return syscall.EIO }
	p, err := Load(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	quiet := cfg
	quiet.Fault = nil
	d, err := openDisk(quiet, p, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.fault = cfg.Fault
	d.running.Store(true)
	ended := make(chan bool)
	returned := false
	go func() {
		defer close(ended)
		_ = d.SetUint64([]byte("CurrentTerm"), 7) // must not return
		returned = true
	}()
	<-ended
	if returned {
		t.Error("raft went on without its term")
	}
}

func TestGuardKeepsTheReserve(t *testing.T) {
	cfg, _ := newWorld(t).config(t)
	cfg.Reserve = 1000
	cfg.Free = func(string) (int64, error) { return 999, nil }
	d := openTestDisk(t, cfg)
	if err := d.StoreLogs(entries(1, 1)); fsm.CodeOf(err) != fsm.NoRoom {
		t.Errorf("a command: %v", err)
	}
	if err := d.StoreLog(&raft.Log{Index: 1, Type: raft.LogNoop}); err != nil {
		t.Errorf("what raft writes for itself: %v", err)
	}
	select {
	case err := <-d.failed:
		t.Errorf("the member is told to stop: %v", err)
	default:
	}
}

// The note of how far the log has reached follows it in both directions.
func TestMark(t *testing.T) {
	for _, store := range []string{WAL, Bolt} {
		t.Run(store, func(t *testing.T) {
			cfg, _ := newWorld(t).config(t)
			cfg.LogStore = store
			reopen := func(do func(d *disk)) {
				t.Helper()
				d := openTestDisk(t, cfg)
				d.running.Store(true)
				do(d)
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
			noErr := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			reopen(func(d *disk) { noErr(d.StoreLogs(entries(1, 10))) })
			reopen(func(d *disk) { noErr(d.DeleteRange(1, 4)) })        // compacted; in truth there is a snapshot
			cover(t, cfg, 4)                                            // and here it is
			reopen(func(d *disk) { noErr(d.DeleteRange(8, 10)) })       // another leader had other entries
			reopen(func(d *disk) { noErr(d.StoreLogs(entries(8, 9))) }) // and gave them
			reopen(func(d *disk) {
				if last, err := d.LastIndex(); last != 9 || err != nil {
					t.Errorf("the log ends at %d, %v", last, err)
				}
			})
			d := openTestDisk(t, cfg)
			if d.mark.noted != 9 {
				t.Errorf("noted %d", d.mark.noted)
			}
			noErr(d.logs.DeleteRange(7, 9)) // past the guard
			if err := d.complete(4); !errors.Is(err, ErrDamaged) {
				t.Errorf("a log without its end: %v", err)
			}
			if err := d.complete(9); err != nil {
				t.Errorf("a log without an end that a snapshot holds: %v", err)
			}
		})
	}
}

// cover makes a snapshot up to an index.
func cover(t *testing.T, cfg Config, index uint64) {
	t.Helper()
	snaps, err := raft.NewFileSnapshotStoreWithLogger(cfg.DataDir, keepSnaps, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	_, trans := raft.NewInmemTransport("")
	sink, err := snaps.Create(raft.SnapshotVersionMax, index, 1, raft.Configuration{}, 1, trans)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

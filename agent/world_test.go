package agent

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// world is a cluster of the test's making.
type world struct {
	mu       sync.Mutex
	index    uint64
	version  uint64
	items    []fsm.Order
	reports  []fsm.Command
	progress []fsm.Progress
	answer   error // to reports
	deaf     error // to questions
	changed  chan struct{}
}

func newWorld() *world { return &world{changed: make(chan struct{}), index: 10, version: 1} }

// order sets what the node should be doing.
func (w *world) order(items ...fsm.Order) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items = items
	w.version++
	w.index++
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *world) set(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

func (w *world) Orders(ctx context.Context, _ string, after uint64) (fsm.Orders, error) {
	w.mu.Lock()
	changed, same := w.changed, after == w.version
	w.mu.Unlock()
	if same {
		t := time.NewTimer(3 * time.Second)
		defer t.Stop()
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			return fsm.Orders{}, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return fsm.Orders{Version: w.version, Index: w.index, Items: w.items}, w.deaf
}

func (w *world) Report(_ context.Context, _ string, cmd fsm.Command) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answer != nil {
		return w.answer
	}
	w.reports = append(w.reports, cmd)
	return nil
}

func (w *world) Progress(_ context.Context, _ string, p []fsm.Progress) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress = append(w.progress, p...)
	return nil
}

// said lists what was reported so far.
func (w *world) said() []fsm.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]fsm.Command(nil), w.reports...)
}

// finishes counts the ends reported for a run.
func (w *world) finishes(id string) (list []*fsm.FinishBackup) {
	for _, cmd := range w.said() {
		if f, ok := cmd.(*fsm.FinishBackup); ok && f.ID == id {
			list = append(list, f)
		}
	}
	return list
}

// script is a role that does as it is told.
type script struct {
	mu    sync.Mutex
	did   []fsm.Order
	alive int
	most  int // at once
	do    func(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error)
}

func (s *script) Name() string { return fsm.RoleBackupManager }

func (s *script) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	s.mu.Lock()
	s.did = append(s.did, o)
	s.alive++
	s.most = max(s.most, s.alive)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.alive--
		s.mu.Unlock()
	}()
	if s.do == nil {
		return fsm.Outcome{Snapshot: "snap-" + o.ID}, nil
	}
	return s.do(ctx, o, progress)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.did)
}

// until makes a role that works until its context ends or the channel closes.
func until(free <-chan struct{}) *script {
	return &script{do: func(ctx context.Context, o fsm.Order, _ func(fsm.Progress)) (fsm.Outcome, error) {
		select {
		case <-ctx.Done():
			return fsm.Outcome{}, ctx.Err()
		case <-free:
			return fsm.Outcome{Snapshot: "snap-" + o.ID}, nil
		}
	}}
}

// launch runs an agent in the folder until stop is called or the test ends.
func launch(t *testing.T, dir string, w Cluster, roles ...Role) (a *Agent, stop func()) {
	t.Helper()
	a, err := New(Config{Node: "n1", Dir: dir, Cluster: w, Roles: roles, Log: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func backup(id string, attempt int32) fsm.Order {
	return fsm.Order{ID: id, Kind: fsm.BackupOrder, Role: fsm.RoleBackupManager, Attempt: attempt,
		Fence: fsm.Fence{Index: uint64(100 + attempt)}}
}

// settle lets everything happen that can happen in d.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

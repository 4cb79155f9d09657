package kopia

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"
)

// run is one piece of work in a repository. It travels in the context, which kopia
// hands down to the storage, so that the storage can end the work it fails.
type run struct {
	lease backup.Lease // of one that may delete; nil
	cut   context.CancelCauseFunc

	mu      sync.Mutex
	stops   []func() // ask what goes on to end soon
	failure error
	asked   bool // to end
	young   int64
	gone    int64
}

type runKey struct{}

// startRun begins a piece of work. The context that it returns ends with the caller's,
// or a grace time later when something goes on that can be asked to end; and when the
// work is cut off. end must be called when the work is done.
func startRun(ctx context.Context, r backup.Repo, grace time.Duration) (*run, context.Context, func()) {
	run := &run{}
	inner := wire.WithFence(context.WithoutCancel(ctx), wire.Fence(r.Fence))
	inner, run.cut = context.WithCancelCause(context.WithValue(inner, runKey{}, run))
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		if run.ask() {
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case <-done:
				return
			case <-timer.C:
			}
		}
		run.cut(fmt.Errorf("%w: %w", backup.ErrCanceled, context.Cause(ctx)))
	})
	return run, inner, func() {
		close(done)
		watcher.Wait()
		run.cut(nil)
	}
}

// runOf returns the run that a context belongs to, or one that nobody looks at.
func runOf(ctx context.Context) *run {
	if r, ok := ctx.Value(runKey{}).(*run); ok {
		return r
	}
	return &run{cut: func(error) {}}
}

// onStop adds a way to ask what goes on to end soon, and asks if that was wanted
// already.
func (r *run) onStop(stop func()) {
	r.mu.Lock()
	r.stops = append(r.stops, stop)
	asked := r.asked
	r.mu.Unlock()
	if asked {
		stop()
	}
}

// ask asks what goes on to end soon, and tells whether there was anything to ask.
func (r *run) ask() bool {
	r.mu.Lock()
	r.asked = true
	stops := r.stops
	r.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
	return len(stops) > 0
}

// stopping tells whether the run was asked to end.
func (r *run) stopping() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// fail ends the run: what it writes does not arrive. kopia would go on reading.
func (r *run) fail(err error) {
	err = classify(err)
	r.mu.Lock()
	if r.failure == nil {
		r.failure = err
	}
	r.mu.Unlock()
	r.ask()
	r.cut(err)
}

// note ends the run if a read was refused in a way that would come again.
func (r *run) note(err error) {
	if err != nil && (wire.Final(err) || errors.Is(err, wire.ErrUnavailable)) {
		r.fail(err)
	}
}

// failed returns why the run ended, if it did.
func (r *run) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// mayDelete refuses to delete anything but marks without a lease that is held.
func (r *run) mayDelete(name string) error {
	if wire.Ephemeral(name) && r.lease == nil {
		return nil
	}
	if r.lease == nil {
		return fmt.Errorf("%w: there is none", backup.ErrLeaseLost)
	}
	if err := r.lease.Check(); err != nil {
		err = fmt.Errorf("%w: %w", backup.ErrLeaseLost, err)
		r.fail(err)
		return err
	}
	return nil
}

// deleted counts what was deleted, marks left out.
func (r *run) deleted(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !wire.Ephemeral(name) {
		r.gone++
	}
}

// kept counts what was too young.
func (r *run) kept() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.young++
}

// counts returns how many blobs were deleted, and how many stayed for their youth.
func (r *run) counts() (gone, young int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone, r.young
}

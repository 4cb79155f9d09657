package sesam

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"time"

	"bcm/fsm"
)

// Pauses of a watch.
const (
	lookPace    = 5 * time.Second
	retryLook   = 2 * time.Second // after the first failure; it doubles
	slowestLook = time.Minute
	refusedFor  = 30 * time.Minute // how long a login that was refused is not tried again
)

// watch looks after one server.
type watch struct {
	*client
	cfg  Config
	now  chan chan struct{} // asks for a look, and is told of its end
	done chan struct{}

	// Of its own goroutine only:
	told    *fsm.ObserveServer                          // nil before the first report
	objects map[fsm.MirrorKind]map[string]*fsm.Observed // as the cluster has been told
}

func newWatch(access fsm.ServerAccess, cfg Config) *watch {
	return &watch{client: newClient(access), cfg: cfg, now: make(chan chan struct{}),
		done: make(chan struct{}), objects: make(map[fsm.MirrorKind]map[string]*fsm.Observed)}
}

// run looks again and again until ctx ends.
func (w *watch) run(ctx context.Context) {
	defer close(w.done)
	defer w.close(context.WithoutCancel(ctx))
	failures := 0
	var asked chan struct{}
	for {
		s, err := w.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err = w.tell(ctx, s, err); err != nil {
			failures++
		} else {
			failures = 0
		}
		if asked != nil {
			close(asked)
		}
		pause := w.cfg.Pace
		switch {
		case errors.Is(err, ErrLogin):
			pause = refusedFor
		case failures > 0:
			pause = min(retryLook<<min(failures-1, 8), slowestLook)
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
			asked = nil
		case asked = <-w.now:
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// again looks once more, and returns when what was found is reported.
func (w *watch) again(ctx context.Context) {
	end := make(chan struct{})
	select {
	case w.now <- end:
	case <-w.done:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-end:
	case <-w.done:
	case <-ctx.Done():
	}
}

// tell reports what has changed since the last report. It returns why the look
// failed, or why it could not be reported; then all is reported anew.
func (w *watch) tell(ctx context.Context, s *seen, failure error) error {
	state := &fsm.ObserveServer{ID: w.access.ID}
	if failure != nil {
		state.Error = failure.Error()
	} else {
		state.Release, state.Lacks = s.release, s.lacks
		if why := w.cfg.Host.lacks(); why != "" {
			state.Lacks[fsm.CanCertificates] = why
		}
		if err := w.tellObjects(ctx, s); err != nil {
			w.forget(err)
			return err
		}
	}
	if w.told == nil || w.told.Error != state.Error || failure == nil && (w.told.Release != state.Release || !maps.Equal(w.told.Lacks, state.Lacks)) {
		if err := w.cfg.Report(ctx, state); err != nil {
			w.forget(err)
			return err
		}
		w.told = state
	}
	return failure
}

// forget makes the next report a whole one: what the cluster knows is not sure.
func (w *watch) forget(err error) {
	w.cfg.Log.Warn("what was seen of a server was not reported", "server", w.access.Name, "error", err)
	w.told, w.objects = nil, make(map[fsm.MirrorKind]map[string]*fsm.Observed)
}

// maxTold bounds the objects of one report.
const maxTold = 400

func (w *watch) tellObjects(ctx context.Context, s *seen) error {
	for _, k := range fsm.MirrorKinds() {
		found, ok := s.objects[k]
		if !ok {
			continue
		}
		was, first := w.objects[k], w.objects[k] == nil
		is := make(map[string]*fsm.Observed, len(found))
		cmd := fsm.ObserveObjects{Server: w.access.ID, Kind: k}
		for i := range found {
			o := &found[i]
			if is[o.Name] = o; first || was[o.Name] == nil || !same(was[o.Name], o) {
				cmd.Objects = append(cmd.Objects, *o)
			}
		}
		for name := range was {
			if is[name] == nil {
				cmd.Gone = append(cmd.Gone, name)
			}
		}
		if err := w.send(ctx, cmd, first); err != nil {
			return err
		}
		w.objects[k] = is
	}
	return nil
}

// send reports changes in parts. The first report says in its first part what all
// there is, so that what the cluster remembers from before goes.
func (w *watch) send(ctx context.Context, cmd fsm.ObserveObjects, first bool) error {
	if !first && len(cmd.Objects)+len(cmd.Gone) == 0 {
		return nil
	}
	for rest := cmd.Objects; ; cmd.Whole, cmd.Keep, cmd.Gone = false, nil, nil {
		cmd.Objects, rest = rest[:min(len(rest), maxTold)], rest[min(len(rest), maxTold):]
		if first {
			cmd.Whole, first = true, false
			for i := range rest {
				cmd.Keep = append(cmd.Keep, rest[i].Name)
			}
		}
		part := cmd
		if err := w.cfg.Report(ctx, &part); err != nil || len(rest) == 0 {
			return err
		}
	}
}

func same(a, b *fsm.Observed) bool {
	x, errX := fsm.Encode(a)
	y, errY := fsm.Encode(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

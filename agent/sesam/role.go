package sesam

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bcm/agent"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// Role looks after SEP sesam servers.
type Role struct {
	cfg Config

	mu      sync.Mutex
	watches map[string]*watched // by id of the server
	reached map[string]uint64   // the highest revision that was begun, by server

	installing sync.Mutex // held while a certificate is installed
}

type watched struct {
	*watch
	stop context.CancelFunc
}

var _ agent.Keeper = (*Role)(nil)

// Config is what the role is made of.
type Config struct {
	// Report tells the cluster what was seen. Its error means that the cluster may
	// not know.
	Report func(ctx context.Context, cmd fsm.Command) error
	Pace   time.Duration // between two looks at a server; 0 means five seconds
	Host   Host          // of the server that lies on this host, if one does
	Log    hclog.Logger
}

// New makes the role.
func New(cfg Config) *Role {
	if cfg.Pace == 0 {
		cfg.Pace = lookPace
	}
	return &Role{cfg: cfg, watches: make(map[string]*watched), reached: make(map[string]uint64)}
}

// Name is the role's.
func (r *Role) Name() string { return fsm.RoleSesam }

// Keep looks after the servers of the order, and leaves all others alone.
func (r *Role) Keep(o fsm.Order, _ uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := make(map[string]bool, len(o.Servers))
	for _, access := range o.Servers {
		wanted[access.ID] = true
		if w := r.watches[access.ID]; w == nil || !alike(w.access, access) {
			r.begin(access)
		}
	}
	for id, w := range r.watches {
		if !wanted[id] {
			w.stop()
			delete(r.watches, id)
		}
	}
}

// alike tells whether a server is entered in the same way.
func alike(a, b fsm.ServerAccess) bool {
	return a.Name == b.Name && a.Address == b.Address && a.Account == b.Account && a.Password == b.Password && a.Fingerprint == b.Fingerprint
}

// begin watches a server, instead of in the way that it was entered before.
func (r *Role) begin(access fsm.ServerAccess) *watch {
	if old := r.watches[access.ID]; old != nil {
		old.stop()
	}
	ctx, stop := context.WithCancel(context.Background())
	w := newWatch(access, r.cfg)
	r.watches[access.ID] = &watched{w, stop}
	go w.run(ctx)
	return w
}

// Close ends all watches.
func (r *Role) Close() {
	r.mu.Lock()
	all := r.watches
	r.watches = make(map[string]*watched)
	r.mu.Unlock()
	for _, w := range all {
		w.stop()
	}
	for _, w := range all {
		<-w.done
	}
}

// Do brings a server to a revision, or gives it another certificate.
func (r *Role) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	switch {
	case len(o.Servers) != 1:
	case o.Kind == fsm.SyncOrder:
		return r.sync(ctx, o, progress)
	case o.Kind == fsm.LaunchOrder && o.Launch != nil:
		return r.launch(ctx, o, progress)
	case o.Kind == fsm.CertifyOrder:
		return r.certify(ctx, o, progress)
	}
	return fsm.Outcome{}, fmt.Errorf("an order of the kind %q is not one for a SEP sesam server", o.Kind)
}

// sync brings a server to a revision. Steps that fail do not keep the others from
// being carried out; then the order has failed, and says how.
func (r *Role) sync(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	w, err := r.enter(o.Servers[0], o.Revision)
	if err != nil {
		return fsm.Outcome{}, err
	}
	n, err := w.namesOf(ctx)
	if err != nil {
		return fsm.Outcome{}, err
	}
	var failed []error
	var done int64
	for i := range o.Steps {
		if ctx.Err() != nil {
			return fsm.Outcome{}, context.Cause(ctx)
		}
		s := &o.Steps[i]
		progress(fsm.Progress{Phase: "sync", Files: int64(i), TotalFiles: int64(len(o.Steps)), Item: s.Name})
		err := w.do(ctx, n, s)
		if err == nil {
			done++
			continue
		}
		failed = append(failed, fmt.Errorf("%s %s %s: %w", s.Do, s.Kind, s.Name, err))
		if errors.Is(err, ErrUnreachable) || errors.Is(err, ErrLogin) || errors.Is(err, ErrFingerprint) || errors.Is(err, ErrProtocol) {
			break
		}
	}
	w.again(ctx)
	out := fsm.Outcome{Stats: fsm.Stats{Files: done}}
	for _, err := range failed {
		out.Warnings = append(out.Warnings, err.Error())
	}
	return out, errors.Join(failed...)
}

// enter gives the watch of a server, and refuses a revision below one that was
// begun already.
func (r *Role) enter(access fsm.ServerAccess, revision uint64) (*watch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if revision < r.reached[access.ID] {
		return nil, fmt.Errorf("revision %d is below %d, to which the server was brought already", revision, r.reached[access.ID])
	}
	r.reached[access.ID] = revision
	return r.watchOf(access), nil
}

// watchOf gives the watch of a server, and begins it unless it has begun.
func (r *Role) watchOf(access fsm.ServerAccess) *watch {
	if w := r.watches[access.ID]; w != nil && alike(w.access, access) {
		return w.watch
	}
	return r.begin(access)
}

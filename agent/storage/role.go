package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bcm/agent"
	"bcm/agent/storage/blob"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

var (
	// errKind is returned for an order that a storage cannot carry out.
	errKind  = errors.New("a storage cannot do this kind of order")
	errOrder = errors.New("the order does not say enough")
)

// Rates bound how fast a storage works for itself, in bytes a second; 0 does not.
type Rates struct{ Scrub, Copy int64 }

// RoleConfig is what a [Role] is made of. Store and Grants are required, Peers is
// for copies.
type RoleConfig struct {
	Store  *Store
	Grants *Grants
	Peers  *agent.Peers
	Rates  Rates
	Wait   time.Duration // how long a copy bears a source that is away; 15 minutes when 0
	Log    hclog.Logger
}

// Role is the role backup-storage. Its one standing order says who may do what; the
// blobs themselves are served by a [Server] over the same grants. Orders that end
// have it copy a namespace from another storage, or read its own again.
type Role struct {
	cfg         RoleConfig
	scrub, copy throttle    // shared by all that is going on
	held        []fsm.Grant // what the grants were made of; of the goroutine that calls Keep
	kept        bool
}

var _ agent.Keeper = (*Role)(nil)

// New makes the role, which keeps the grants as its order says.
func New(cfg RoleConfig) *Role {
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	return &Role{cfg: cfg, scrub: newThrottle(cfg.Rates.Scrub), copy: newThrottle(cfg.Rates.Copy)}
}

// Name is the role's.
func (r *Role) Name() string { return fsm.RoleStorage }

// Do carries out an order that ends.
func (r *Role) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	if o.Kind != fsm.CopyOrder && o.Kind != fsm.ScrubOrder {
		return fsm.Outcome{}, fmt.Errorf("%w: %q", errKind, o.Kind)
	}
	if o.Repository == nil {
		return fsm.Outcome{}, fmt.Errorf("%w: which repository", errOrder)
	}
	out, do := fsm.Outcome{}, r.doScrub
	if o.Kind == fsm.CopyOrder {
		do = r.doCopy
	}
	report, err := do(ctx, o, &out, progress)
	r.count(o.Repository.Namespace, &report)
	out.Copy = &report
	return out, err
}

// count adds what the store now has of a namespace.
func (r *Role) count(ns string, report *fsm.CopyReport) {
	r.cfg.Store.mu.RLock()
	defer r.cfg.Store.mu.RUnlock()
	if sp := r.cfg.Store.spaces[ns]; sp != nil {
		report.Blobs, report.Bytes, report.Lost = int64(len(sp.blobs)), sp.used, int64(len(sp.lost))
	}
}

// doScrub reads what the store has of a namespace again, or gives up what it has lost.
func (r *Role) doScrub(ctx context.Context, o fsm.Order, out *fsm.Outcome, progress func(fsm.Progress)) (fsm.CopyReport, error) {
	if o.GiveUp {
		n, err := r.cfg.Store.giveUp(ctx, o.Repository.Namespace, r.scrub)
		out.Stats = fsm.Stats{Deleted: n}
		return fsm.CopyReport{}, err
	}
	found, err := r.cfg.Store.scrub(ctx, o.Repository.Namespace, o.ID, r.scrub, func(done, all scrubReport) {
		progress(fsm.Progress{Phase: "scrub", Files: done.Blobs + done.Found, Bytes: done.Bytes, TotalFiles: all.Blobs, TotalBytes: all.Bytes, Errors: done.Found})
	})
	out.Stats = fsm.Stats{Files: found.Blobs, Bytes: found.Bytes, Warnings: found.Found + found.Strays}
	out.Warnings = found.Problem
	return fsm.CopyReport{Found: found.Found}, err
}

// doCopy brings a namespace of another storage here.
func (r *Role) doCopy(ctx context.Context, o fsm.Order, out *fsm.Outcome, progress func(fsm.Progress)) (fsm.CopyReport, error) {
	at := o.Repository.Storages
	if len(at) == 0 || at[0].ID == "" || at[0].Address == "" || r.cfg.Peers == nil {
		return fsm.CopyReport{}, fmt.Errorf("%w: where to copy from", errOrder)
	}
	ns := o.Repository.Namespace
	source, err := blob.NewClient(r.cfg.Peers.Client(at[0].ID), []string{"https://" + at[0].Address}, ns,
		blob.Options{Wait: r.cfg.Wait, Log: r.cfg.Log.With("run", o.ID)})
	if err != nil {
		return fsm.CopyReport{}, err
	}
	c := &copying{store: r.cfg.Store, source: source, ns: ns, repair: o.Repair, trim: o.Trim, throttle: r.copy,
		quota: r.cfg.Grants.quota(ns, Delete), progress: progress}
	err = c.run(blob.WithFence(ctx, blob.Fence(o.Fence)))
	if left := r.cfg.Store.Lost(ns); err == nil && o.Repair && len(left) > 0 {
		c.tell(ns, fmt.Sprintf("%d blobs are lost here that the source does not have either", len(left)))
	}
	out.Stats = fsm.Stats{Files: c.done.Files, Bytes: c.done.Bytes, NewFiles: c.done.Files, NewBytes: c.done.Bytes, Warnings: int64(len(c.problems))}
	out.Warnings = c.problems
	return c.report, err
}

// Keep takes the grants as they stand at an index of the state.
func (r *Role) Keep(o fsm.Order, index uint64) {
	same := func(a, b fsm.Grant) bool {
		return a.Peer == b.Peer && a.Namespace == b.Namespace && a.Quota == b.Quota && a.Fence == b.Fence && slices.Equal(a.May, b.May)
	}
	if r.kept && slices.EqualFunc(r.held, o.Grants, same) {
		r.cfg.Grants.Confirm(index, time.Now())
		return
	}
	r.held, r.kept = o.Grants, true
	t := Table{Version: index, Quotas: map[string]int64{}}
	for _, g := range o.Grants {
		t.Grants = append(t.Grants, Grant{Peer: g.Peer, Namespace: g.Namespace, Rights: rightsOf(g.May), Fence: blob.Fence(g.Fence)})
		if g.Quota > 0 {
			t.Quotas[g.Namespace] = g.Quota
		}
	}
	r.cfg.Grants.Set(t, time.Now())
}

// rightsOf makes rights of permissions. One that is not known here gives nothing.
func rightsOf(may []fsm.Permission) (rights Rights) {
	for _, p := range may {
		switch p {
		case fsm.MayRead:
			rights |= Read
		case fsm.MayWrite:
			rights |= Write
		case fsm.MayDelete:
			rights |= Delete
		}
	}
	return rights
}

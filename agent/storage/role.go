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
)

// errKind is returned for an order that a storage cannot carry out.
var errKind = errors.New("a storage cannot do this kind of order")

// Role is the role backup-storage: its one order stands for ever and says who may do
// what. The blobs themselves are served by a [Server] over the same grants.
type Role struct {
	grants *Grants
	held   []fsm.Grant // what the grants were made of; of the goroutine that calls Keep
	kept   bool
}

var _ agent.Keeper = (*Role)(nil)

// New makes the role, which keeps the grants as its order says.
func New(grants *Grants) *Role { return &Role{grants: grants} }

// Name is the role's.
func (r *Role) Name() string { return fsm.RoleStorage }

// Do refuses: a storage has no order that ends.
func (r *Role) Do(_ context.Context, o fsm.Order, _ func(fsm.Progress)) (fsm.Outcome, error) {
	return fsm.Outcome{}, fmt.Errorf("%w: %q", errKind, o.Kind)
}

// Keep takes the grants as they stand at an index of the state.
func (r *Role) Keep(o fsm.Order, index uint64) {
	same := func(a, b fsm.Grant) bool {
		return a.Peer == b.Peer && a.Namespace == b.Namespace && a.Quota == b.Quota && a.Fence == b.Fence && slices.Equal(a.May, b.May)
	}
	if r.kept && slices.EqualFunc(r.held, o.Grants, same) {
		r.grants.Confirm(index, time.Now())
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
	r.grants.Set(t, time.Now())
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

package storage

import (
	"context"
	"errors"
	"time"

	"bcm/agent"
	"bcm/agent/storage/blob"
	"bcm/fsm"
)

// role is backup-storage: its order never ends, and says who may do what.
type role struct{ grants *Grants }

// New makes the role backup-storage, which keeps grants as the state says. A
// [Server] with the same grants serves the blobs.
func New(grants *Grants) agent.Keeper { return &role{grants} }

// Name is the role's.
func (r *role) Name() string { return fsm.RoleStorage }

// Do refuses: a storage has a standing order only.
func (r *role) Do(context.Context, fsm.Order, func(fsm.Progress)) (fsm.Outcome, error) {
	return fsm.Outcome{}, errors.New("a storage carries out no orders but to store")
}

// Keep takes the grants that hold at an index of the state.
func (r *role) Keep(o fsm.Order, index uint64) {
	t := Table{Version: index, Quotas: make(map[string]int64)}
	for _, g := range o.Grants {
		t.Grants = append(t.Grants, Grant{Peer: g.Peer, Namespace: g.Namespace, Rights: rightsOf(g.May), Fence: blob.Fence(g.Fence)})
		t.Quotas[g.Namespace] = g.Quota
	}
	r.grants.Set(t, time.Now())
}

func rightsOf(may []fsm.Permission) Rights {
	var r Rights
	for _, p := range may {
		switch p {
		case fsm.MayRead:
			r |= Read
		case fsm.MayWrite:
			r |= Write
		case fsm.MayDelete:
			r |= Delete
		}
	}
	return r
}

package storage

import (
	"sync/atomic"
	"time"

	"bcm/agent/storage/blob"
)

// Rights is a set of what a node may do in a namespace. None includes another.
type Rights uint8

const (
	// Read lets a node list and read.
	Read Rights = 1 << iota
	// Write lets a node store new blobs and take its session marks away.
	Write
	// Delete lets a node delete blobs that are old enough and replace the one
	// replaceable name: the holder of the repository's maintenance lease.
	Delete
)

// has tells whether all of need are in the set.
func (r Rights) has(need Rights) bool { return r&need == need }

// Grant gives one node rights in one namespace. Of several grants for both, all
// rights count and the greatest fence.
type Grant struct {
	Peer      string // node id
	Namespace string
	Rights    Rights
	// Fence is what the right was given under. A request under a smaller one comes
	// from somebody who should have stopped, and is refused.
	Fence blob.Fence
}

// Table is all that a storage knows of who may do what.
type Table struct {
	Version uint64 // raft index of the state that it was derived from
	Grants  []Grant
	Quotas  map[string]int64 // bytes, by namespace; none is no limit
}

// Grants holds the [Table] of the moment and when it was last confirmed. The zero
// Grants confirms nothing: every request is told to come again. Its methods are
// safe for concurrent use.
type Grants struct {
	now atomic.Pointer[confirmed]
}

type confirmed struct {
	version uint64
	at      time.Time
	grants  map[grantee]Grant
	quotas  map[string]int64
}

type grantee struct{ peer, namespace string }

// Set swaps the table for one that was confirmed at a time. That a table is the one
// in force is for the caller to know: after a recovery of the cluster it may well be
// of a smaller version.
func (g *Grants) Set(t Table, at time.Time) {
	next := &confirmed{version: t.Version, at: at, grants: map[grantee]Grant{}, quotas: map[string]int64{}}
	for _, grant := range t.Grants {
		key := grantee{grant.Peer, grant.Namespace}
		held := next.grants[key]
		grant.Rights |= held.Rights
		if grant.Fence.Less(held.Fence) {
			grant.Fence = held.Fence
		}
		next.grants[key] = grant
	}
	for ns, quota := range t.Quotas {
		next.quotas[ns] = quota
	}
	g.now.Store(next)
}

// Confirm notes that the cluster was heard at a time and that the table held is the
// one in force at the version, a raft index. There must be no Set at the same time.
func (g *Grants) Confirm(version uint64, at time.Time) {
	now := g.now.Load()
	if now == nil {
		return
	}
	next := *now
	next.version, next.at = version, at
	g.now.Store(&next)
}

// verdict is the answer to whether a request may be carried out.
type verdict int

const (
	allowed verdict = iota
	refusedRight
	unsure // the table is too old to tell
)

// judge tells whether the peer may do what needs the right, asked for under a
// fence. A refusal that a newer table could reverse is no refusal: the peer may know
// of its order before the storage knows of the peer.
func (g *Grants) judge(peer, ns string, need Rights, fence blob.Fence, stale time.Duration, now time.Time) (verdict, string) {
	table := g.now.Load()
	switch {
	case table == nil:
		return unsure, "this storage has not yet been told who may do what"
	case now.Sub(table.at) > stale:
		return unsure, "this storage has not heard of the cluster since " + table.at.UTC().Format(time.RFC3339)
	}
	grant, known := table.grants[grantee{peer, ns}]
	switch {
	case known && fence != (blob.Fence{}) && fence.Less(grant.Fence):
		return refusedRight, "a later order than " + fence.String() + " has been given: " + grant.Fence.String()
	case known && grant.Rights.has(need):
		return allowed, ""
	case fence.Index > table.version:
		return unsure, "this storage does not yet know the order " + fence.String()
	default:
		return refusedRight, "node " + peer + " has no right to this in namespace " + ns
	}
}

// quota returns how many bytes a namespace may have, 0 for no limit. Who may delete
// may pass it by a twentieth and 64 MiB: freeing room needs some.
func (g *Grants) quota(ns string, rights Rights) int64 {
	table := g.now.Load()
	if table == nil || table.quotas[ns] <= 0 {
		return 0
	}
	quota := table.quotas[ns]
	if rights.has(Delete) {
		quota += quota/20 + 64<<20
	}
	return quota
}

// rights returns what a peer may do in a namespace.
func (g *Grants) rights(peer, ns string) Rights {
	if table := g.now.Load(); table != nil {
		return table.grants[grantee{peer, ns}].Rights
	}
	return 0
}

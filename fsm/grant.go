package fsm

import (
	"slices"
	"strings"
)

// Permission is what a grant allows in a namespace.
type Permission string

// The permissions. Each is for itself; write lets add, not overwrite or delete.
const (
	MayRead   Permission = "read"
	MayWrite  Permission = "write"
	MayDelete Permission = "delete"
)

// Grant lets one node use one namespace of a storage node.
type Grant struct {
	Peer      string       `cbor:"peer"`
	Namespace string       `cbor:"namespace"`
	May       []Permission `cbor:"may"`
	Quota     int64        `cbor:"quota,omitempty"` // of the namespace, in bytes; 0 means without
	Fence     Fence        `cbor:"fence"`           // the oldest order that the node still has in the namespace
}

// grantee is who a grant is for, and where.
type grantee struct{ peer, namespace string }

// grants works out who may do what on a storage node: whoever works on a run
// that touches one of its repositories, for as long as that lasts; and managers
// may read, to browse. Only the holder of a repository's lease may delete.
func (v *View) grants(storage string) []Grant {
	given := make(map[grantee]*Grant)
	give := func(peer, namespace string, fence Fence, may ...Permission) {
		key := grantee{peer, namespace}
		g := given[key]
		if g == nil {
			g = &Grant{Peer: peer, Namespace: namespace, Fence: fence}
			given[key] = g
		}
		g.May = sorted(append(g.May, may...))
		if fence.Less(g.Fence) {
			g.Fence = fence
		}
	}
	for r := range v.Repositories.By("storage", storage) {
		for m := range v.Nodes.By("role", RoleManager) {
			give(m.ID, r.ID, Fence{}, MayRead)
		}
	}
	for _, s := range []Status{Assigned, Running} {
		for b := range v.Backups.By("status", string(s)) {
			if slices.Contains(b.Storages, storage) {
				give(b.Node, b.Repository, b.Fence, MayRead, MayWrite)
			}
		}
		for j := range v.Jobs.By("status", string(s)) {
			if v.touches(j, storage) {
				give(j.Node, j.Repository, j.Fence, jobNeeds(j.Kind)...)
			}
		}
	}
	return v.inOrder(given)
}

// touches tells whether a job asks a storage for what it has: the one whose copy
// it was told to read, or else any that has the repository. A scrub asks nobody.
func (v *View) touches(j *Job, storage string) bool {
	if j.Storage != "" || j.Kind == ScrubJob {
		return j.Storage == storage
	}
	r, ok := v.Repositories.Get(j.Repository)
	return ok && slices.Contains(r.Storages, storage)
}

// jobNeeds says what a job does in the repository.
func jobNeeds(kind JobKind) []Permission {
	switch kind {
	case PruneJob:
		return []Permission{MayRead, MayWrite, MayDelete}
	case ForgetJob:
		return []Permission{MayRead, MayWrite}
	}
	return []Permission{MayRead}
}

func (v *View) inOrder(given map[grantee]*Grant) []Grant {
	grants := make([]Grant, 0, len(given))
	for _, g := range given {
		if r, ok := v.Repositories.Get(g.Namespace); ok {
			g.Quota = r.Quota
		}
		grants = append(grants, *g)
	}
	slices.SortFunc(grants, func(a, b Grant) int {
		return strings.Compare(a.Namespace+"/"+a.Peer, b.Namespace+"/"+b.Peer)
	})
	return grants
}

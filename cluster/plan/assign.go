package plan

import (
	"hash/fnv"
	"slices"
	"time"

	"bcm/fsm"
)

const (
	// managersEach is how many backup managers answer for a client: the
	// preferred one and one to stand in.
	managersEach = 2
	// patience is how long a node that is offline keeps its places, so that a
	// restart moves nothing.
	patience = 5 * time.Minute
)

// Assign says which nodes answer for the data of each client that has any, or
// will have: those that win a rendezvous, in which each pair of client and node
// has a fixed score. A node that comes or goes therefore moves only what it wins
// or leaves behind. A repository in which a backup was begun stays on its
// storages, also while they are offline.
func Assign(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	a := assigning{
		v:        v,
		managers: contestants(v, fsm.RoleBackupManager, now),
		storages: contestants(v, fsm.RoleStorage, now),
	}
	for c := range v.Clients.All() {
		if cmd := a.assign(c); cmd != nil {
			do = append(do, cmd)
		}
	}
	for _, each := range slices.Concat(a.managers, a.storages) {
		if !each.until.IsZero() && each.until.After(now) {
			next = earlier(next, each.until)
		}
	}
	return do, next
}

// contestant is a node that takes part in a rendezvous.
type contestant struct {
	id    string
	hash  uint64
	ready bool      // may win new places
	until time.Time // when it is not ready: how long it keeps the places that it has
}

// contestants lists the nodes of a role that may win or keep places.
func contestants(v *fsm.View, role string, now time.Time) []contestant {
	var all []contestant
	for n := range v.Nodes.By("role", role) {
		c := contestant{id: n.ID, hash: hash(n.ID), ready: n.Ready(role)}
		if role == fsm.RoleStorage && n.Capacity.Free*20 < n.Capacity.Total {
			c.ready = false // nearly full: no new repositories
		}
		if n.Status == fsm.Offline && n.Mode == fsm.Active {
			c.until = max(n.LastSeen, n.CreatedAt).Add(patience).Time()
		}
		if c.ready || c.until.After(now) {
			all = append(all, c)
		}
	}
	return all
}

// assigning is one look at all clients.
type assigning struct {
	v                  *fsm.View
	managers, storages []contestant
}

func (a *assigning) assign(c *fsm.Client) fsm.Command {
	have, ok := a.v.Assignments.Get(c.ID)
	if !ok {
		if !a.needed(c) {
			return nil
		}
		have = &fsm.Assignment{}
	}
	r, ok := a.v.Repositories.Get(c.Repository)
	if !ok {
		return nil
	}
	managers := winners(a.managers, c.ID, have.Managers, managersEach)
	storages := a.keepers(r)
	if slices.Equal(managers, have.Managers) && slices.Equal(storages, have.Storages) {
		return nil
	}
	return &fsm.PutAssignment{Client: c.ID, From: have.Index, Managers: managers, Storages: storages}
}

// needed tells whether a client without an assignment should get one.
func (a *assigning) needed(c *fsm.Client) bool {
	for range a.v.Tasks.By("client", c.ID) {
		return true
	}
	for range a.v.Backups.By("client", c.ID) {
		return true
	}
	return false
}

// keepers are the storages of a repository. Those that have its data keep it, the
// one that it is written to first, and others join them up to the number of
// copies that is wanted.
func (a *assigning) keepers(r *fsm.Repository) []string {
	copies := a.v.WantedCopies(r.ID)
	if !r.Filled {
		return winners(a.storages, r.ID, r.Storages, copies)
	}
	var keep []string
	for _, id := range r.Storages {
		if _, there := a.v.Nodes.Get(id); there && len(keep) < copies {
			keep = append(keep, id)
		}
	}
	var others []contestant
	for _, c := range a.storages {
		if !slices.Contains(keep, c.id) {
			others = append(others, c)
		}
	}
	if missing := copies - len(keep); missing > 0 {
		keep = append(keep, winners(others, r.ID, nil, missing)...)
	}
	return keep
}

// winners gives the nodes with the highest scores for key, at most n. Without
// any, those who have the place keep it.
func winners(all []contestant, key string, have []string, n int) []string {
	type scored struct {
		id    string
		score uint64
	}
	best := make([]scored, 0, n+1)
	k := hash(key)
	for _, c := range all {
		if !c.ready && !slices.Contains(have, c.id) {
			continue
		}
		s := scored{c.id, mix(k ^ c.hash)}
		at := len(best)
		for at > 0 && best[at-1].score < s.score {
			at--
		}
		if at < n {
			best = slices.Insert(best, at, s)
			best = best[:min(n, len(best))]
		}
	}
	if len(best) == 0 {
		return have
	}
	ids := make([]string, len(best))
	for i, s := range best {
		ids[i] = s.id
	}
	return ids
}

func hash(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

// mix spreads the bits of x: the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

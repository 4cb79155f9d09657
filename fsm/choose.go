package fsm

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"
)

const (
	// managersEach is how many backup managers answer for a client: the preferred
	// one and one to stand in.
	managersEach = 2
	// patience is how long a node that is offline keeps its places, so that a
	// restart moves nothing.
	patience = 5 * time.Minute
	// copyPatience is how long a storage that is offline counts as one that has its
	// copies, so that a repair does not send all of them round the grid.
	copyPatience = time.Hour
)

// Choosing says which nodes answer for which client's data, as they are at one
// moment: those that win a rendezvous, in which each pair of client and node has
// a fixed score, greater the more the node can take. A node that comes or goes
// therefore moves only what it wins or leaves behind. What is stored does not move
// for a better score, but for what forces it: its node drains, is long away, or
// is not where the data is wanted.
type Choosing struct {
	v        *View
	now      Time
	managers field
	storages field
}

// Choosing makes ready for choices among the nodes as they are now.
func (v *View) Choosing(now time.Time) *Choosing {
	c := &Choosing{v: v, now: At(now)}
	c.managers, c.storages = c.field(RoleBackupManager), c.field(RoleStorage)
	return c
}

// field is the nodes of a role that may win places, or keep those they have.
type field struct {
	all    []candidate
	hashes []uint64 // of their ids, side by side as all of them are gone through
	heavy  float64  // the greatest weight
}

// candidate is a node that takes part in a rendezvous.
type candidate struct {
	node   *Node
	weight float64
	ready  bool // may win new places
	until  Time // when it is not ready: how long it keeps the places that it has
}

func (c *Choosing) field(role string) (f field) {
	for n := range c.v.Nodes.By("role", role) {
		one := candidate{node: n, weight: weightOf(n, role), ready: unready(n, role) == ""}
		if n.Status == Offline && n.Mode == Active {
			one.until = max(n.LastSeen, n.CreatedAt).Add(patience)
		}
		if one.ready || one.until > c.now {
			f.all, f.hashes = append(f.all, one), append(f.hashes, hashOf(n.ID))
			f.heavy = max(f.heavy, one.weight)
		}
	}
	return f
}

// unready tells why a node gets nothing new in a role; "" when it may.
func unready(n *Node, role string) string {
	switch {
	case !n.Has(role):
		return "it is no " + role
	case n.Mode == Draining:
		return "it is draining"
	case n.Mode == Maintenance:
		return "it is in maintenance"
	case !n.Up():
		return "it is " + string(n.Status)
	case role == RoleStorage && n.NearlyFull():
		return "it is nearly full"
	}
	return ""
}

// NearlyFull tells whether a storage has so little room that it should get no new
// repository.
func (n *Node) NearlyFull() bool { return n.Capacity.Free*20 < n.Capacity.Total }

// weightOf is the part of all work that a node should get: by its slots, or by its
// free space, in steps of two so that what is written does not move anything.
func weightOf(n *Node, role string) float64 {
	if role == RoleBackupManager {
		return float64(max(1, n.Slots))
	}
	return float64(uint64(1) << max(0, bits.Len64(uint64(max(0, n.Capacity.Free)>>30))-1))
}

// Next is when patience with some node ends: the choice may be another then. Zero
// means never.
func (c *Choosing) Next() (next time.Time) {
	for _, f := range []field{c.managers, c.storages} {
		for _, one := range f.all {
			if !one.ready && one.until > c.now && (next.IsZero() || one.until.Time().Before(next)) {
				next = one.until.Time()
			}
		}
	}
	for n := range c.v.Nodes.By("status", string(Offline)) {
		at := max(n.LastSeen, n.CreatedAt).Add(copyPatience)
		if n.Has(RoleStorage) && at > c.now && (next.IsZero() || at.Time().Before(next)) {
			next = at.Time()
		}
	}
	return next
}

// Grid identifies all that choices depend on but the clients and their
// repositories: while it is the same, so are the choices for what did not change.
func (c *Choosing) Grid() uint64 {
	h := fnv.New64a()
	for _, f := range []field{c.managers, c.storages} {
		for _, one := range f.all {
			fmt.Fprintln(h, one.node.ID, one.weight, one.ready)
		}
		h.Write([]byte{0})
	}
	for n := range c.v.Nodes.All() {
		fmt.Fprintln(h, n.ID, n.Roles, n.Mode, n.Site, c.away(n))
		if len(n.Labels) > 0 {
			h.Write(encode(n.Labels))
		}
	}
	return h.Sum64()
}

// Managers chooses the backup managers of a client, the preferred first.
func (c *Choosing) Managers(client *Client) []string {
	var have []string
	if a, ok := c.v.Assignments.Get(client.ID); ok {
		have = a.Managers
	}
	w := wish{within: []*Constraint{&client.Placement.Managers}}
	if won := c.managers.pick(client.ID, have, w, managersEach, nil); len(won) > 0 {
		return won
	}
	return c.keepers(have, w)
}

// Storages chooses the storages of a repository, the one that is written to first.
func (c *Choosing) Storages(r *Repository) []string {
	w := c.v.wishOf(r.ID)
	if r.Filled && len(r.Storages) > 0 {
		if s := c.settle(r, w); s.list != nil {
			return s.list
		}
	}
	if won := c.storages.pick(r.ID, r.Storages, w, w.copies, nil); len(won) > 0 {
		return won
	}
	return c.keepers(r.Storages, w)
}

// keepers are those who keep a place because nobody else may have it: neither
// drained nor unwanted there.
func (c *Choosing) keepers(have []string, w wish) (keep []string) {
	for _, id := range have {
		if n, ok := c.v.Nodes.Get(id); ok && n.Mode != Draining && w.unmet(n) == "" {
			keep = append(keep, id)
		}
	}
	return keep
}

// wish is what is asked of the nodes that answer for something.
type wish struct {
	copies int
	spread string
	within []*Constraint
}

// wishOf is what the clients of a repository wish of its storages: as many as the
// most demanding wants, which do for all of them.
func (v *View) wishOf(repository string) wish {
	w := wish{copies: 1}
	for c := range v.Clients.By("repository", repository) {
		w.copies = max(w.copies, c.WantedCopies())
		if w.spread == "" {
			w.spread = c.Placement.Spread
		}
		w.within = append(w.within, &c.Placement.Storages)
	}
	return w
}

// unmet tells why a node is not where it is wanted; "" when it is.
func (w *wish) unmet(n *Node) string {
	for _, c := range w.within {
		if !c.atSite(n) {
			return fmt.Sprintf("it is at site %q, not at %s", n.Site, strings.Join(c.Sites, " or "))
		}
		if label := c.unmet(n); label != "" {
			return "it has not the label " + label
		}
	}
	return ""
}

// domain is the failure domain of a node: copies in one are lost together.
func (w *wish) domain(n *Node) string {
	if key, ok := strings.CutPrefix(w.spread, SpreadLabel); ok {
		return n.Labels[key]
	}
	return n.Site
}

// clashes gives the node of those chosen that shares a failure domain with n; nil
// when none does.
func (w *wish) clashes(chosen []*Node, n *Node) *Node {
	for _, other := range chosen {
		if w.domain(other) == w.domain(n) {
			return other
		}
	}
	return nil
}

// pick gives those that win a rendezvous for key, at most n, beside those chosen
// already. Of copies no two lie in one failure domain: never when the wish names
// what that is, and otherwise if that can be.
func (f *field) pick(key string, have []string, w wish, n int, chosen []*Node) (won []string) {
	k := hashOf(key)
	taken := slices.Clone(chosen)
	for len(won) < n {
		best := f.best(k, func(c *candidate) bool {
			return f.eligible(c, have, &w, taken) && (w.copies == 0 || w.clashes(taken, c.node) == nil)
		})
		if best == nil && w.copies > 0 && w.spread == "" {
			best = f.best(k, func(c *candidate) bool { return f.eligible(c, have, &w, taken) })
		}
		if best == nil {
			break
		}
		taken, won = append(taken, best), append(won, best.ID)
	}
	return won
}

func (f *field) eligible(c *candidate, have []string, w *wish, taken []*Node) bool {
	return (c.ready || slices.Contains(have, c.node.ID)) && !slices.Contains(taken, c.node) && w.unmet(c.node) == ""
}

// best is the node with the greatest score for k of those that will do. Most are
// passed over at once, as too low a draw to win even with the greatest weight.
func (f *field) best(k uint64, will func(*candidate) bool) (best *Node) {
	var floor uint64
	var most float64
	for i, hash := range f.hashes {
		draw := mix(k ^ hash)
		if draw < floor {
			continue
		}
		c := &f.all[i]
		score := c.weight / -math.Log((float64(draw>>11)+0.5)/(1<<53))
		if score <= most || !will(c) {
			continue
		}
		best, most = c.node, score
		floor = uint64(math.Exp(-f.heavy/most) * (1 - 1e-9) * (1 << 63) * 2)
	}
	return best
}

func hashOf(id string) uint64 {
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

package fsm

import (
	"fmt"
	"slices"
)

// settled is where a repository that has data should lie.
type settled struct {
	list    []string          // its storages; nil when all that it had are lost
	leaving map[string]string // those that it leaves once the others have all of it, and why
	missing int               // copies for which there is no storage
	heir    string            // what has all of it and stays, when the one that is written to does not
}

// settle says where a repository with data should lie. The storages that it has
// keep their order. One that cannot stay is joined by another, and dropped when
// all that stay are complete; the one that is written to is not dropped before a
// complete copy has taken its place.
func (c *Choosing) settle(r *Repository, w wish) settled {
	s := settled{leaving: make(map[string]string)}
	var stay []*Node
	var list []string
	for i, id := range r.Storages {
		n, there := c.v.Nodes.Get(id)
		if !there {
			if i == 0 && c.v.heir(r) != "" {
				s.list = r.Storages // the heir comes first before anything else is done
				return s
			}
			continue
		}
		list = append(list, id)
		if why := c.unsettled(n, &w, stay); why != "" {
			s.leaving[id] = why
		} else {
			stay = append(stay, n)
		}
	}
	if len(list) == 0 {
		return s
	}
	whole := !slices.ContainsFunc(stay, func(n *Node) bool { return !c.v.complete(r, n.ID) })
	missing := w.copies - len(stay)
	if missing > 0 {
		more := c.storages.pick(r.ID, nil, w, missing, stay)
		s.missing = missing - len(more)
		list, whole = append(list, more...), false
	}
	for i, id := range slices.Clone(list) {
		if s.leaving[id] != "" && whole && i > 0 {
			list = slices.DeleteFunc(list, func(x string) bool { return x == id })
		}
	}
	s.list = list
	if s.leaving[list[0]] != "" {
		for _, n := range stay {
			if s.heir == "" && n.Up() && n.Mode == Active && c.v.complete(r, n.ID) {
				s.heir = n.ID
			}
		}
	}
	return s
}

// Heir is the storage that should take the place of the one that a repository is
// written to, as that cannot stay and this has all of its data; "" for none.
func (c *Choosing) Heir(r *Repository) string {
	if !r.Filled || len(r.Storages) < 2 {
		return ""
	}
	if first, there := c.v.Nodes.Get(r.Storages[0]); !there || !first.Up() {
		return "" // it is lost, or may come back: that is another decision
	}
	return c.settle(r, c.v.wishOf(r.ID)).heir
}

// unsettled tells why a storage that has data cannot keep it beside those that
// stay; "" when it can.
func (c *Choosing) unsettled(n *Node, w *wish, stay []*Node) string {
	switch {
	case !n.Has(RoleStorage):
		return "it is no " + RoleStorage
	case n.Mode == Draining:
		return "it is draining"
	case c.away(n):
		return "it is " + string(n.Status) + " for more than " + copyPatience.String()
	case w.unmet(n) != "":
		return w.unmet(n)
	case len(stay) >= w.copies:
		return "there are enough copies without it"
	}
	if other := w.clashes(stay, n); other != nil && w.spread != "" {
		return fmt.Sprintf("it has %s %q in common with %s", w.spread, w.domain(n), other.Name)
	}
	return ""
}

// away tells whether a storage is gone for so long that its copies count as lost.
func (c *Choosing) away(n *Node) bool {
	switch n.Status {
	case Left:
		return true
	case Offline:
		return n.Mode != Maintenance && max(n.LastSeen, n.CreatedAt).Add(copyPatience) <= c.now
	}
	return false
}

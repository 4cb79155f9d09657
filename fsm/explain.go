package fsm

import "slices"

// Verdict says why a node was chosen for a client, or was not.
type Verdict struct {
	Node   string // id
	Role   string // in which it might answer for the client
	As     string // what it is; "" when it was not chosen
	Reason string // one of the reasons
	Detail string // the same for people
}

// What a chosen node is to a client.
const (
	AsPreferred = "preferred" // runs its backups
	AsStandIn   = "stand-in"  // runs them when the preferred cannot
	AsPrimary   = "primary"   // its data is written here
	AsCopy      = "copy"      // keeps a copy
)

// The reasons of verdicts.
const (
	ReasonChosen     = "chosen"
	ReasonLeaving    = "leaving"    // still has data, until others have all of it
	ReasonRole       = "role"       // it has not the role
	ReasonMode       = "mode"       // draining or maintenance
	ReasonStatus     = "status"     // not up
	ReasonFull       = "full"       // nearly
	ReasonConstraint = "constraint" // not where it is wanted
	ReasonDomain     = "domain"     // lost together with one that was chosen
	ReasonSettled    = "settled"    // the data lies elsewhere and stays there
	ReasonScore      = "score"      // others have greater ones
)

// Explain says of each node, in the order of their ids and for both roles, why it
// is chosen for a client now, or is not. It asks what the choice itself asks.
func (c *Choosing) Explain(client *Client) (all []Verdict) {
	managers := c.Managers(client)
	var storages []string
	var s settled
	r, ok := c.v.Repositories.Get(client.Repository)
	w := c.v.wishOf(client.Repository)
	if ok {
		storages = c.Storages(r)
		if r.Filled {
			s = c.settle(r, w)
		}
	}
	within := wish{within: []*Constraint{&client.Placement.Managers}}
	for n := range c.v.Nodes.All() {
		all = append(all,
			c.verdict(n, RoleBackupManager, &within, managers, settled{}),
			c.verdict(n, RoleStorage, &w, storages, s))
	}
	return all
}

func (c *Choosing) verdict(n *Node, role string, w *wish, chosen []string, s settled) Verdict {
	v := Verdict{Node: n.ID, Role: role}
	place := slices.Index(chosen, n.ID)
	if place >= 0 {
		v.As, v.Reason, v.Detail = AsOf(role, place), ReasonChosen, "it won the rendezvous"
		switch {
		case s.leaving[n.ID] != "":
			v.Reason, v.Detail = ReasonLeaving, s.leaving[n.ID]+"; it is left once the others have all of the data"
		case s.list != nil:
			v.Detail = "it has the data, or is to get it"
		}
		return v
	}
	v.Reason, v.Detail = c.refusal(n, role, w, chosen, s)
	return v
}

// AsOf is what the node in a place of an assignment is to the client.
func AsOf(role string, place int) string {
	first, other := AsPrimary, AsCopy
	if role == RoleBackupManager {
		first, other = AsPreferred, AsStandIn
	}
	if place == 0 {
		return first
	}
	return other
}

// refusal is why a node was not chosen.
func (c *Choosing) refusal(n *Node, role string, w *wish, chosen []string, s settled) (reason, detail string) {
	if why := unready(n, role); why != "" {
		switch {
		case !n.Has(role):
			return ReasonRole, why
		case n.Mode != Active:
			return ReasonMode, why
		case !n.Up():
			return ReasonStatus, why
		}
		return ReasonFull, why
	}
	if why := w.unmet(n); why != "" {
		return ReasonConstraint, why
	}
	if s.list != nil && s.missing == 0 {
		return ReasonSettled, "the data lies elsewhere and stays there"
	}
	var others []*Node
	for _, id := range chosen {
		if other, ok := c.v.Nodes.Get(id); ok && s.leaving[id] == "" {
			others = append(others, other)
		}
	}
	if other := w.clashes(others, n); w.copies > 1 && other != nil {
		return ReasonDomain, "it is in the failure domain of " + other.Name
	}
	return ReasonScore, "others have greater scores"
}

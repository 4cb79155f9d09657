package fsm

import (
	"slices"
	"strings"
)

// MaxCopies is on how many storages a client's data can be wanted at most.
const MaxCopies = 8

// Placement is where a client's data may be handled and kept. What is empty
// leaves the choice to the plan.
type Placement struct {
	Managers Constraint `cbor:"managers,omitzero"` // which backup managers may run its backups
	Storages Constraint `cbor:"storages,omitzero"` // which storages may keep its data
	// Spread is what two copies must not have in common: "site", or "label:KEY".
	// Without it copies lie on different nodes, of different sites if there are any.
	Spread string `cbor:"spread,omitempty"`
}

// Constraint says which nodes will do: those at one of the sites, if any are
// given, that have all of the labels.
type Constraint struct {
	Sites  []string          `cbor:"sites,omitempty"`
	Labels map[string]string `cbor:"labels,omitempty"`
}

// SpreadSite and SpreadLabel are the ways to spread copies.
const (
	SpreadSite  = "site"
	SpreadLabel = "label:" // with the key of the label behind it
)

// Empty tells whether any node will do.
func (c *Constraint) Empty() bool { return len(c.Sites) == 0 && len(c.Labels) == 0 }

// Met tells whether the node will do.
func (c *Constraint) Met(n *Node) bool { return c.atSite(n) && c.unmet(n) == "" }

func (c *Constraint) atSite(n *Node) bool {
	return len(c.Sites) == 0 || slices.Contains(c.Sites, n.Site)
}

// unmet is the first label that the node has not, in the order of their keys, as
// KEY=VALUE; "" when it has them all.
func (c *Constraint) unmet(n *Node) string {
	first := ""
	for key, value := range c.Labels {
		if has, ok := n.Labels[key]; (!ok || has != value) && (first == "" || key+"="+value < first) {
			first = key + "=" + value
		}
	}
	return first
}

func (c *Constraint) check(field string) error {
	if len(c.Sites) > 64 {
		return invalidField(field+".sites", "at most 64")
	}
	for _, site := range c.Sites {
		if site == "" || len(site) > 255 {
			return invalidField(field+".sites", "a site has 1 to 255 bytes: %q", site)
		}
	}
	if err := checkLabels(c.Labels); err != nil {
		return invalidField(field+".labels", "at most 64, with keys of 1 to 63 bytes and values of at most 255")
	}
	return nil
}

func (p *Placement) check() error {
	if err := p.Managers.check("placement.managers"); err != nil {
		return err
	}
	if err := p.Storages.check("placement.storages"); err != nil {
		return err
	}
	key, labelled := strings.CutPrefix(p.Spread, SpreadLabel)
	if p.Spread != "" && p.Spread != SpreadSite && (!labelled || key == "" || len(key) > 63) {
		return invalidField("placement.spread", "%q is neither site nor label:KEY, nor empty", p.Spread)
	}
	return nil
}

func checkCopies(copies int) error {
	if copies < 0 || copies > MaxCopies {
		return invalidField("copies", "must lie between 1 and %d", MaxCopies)
	}
	return nil
}

// PlacementChange changes a part of a placement.
type PlacementChange struct {
	Managers ConstraintChange `cbor:"managers,omitzero"`
	Storages ConstraintChange `cbor:"storages,omitzero"`
	Spread   Opt[string]      `cbor:"spread,omitempty"`
}

// ConstraintChange changes a part of a constraint.
type ConstraintChange struct {
	Sites  Opt[[]string]          `cbor:"sites,omitempty"`
	Labels Opt[map[string]string] `cbor:"labels,omitempty"`
}

// Of gives the placement that p becomes by the change.
func (c *PlacementChange) Of(p Placement) Placement {
	set(&p.Managers.Sites, c.Managers.Sites)
	set(&p.Managers.Labels, c.Managers.Labels)
	set(&p.Storages.Sites, c.Storages.Sites)
	set(&p.Storages.Labels, c.Storages.Labels)
	set(&p.Spread, c.Spread)
	return p
}

// WantedCopies is on how many storages a client's data should lie.
func (c *Client) WantedCopies() int { return max(1, c.Copies) }

// WantedCopies is on how many storages a repository should lie: as many as the
// most demanding of its clients wants.
func (v *View) WantedCopies(repository string) int { return v.wishOf(repository).copies }

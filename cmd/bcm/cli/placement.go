package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// placementFlags say where a client's data may be handled and kept.
type placementFlags struct {
	copies             int
	spread             string
	managers, storages constraintFlags
}

// constraintFlags say which nodes will do.
type constraintFlags struct {
	of            string // "manager" or "storage", which the flags begin with
	sites, labels []string
}

func (p *placementFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&p.copies, "copies", 1, "storages on which its data should lie, at most 8")
	f.StringVar(&p.spread, "spread", "", "what two copies must not have in common: site, or label:KEY")
	p.managers.of, p.storages.of = "manager", "storage"
	p.managers.flags(cmd, "only backup managers")
	p.storages.flags(cmd, "only storages")
}

func (c *constraintFlags) flags(cmd *cobra.Command, who string) {
	cmd.Flags().StringSliceVar(&c.sites, c.of+"-site", nil, who+" at this site; may be repeated")
	cmd.Flags().StringSliceVar(&c.labels, c.of+"-label", nil, who+" with this label, name=value; may be repeated")
}

// into adds what was given to the body of a request.
func (p *placementFlags) into(body changes, cmd *cobra.Command) error {
	take(body, cmd, "copies", "copies", p.copies)
	placement := make(changes)
	take(placement, cmd, "spread", "spread", p.spread)
	for _, c := range []*constraintFlags{&p.managers, &p.storages} {
		if err := c.into(placement, cmd); err != nil {
			return err
		}
	}
	if len(placement) > 0 {
		body["placement"] = placement
	}
	return nil
}

func (c *constraintFlags) into(placement changes, cmd *cobra.Command) error {
	sites := []string{}
	for _, site := range c.sites {
		if site != "" { // --storage-site "" takes all sites away
			sites = append(sites, site)
		}
	}
	pairs, err := pairsOf(c.of+"-label", c.labels)
	if err != nil {
		return err
	}
	constraint := make(changes)
	take(constraint, cmd, c.of+"-site", "sites", sites)
	take(constraint, cmd, c.of+"-label", "labels", pairs)
	if len(constraint) > 0 {
		placement[c.of+"s"] = constraint
	}
	return nil
}

// constraintText says which nodes will do; "" when all will.
func constraintText(c client.Constraint) string {
	var parts []string
	if len(c.Sites) > 0 {
		parts = append(parts, "at "+strings.Join(c.Sites, " or "))
	}
	if len(c.Labels) > 0 {
		parts = append(parts, "with "+labels(c.Labels))
	}
	return strings.Join(parts, ", ")
}

package api

import "bcm/fsm"

// Placement is where a client's data may be handled and kept.
type Placement struct {
	Managers Constraint `json:"managers" doc:"Which backup managers may run its backups"`
	Storages Constraint `json:"storages" doc:"Which storages may keep its data"`
	Spread   string     `json:"spread" doc:"What two copies must not have in common: site, or label:KEY. Otherwise they lie on different nodes, of different sites if there are any"`
}

// Constraint says which nodes will do.
type Constraint struct {
	Sites  []string          `json:"sites" doc:"At one of these; none means any"`
	Labels map[string]string `json:"labels" doc:"With all of these"`
}

// PlacementChange is what should become different in a placement.
type PlacementChange struct {
	Managers ConstraintChange `json:"managers,omitempty"`
	Storages ConstraintChange `json:"storages,omitempty"`
	Spread   *string          `json:"spread,omitempty" doc:"site, label:KEY, or empty"`
}

// ConstraintChange is what should become different in a constraint.
type ConstraintChange struct {
	Sites  *[]string          `json:"sites,omitempty" doc:"At one of these; none means any"`
	Labels *map[string]string `json:"labels,omitempty" doc:"With all of these"`
}

func showPlacement(p *fsm.Placement) Placement {
	return Placement{Managers: showConstraint(&p.Managers), Storages: showConstraint(&p.Storages), Spread: p.Spread}
}

func showConstraint(c *fsm.Constraint) Constraint {
	return Constraint{Sites: some(c.Sites), Labels: labelsOf(c.Labels)}
}

func (p *PlacementChange) command() fsm.PlacementChange {
	return fsm.PlacementChange{Managers: fsm.ConstraintChange(p.Managers), Storages: fsm.ConstraintChange(p.Storages), Spread: p.Spread}
}

// checkCopies refuses a number of copies that would mean the default by saying
// none.
func checkCopies(copies *int) error {
	if copies != nil && (*copies < 1 || *copies > fsm.MaxCopies) {
		return invalid("copies", "must lie between 1 and %d", fsm.MaxCopies)
	}
	return nil
}

// wishes puts into a command where a new client's data should be.
func (in *ClientInput) wishes(cmd *fsm.CreateClient) error {
	if err := checkCopies(in.Copies); err != nil {
		return err
	}
	if in.Copies != nil {
		cmd.Copies = *in.Copies
	}
	change := in.Placement.command()
	cmd.Placement = change.Of(fsm.Placement{})
	return nil
}

package fsm

import "slices"

// Group is a set of users who may do the same.
type Group struct {
	Meta
	Name        string  `cbor:"name"`
	Description string  `cbor:"description,omitempty"`
	Rights      []Right `cbor:"rights"`
	Rank        int     `cbor:"rank"` // nobody acts on users of a higher rank
	Predefined  bool    `cbor:"predefined,omitempty"`
	Origin      string  `cbor:"origin"`
}

var groups = define(schema[Group]{
	name:  "groups",
	meta:  func(g *Group) *Meta { return &g.Meta },
	label: func(g *Group) *string { return &g.Name },
	texts: func(g *Group, emit func(string)) { emit(g.Description) },
})

// CreateGroup makes a group.
type CreateGroup struct {
	ID          string  `cbor:"id"`
	Name        string  `cbor:"name"`
	Description string  `cbor:"description,omitempty"`
	Rights      []Right `cbor:"rights"`
	Rank        int     `cbor:"rank"`
}

func (c *CreateGroup) apply(tx *Tx) (string, error) {
	g := &Group{Meta: Meta{ID: c.ID}, Name: c.Name, Description: c.Description, Rights: c.Rights, Rank: c.Rank, Origin: OriginCluster}
	if err := newRow(&tx.Groups, "group", c.ID); err != nil {
		return "", err
	}
	if err := tx.checkGroup(g); err != nil {
		return "", err
	}
	put(tx, &tx.Groups, g)
	return g.ID, nil
}

// checkGroup refuses a group with which its maker would give away more than the
// maker has.
func (tx *Tx) checkGroup(g *Group) error {
	if err := checkName(g.Name); err != nil {
		return err
	}
	if err := unused(&tx.Groups, "group", g.ID, g.Name); err != nil {
		return err
	}
	for _, r := range g.Rights {
		if r != All && !slices.Contains(Rights(), r) {
			return notOneOf("rights", r, Rights())
		}
	}
	if g.Rank < 0 || g.Rank > 100 {
		return invalidField("rank", "must lie between 0 and 100")
	}
	by := tx.user()
	if by == nil {
		return nil
	}
	mine := tx.Access(by)
	if g.Rank > mine.Rank {
		return Errorf(Denied, "user %s has a rank of %d and may not make a group with a rank of %d", by.Name, mine.Rank, g.Rank)
	}
	for _, r := range g.Rights {
		if !mine.May(r) {
			return Errorf(Denied, "user %s lacks the right %s and may not give it to a group", by.Name, r)
		}
	}
	return nil
}

// UpdateGroup changes a group that is not predefined.
type UpdateGroup struct {
	ID          string       `cbor:"id"`
	IfIndex     uint64       `cbor:"if_index,omitempty"`
	Name        Opt[string]  `cbor:"name,omitempty"`
	Description Opt[string]  `cbor:"description,omitempty"`
	Rights      Opt[[]Right] `cbor:"rights,omitempty"`
	Rank        Opt[int]     `cbor:"rank,omitempty"`
}

func (c *UpdateGroup) apply(tx *Tx) (string, error) {
	old, err := tx.ownGroup(c.ID, c.IfIndex)
	if err != nil {
		return "", err
	}
	if err := tx.checkGroup(old); err != nil {
		return "", err // above the one who asks already
	}
	g := *old
	set(&g.Name, c.Name)
	set(&g.Description, c.Description)
	set(&g.Rights, c.Rights)
	set(&g.Rank, c.Rank)
	if err := tx.checkGroup(&g); err != nil {
		return "", err
	}
	put(tx, &tx.Groups, &g)
	return g.ID, nil
}

// RemoveGroup removes a group that is not predefined and has no members.
type RemoveGroup struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveGroup) apply(tx *Tx) (string, error) {
	g, err := tx.ownGroup(c.ID, c.IfIndex)
	if err != nil {
		return "", err
	}
	if n := tx.Users.Count("group", g.ID); n > 0 {
		return "", Errorf(Conflict, "group %s has %d members; take them out first", g.Name, n)
	}
	drop(tx, &tx.Groups, g.ID)
	return g.ID, nil
}

func (tx *Tx) ownGroup(id string, ifIndex uint64) (*Group, error) {
	g, ok := tx.Groups.Get(id)
	if !ok {
		return nil, notFound("group", id)
	}
	if g.Predefined {
		return nil, Errorf(Conflict, "group %s is predefined and cannot be changed or removed", g.Name)
	}
	return g, fresh(&g.Meta, ifIndex)
}

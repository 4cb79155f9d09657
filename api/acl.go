package api

import (
	"bcm/fsm"
)

// ACL is the access list of one object.
type ACL struct {
	Meta
	Kind   string   `json:"kind" doc:"clients, tasks or repositories"`
	Object string   `json:"object" doc:"Name"`
	Users  []string `json:"users" doc:"Names"`
	Groups []string `json:"groups" doc:"Names"`
}

// ACLInput is who is to stand on an access list.
type ACLInput struct {
	Users  []string `json:"users,omitempty" doc:"Ids or names"`
	Groups []string `json:"groups,omitempty" doc:"Ids or names"`
}

func aclMeta(a *fsm.ACL) *fsm.Meta { return &a.Meta }

func showACL(_ *API, v *fsm.View, a *fsm.ACL) ACL {
	out := ACL{Meta: metaOf(&a.Meta), Kind: a.Noun, Object: a.Object, Users: []string{}, Groups: []string{}}
	if o, err := v.NamedObject(a.Noun, a.Object); err == nil {
		out.Object = o.Name
	}
	for _, id := range a.UserIDs {
		if u, ok := v.Users.Get(id); ok {
			id = u.Name
		}
		out.Users = append(out.Users, id)
	}
	for _, id := range a.GroupIDs {
		if g, ok := v.Groups.Get(id); ok {
			id = g.Name
		}
		out.Groups = append(out.Groups, id)
	}
	return out
}

func aclListing() listing[fsm.ACL, ACL] {
	return listing[fsm.ACL, ACL]{
		table: func(v *fsm.View) *fsm.Table[fsm.ACL] { return &v.ACLs },
		meta:  aclMeta,
		show:  showACL,
		sort:  "object",
		filters: []filter[fsm.ACL]{
			{name: "kind", says: "Of what", known: fsm.Listable(), has: func(a *fsm.ACL, key string) bool { return a.Noun == key }},
		},
		orders: []order[fsm.ACL]{
			shownAs("object", func(v *fsm.View, a *fsm.ACL) string { return showACL(nil, v, a).Object }),
			byCreation("", aclMeta),
			byChange(aclMeta),
		},
	}
}

// listed finds the access list that the path names.
func (c *call) listed() (*fsm.ACL, error) {
	o, err := c.view.NamedObject(c.param("kind"), c.param("object"))
	if err != nil {
		return nil, err
	}
	if err := c.mustSee(c.view.Guards(o)); err != nil {
		return nil, err
	}
	a, ok := c.view.ACL(o)
	if !ok {
		return nil, fsm.Errorf(fsm.NotFound, "%s/%s has no access list: it is open to whoever has the right by a group", o.Noun, o.Name)
	}
	return a, nil
}

func getACL(c *call) (ACL, error) {
	a, err := c.listed()
	if err != nil {
		return ACL{}, err
	}
	return showACL(c.API, c.view, a), nil
}

func putACL(c *call, in *ACLInput) (ACL, error) {
	index, err := c.ifMatch()
	if err != nil {
		return ACL{}, err
	}
	result, err := c.apply(&fsm.PutACL{Noun: c.param("kind"), Object: c.param("object"), IfIndex: index, Users: in.Users, Groups: in.Groups})
	if err != nil {
		return ACL{}, err
	}
	a, err := made(&c.view.ACLs, "access list", result.ID)
	if err != nil {
		return ACL{}, err
	}
	return showACL(c.API, c.view, a), nil
}

func removeACL(c *call) error {
	index, err := c.ifMatch()
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveACL{Noun: c.param("kind"), Object: c.param("object"), IfIndex: index})
	return err
}

// sees tells whether no access list leaves who asks out of a row.
func (c *call) sees(row any) bool { return c.view.Bars(c.user, c.view.GuardsOf(row)...) == nil }

// barrable tells whether there is an access list that could leave out who asks.
func (c *call) barrable() bool { return c.view.ACLs.Len() > 0 && c.access.Rank < fsm.Unbarred }

// mustSee refuses who asks for what an access list hides.
func (c *call) mustSee(guards []fsm.Object) error {
	if a := c.view.Bars(c.user, guards...); a != nil {
		return c.view.Barred(c.user, a)
	}
	return nil
}

// seen finds the row that a part of the path names, which no access list may hide
// from who asks.
func seen[T any](c *call, t *fsm.Table[T], noun string) (*T, error) {
	row, err := find(t, noun, c.param(noun))
	if err != nil {
		return nil, err
	}
	return row, c.mustSee(c.view.GuardsOf(row))
}

// visible gives the rows of those ids that no access list hides from who asks.
func visible[T any](c *call, t *fsm.Table[T], ids []string) (rows []*T) {
	for _, id := range ids {
		if row, ok := t.Get(id); ok && c.sees(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// unhidden is a filter that leaves out what access lists hide from who asks.
func unhidden[T any](c *call) []pick[T] {
	if !c.barrable() {
		return nil
	}
	return only(filter[T]{has: func(row *T, _ string) bool { return c.sees(row) }}, "")
}

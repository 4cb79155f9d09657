package api

import (
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Group is a set of users who may do the same.
type Group struct {
	Meta
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Rights      []string `json:"rights" doc:"* stands for all"`
	Rank        int      `json:"rank" doc:"Nobody acts on users of a higher rank"`
	Members     int      `json:"members" doc:"How many"`
	Predefined  bool     `json:"predefined" doc:"Cannot be changed or removed"`
	Origin
}

// GroupInput is a group to be made.
type GroupInput struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Rights      []string `json:"rights,omitempty"`
	Rank        int      `json:"rank,omitempty" doc:"0 to 100"`
}

// GroupChange is what should become different in a group.
type GroupChange struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Rights      *[]string `json:"rights,omitempty"`
	Rank        *int      `json:"rank,omitempty"`
}

func groupMeta(g *fsm.Group) *fsm.Meta { return &g.Meta }
func groupID(g *fsm.Group) string      { return g.ID }

func showGroup(_ *API, v *fsm.View, g *fsm.Group) Group {
	return Group{Meta: metaOf(&g.Meta), Name: g.Name, Description: g.Description, Rights: words(g.Rights), Rank: g.Rank,
		Members: v.Users.Count("group", g.ID), Predefined: g.Predefined, Origin: groupOrigin(v, g)}
}

func groupOrigin(v *fsm.View, g *fsm.Group) Origin {
	if _, own := v.Groups.Get(g.ID); own {
		return Origin{Origin: g.Origin}
	}
	return originOf(v, g.ID)
}

func groupListing() listing[fsm.Group, Group] {
	return listing[fsm.Group, Group]{
		table:   func(v *fsm.View) *fsm.Table[fsm.Group] { return &v.Groups },
		meta:    groupMeta,
		show:    showGroup,
		foreign: foreign(fsm.ServerGroup, foreignGroup),
		sort:    "-rank,name",
		filters: []filter[fsm.Group]{
			yesNo("predefined", "Only those that every cluster has, or only the others", func(g *fsm.Group) bool { return g.Predefined }),
			byOrigin(groupMeta),
		},
		orders: []order[fsm.Group]{
			byName("name", func(g *fsm.Group) string { return g.Name }),
			byNumber("rank", func(g *fsm.Group) int64 { return int64(g.Rank) }),
			{name: "members", key: func(v *fsm.View, g *fsm.Group) string {
				return fsm.TimeKey(fsm.Time(v.Users.Count("group", g.ID)))
			}},
			byCreation("", groupMeta),
			byChange(groupMeta),
		},
	}
}

func (c *call) showGroup(id string) (Group, error) {
	g, err := made(&c.view.Groups, "group", id)
	if err != nil {
		return Group{}, err
	}
	return showGroup(c.API, c.view, g), nil
}

func getGroup(c *call) (Group, error) {
	g, err := find(&c.view.Groups, "group", c.param("group"))
	if err != nil {
		return Group{}, err
	}
	return showGroup(c.API, c.view, g), nil
}

func createGroup(c *call, in *GroupInput) (Group, error) {
	result, err := c.apply(&fsm.CreateGroup{ID: pki.NewID(), Name: in.Name, Description: in.Description,
		Rights: rights(in.Rights), Rank: in.Rank})
	if err != nil {
		return Group{}, err
	}
	return c.showGroup(result.ID)
}

func updateGroup(c *call, in *GroupChange) (Group, error) {
	id, index, err := target(c, &c.view.Groups, "group", groupID)
	if err != nil {
		return Group{}, err
	}
	cmd := &fsm.UpdateGroup{ID: id, IfIndex: index, Name: in.Name, Description: in.Description, Rank: in.Rank}
	if in.Rights != nil {
		list := rights(*in.Rights)
		cmd.Rights = &list
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Group{}, err
	}
	return c.showGroup(result.ID)
}

func removeGroup(c *call) error {
	id, index, err := target(c, &c.view.Groups, "group", groupID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveGroup{ID: id, IfIndex: index})
	return err
}

func rights(names []string) []fsm.Right {
	list := make([]fsm.Right, 0, len(names))
	for _, n := range names {
		list = append(list, fsm.Right(n))
	}
	return list
}

package api

import (
	"strconv"
	"time"

	"bcm/fsm"
)

// Meta is what all objects have.
type Meta struct {
	ID        string    `json:"id" doc:"Opaque and for ever"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Index     uint64    `json:"index" doc:"Applied index of the last change"`
}

func (m Meta) meta() Meta { return m }

func (m Meta) etag() string { return `"` + strconv.FormatUint(m.Index, 10) + `"` }

func metaOf(m *fsm.Meta) Meta {
	return Meta{ID: m.ID, CreatedAt: m.CreatedAt.Time(), UpdatedAt: m.UpdatedAt.Time(), Index: m.Index}
}

// moment gives a time that may not have come yet: null then.
func moment(t fsm.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	at := t.Time()
	return &at
}

// text gives a text that may be missing: null then.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// some gives a list that is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// labels gives a map that is never null.
func labelsOf(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// nameIn shows an id as the name of its row; the id itself when there is no row
// any more.
func nameIn[T any](t *fsm.Table[T], id string, name func(*T) string) string {
	if row, ok := t.Get(id); ok {
		return name(row)
	}
	return id
}

func nodeName(v *fsm.View, id string) string {
	return nameIn(&v.Nodes, id, func(n *fsm.Node) string { return n.Name })
}

func nodeNames(v *fsm.View, ids []string) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, nodeName(v, id))
	}
	return names
}

func clientName(v *fsm.View, id string) string {
	return nameIn(&v.Clients, id, func(c *fsm.Client) string { return c.Name })
}

func taskName(v *fsm.View, id string) string {
	return nameIn(&v.Tasks, id, func(t *fsm.Task) string { return t.Name })
}

func userName(v *fsm.View, id string) string {
	return nameIn(&v.Users, id, func(u *fsm.User) string { return u.Name })
}

func groupNames(v *fsm.View, ids []string) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, nameIn(&v.Groups, id, func(g *fsm.Group) string { return g.Name }))
	}
	return names
}

// words makes texts of a list of any kind of text.
func words[S ~string](list []S) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

// Optional fields of a change arrive as pointers; cast gives one another type
// of text.
func cast[To, From ~string](p *From) *To {
	if p == nil {
		return nil
	}
	to := To(*p)
	return &to
}

package fsm

import (
	"fmt"
	"slices"
)

// Assignment says which nodes answer for a client's data.
type Assignment struct {
	Meta              // ID is the client's
	Managers []string `cbor:"managers"` // backup managers, the preferred first
	Storages []string `cbor:"storages"` // storage nodes, the one written to first
}

var assignments = define(schema[Assignment]{
	name: "assignments",
	meta: func(a *Assignment) *Meta { return &a.Meta },
	indexes: []indexDef[Assignment]{
		byEach("node", func(a *Assignment, emit func(string)) {
			for _, n := range a.Managers {
				emit(n)
			}
			for _, n := range a.Storages {
				emit(n)
			}
		}),
	},
})

// PutAssignment sets who answers for a client's data, guarded by the assignment
// that the plan saw; zero when there was none. The storages of a repository are
// set with it; one that has data stays where it is, unless all of that is lost.
type PutAssignment struct {
	Client   string   `cbor:"client"`
	From     uint64   `cbor:"from"` // index of the assignment seen
	Managers []string `cbor:"managers"`
	Storages []string `cbor:"storages"`
}

func (c *PutAssignment) apply(tx *Tx) (string, error) {
	client, ok := tx.Clients.Get(c.Client)
	if !ok {
		return "", notFound("client", c.Client)
	}
	var seen uint64
	if a, ok := tx.Assignments.Get(c.Client); ok {
		seen = a.Index
	}
	if seen != c.From {
		return "", Errorf(Conflict, "the assignment of client %s has changed", client.Name)
	}
	for _, id := range slices.Concat(c.Managers, c.Storages) {
		if _, ok := tx.Nodes.Get(id); !ok {
			return "", notFound("node", id)
		}
	}
	r, ok := tx.Repositories.Get(client.Repository)
	if !ok {
		return "", notFound("repository", client.Repository)
	}
	if r.Filled && !slices.Equal(r.Storages, c.Storages) && tx.anyNode(r.Storages) {
		return "", Errorf(Conflict, "repository %s has data on %v and stays there", r.Name, r.Storages)
	}
	tx.about("clients", client.ID, client.Name)
	put(tx, &tx.Assignments, &Assignment{Meta: Meta{ID: c.Client}, Managers: c.Managers, Storages: c.Storages})
	if !slices.Equal(r.Storages, c.Storages) {
		n := *r
		n.Storages = c.Storages
		put(tx, &tx.Repositories, &n)
	}
	tx.detail = fmt.Sprintf("managers %v, storages %v", c.Managers, c.Storages)
	return c.Client, nil
}

// anyNode tells whether one of the nodes is a member of the grid.
func (t *tables) anyNode(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { _, ok := t.Nodes.Get(id); return ok })
}

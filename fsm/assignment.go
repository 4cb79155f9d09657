package fsm

import (
	"fmt"
	"slices"
)

// Assignment says which nodes answer for a client's data.
type Assignment struct {
	Meta              // ID is the client's
	Managers []string `cbor:"managers"` // backup managers, the preferred first
	Storages []string `cbor:"storages"` // storage nodes, the one written to first, then those that hold copies
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
// set with it. Where copies of data lie may change at any time; where it is
// written stays, unless that is lost or a complete copy takes its place.
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
	if err := tx.mayMove(r, c.Storages); err != nil {
		return "", err
	}
	tx.about("clients", client.ID, client.Name)
	put(tx, &tx.Assignments, &Assignment{Meta: Meta{ID: c.Client}, Managers: c.Managers, Storages: c.Storages})
	if !slices.Equal(r.Storages, c.Storages) {
		n := *r
		n.Storages = c.Storages
		put(tx, &tx.Repositories, &n)
		tx.forgetHoldings(n.ID, n.Storages)
		if len(r.Storages) > 0 && len(n.Storages) > 0 && r.Storages[0] != n.Storages[0] {
			tx.measureAnew(&n)
		}
	}
	tx.detail = fmt.Sprintf("managers %v, storages %v", c.Managers, c.Storages)
	return c.Client, nil
}

// mayMove refuses storages for a repository that would leave its data behind, or
// name one twice.
func (tx *Tx) mayMove(r *Repository, to []string) error {
	if len(sorted(to)) != len(to) {
		return invalidField("storages", "%v names one twice", to)
	}
	if !r.Filled || len(r.Storages) == 0 || len(to) > 0 && to[0] == r.Storages[0] {
		return nil
	}
	if _, there := tx.Nodes.Get(r.Storages[0]); there {
		return Errorf(Conflict, "repository %s has its data on %s and stays there", r.Name, r.Storages[0])
	}
	if heir := tx.heir(r); heir != "" {
		return Errorf(Conflict, "repository %s has a copy on %s, which takes its place first", r.Name, heir)
	}
	return nil
}

// heir is a storage with a copy of a repository whose first storage is gone; ""
// when there is none, and with it all data is lost.
func (t *tables) heir(r *Repository) string {
	for _, id := range r.Storages {
		if _, there := t.Nodes.Get(id); there && t.copied(r, id) {
			return id
		}
	}
	return ""
}

// complete tells whether a storage has all that is stored in a repository: the one
// that is written to has, and a copy that was begun after the last change.
func (t *tables) complete(r *Repository, storage string) bool {
	_, there := t.Nodes.Get(storage)
	if !there || len(r.Storages) == 0 || r.Storages[0] == storage {
		return there && len(r.Storages) > 0
	}
	main, ok := t.Holdings.Get(HoldingID(r.ID, r.Storages[0]))
	if !ok || main.ChangedAt == 0 {
		return slices.Contains(r.Storages, storage) // nothing is stored yet
	}
	h, ok := t.Holdings.Get(HoldingID(r.ID, storage))
	return ok && h.AsOf > main.ChangedAt && h.Lost == 0
}

package plan

import (
	"slices"
	"time"

	"bcm/fsm"
)

// Assign says which nodes answer for the data of each client that has any, or
// will have; [fsm.Choosing] tells how they are chosen.
func Assign(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	a := newAssigning(v, now)
	for c := range v.Clients.All() {
		if cmd := a.assign(c); cmd != nil {
			do = append(do, cmd)
		}
	}
	return do, a.choosing.Next()
}

// assigning is one look at clients.
type assigning struct {
	v        *fsm.View
	choosing *fsm.Choosing
	promoted map[string]bool // repositories that are given another first storage
}

func newAssigning(v *fsm.View, now time.Time) *assigning {
	return &assigning{v, v.Choosing(now), make(map[string]bool)}
}

func (a *assigning) assign(c *fsm.Client) fsm.Command {
	have, ok := a.v.Assignments.Get(c.ID)
	if !ok {
		if !a.needed(c) {
			return nil
		}
		have = &fsm.Assignment{}
	}
	r, ok := a.v.Repositories.Get(c.Repository)
	if !ok {
		return nil
	}
	if heir := a.choosing.Heir(r); heir != "" && !atWork(a.v, r) {
		if a.promoted[r.ID] {
			return nil
		}
		a.promoted[r.ID] = true
		return &fsm.PromoteCopy{Repository: r.ID, From: r.Index, Storage: heir}
	}
	managers, storages := a.choosing.Managers(c), a.choosing.Storages(r)
	if slices.Equal(managers, have.Managers) && slices.Equal(storages, have.Storages) {
		return nil
	}
	return &fsm.PutAssignment{Client: c.ID, From: have.Index, Managers: managers, Storages: storages}
}

// needed tells whether a client without an assignment should get one.
func (a *assigning) needed(c *fsm.Client) bool {
	for range a.v.Tasks.By("client", c.ID) {
		return true
	}
	for range a.v.Backups.By("client", c.ID) {
		return true
	}
	return false
}

package fsm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Impact is what depends on one node: what stands still, or is lost, when it dies.
type Impact struct {
	Clients  []string // ids of those that it answers for
	Stranded []string // ids of those with a task that no other node could run now
	Waiting  []string // ids of those whose backups would wait, for their data is written here
	Only     []string // ids of the repositories of which it has the only complete copy
	Backups  []string // ids of those at work on it
	Jobs     []string // ids of those at work on it
}

// Impact works out what depends on a node.
func (v *View) Impact(n *Node) Impact {
	var i Impact
	for a := range v.Assignments.By("node", n.ID) {
		i.Clients = append(i.Clients, a.ID)
		if len(a.Storages) > 0 && a.Storages[0] == n.ID {
			i.Waiting = append(i.Waiting, a.ID)
		}
	}
	stranded := make(map[string]bool)
	if n.Has(RoleBackupManager) {
		for t := range v.Tasks.All() {
			if c, ok := v.Clients.Get(t.Client); ok && !v.runnable(t, c, n) {
				stranded[c.ID] = true
			}
		}
	}
	i.Stranded = slices.Sorted(maps.Keys(stranded))
	for _, r := range v.onlyCopies(n) {
		i.Only = append(i.Only, r.ID)
	}
	for b := range v.Backups.By("active", n.ID) {
		i.Backups = append(i.Backups, b.ID)
	}
	for j := range v.Jobs.By("active", n.ID) {
		i.Jobs = append(i.Jobs, j.ID)
	}
	return i
}

// runnable tells whether another node than without could run a task now, or
// without could not either.
func (v *View) runnable(t *Task, c *Client, without *Node) bool {
	here := false
	for n := range v.Nodes.By("role", RoleBackupManager) {
		if !n.Ready(RoleBackupManager) || !c.Placement.Managers.Met(n) || len(t.Nodes) > 0 && !slices.Contains(t.Nodes, n.ID) {
			continue
		}
		if n.ID != without.ID {
			return true
		}
		here = true
	}
	return !here
}

// onlyCopies are the repositories with data of which no other storage that is up
// has all that this one has.
func (t *tables) onlyCopies(n *Node) (only []*Repository) {
	for r := range t.Repositories.By("storage", n.ID) {
		if !r.Filled || !t.complete(r, n.ID) && !t.copied(r, n.ID) {
			continue
		}
		elsewhere := slices.ContainsFunc(r.Storages, func(id string) bool {
			other, ok := t.Nodes.Get(id)
			return ok && id != n.ID && other.Up() && t.complete(r, id)
		})
		if !elsewhere {
			only = append(only, r)
		}
	}
	return only
}

// maxNamed is how many repositories a refusal names.
const maxNamed = 5

// keepOnlyCopies refuses to let a node go that has the only copy of something.
func (t *tables) keepOnlyCopies(n *Node) error {
	only := t.onlyCopies(n)
	if len(only) == 0 {
		return nil
	}
	var named []string
	for _, r := range only[:min(len(only), maxNamed)] {
		var clients []string
		for c := range t.Clients.By("repository", r.ID) {
			clients = append(clients, c.Name)
		}
		named = append(named, fmt.Sprintf("%s (of client %s)", r.Name, strings.Join(clients, ", ")))
	}
	more := ""
	if len(only) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(only)-maxNamed)
	}
	return Errorf(Conflict, "node %s holds the only complete copy of repository %s%s; drain it first, or force if that may be lost",
		n.Name, strings.Join(named, ", "), more)
}

// Drained tells whether a node that drains has nothing left: no run at work on it,
// nobody for whom it answers, and no data of anybody.
func (v *View) Drained(n *Node) bool { return v.drained(n) }

func (t *tables) drained(n *Node) bool {
	return n.Mode == Draining && t.Backups.Count("active", n.ID) == 0 && t.Jobs.Count("active", n.ID) == 0 &&
		t.Assignments.Count("node", n.ID) == 0 && t.Repositories.Count("storage", n.ID) == 0
}

// DrainNode records that a node which drains has nothing left.
type DrainNode struct {
	ID string `cbor:"id"`
}

func (c *DrainNode) apply(tx *Tx) (string, error) {
	old, ok := tx.Nodes.Get(c.ID)
	if !ok {
		return "", notFound("node", c.ID)
	}
	if !tx.drained(old) {
		return "", Errorf(Conflict, "node %s is not drained", old.Name)
	}
	n := *old
	n.Drained = true
	put(tx, &tx.Nodes, &n)
	tx.detail = "it runs nothing, and nothing lies on it"
	return n.ID, nil
}

// Complete tells whether a storage has all that is stored in a repository.
func (v *View) Complete(r *Repository, storage string) bool { return v.complete(r, storage) }

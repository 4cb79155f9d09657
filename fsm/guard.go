package fsm

import (
	"slices"
	"strings"
)

// GuardsOf gives the objects whose access lists stand before a row of any table:
// before a backup those of its task, its client and its repository. What an access
// list hides is hidden in all that tells of it: its jobs, its approvals, its rows
// of the audit trail.
func (t *tables) GuardsOf(row any) []Object {
	switch r := row.(type) {
	case *Repository:
		return t.guardsOfRepository(r.ID)
	case *Client:
		return []Object{{Noun: clients.name, ID: r.ID}, {Noun: repositories.name, ID: r.Repository}}
	case *Task:
		return append([]Object{{Noun: tasks.name, ID: r.ID}}, t.guardsOfClient(r.Client)...)
	case *Backup:
		all := append(t.guardsOfClient(r.Client), Object{Noun: repositories.name, ID: r.Repository})
		if r.Task != "" {
			all = append(all, Object{Noun: tasks.name, ID: r.Task})
		}
		return all
	case *Job:
		return t.guardsOfJob(r)
	case *Assignment:
		return t.guardsOfClient(r.ID)
	case *ACL:
		return t.Guards(Object{Noun: r.Noun, ID: r.Object})
	case *Approval:
		return t.guardsOfNamed(r.Object)
	case *Event:
		if noun, _, _ := strings.Cut(r.Action, "."); r.Result != "" && slices.Contains(guardedActs(), noun) {
			return t.allGuards() // the row does not say about what it was, and its text may
		}
		return t.guardsOfNamed(r.Object)
	}
	return nil
}

// guardedActs begin the names of the commands about what access lists can hide.
func guardedActs() []string {
	return []string{"acl", "approval", "assignment", "backup", "client", "job", "repository", "task"}
}

// Guards gives the objects whose access lists stand before one that may have one.
func (t *tables) Guards(o Object) []Object {
	switch o.Noun {
	case clients.name:
		return t.guardsOfClient(o.ID)
	case repositories.name:
		return t.guardsOfRepository(o.ID)
	case tasks.name:
		if row, ok := t.Tasks.Get(o.ID); ok {
			return t.GuardsOf(row)
		}
	}
	return []Object{o}
}

func (t *tables) guardsOfClient(id string) []Object {
	if c, ok := t.Clients.Get(id); ok {
		return t.GuardsOf(c)
	}
	return []Object{{Noun: clients.name, ID: id}}
}

// guardsOfRepository: one of a single client is that client's data, and bears its
// name. Of one that clients share each sees that it is there.
func (t *tables) guardsOfRepository(id string) []Object {
	all := []Object{{Noun: repositories.name, ID: id}}
	if t.Clients.Count("repository", id) == 1 {
		all = append(all, t.clientsWithin(id)...)
	}
	return all
}

// clientsWithin are all whose data a repository keeps: who reads all of it must be
// let in by each.
func (t *tables) clientsWithin(repository string) (all []Object) {
	for c := range t.Clients.By("repository", repository) {
		all = append(all, Object{Noun: clients.name, ID: c.ID})
	}
	return all
}

// GuardsWithin gives the objects whose access lists stand before all that lies in a
// repository.
func (t *tables) GuardsWithin(repository string) []Object {
	return append(t.clientsWithin(repository), Object{Noun: repositories.name, ID: repository})
}

func (t *tables) guardsOfJob(j *Job) []Object {
	if b, ok := t.Backups.Get(j.Backup); ok {
		return t.GuardsOf(b)
	}
	if j.Backup != "" || j.Snapshot != "" { // of one client, and nobody knows which
		return t.GuardsWithin(j.Repository)
	}
	return t.guardsOfRepository(j.Repository)
}

// guardsOfNamed gives the guards of what a row tells of. What is gone cannot be
// told apart any more from what a list would hide, and all lists stand before it.
func (t *tables) guardsOfNamed(o Object) []Object {
	switch o.Noun {
	case clients.name, tasks.name, repositories.name:
		if found, err := t.NamedObject(o.Noun, o.ID); err == nil && found.ID == o.ID {
			return t.Guards(o)
		}
	case backups.name:
		if b, ok := t.Backups.Get(o.ID); ok {
			return t.GuardsOf(b)
		}
	case jobs.name:
		if j, ok := t.Jobs.Get(o.ID); ok {
			return t.GuardsOf(j)
		}
	case approvals.name:
		if a, ok := t.Approvals.Get(o.ID); ok {
			return t.GuardsOf(a)
		}
	case assignments.name:
		return t.guardsOfClient(o.ID)
	case acls.name:
		noun, id, _ := strings.Cut(o.ID, "/")
		return t.guardsOfNamed(Object{Noun: noun, ID: id})
	default:
		return nil
	}
	return t.allGuards()
}

// allGuards are all objects that have an access list.
func (t *tables) allGuards() (all []Object) {
	for a := range t.ACLs.All() {
		all = append(all, Object{Noun: a.Noun, ID: a.Object})
	}
	return all
}

package api

import (
	"slices"
	"strings"

	"bcm/fsm"
)

// contains tells whether a list has a text.
func contains(list []string, s string) bool { return slices.Contains(list, s) }

// mostHits bounds a search that remembers what it finds, as a part of the table:
// what matches more is found as quickly by looking.
const mostHits = 8

// search finds the rows that match q by the table's own search and by keys of
// indexes, unless there are very many.
func (q *query[T]) search(keys map[string]map[string]bool) {
	if q.table.Len() <= fewRows {
		return
	}
	most := max(q.table.Len()/mostHits, fewRows)
	hits := make(map[*T]bool)
	for index, wanted := range keys {
		for key := range wanted {
			if len(hits)+q.table.Count(index, key) > most {
				return
			}
			for row := range q.table.By(index, key) {
				hits[row] = true
			}
		}
	}
	for row := range q.table.Search(q.q) {
		if hits[row] = true; len(hits) > most {
			return
		}
	}
	q.hits = hits
}

// matching gives the ids of the rows whose name has q in it: a search for a name
// finds the objects that show it.
func matching[T any](t *fsm.Table[T], q string, id, name func(*T) string) map[string]bool {
	ids := make(map[string]bool)
	for row := range t.All() {
		if strings.Contains(strings.ToLower(name(row)), q) {
			ids[id(row)] = true
		}
	}
	return ids
}

func clientsLike(v *fsm.View, q string) map[string]bool {
	return matching(&v.Clients, q, func(c *fsm.Client) string { return c.ID }, func(c *fsm.Client) string { return c.Name })
}

func tasksLike(v *fsm.View, q string) map[string]bool {
	return matching(&v.Tasks, q, func(t *fsm.Task) string { return t.ID }, func(t *fsm.Task) string { return t.Name })
}

func nodesLike(v *fsm.View, q string) map[string]bool {
	return matching(&v.Nodes, q, func(n *fsm.Node) string { return n.ID }, func(n *fsm.Node) string { return n.Name })
}

// A filter may name an object by id or name. One that is gone may still stand in
// rows, and is found there by its id.

func ofNode[T any](index string, has func(row *T, key string) bool) filter[T] {
	return filter[T]{name: "node", says: "Only on the node, by id or name", index: index, has: has,
		key: func(v *fsm.View, value string) (string, error) {
			if n, ok := v.Nodes.Find(value); ok {
				return n.ID, nil
			}
			return "", invalid("node", "no node %q", value)
		}}
}

func ofClient[T any](index string, has func(row *T, key string) bool) filter[T] {
	return filter[T]{name: "client", says: "Only of the client, by id or name", index: index, has: has,
		key: func(v *fsm.View, value string) (string, error) {
			if c, ok := v.Clients.Find(value); ok {
				return c.ID, nil
			}
			if v.Backups.Count("client", value) > 0 {
				return value, nil
			}
			return "", invalid("client", "no client %q", value)
		}}
}

func ofTask[T any](index string, has func(row *T, key string) bool) filter[T] {
	return filter[T]{name: "task", says: "Only of the task, by id or name", index: index, has: has,
		key: func(v *fsm.View, value string) (string, error) {
			if t, ok := v.Tasks.Find(value); ok {
				return t.ID, nil
			}
			if v.Backups.Count("task", value) > 0 {
				return value, nil
			}
			return "", invalid("task", "no task %q", value)
		}}
}

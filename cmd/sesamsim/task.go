package main

import (
	"net/http"
)

// tasks say what of a client is backed up. The client comes as a name, an id or
// an object and is answered as an object.
func tasks() *resource {
	return (&resource{
		name: "tasks", key: "name", origin: "Tasks",
		fields: []field{
			{name: "name", required: true, max: 128},
			{name: "client", kind: ref, required: true, to: "clients"},
			{name: "source"},
			{name: "exclude"},
			{name: "groupName", max: 128},
			{name: "type", kind: object, short: "name", first: map[string]any{"name": "Path"}},
			{name: "exec", kind: boolean, first: true},
			{name: "comment"},
			{name: "usercomment"},
			{name: "resultsSts", fixed: true, first: "NONE"},
		},
		dropped: func(t *tx, r row) error { return t.dropEventsOf(r) },
	}).complete()
}

// dropEventsOf removes the events of a task, and those of its group when it was
// the last one in it.
func (t *tx) dropEventsOf(r row) error {
	names := map[string]bool{r.text("name"): true}
	if group := r.text("groupName"); group != "" && len(t.members(group)) == 0 {
		names[group] = true
	}
	d := t.s.resource("backupevents")
	for _, e := range t.all(d.name) {
		if names[e.text("object")] {
			if err := t.remove(d, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func taskRoutes(d *resource) []route {
	all := func(c *call) (any, error) { return c.list(d, nil) }
	remove := func(c *call) (any, error) { return c.removeKey(d, c.params[0]) }
	base, old := v2+"backups/", v1+"tasks"
	return []route{
		{http.MethodGet, base + "findTasks", visit, all},
		{http.MethodPost, base + "findTasks", visit, func(c *call) (any, error) { return c.find(d) }},
		{http.MethodGet, base + "tasks/{name}", visit, func(c *call) (any, error) { return c.task(d) }},
		{http.MethodPost, base + "createTask", edit, func(c *call) (any, error) { return c.create(d) }},
		{http.MethodPost, base + "updateTask", edit, func(c *call) (any, error) { return c.update(d) }},
		{http.MethodPost, base + "{name}/deleteTask", edit, remove},
		{http.MethodGet, old, visit, all},
		{http.MethodPost, old, edit, func(c *call) (any, error) { return c.create(d) }},
		{http.MethodGet, old + "/{name}", visit, func(c *call) (any, error) { return c.task(d) }},
		{http.MethodGet, old + "/{name}/delete", edit, remove},
		{http.MethodGet, old + "/{name}/forceRemove", edit, remove},
		{http.MethodPost, old + "/{name}/delete", edit, remove},
		{http.MethodPost, old + "/{name}/forceRemove", edit, remove},
	}
}

// task answers one task. It is the only read that refuses what is not there
// instead of answering null.
func (c *call) task(d *resource) (any, error) {
	return c.look(func(t *tx) (any, error) {
		r := t.get(d.name, c.params[0])
		if r == nil || !c.who.sees(t, d, r) {
			return nil, absent(d.name, c.params[0])
		}
		return c.show(t, d, r), nil
	})
}

package main

import (
	"net/http"
	"slices"
	"strings"
)

// Task groups are what tasks name as their group; no call is known that makes
// or removes one, so they come and go with their tasks.

// taskGroup describes a group for filters and access lists; it has no table.
func taskGroup() *resource {
	return &resource{
		name: "backupgroups", key: "name", label: "name", origin: "TaskGroups",
		fields: []field{{name: "id", kind: integer}, {name: "name"}, {name: "resultsSts"}},
	}
}

// members lists the tasks of a group.
func (t *tx) members(group string) []row {
	out := []row{}
	if group == "" {
		return out
	}
	for _, r := range t.all("tasks") {
		if r.text("groupName") == group {
			out = append(out, r)
		}
	}
	return out
}

// taskGroups lists the groups by name. The state of a group is the worst of the
// last states of its tasks.
func (t *tx) taskGroups() []row {
	byName := map[string]row{}
	for _, r := range t.all("tasks") {
		name := r.text("groupName")
		if name == "" {
			continue
		}
		g := byName[name]
		if g == nil {
			g = row{"id": r.num("id"), "name": name, "resultsSts": "NONE"}
			byName[name] = g
		}
		if sts := r.text("resultsSts"); gravity(sts) > gravity(g.text("resultsSts")) {
			g["resultsSts"] = sts
		}
	}
	out := []row{}
	for _, g := range byName {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b row) int { return strings.Compare(a.text("name"), b.text("name")) })
	return out
}

// gravity orders states from the mildest to the worst.
func gravity(state string) int {
	return slices.Index([]string{"NONE", "SUCCESSFUL", "IN_QUEUE", "ACTIVE", "INFO", "CANCELLED", "ERROR"}, state)
}

func taskGroupRoutes() []route {
	d := taskGroup()
	base := v2 + "backupgroups"
	return []route{
		{http.MethodGet, base, visit, func(c *call) (any, error) {
			return c.look(func(t *tx) (any, error) { return c.shown(t, d, t.taskGroups()), nil })
		}},
		{http.MethodPost, base + "/find", visit, func(c *call) (any, error) { return c.findGroups(d) }},
		{http.MethodGet, base + "/{name}", visit, func(c *call) (any, error) {
			return c.look(func(t *tx) (any, error) {
				if g := c.taskGroup(t, d); g != nil {
					return c.show(t, d, g), nil
				}
				return nil, nil
			})
		}},
		{http.MethodGet, base + "/{name}/tasks", visit, func(c *call) (any, error) {
			return c.look(func(t *tx) (any, error) {
				if c.taskGroup(t, d) == nil {
					return nil, absent(d.name, c.params[0])
				}
				return c.shown(t, t.s.resource("tasks"), t.members(c.params[0])), nil
			})
		}},
	}
}

func (c *call) taskGroup(t *tx, d *resource) row {
	for _, g := range t.taskGroups() {
		if g.text("name") == c.params[0] && c.who.sees(t, d, g) {
			return g
		}
	}
	return nil
}

func (c *call) findGroups(d *resource) (any, error) {
	filter, err := c.object()
	if err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		rows := []row{}
		for _, g := range t.taskGroups() {
			ok, err := t.passes(d, g, filter)
			if err != nil {
				return nil, err
			}
			if ok {
				rows = append(rows, g)
			}
		}
		return c.shown(t, d, rows), nil
	})
}

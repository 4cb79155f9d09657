package main

import (
	"net/http"
	"slices"
)

// groups hold users; five of them, 0 to 4, belong to the server. Their roles are
// given at creation and never change after.
func groups() *resource {
	return (&resource{
		name: "groups", key: "id", label: "name", rule: true, unique: []string{"name"},
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "enabled", kind: boolean, first: true},
			{name: "rolesList", kind: list, once: true, first: []any{}},
			{name: "usercomment"},
		},
		fixed: func(before, after row) error {
			if _, own := predefined()[before.text("name")]; own && (after == nil || after["name"] != before["name"]) {
				return notEditable("groups", before.text("name"))
			}
			return nil
		},
		created: func(t *tx, r row) error {
			l, _ := r["rolesList"].([]any)
			for _, v := range l {
				if err := t.giveRole(r.num("id"), v); err != nil {
					return err
				}
			}
			return nil
		},
		show: func(t *tx, r row, out map[string]any) {
			names := []any{}
			for _, role := range t.rolesOf(r.num("id")) {
				names = append(names, role["name"])
			}
			out["rolesList"] = names
		},
	}).complete()
}

// giveRole binds a role, by name, to a group; twice is once.
func (t *tx) giveRole(group int64, v any) error {
	if m, ok := v.(map[string]any); ok {
		v = m["name"]
	}
	name, ok := asText(v)
	if !ok {
		return badRequest("groups: rolesList holds names of roles, not %s", brief(v))
	}
	role := t.named("roles", name)
	if role == nil {
		return absent("roles", name)
	}
	for _, has := range t.rolesOf(group) {
		if has["id"] == role["id"] {
			return nil
		}
	}
	d := t.s.resource("roleRelations")
	_, err := t.create(d, map[string]any{"groupId": group, "roleId": role["id"]})
	return err
}

// rolesOf lists the roles of a group by id.
func (t *tx) rolesOf(group int64) []row {
	out := []row{}
	for _, o := range t.s.tables["roleRelations"].rows {
		if o.row.num("groupId") != group {
			continue
		}
		if r := t.byID("roles", o.row.num("roleId")); r != nil {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b row) int { return int(a.num("id") - b.num("id")) })
	return out
}

func groupRoutes(d *resource) []route {
	old := v1 + "groups"
	return append(uniform(d, watch, rule),
		route{http.MethodGet, v2 + "groups/{id}/roles", watch, func(c *call) (any, error) { return c.rolesOfGroup(d) }},
		route{http.MethodGet, old, watch, func(c *call) (any, error) { return c.list(d, nil) }},
		route{http.MethodPost, old, rule, func(c *call) (any, error) { return c.create(d) }},
		route{http.MethodGet, old + "/{id}", watch, func(c *call) (any, error) { return c.one(d, c.params[0]) }},
		route{http.MethodPost, old + "/remove", rule, func(c *call) (any, error) { return c.remove(d) }})
}

func (c *call) rolesOfGroup(d *resource) (any, error) {
	if err := d.fitsKey(c.params[0]); err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		g := t.get(d.name, canonicalKey(d, c.params[0]))
		if g == nil {
			return nil, absent(d.name, c.params[0])
		}
		out := []any{}
		for _, r := range t.rolesOf(g.num("id")) {
			out = append(out, c.show(t, t.s.resource("roles"), r))
		}
		return out, nil
	})
}

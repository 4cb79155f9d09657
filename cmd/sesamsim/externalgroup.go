package main

import (
	"net/http"
	"slices"
)

// externalGroups are groups of a directory, bound to groups of the server.
func externalGroups() *resource {
	return (&resource{
		name: "externalgroups", key: "id", label: "externalId", rule: true, unique: []string{"externalId"},
		fields: []field{
			{name: "externalId", required: true, max: 1024},
			{name: "enabled", kind: boolean, first: true},
			{name: "type", first: "NONE"},
			{name: "usercomment"},
		},
		check: func(_ *tx, _, r row) error {
			if k := r["type"]; k != "NONE" && k != "AD" && k != "LDAP" {
				return badRequest("externalgroups: type is NONE, AD or LDAP")
			}
			return nil
		},
		show: func(t *tx, r row, out map[string]any) { out["relation"] = t.relations(r.num("id")) },
	}).complete()
}

// externalGroupRelations bind them; the first interface shows them as objects.
func externalGroupRelations() *resource {
	return (&resource{
		name: "externalGroupRelations", key: "id", rule: true, unique: []string{"groupId", "externalGroupId"},
		fields: []field{
			{name: "groupId", kind: integer, required: true, to: "groups", gone: cascade},
			{name: "externalGroupId", kind: integer, required: true, to: "externalgroups", gone: cascade},
		},
	}).complete()
}

func (t *tx) relations(external int64) []any {
	out := []any{}
	for _, r := range t.all("externalGroupRelations") {
		if r.num("externalGroupId") == external {
			out = append(out, map[string]any{"id": r["id"], "groupId": r["groupId"], "externalGroupId": external})
		}
	}
	return out
}

func externalGroupRoutes(d, rel *resource) []route {
	base, old := v2+"externalgroups", v1+"externalGroups"
	routes := append(uniform(d, watch, rule),
		route{http.MethodGet, base + "/{id}/groups", watch, func(c *call) (any, error) { return c.externalGroupGroups(d) }},
		route{http.MethodPost, base + "/{id}/groups", rule, func(c *call) (any, error) { return c.bindExternalGroup(d, rel) }},
		route{http.MethodGet, old, watch, func(c *call) (any, error) { return c.list(d, nil) }},
		route{http.MethodGet, old + "/{id}", watch, func(c *call) (any, error) { return c.one(d, c.params[0]) }},
		route{http.MethodPost, old, rule, func(c *call) (any, error) { return c.create(d) }},
		route{http.MethodGet, old + "/{id}/delete", rule, func(c *call) (any, error) { return c.removeKey(d, c.params[0]) }})
	return append(routes, relationRoutes(rel)...)
}

func (c *call) externalGroup(t *tx, d *resource) (row, error) {
	if err := d.fitsKey(c.params[0]); err != nil {
		return nil, err
	}
	r := t.get(d.name, canonicalKey(d, c.params[0]))
	if r == nil {
		return nil, absent(d.name, c.params[0])
	}
	return r, nil
}

func (c *call) externalGroupGroups(d *resource) (any, error) {
	return c.look(func(t *tx) (any, error) {
		r, err := c.externalGroup(t, d)
		if err != nil {
			return nil, err
		}
		return c.groupsOfExternal(t, r.num("id")), nil
	})
}

// groupsOfExternal lists the groups by id; whether the real server keeps the
// order of the request instead is not known.
func (c *call) groupsOfExternal(t *tx, external int64) []any {
	var have []row
	for _, rel := range t.all("externalGroupRelations") {
		if rel.num("externalGroupId") == external {
			have = append(have, t.byID("groups", rel.num("groupId")))
		}
	}
	slices.SortFunc(have, func(a, b row) int { return int(a.num("id") - b.num("id")) })
	out := []any{}
	for _, g := range have {
		out = append(out, c.show(t, t.s.resource("groups"), g))
	}
	return out
}

// bindExternalGroup replaces the set of groups, given by name or id.
func (c *call) bindExternalGroup(d, rel *resource) (any, error) {
	wanted, err := c.elements()
	if err != nil {
		return nil, err
	}
	of := field{name: "groups", kind: ids, to: "groups"}
	return c.alter(func(t *tx) (any, error) {
		r, err := c.externalGroup(t, d)
		if err != nil {
			return nil, err
		}
		set, err := of.references(t, wanted)
		if err != nil {
			return nil, err
		}
		for _, old := range t.all(rel.name) {
			if old.num("externalGroupId") == r.num("id") {
				t.drop(rel, old)
			}
		}
		for _, id := range set.([]int64) {
			if _, err := t.create(rel, map[string]any{"groupId": id, "externalGroupId": r["id"]}); err != nil {
				return nil, err
			}
		}
		return c.groupsOfExternal(t, r.num("id")), nil
	})
}

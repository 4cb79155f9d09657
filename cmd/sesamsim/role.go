package main

import (
	"net/http"
)

// roles carry permissions. The full list is not known; a profile may give it.
func roles() *resource {
	return (&resource{
		name: "roles", key: "id", label: "name", unique: []string{"name"},
		fields: []field{{name: "name", required: true}},
	}).complete()
}

// roleRelations bind roles to groups. They live in the first interface only,
// where a relation is removed by GET.
func roleRelations() *resource {
	return (&resource{
		name: "roleRelations", key: "id", rule: true, unique: []string{"groupId", "roleId"},
		fields: []field{
			{name: "groupId", kind: integer, required: true, to: "groups", gone: cascade},
			{name: "roleId", kind: integer, required: true, to: "roles", gone: cascade},
		},
	}).complete()
}

func roleRoutes(d, rel *resource) []route {
	return append([]route{
		{http.MethodGet, v1 + "roles", watch, func(c *call) (any, error) { return c.list(d, nil) }},
		{http.MethodGet, v1 + "roles/{id}", watch, func(c *call) (any, error) { return c.one(d, c.params[0]) }},
	}, relationRoutes(rel)...)
}

// relationRoutes are the calls on a relation in the first interface.
func relationRoutes(d *resource) []route {
	base := v1 + d.name
	return []route{
		{http.MethodGet, base, watch, func(c *call) (any, error) { return c.list(d, nil) }},
		{http.MethodGet, base + "/{id}", watch, func(c *call) (any, error) { return c.one(d, c.params[0]) }},
		{http.MethodPost, base, rule, func(c *call) (any, error) { return c.create(d) }},
		{http.MethodGet, base + "/{id}/delete", rule, func(c *call) (any, error) { return c.removeKey(d, c.params[0]) }},
	}
}

// roles puts the roles of the profile into the table, at each start.
func (s *server) roles(t *tx) {
	d := s.state.resource("roles")
	for _, r := range t.all("roles") {
		t.drop(d, r)
	}
	for _, r := range s.opt.profile.Roles {
		t.put(d, row{"id": r.ID, "name": r.Name, "mtime": t.now.UnixMilli()})
	}
}

package main

import (
	"net/http"
	"strings"
)

// locations form a tree that clients lie in; 0 is LOCAL.
func locations() *resource {
	return (&resource{
		name: "locations", key: "id", label: "name", origin: "Locations", unique: []string{"name", "parentId"},
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "parentId", kind: integer, to: "locations"},
			{name: "usercomment"},
		},
		fixed: func(before, after row) error {
			if before.num("id") == 0 && (after == nil || after["name"] != before["name"] || after["parentId"] != nil) {
				return notEditable("locations", before.text("name"))
			}
			return nil
		},
		check: func(t *tx, _, r row) error {
			if strings.Contains(r.text("name"), "/") {
				return badRequest("locations: a slash stands between names, not in one")
			}
			for up := r["parentId"]; up != nil; up = t.byID("locations", up.(int64))["parentId"] {
				if up == r["id"] {
					return badRequest("locations: %q would lie in itself", r.text("name"))
				}
			}
			return nil
		},
		match: func(_ *tx, r row, name string, want any) (known, ok bool, err error) {
			if !strings.EqualFold(name, "parent") {
				return false, false, nil
			}
			parent := field{name: "parent", kind: integer}
			ok, err = parent.anyOf(nil, r["parentId"], want)
			return true, ok, err
		},
	}).complete()
}

func locationRoutes(d *resource) []route {
	return append(uniform(d, visit, edit),
		route{http.MethodPost, v2 + "locations/resolveLocationToId", visit, func(c *call) (any, error) { return c.resolve(d) }})
}

// resolve turns a path of names, from the root, into the id of a location. A
// path may leave out LOCAL, where it begins there. That one which is not there is
// an error is our choice.
func (c *call) resolve(d *resource) (any, error) {
	path, err := c.bare("name", false)
	if err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		names := segments(path)
		for _, root := range []any{nil, int64(0)} {
			if r := t.walk(root, names); r != nil && c.who.sees(t, d, r) {
				return r["id"], nil
			}
		}
		return nil, absent("locations", path)
	})
}

func (t *tx) walk(parent any, names []string) (at row) {
	for _, name := range names {
		at = nil
		for _, r := range t.all("locations") {
			if r["parentId"] == parent && r.text("name") == name {
				at = r
			}
		}
		if at == nil {
			return nil
		}
		parent = at["id"]
	}
	return at
}

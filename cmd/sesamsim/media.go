package main

import (
	"net/http"
)

// mediaPools are sets of media that keep data for eol days.
func mediaPools() *resource {
	return (&resource{
		name: "mediapools", key: "name", origin: "MediaPools",
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "eol", kind: integer, first: int64(0)},
			{name: "driveGroupId", kind: integer, to: "drivegroups"},
			{name: "usercomment"},
		},
		show: func(t *tx, r row, out map[string]any) {
			id, ok := r["driveGroupId"].(int64)
			out["driveGroupName"] = nil
			if ok {
				out["driveGroupName"] = t.byID("drivegroups", id)["name"]
			}
		},
	}).complete()
}

func mediaPoolRoutes(d *resource) []route {
	return append(uniform(d, visit, edit),
		route{http.MethodPost, v2 + "mediapools/deleteByEntity", edit, func(c *call) (any, error) { return c.remove(d) }})
}

// driveGroups hold drives. Which calls change them is not known; they come with
// the server and with data stores.
func driveGroups() *resource {
	return (&resource{
		name: "drivegroups", key: "id", label: "name", unique: []string{"name"},
		fields: []field{{name: "name", required: true}, {name: "usercomment"}},
		fixed:  func(before, _ row) error { return notEditable("drivegroups", before.text("name")) },
	}).complete()
}

func drives() *resource {
	return (&resource{
		name: "drives", key: "id", label: "name", unique: []string{"name"},
		fields: []field{
			{name: "name", required: true},
			{name: "driveGroupId", kind: integer, to: "drivegroups", gone: cascade},
			{name: "status", first: "READY"},
		},
	}).complete()
}

func driveRoutes(groups, drives *resource) []route {
	resolve := func(c *call) (any, error) {
		name, err := c.bare("name", false)
		if err != nil {
			return nil, err
		}
		return c.look(func(t *tx) (any, error) {
			if r := t.named(groups.name, name); r != nil {
				return r["id"], nil
			}
			return nil, absent(groups.name, name)
		})
	}
	base := v2 + "drivegroups"
	return []route{
		{http.MethodGet, base, watch, func(c *call) (any, error) { return c.list(groups, nil) }},
		{http.MethodGet, base + "/{id}", watch, func(c *call) (any, error) { return c.one(groups, c.params[0]) }},
		{http.MethodPost, base + "/find", watch, func(c *call) (any, error) { return c.find(groups) }},
		{http.MethodPost, base + "/resolveDriveGroupToId", watch, resolve},
		{http.MethodGet, v2 + "drives", watch, func(c *call) (any, error) { return c.list(drives, nil) }},
		{http.MethodGet, v2 + "drives/{id}", watch, func(c *call) (any, error) { return c.one(drives, c.params[0]) }},
		{http.MethodPost, v2 + "drives/{id}/execute", edit, func(c *call) (any, error) { return c.executeDrive(drives) }},
	}
}

// executeDrive takes any action, since none is known, and does nothing but look
// whether the drive is there.
func (c *call) executeDrive(d *resource) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	if action, ok := asText(body["action"]); !ok || action == "" {
		return nil, badRequest("drives: action is needed")
	}
	if err := d.fitsKey(c.params[0]); err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		r := t.get(d.name, canonicalKey(d, c.params[0]))
		if r == nil {
			return nil, absent(d.name, c.params[0])
		}
		return c.show(t, d, r), nil
	})
}

// media are tapes or what stands for them in a data store.
func media() *resource {
	return (&resource{
		name: "media", key: "name",
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "poolName", to: "mediapools"},
			{name: "mediaType"},
			{name: "usercomment"},
		},
	}).complete()
}

func mediumRoutes(d *resource) []route {
	return append(uniform(d, watch, edit),
		route{http.MethodPost, v2 + "media/{name}/deleteForced", edit, func(c *call) (any, error) {
			body, err := c.object()
			if err != nil {
				return nil, err
			}
			for _, name := range []string{"forceRemoveData", "initialize"} {
				if _, ok := asBool(body[name]); body[name] != nil && !ok {
					return nil, badRequest("media: %s is true or false", name)
				}
			}
			return c.removeKey(d, c.params[0])
		}})
}

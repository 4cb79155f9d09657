package main

import (
	"encoding/json"
	"regexp"
)

// acls say who may do what to one object, or by the object "-1" to all of an
// origin. Only superusers may edit them.
func acls() *resource {
	// Only f is known, for everything; the others are not given a meaning here.
	permission := regexp.MustCompile(`^[A-Za-z-]{1,8}$`)
	return (&resource{
		name: "acls", key: "id", rule: true, unique: []string{"object", "origin"},
		fields: []field{
			{name: "object", required: true},
			{name: "origin", required: true, max: 255},
			{name: "value", kind: anything, first: "[]"},
		},
		check: func(_ *tx, before, r row) error {
			if before != nil && before["value"] == r["value"] {
				return nil
			}
			return checkACL(r, permission)
		},
	}).complete()
}

// checkACL judges the value: a list of entries, as a JSON document in a string.
// A list that comes as one is put into a string. What else an entry holds stays.
func checkACL(r row, permission *regexp.Regexp) error {
	if l, ok := r["value"].([]any); ok {
		b, err := jsonBytes(l)
		if err != nil {
			return badRequest("acls: value: %v", err)
		}
		r["value"] = string(b)
	}
	s, ok := r["value"].(string)
	if !ok {
		return badRequest("acls: value must be a list of entries, as a string")
	}
	var l []struct {
		ID          json.Number    `json:"id"`
		Permissions map[string]any `json:"permissions"`
	}
	if err := json.Unmarshal([]byte(s), &l); err != nil || l == nil {
		return badRequest("acls: value is no list of entries")
	}
	for _, e := range l {
		if _, err := e.ID.Int64(); err != nil {
			return badRequest("acls: an entry has no id")
		}
		for _, side := range []string{"allow", "deny"} {
			p, is := e.Permissions[side].(string)
			if e.Permissions[side] != nil && !(is && permission.MatchString(p)) {
				return badRequest("acls: %s is no permission", brief(e.Permissions[side]))
			}
		}
	}
	return nil
}

package main

import "strings"

// clients are the machines that are backed up; 0 is the server itself.
func clients() *resource {
	return (&resource{
		name: "clients", key: "id", label: "name", origin: "Clients", unique: []string{"name"},
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "location", kind: ref, to: "locations", first: int64(0)},
			{name: "accessMode", first: "SMSSH"},
			{name: "accessState", kind: integer, first: int64(0)},
			{name: "permit", kind: boolean, first: true},
			{name: "operSystem", kind: object, short: "name"},
			{name: "vmServerType"},
			{name: "vmName"},
			{name: "usercomment"},
		},
		deaf: []string{"queryMode"},
		fixed: func(before, after row) error {
			if before.num("id") == 0 && (after == nil || after["name"] != before["name"]) {
				return notEditable("clients", before.text("name"))
			}
			return nil
		},
		check: func(_ *tx, _, r row) error {
			if r["location"] == nil {
				r["location"] = int64(0)
			}
			return nil
		},
		match: clientMatch,
	}).complete()
}

// clientMatch finds the client that a saveset came from.
func clientMatch(t *tx, r row, name string, want any) (known, ok bool, err error) {
	if !strings.EqualFold(name, "matchWithSavesetID") {
		return false, false, nil
	}
	id, fits := asText(want)
	if !fits {
		return true, false, badRequest("%s: %s does not fit", name, brief(want))
	}
	b := t.get("backups", id)
	if id == "*" || id == "" {
		return true, true, nil
	}
	c, _ := b["client"].(map[string]any)
	n, is := asInt(c["id"])
	return true, b != nil && is && n == r.num("id"), nil
}

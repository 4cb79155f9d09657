package main

import (
	"encoding/json"
	"strconv"
	"strings"
)

// rank is what a user may do at most: the highest of the groups.
type rank int

const (
	nobody rank = iota
	restoreUser
	backupUser
	operator
	admin
	superuser
)

// right is what an endpoint asks for.
type right int

const (
	open  right = iota // no credentials needed
	visit              // any user with a group; access lists narrow what is seen
	watch              // operators and above
	start              // backup users, on what access lists grant, and administrators
	edit               // administrators and above
	rule               // superusers: permission management
)

func (r rank) may(want right) bool {
	switch want {
	case open:
		return true
	case visit:
		return r >= restoreUser
	case watch:
		return r >= operator
	case start:
		return r == backupUser || r >= admin
	case edit:
		return r >= admin
	}
	return r == superuser
}

// identity is who made a request.
type identity struct {
	id     int64 // -1: not a user of the server's own
	name   string
	rank   rank
	groups []int64
}

// predefined ranks the groups that every server has.
func predefined() map[string]rank {
	return map[string]rank{"SUPERUSER": superuser, "ADMIN": admin, "OPERATOR": operator, "RESTORE": restoreUser, "BACKUP": backupUser}
}

// rankOf is the highest rank of enabled groups. A group that an administrator
// made gets its rank from its roles: All or ReadOnly. Our choice.
func (t *tx) rankOf(groups []int64) rank {
	best := nobody
	known := predefined()
	for _, id := range groups {
		g := t.byID("groups", id)
		if g == nil || !g.yes("enabled") {
			continue
		}
		best = max(best, known[g.text("name")])
		for _, role := range t.rolesOf(id) {
			switch role.text("name") {
			case "All":
				best = max(best, admin)
			case "ReadOnly":
				best = max(best, operator)
			}
		}
	}
	return best
}

// sees says whether access lists let a user at an object: superusers always;
// operators and administrators unless a list denies it; backup and restore users
// only when one grants it.
func (who identity) sees(t *tx, d *resource, r row) bool {
	if d.origin == "" || who.rank == superuser {
		return true
	}
	for _, o := range t.line(d, r) {
		if allowed, said := who.judged(t, d.origin, o); said {
			return allowed
		}
	}
	allowed, said := who.judged(t, d.origin, "-1")
	if !said {
		return who.rank >= operator
	}
	return allowed
}

// line is the object and what it inherits access lists from, as "Origin/id",
// nearest first: a client from its location, a location from its parent.
func (t *tx) line(d *resource, r row) []string {
	out := []string{strconv.FormatInt(r.num("id"), 10)}
	if d.key == "name" {
		out = append(out, r.text("name"))
	}
	var place any
	switch d.name {
	case "clients":
		place = r["location"]
	case "locations":
		place = r["parentId"]
	}
	for range 100 { // a circle of locations cannot be made; a broken data file must not hang us
		id, ok := place.(int64)
		if !ok {
			break
		}
		out = append(out, "Locations/"+strconv.FormatInt(id, 10))
		place = t.byID("locations", id)["parentId"]
	}
	return out
}

// judged looks for what the list of one object says about a user. A denial
// beats a grant. The letters of a permission are not known: any letter counts.
func (who identity) judged(t *tx, origin, object string) (allowed, said bool) {
	if place, id, ok := strings.Cut(object, "/"); ok && place == "Locations" {
		origin, object = place, id
	}
	for _, o := range t.s.tables["acls"].rows {
		r := o.row
		if r.text("object") != object || !sameOrigin(r.text("origin"), origin) {
			continue
		}
		for _, e := range entries(r.text("value")) {
			if !who.meant(e) {
				continue
			}
			if letter(e.Permissions.Deny) {
				return false, true
			}
			if letter(e.Permissions.Allow) {
				allowed, said = true, true
			}
		}
	}
	return allowed, said
}

// sameOrigin treats Locations and LocationsDao alike; both are seen.
func sameOrigin(a, b string) bool {
	short := func(s string) string { return strings.TrimSuffix(strings.ToLower(s), "dao") }
	return short(a) == short(b)
}

func letter(permission string) bool { return strings.Trim(permission, "-") != "" }

// entry is a line of an access list, as far as it is known.
type entry struct {
	ID          json.Number `json:"id"`
	Type        string      `json:"type"`
	Permissions struct {
		Allow string `json:"allow"`
		Deny  string `json:"deny"`
	} `json:"permissions"`
}

func entries(value string) []entry {
	var out []entry
	if err := json.Unmarshal([]byte(value), &out); err != nil {
		return nil // judged when it was stored
	}
	return out
}

func (who identity) meant(e entry) bool {
	id, err := e.ID.Int64()
	if err != nil {
		return false
	}
	if !strings.EqualFold(e.Type, "GROUP") {
		return id == who.id
	}
	for _, g := range who.groups {
		if g == id {
			return true
		}
	}
	return false
}

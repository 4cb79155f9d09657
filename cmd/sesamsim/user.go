package main

import (
	"net/http"
)

// users are the accounts in the server's own database. Nothing is known about
// calls for them: these follow the uniform pattern, and --users=false takes them
// away. The password goes in and never comes out.
func (s *server) users() *resource {
	return (&resource{
		name: "users", key: "id", label: "name", rule: true, unique: []string{"name"},
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "enabled", kind: boolean, first: true},
			{name: "groups", kind: ids, to: "groups", first: []int64{}},
			{name: "usercomment"},
			{name: "password", hidden: true},
			{name: "hash", hidden: true, fixed: true},
			{name: "locked", kind: boolean, hidden: true, fixed: true},
			{name: "made", kind: integer, hidden: true, fixed: true},
		},
		fixed: func(before, after row) error {
			if before.text("name") == s.opt.admin && (after == nil || after["name"] != before["name"] || !after.yes("enabled")) {
				return notEditable("users", before.text("name"))
			}
			return nil
		},
		check: s.checkUser,
	}).complete()
}

// checkUser puts the hash in the place of the password.
func (s *server) checkUser(t *tx, before, r row) error {
	if before == nil {
		r["made"] = t.now.UnixNano()
	}
	if r["groups"] == nil {
		r["groups"] = []int64{}
	}
	if r["enabled"] == nil {
		r["enabled"] = false
	}
	password := r.text("password")
	r["password"] = nil
	if password == "" {
		return nil
	}
	if s.opt.policy == "complex" && !complexEnough(password) {
		return &refusal{http.StatusBadRequest, "password.policy", "PASSWORD_POLICY",
			"the password needs 8 characters, among them a small and a capital letter and a digit", nil}
	}
	hash, err := hashed(password)
	if err != nil {
		return err
	}
	r["hash"] = hash
	return nil
}

func (s *server) userRoutes(d *resource) []route {
	if !s.opt.users {
		return nil
	}
	return append(uniform(d, watch, rule),
		route{http.MethodPost, v2 + "users/{id}/resetPassword", rule, func(c *call) (any, error) { return c.resetPassword(d) }})
}

// resetPassword gives a user, by id or name, a random password, answers it, and
// lifts a lock.
func (c *call) resetPassword(d *resource) (any, error) {
	password := randomPassword()
	return c.alter(func(t *tx) (any, error) {
		r := t.get(d.name, canonicalKey(d, c.params[0]))
		if r == nil {
			r = t.named(d.name, c.params[0])
		}
		if r == nil {
			return nil, absent(d.name, c.params[0])
		}
		after := r.clone()
		after["password"], after["locked"] = password, nil
		c.gate.succeeded(r.text("name"))
		return password, t.store(d, r, after)
	})
}

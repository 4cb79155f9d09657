package main

// seed makes what every fresh server has.
func (s *server) seed(t *tx) error {
	s.roles(t)
	t.put(s.state.resource("settings"), row{"id": int64(1), "name": "cluster-mode", "value": "standalone"})
	steps := []struct {
		table string
		body  map[string]any
	}{
		{"groups", map[string]any{"id": int64(0), "name": "SUPERUSER"}},
		{"groups", map[string]any{"id": int64(1), "name": "ADMIN"}},
		{"groups", map[string]any{"id": int64(2), "name": "OPERATOR"}},
		{"groups", map[string]any{"id": int64(3), "name": "RESTORE"}},
		{"groups", map[string]any{"id": int64(4), "name": "BACKUP"}},
		{"users", map[string]any{"name": s.opt.admin, "groups": []any{"SUPERUSER"}}},
		{"locations", map[string]any{"id": int64(0), "name": "LOCAL"}},
		{"clients", map[string]any{"id": int64(0), "name": s.opt.name, "operSystem": "LINUX"}},
		{"drivegroups", map[string]any{"id": int64(1), "name": "Test-Drives"}},
		{"drives", map[string]any{"id": int64(1), "name": "Test-Drive-1", "driveGroupId": int64(1)}},
	}
	for _, step := range steps {
		if _, err := t.create(s.state.resource(step.table), step.body); err != nil {
			return err
		}
	}
	return s.seedPassword(t)
}

// seedPassword sets the password of the superuser; a policy is for those who
// come later.
func (s *server) seedPassword(t *tx) error {
	hash, err := hashed(s.opt.password)
	if err != nil {
		return err
	}
	r := t.named("users", s.opt.admin).clone()
	r["hash"] = hash
	t.put(s.state.resource("users"), r)
	return nil
}

package main

// backupEvents bind a task, or a group of tasks, to a schedule.
func backupEvents() *resource {
	return (&resource{
		name: "backupevents", key: "id",
		fields: []field{
			{name: "name", max: 255},
			{name: "object", required: true, max: 128},
			{name: "scheduleName", to: "schedules", gone: unset},
			{name: "fdiType", kind: object, short: "value", first: map[string]any{"value": "F", "cfdi": "FULL"}},
			{name: "mediaPool", to: "mediapools", gone: unset},
			{name: "priority", kind: integer, first: int64(1)},
			{name: "exec", kind: boolean, first: true},
			{name: "usercomment"},
		},
		deaf: []string{"name"}, // the real server does not hear it either
		check: func(t *tx, _, r row) error {
			if p := r.num("priority"); p < 0 || p > 99 {
				return badRequest("backupevents: priority is from 0 (always runs) to 99")
			}
			if o := r.text("object"); t.get("tasks", o) == nil && len(t.members(o)) == 0 {
				return absent("backupevents", o)
			}
			return checkLevel(r)
		},
	}).complete()
}

// checkLevel completes the level of an event: either half says all of it.
func checkLevel(r row) error {
	level, _ := r["fdiType"].(map[string]any)
	for _, name := range []string{"value", "cfdi"} {
		s, _ := level[name].(string)
		if s == "" {
			continue
		}
		letter, word, ok := levelOf(s)
		if !ok {
			return badRequest("backupevents: %q is no level", s)
		}
		r["fdiType"] = map[string]any{"value": letter, "cfdi": word}
		return nil
	}
	return badRequest("backupevents: fdiType has no value")
}

// commandEvents bind a command to a schedule. The command is sent as
// commandName and answered as object.
func commandEvents() *resource {
	return (&resource{
		name: "commandevents", key: "id",
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "scheduleName", to: "schedules", gone: unset},
			{name: "object", required: true, to: "commands", gone: cascade},
			{name: "clientId", kind: integer, to: "clients", gone: cascade, first: int64(0)},
			{name: "priority", kind: integer, first: int64(1)},
			{name: "exec", kind: boolean, first: true},
			{name: "usercomment"},
		},
		match: func(_ *tx, r row, name string, want any) (known, ok bool, err error) {
			if name != "commandName" {
				return false, false, nil
			}
			object := field{name: name}
			ok, err = object.anyOf(nil, r["object"], want)
			return true, ok && r.text("scheduleName") != "", err
		},
	}).complete()
}

func commandEventRoutes(d *resource) []route {
	routes := uniform(d, watch, edit)
	for i := range routes {
		switch routes[i].path {
		case v2 + "commandevents/create":
			routes[i].do = func(c *call) (any, error) { return c.saveCommandEvent(d, false) }
		case v2 + "commandevents/update":
			routes[i].do = func(c *call) (any, error) { return c.saveCommandEvent(d, true) }
		}
	}
	return routes
}

// saveCommandEvent turns commandName into object. An update needs the id, the
// name and the client, even where they stay.
func (c *call) saveCommandEvent(d *resource, update bool) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	if name, ok := body["commandName"]; ok {
		delete(body, "commandName")
		body["object"] = name
	}
	if update {
		for _, name := range []string{"id", "name", "clientId"} {
			if body[name] == nil {
				return nil, badRequest("commandevents: %s is needed", name)
			}
		}
	}
	return c.alter(func(t *tx) (any, error) {
		if update {
			return c.updated(t, d, body)
		}
		r, err := t.create(d, body)
		if err != nil {
			return nil, err
		}
		return c.show(t, d, r), nil
	})
}

package main

import (
	"net/http"
)

// The cluster mode is no part of a SEP sesam server: it stands for whatever
// add-on a customer's server has. It lies outside of /sep/api.

// settings are single values of the server.
func settings() *resource {
	return (&resource{name: "settings", key: "name", fields: []field{{name: "name"}, {name: "value"}}}).complete()
}

func (s *server) modeRoutes() []route {
	if !s.opt.clusterMode {
		return nil
	}
	const path = "/bcm-ext/v1/cluster-mode"
	return []route{
		{http.MethodGet, path, watch, (*call).mode},
		{http.MethodPost, path, rule, (*call).setMode},
	}
}

func (c *call) mode() (any, error) {
	return c.look(func(t *tx) (any, error) {
		return map[string]any{"mode": t.get("settings", "cluster-mode")["value"]}, nil
	})
}

func (c *call) setMode() (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	if m := body["mode"]; m != "standalone" && m != "managed" {
		return nil, badRequest("mode is standalone or managed")
	}
	return c.alter(func(t *tx) (any, error) {
		d := t.s.resource("settings")
		r := t.get(d.name, "cluster-mode").clone()
		r["value"] = body["mode"]
		t.put(d, r)
		return map[string]any{"mode": r["value"]}, nil
	})
}

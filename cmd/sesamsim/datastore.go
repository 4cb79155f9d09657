package main

import (
	"net/http"
	"slices"
	"strings"
)

// dataStores are disks that hold backups. Each brings a drive group ds-NAME and
// a drive of its own.
func dataStores() *resource {
	return (&resource{
		name: "datastores", key: "name", origin: "Datastores",
		fields: []field{
			{name: "name", required: true, max: 32},
			{name: "typeId", first: "Path"},
			{name: "path"},
			{name: "total", kind: integer, first: int64(1) << 40},
			{name: "used", kind: integer, first: int64(0)},
			{name: "free", kind: integer, fixed: true},
			{name: "status", fixed: true, first: "OK"},
			{name: "usercomment"},
		},
		check: func(_ *tx, _, r row) error {
			if r.num("used") < 0 || r.num("total") < r.num("used") {
				return badRequest("datastores: used is from 0 to total")
			}
			r["free"] = r.num("total") - r.num("used")
			return nil
		},
		created: func(t *tx, r row) error {
			name := "ds-" + r.text("name")
			g, err := t.create(t.s.resource("drivegroups"), map[string]any{"name": name})
			if err != nil {
				return err
			}
			_, err = t.create(t.s.resource("drives"), map[string]any{"name": name, "driveGroupId": g["id"]})
			return err
		},
		dropped: func(t *tx, r row) error {
			d := t.s.resource("drivegroups")
			if g := t.named(d.name, "ds-"+r.text("name")); g != nil {
				t.drop(d, g)
				return t.release(d, g)
			}
			return nil
		},
		match: storeMatch,
	}).complete()
}

// storeMatch knows the three filters that are no fields.
func storeMatch(t *tx, r row, name string, want any) (known, ok bool, err error) {
	var have []string
	switch {
	case strings.EqualFold(name, "types"):
		have = []string{r.text("typeId")}
	case strings.EqualFold(name, "driveGroupNames"):
		have = []string{"ds-" + r.text("name")}
	case strings.EqualFold(name, "mediaPoolNames"):
		for _, p := range t.poolsOf(r) {
			have = append(have, p.text("name"))
		}
	default:
		return false, false, nil
	}
	one := field{name: name}
	for _, h := range append(have, "") {
		ok, err := one.anyOf(t, h, want)
		if (ok && h != "") || err != nil {
			return true, ok, err
		}
	}
	l, many := want.([]any)
	return true, many && len(l) == 0, nil
}

// groupOf is the drive group of a data store.
func (t *tx) groupOf(store row) row { return t.named("drivegroups", "ds-"+store.text("name")) }

func (t *tx) poolsOf(store row) []row { return t.inGroup("mediapools", store) }

// inGroup lists the rows of a table that lie in the drive group of a store.
func (t *tx) inGroup(table string, store row) []row {
	g := t.groupOf(store)
	return slices.DeleteFunc(t.all(table), func(r row) bool {
		return g == nil || r["driveGroupId"] != g["id"]
	})
}

func dataStoreRoutes(d *resource) []route {
	routes := uniform(d, visit, edit)
	for _, part := range []struct {
		path, table string
		of          func(*tx, row) []row
	}{
		{"drives", "drives", func(t *tx, r row) []row { return t.inGroup("drives", r) }},
		{"mediaPools", "mediapools", (*tx).poolsOf},
		{"driveGroups", "drivegroups", func(t *tx, r row) []row {
			if g := t.groupOf(r); g != nil {
				return []row{g}
			}
			return nil
		}},
	} {
		path := v2 + "datastores/{name}/" + part.path
		do := func(c *call) (any, error) { return c.partsOfStore(d, part.table, part.of) }
		routes = append(routes, route{http.MethodGet, path, visit, do}, route{http.MethodPost, path, visit, do})
	}
	return routes
}

func (c *call) partsOfStore(d *resource, table string, of func(*tx, row) []row) (any, error) {
	return c.look(func(t *tx) (any, error) {
		r := t.get(d.name, c.params[0])
		if r == nil || !c.who.sees(t, d, r) {
			return nil, absent(d.name, c.params[0])
		}
		return c.shown(t, t.s.resource(table), of(t, r)), nil
	})
}

package main

import (
	"fmt"
	"net/http"
	"time"
)

// results are backups that run or have run. The names of their members are our
// choice but for savesetId; a profile can rename them.
func (s *server) results() *resource {
	return (&resource{
		name: "backups", key: "savesetId",
		fields: []field{
			{name: "savesetId", max: 128},
			{name: "name"},
			{name: "task"},
			{name: "client", kind: object, short: "name"},
			{name: "state"},
			{name: "resultsSts", fixed: true},
			{name: "backupLevel", first: "FULL"},
			{name: "fdiType", kind: object, short: "value", fixed: true},
			{name: "startTime", kind: moment},
			{name: "stopTime", kind: moment},
			{name: "sesamDate"},
			{name: "blocks", kind: integer},
			{name: "dataSize", kind: integer},
			{name: "throughput", kind: integer},
			{name: "mediaPool"},
			{name: "msg"},
			{name: "sepcomment"},
			{name: "activeAt", kind: integer, hidden: true, fixed: true},
			{name: "endAt", kind: integer, hidden: true, fixed: true},
			{name: "endState", hidden: true, fixed: true},
			{name: "volume", kind: integer, hidden: true, fixed: true},
		},
		check: s.checkResult,
		show: func(t *tx, r row, out map[string]any) {
			if r.text("state") == "ACTIVE" && r["endAt"] != nil {
				done := max(0, t.now.UnixMilli()-r.num("activeAt"))
				size := int64(float64(r.num("volume")) * min(1, float64(done)/float64(max(1, r.num("endAt")-r.num("activeAt")))))
				out["dataSize"], out["blocks"] = size, size/1024
			}
			for ours, theirs := range s.opt.profile.ResultFields {
				if v, ok := out[ours]; ok {
					delete(out, ours)
					out[theirs] = v
				}
			}
		},
	}).complete()
}

// checkResult completes a result that a client made or changed, and one of a
// run: the state in both spellings, the level likewise.
func (s *server) checkResult(t *tx, before, r row) error {
	letter, word, ok := levelOf(r.text("backupLevel"))
	if !ok {
		return badRequest("backups: %q is no level", r.text("backupLevel"))
	}
	r["backupLevel"], r["fdiType"] = word, map[string]any{"value": letter, "cfdi": word}
	if r["state"] == nil {
		r["state"] = "SUCCESSFUL"
	}
	if r["state"], ok = longState(r.text("state")); !ok {
		return badRequest("backups: %s is no state", brief(r["state"]))
	}
	r["resultsSts"] = shortState(r.text("state"))
	if before == nil {
		if r["startTime"] == nil {
			r["startTime"] = t.now.UnixMilli()
		}
		day := time.UnixMilli(r.num("startTime")).In(s.zone)
		if r["sesamDate"] == nil {
			r["sesamDate"] = day.Format(time.DateOnly)
		}
		if r["savesetId"] == nil {
			r["savesetId"] = fmt.Sprintf("S%s%08d", day.Format("20060102"), r.num("id"))
		}
	}
	return nil
}

// levelOf reads a level by its letter or its word.
func levelOf(s string) (letter, word string, ok bool) {
	for _, l := range [][2]string{{"F", "FULL"}, {"D", "DIFF"}, {"I", "INCR"}, {"C", "COPY"}} {
		if s == l[0] || s == l[1] {
			return l[0], l[1], true
		}
	}
	return "", "", false
}

// stateLetters are the long states that have a letter in the tables of results.
func stateLetters() map[string]string {
	return map[string]string{"SUCCESSFUL": "0", "INFO": "1", "ERROR": "2", "CANCELLED": "3", "ACTIVE": "a", "IN_QUEUE": "q", "EXTERNAL": "d"}
}

// longState reads a state in any spelling; those without a letter are kept.
func longState(s string) (string, bool) {
	long := map[string]string{
		"0": "SUCCESSFUL", "o": "SUCCESSFUL", "O": "SUCCESSFUL",
		"1": "INFO", "i": "INFO", "I": "INFO", "W": "INFO", "WARNING": "INFO",
		"2": "ERROR", "X": "ERROR", "x": "ERROR", "E": "ERROR", "e": "ERROR",
		"3": "CANCELLED", "C": "CANCELLED", "c": "CANCELLED",
		"a": "ACTIVE", "A": "ACTIVE", "q": "IN_QUEUE", "d": "EXTERNAL",
	}
	if l, ok := long[s]; ok {
		return l, true
	}
	if _, ok := stateLetters()[s]; ok {
		return s, true
	}
	switch s {
	case "TIMING", "INITIALISATION", "UNUSED", "WAITING", "SUPPRESSED", "PARTIALLY_DELETED", "DELETED", "NONE":
		return s, true
	}
	return s, false
}

func shortState(long string) string {
	if l, ok := stateLetters()[long]; ok {
		return l
	}
	return long
}

func (s *server) resultRoutes(d *resource) []route {
	base := v2 + "backups"
	inward := func(do func(*call, *resource) (any, error)) func(*call) (any, error) {
		return func(c *call) (any, error) { return do(c, d) }
	}
	keep := func(c *call) func(*tx, row) bool {
		return func(t *tx, r row) bool { return c.seesResult(t, r) }
	}
	return []route{
		{http.MethodGet, base, visit, func(c *call) (any, error) { return c.list(d, keep(c)) }},
		{http.MethodGet, base + "/{savesetId}", visit, inward((*call).result)},
		{http.MethodPost, base + "/find", visit, inward((*call).findResults)},
		{http.MethodPost, base + "/create", edit, inward((*call).saveResult)},
		{http.MethodPost, base + "/update", edit, inward((*call).saveResult)},
		{http.MethodPost, base + "/start", start, inward((*call).startBackups)},
		{http.MethodPost, v1 + "results/filter", visit, inward((*call).oldResults)},
	}
}

// seesResult says whether a user may see a result: who may see its task.
func (c *call) seesResult(t *tx, r row) bool {
	task := t.get("tasks", r.text("task"))
	if task == nil {
		return c.who.rank >= operator
	}
	return c.who.sees(t, t.s.resource("tasks"), task)
}

// ours renames the members of a body as a profile asks.
func (c *call) ours(body map[string]any) map[string]any {
	for ours, theirs := range c.opt.profile.ResultFields {
		if v, ok := body[theirs]; ok {
			delete(body, theirs)
			body[ours] = v
		}
	}
	return body
}

func (c *call) result(d *resource) (any, error) {
	return c.look(func(t *tx) (any, error) {
		if r := t.get(d.name, c.params[0]); r != nil && c.seesResult(t, r) {
			return c.show(t, d, r), nil
		}
		return nil, nil
	})
}

func (c *call) foundResults(t *tx, d *resource) ([]any, error) {
	filter, err := c.object()
	if err != nil {
		return nil, err
	}
	filter = c.ours(filter)
	if m, ok := filter["task"].(map[string]any); ok {
		filter["task"] = m["name"]
	}
	rows, err := t.find(d, filter)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, r := range rows {
		if c.seesResult(t, r) {
			out = append(out, c.show(t, d, r))
		}
	}
	return out, nil
}

func (c *call) findResults(d *resource) (any, error) {
	return c.look(func(t *tx) (any, error) { return c.foundResults(t, d) })
}

// oldResults answers results as the first interface does, with the task as an
// object. The call is our guess, by analogy with migrationResults/filter.
func (c *call) oldResults(d *resource) (any, error) {
	return c.look(func(t *tx) (any, error) {
		out, err := c.foundResults(t, d)
		for _, o := range out {
			m := o.(map[string]any)
			m["task"] = map[string]any{"name": m["task"]}
		}
		return out, err
	})
}

// saveResult creates or updates a result, which the last segment of the path
// says.
func (c *call) saveResult(d *resource) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	body = c.ours(body)
	return c.alter(func(t *tx) (any, error) {
		path := segments(c.r.URL.Path)
		if path[len(path)-1] == "update" {
			return c.updated(t, d, body)
		}
		r, err := t.create(d, body)
		if err != nil {
			return nil, err
		}
		return c.show(t, d, r), nil
	})
}

// migrationResults are known from the first interface only.
func migrationResults() *resource {
	return (&resource{
		name: "migrationResults", key: "id",
		fields: []field{
			{name: "task", kind: object, short: "name"},
			{name: "state"},
			{name: "sesamDate"},
			{name: "sepcomment"},
		},
	}).complete()
}

func migrationRoutes(d *resource) []route {
	return []route{{http.MethodPost, v1 + "migrationResults/filter", watch, func(c *call) (any, error) { return c.find(d) }}}
}

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// call is one request on its way through a handler.
type call struct {
	*server
	r      *http.Request
	params []string
	body   []byte
	who    identity
	dates  datePattern // how the client wants its dates; empty: milliseconds
}

// reply is an answer before it is sent, so that a fault can still spoil it.
type reply struct {
	status int
	kind   string // Content-Type
	body   []byte
}

// raw is an answer that is not JSON.
type raw struct{ kind, body string }

func jsonBytes(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (s *server) answer(v any) reply {
	if p, ok := v.(raw); ok {
		return reply{http.StatusOK, p.kind, []byte(p.body)}
	}
	b, err := jsonBytes(v)
	if err != nil {
		return s.refused(err, "")
	}
	return reply{http.StatusOK, "application/json", b}
}

func (s *server) refused(err error, url string) reply {
	e := asRefusal(err)
	if e.status == http.StatusInternalServerError {
		s.log.Error("a request failed", "url", url, "err", err)
	}
	b, err := jsonBytes(errorBody{e.key, e.message, e.params, e.kind, url})
	if err != nil {
		s.log.Error("an error could not be written", "url", url, "err", err)
	}
	return reply{e.status, "application/json", b}
}

// show makes the answer of a row.
func (c *call) show(t *tx, d *resource, r row) map[string]any {
	out := make(map[string]any, len(d.fields))
	for i := range d.fields {
		f := &d.fields[i]
		v := r[f.name]
		switch {
		case f.hidden:
			continue
		case f.secret, v == nil:
			v = nil
		case f.kind == ref:
			v = t.reference(f.to, r.num(f.name))
		case f.kind == ids:
			v = t.references(f.to, r.ids(f.name))
		case f.kind == moment && c.dates != "":
			v = c.dates.format(r.num(f.name), c.zone)
		}
		out[f.name] = v
	}
	if d.show != nil {
		d.show(t, r, out)
	}
	return out
}

func (t *tx) reference(table string, id int64) any {
	if r := t.byID(table, id); r != nil {
		return map[string]any{"id": id, "name": r.text("name")}
	}
	return map[string]any{"id": id, "name": nil}
}

func (t *tx) references(table string, ids []int64) []any {
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		out = append(out, t.reference(table, id))
	}
	return out
}

// shown makes the answer of those rows that the caller may see.
func (c *call) shown(t *tx, d *resource, rows []row) []any {
	out := make([]any, 0, len(rows))
	for _, r := range rows {
		if c.who.sees(t, d, r) {
			out = append(out, c.show(t, d, r))
		}
	}
	return out
}

// list answers all rows that keep lets through; nil lets all through.
func (c *call) list(d *resource, keep func(*tx, row) bool) (any, error) {
	return c.look(func(t *tx) (any, error) {
		rows := t.all(d.name)
		if keep != nil {
			kept := rows[:0]
			for _, r := range rows {
				if keep(t, r) {
					kept = append(kept, r)
				}
			}
			rows = kept
		}
		return c.shown(t, d, rows), nil
	})
}

func (c *call) find(d *resource) (any, error) {
	filter, err := c.object()
	if err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		rows, err := t.find(d, filter)
		if err != nil {
			return nil, err
		}
		return c.shown(t, d, rows), nil
	})
}

// one answers one row. What is not there, or not to be seen, is null.
func (c *call) one(d *resource, key string) (any, error) {
	if err := d.fitsKey(key); err != nil {
		return nil, err
	}
	return c.look(func(t *tx) (any, error) {
		r := t.get(d.name, canonicalKey(d, key))
		if r == nil || !c.who.sees(t, d, r) {
			return nil, nil
		}
		return c.show(t, d, r), nil
	})
}

func (d *resource) fitsKey(key string) error {
	if _, ok := asInt(key); d.key == "id" && !ok {
		return badRequest("%s: %q is no id", d.name, key)
	}
	return nil
}

// canonicalKey takes zeros and blanks off a number.
func canonicalKey(d *resource, key string) string {
	if n, ok := asInt(key); ok && d.key == "id" {
		return strconv.FormatInt(n, 10)
	}
	return key
}

func (c *call) create(d *resource) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	return c.alter(func(t *tx) (any, error) {
		r, err := t.create(d, body)
		if err != nil {
			return nil, err
		}
		return c.show(t, d, r), nil
	})
}

func (c *call) update(d *resource) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	return c.alter(func(t *tx) (any, error) { return c.updated(t, d, body) })
}

func (c *call) updated(t *tx, d *resource, body map[string]any) (any, error) {
	r, err := t.update(d, body)
	if err != nil {
		return nil, err
	}
	if !c.who.sees(t, d, r) {
		return nil, forbidden("an access list forbids this")
	}
	return c.show(t, d, r), nil
}

// remove deletes the row whose key is the body and answers that key.
func (c *call) remove(d *resource) (any, error) {
	key, err := c.bare(d.key, d.key == "id")
	if err != nil {
		return nil, err
	}
	return c.removeKey(d, key)
}

func (c *call) removeKey(d *resource, key string) (any, error) {
	if err := d.fitsKey(key); err != nil {
		return nil, err
	}
	return c.alter(func(t *tx) (any, error) {
		r := t.get(d.name, canonicalKey(d, key))
		if r == nil {
			return nil, absent(d.name, key)
		}
		if !c.who.sees(t, d, r) {
			return nil, forbidden("an access list forbids this")
		}
		return r[d.key], t.remove(d, r)
	})
}

// look and alter run fn on the state and carry its answer out.

func (c *call) look(fn func(*tx) (any, error)) (out any, err error) {
	err = c.state.view(c.now(), func(t *tx) (err error) {
		out, err = fn(t)
		return err
	})
	return out, err
}

func (c *call) alter(fn func(*tx) (any, error)) (out any, err error) {
	err = c.state.change(c.now(), func(t *tx) (err error) {
		out, err = fn(t)
		return err
	})
	return out, err
}

package main

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// kind says what a field holds, and so what a client may send for it. The real
// server takes a string for a number or a boolean and answers the canonical
// type; so does this one.
type kind int

const (
	text     kind = iota
	integer       // int64
	boolean       // bool
	moment        // int64, milliseconds since 1970; a string when the client asks for a date format
	ref           // int64, the id of a row in field.to; answered as {id, name}
	ids           // []int64, ids of rows in field.to; answered as [{id, name}]
	object        // map[string]any
	list          // []any
	anything      // as it came
)

// row is one object. Rows in a table never change: a change puts a new one.
// Values are the canonical types of their kinds, or nil.
type row map[string]any

func (r row) text(name string) string { s, _ := r[name].(string); return s }
func (r row) num(name string) int64   { n, _ := r[name].(int64); return n }
func (r row) yes(name string) bool    { b, _ := r[name].(bool); return b }
func (r row) ids(name string) []int64 { l, _ := r[name].([]int64); return l }

func (r row) clone() row {
	c := make(row, len(r))
	for k, v := range r {
		c[k] = v
	}
	return c
}

// asInt reads a number, also one written as a string.
func asInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		f, err := v.Float64()
		if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, false
		}
		return int64(f), true
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// asBool reads a boolean, also one written as a string or as 0 or 1.
func asBool(v any) (bool, bool) {
	var s string
	switch v := v.(type) {
	case bool:
		return v, true
	case json.Number:
		s = v.String()
	case string:
		s = strings.ToLower(strings.TrimSpace(v))
	}
	switch s {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// asText reads a string, also one written as a number or a boolean.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// canonical turns what a client sent, or what the data file holds, into the
// type of the field. References are looked up in t.
func (f *field) canonical(t *tx, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	var out any
	ok := true
	switch f.kind {
	case text:
		out, ok = asText(v)
	case integer, moment:
		out, ok = asInt(v)
	case boolean:
		out, ok = asBool(v)
	case ref:
		return f.reference(t, v)
	case ids:
		return f.references(t, v)
	case object:
		m, is := v.(map[string]any)
		if s, short := v.(string); short && f.short != "" {
			m, is = map[string]any{f.short: s}, true
		}
		out, ok = m, is
	case list:
		out, ok = v.([]any)
	default:
		out = v
	}
	if !ok {
		return nil, badRequest("%s: %s does not fit", f.name, brief(v))
	}
	return out, nil
}

// reference finds the row that v means: an id, a name, or an object with one
// of them. A name is tried before a number written as a string.
func (f *field) reference(t *tx, v any) (any, error) {
	if m, ok := v.(map[string]any); ok {
		if id := m["id"]; id != nil {
			v = id
		} else if name, ok := m["name"].(string); ok {
			v = name
		} else {
			return nil, badRequest("%s: an object with id or name is needed", f.name)
		}
	}
	if name, ok := v.(string); ok {
		if r := t.named(f.to, name); r != nil {
			return r.num("id"), nil
		}
	}
	id, ok := asInt(v)
	if !ok {
		if _, name := v.(string); name {
			return nil, absent(f.to, v)
		}
		return nil, badRequest("%s: %s does not fit", f.name, brief(v))
	}
	if t.byID(f.to, id) == nil {
		return nil, absent(f.to, id)
	}
	return id, nil
}

func (f *field) references(t *tx, v any) (any, error) {
	in, ok := v.([]any)
	if !ok {
		return nil, badRequest("%s: a list is needed", f.name)
	}
	out := []int64{}
	seen := map[int64]bool{}
	for _, v := range in {
		id, err := f.reference(t, v)
		if err != nil {
			return nil, err
		}
		if n := id.(int64); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out, nil
}

// brief shows a value in a message without repeating a megabyte of it.
func brief(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "the value"
	}
	if len(b) > 60 {
		return string(b[:60]) + "…"
	}
	return string(b)
}

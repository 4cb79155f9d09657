package main

import (
	"strings"
)

// find returns the rows that a filter lets through, in the order of keys.
// Members are joined by and, lists mean any of; what is null or unknown is not
// heard.
func (t *tx) find(d *resource, filter map[string]any) ([]row, error) {
	out := []row{}
	for name := range filter {
		if d.field(name) == nil && (d.match == nil) {
			t.noted(d.name, name)
		}
	}
	for _, r := range t.all(d.name) {
		ok, err := t.passes(d, r, filter)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (t *tx) passes(d *resource, r row, filter map[string]any) (bool, error) {
	all := true
	for name, want := range filter {
		if want == nil || d.isDeaf(name) {
			continue
		}
		ok, err := t.matches(d, r, name, want)
		if err != nil {
			return false, err
		}
		all = all && ok // a bad filter is an error whatever the others say
	}
	return all, nil
}

func (d *resource) isDeaf(name string) bool {
	for _, n := range d.deaf {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (t *tx) matches(d *resource, r row, name string, want any) (bool, error) {
	if d.match != nil {
		if known, ok, err := d.match(t, r, name, want); known || err != nil {
			return ok, err
		}
	}
	f := d.field(name)
	if f == nil || f.hidden || f.secret {
		return true, nil
	}
	return f.anyOf(t, r[f.name], want)
}

// anyOf holds a value against what is wanted of it: one thing, or a list of
// which one must fit.
func (f *field) anyOf(t *tx, v, want any) (bool, error) {
	wants, many := want.([]any)
	if !many {
		return f.equals(t, v, want)
	}
	if len(wants) == 0 {
		return true, nil
	}
	one := false
	for _, w := range wants {
		ok, err := f.equals(t, v, w)
		if err != nil {
			return false, err
		}
		one = one || ok
	}
	return one, nil
}

func (f *field) equals(t *tx, v, want any) (bool, error) {
	if want == "*" {
		return true, nil
	}
	switch f.kind {
	case text:
		s, ok := asText(want)
		if !ok {
			return false, badRequest("%s: %s does not fit", f.name, brief(want))
		}
		have, _ := v.(string)
		return glob(s, have), nil
	case ref:
		return f.refers(t, v, want)
	case ids:
		l, _ := v.([]int64)
		for _, id := range l {
			if ok, err := f.refers(t, id, want); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case object, list, anything:
		return contains(v, want), nil
	}
	w, err := f.canonical(t, want)
	return w == v, err
}

// refers holds a reference against an id, a name or an object with members of
// both.
func (f *field) refers(t *tx, v, want any) (bool, error) {
	id, set := v.(int64)
	r := t.byID(f.to, id)
	switch want := want.(type) {
	case map[string]any:
		for name, w := range want {
			d := t.s.resource(f.to)
			if g := d.field(name); set && r != nil && g != nil && w != nil {
				if ok, err := g.equals(t, r[g.name], w); !ok || err != nil {
					return false, err
				}
			}
		}
		return set, nil
	case string:
		if set && r != nil && glob(want, r.text("name")) {
			return true, nil
		}
	}
	n, ok := asInt(want)
	if _, name := want.(string); !ok && !name {
		return false, badRequest("%s: %s does not fit", f.name, brief(want))
	}
	return ok && set && n == id, nil
}

// contains says whether every member of want is in have with the same value;
// a text stands for an object's value or name.
func contains(have, want any) bool {
	switch h := have.(type) {
	case map[string]any:
		if m, ok := want.(map[string]any); ok {
			for k, w := range m {
				if w != nil && !contains(h[k], w) {
					return false
				}
			}
			return true
		}
		return contains(h["value"], want) || contains(h["name"], want) || contains(h["id"], want)
	case []any:
		for _, v := range h {
			if contains(v, want) {
				return true
			}
		}
		return false
	}
	a, aok := asText(have)
	b, bok := asText(want)
	return aok && bok && glob(b, a)
}

// glob matches * against any run of characters; everything else is itself.
// That only a lone * is proven makes the rest our choice.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[last])
}

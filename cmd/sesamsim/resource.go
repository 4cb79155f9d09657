package main

import (
	"strings"
	"unicode/utf8"
)

// gone says what happens to a row when the row that a field of it names is
// removed.
type gone int

const (
	refuse  gone = iota // the other row cannot be removed
	unset               // the field becomes null
	cascade             // this row is removed too
)

// field describes one property of a resource.
type field struct {
	name     string
	kind     kind
	required bool // at creation
	max      int  // the longest text, in characters; 0: any
	first    any  // the value at creation when none is given
	short    string
	to       string // the table that the value names a row of
	gone     gone
	fixed    bool // set by the server; what a client sends is ignored
	once     bool // taken at creation only
	hidden   bool // never answered
	secret   bool // answered as null
}

// resource describes a table and the calls on it. All rows have an id and an
// mtime (ms) beside their fields.
type resource struct {
	name   string // of the table; also the path under /sep/api/v2
	key    string // id, name or savesetId
	label  string // a second field that update may find the row by
	fields []field
	unique []string // together used once
	origin string   // in access lists; empty: not protected by them
	rule   bool     // permission management: superusers only may edit
	deaf   []string // filters that find does not hear

	// check completes and judges a row before it is put; before is nil at
	// creation.
	check func(t *tx, before, r row) error
	// fixed judges a change of a row that belongs to the server; after is nil
	// for a removal.
	fixed func(before, after row) error
	// created and dropped do to other tables what follows.
	created func(t *tx, r row) error
	dropped func(t *tx, r row) error
	// show adds to the answer what is derived.
	show func(t *tx, r row, out map[string]any)
	// match judges filters that are no field; it says whether it knows name.
	match func(t *tx, r row, name string, want any) (known, ok bool, err error)
}

// complete adds the fields that all rows have.
func (d *resource) complete() *resource {
	head := []field{{name: "id", kind: integer, fixed: d.key != "id"}}
	if d.label == "" && d.key == "name" {
		d.label = "name"
	}
	d.fields = append(append(head, d.fields...), field{name: "mtime", kind: moment, fixed: true})
	if d.key != "id" {
		d.unique = append(d.unique, d.key)
	}
	return d
}

// field finds a field by its name; capitals do not matter, since clients
// differ in them (accessmode, usercomment).
func (d *resource) field(name string) *field {
	for i := range d.fields {
		if strings.EqualFold(d.fields[i].name, name) {
			return &d.fields[i]
		}
	}
	return nil
}

// read takes from a body what may be set. Unknown members are dropped and
// noted.
func (d *resource) read(t *tx, body map[string]any) (row, error) {
	in := row{}
	for name, v := range body {
		f := d.field(name)
		if f == nil {
			t.noted(d.name, name)
			continue
		}
		if f.fixed {
			continue
		}
		if _, twice := in[f.name]; twice && f.name != name {
			continue // the exact spelling wins over another one
		}
		v, err := f.canonical(t, v)
		if err != nil {
			return nil, err
		}
		in[f.name] = v
	}
	return in, nil
}

// fits checks lengths, required values and the rows that texts and numbers
// name.
func (d *resource) fits(t *tx, before, r row) error {
	for i := range d.fields {
		f := &d.fields[i]
		v := r[f.name]
		if f.required && (v == nil || v == "") {
			return badRequest("%s: %s is needed", d.name, f.name)
		}
		if s, ok := v.(string); ok && f.max > 0 && utf8.RuneCountInString(s) > f.max {
			return badRequest("%s: %s is longer than %d characters", d.name, f.name, f.max)
		}
		if f.to == "" || v == nil || f.kind == ref || f.kind == ids {
			continue
		}
		if before != nil && before[f.name] == v {
			continue
		}
		if t.lookup(f.to, v) == nil {
			return absent(f.to, v)
		}
	}
	if len(d.unique) > 0 && t.taken(d, r) {
		return duplicate(d.name, r[d.unique[0]])
	}
	return nil
}

// create stores a new row made of a client's body.
func (t *tx) create(d *resource, body map[string]any) (row, error) {
	in, err := d.read(t, body)
	if err != nil {
		return nil, err
	}
	r := row{}
	for i := range d.fields {
		r[d.fields[i].name] = d.fields[i].first
	}
	for k, v := range in {
		if v != nil {
			r[k] = v
		}
	}
	if id, ok := r["id"].(int64); ok {
		if id < 0 {
			return nil, badRequest("%s: an id cannot be negative", d.name)
		}
		if t.byID(d.name, id) != nil {
			return nil, duplicate(d.name, id)
		}
	} else {
		r["id"] = t.nextID(d.name)
	}
	if err := t.store(d, nil, r); err != nil {
		return nil, err
	}
	if d.created != nil {
		if err := d.created(t, r); err != nil {
			return nil, err
		}
	}
	return t.get(d.name, keyOf(d, r)), nil
}

// update changes the row that a client's body names; absent members stay.
func (t *tx) update(d *resource, body map[string]any) (row, error) {
	in, err := d.read(t, body)
	if err != nil {
		return nil, err
	}
	before, err := t.meant(d, body, in)
	if err != nil {
		return nil, err
	}
	r := before.clone()
	for k, v := range in {
		f := d.field(k)
		if k == d.key || k == "id" || f.once || (v == nil && f.required) {
			continue
		}
		r[k] = v
	}
	if d.fixed != nil {
		if err := d.fixed(before, r); err != nil {
			return nil, err
		}
	}
	if err := t.store(d, before, r); err != nil {
		return nil, err
	}
	return t.get(d.name, keyOf(d, r)), nil
}

// meant finds the row that an update is about: by its key, else by its label.
func (t *tx) meant(d *resource, body map[string]any, in row) (row, error) {
	for _, name := range []string{d.key, d.label} {
		v := in[name]
		if v == nil || name == "" {
			continue
		}
		var r row
		if name == "id" {
			r = t.byID(d.name, v.(int64))
		} else {
			r = t.lookup(d.name, v)
		}
		if r == nil {
			return nil, absent(d.name, v)
		}
		return r, nil
	}
	return nil, badRequest("%s: %s is needed", d.name, d.key)
}

// store checks and puts a row; before is nil for a new one.
func (t *tx) store(d *resource, before, r row) error {
	if err := d.fits(t, before, r); err != nil {
		return err
	}
	if d.check != nil {
		if err := d.check(t, before, r); err != nil {
			return err
		}
	}
	r["mtime"] = t.now.UnixMilli()
	t.put(d, r)
	return nil
}

// remove drops a row and does what follows for the rows that name it.
func (t *tx) remove(d *resource, r row) error {
	if d.fixed != nil {
		if err := d.fixed(r, nil); err != nil {
			return err
		}
	}
	t.drop(d, r)
	if err := t.release(d, r); err != nil {
		return err
	}
	if d.dropped != nil {
		return d.dropped(t, r)
	}
	return nil
}

// release goes through the rows that name a removed row.
func (t *tx) release(d *resource, r row) error {
	for _, other := range t.s.resources {
		for i := range other.fields {
			f := &other.fields[i]
			if f.to != d.name {
				continue
			}
			for _, o := range t.all(other.name) {
				// One that followed another one may be gone or changed by now.
				if o = t.get(other.name, keyOf(other, o)); o == nil || !f.names(d, o[f.name], r) {
					continue
				}
				if err := t.let(other, f, o, d, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// names says whether the value v of the field means the row r of table d.
func (f *field) names(d *resource, v any, r row) bool {
	switch v := v.(type) {
	case int64:
		return v == r.num("id")
	case string:
		return v == r.text(d.label)
	case []int64:
		for _, id := range v {
			if id == r.num("id") {
				return true
			}
		}
	}
	return false
}

// let makes the row o let go of the removed row r.
func (t *tx) let(other *resource, f *field, o row, d *resource, r row) error {
	if f.kind == ids {
		c := o.clone()
		left := []int64{}
		for _, id := range o.ids(f.name) {
			if id != r.num("id") {
				left = append(left, id)
			}
		}
		c[f.name] = left
		t.put(other, c)
		return nil
	}
	switch f.gone {
	case unset:
		c := o.clone()
		c[f.name] = nil
		t.put(other, c)
		return nil
	case cascade:
		return t.remove(other, o)
	}
	return inUse(d.name, r[d.key], other.name+" "+keyOf(other, o))
}

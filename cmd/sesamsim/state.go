package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// state holds everything the server knows, as rows in tables. One lock guards
// it: a change sees and leaves a whole state, or none at all.
type state struct {
	log       hclog.Logger
	resources []*resource
	file      *file // nil: nothing is kept

	mu      sync.RWMutex
	tables  map[string]*table
	version uint64 // grows with each change
}

type table struct {
	def  *resource
	rows map[string]stored
	ids  map[int64]string // id → key
	top  int64            // no id is above it; -1: no rows
}

// stored is a row and its line in the data file.
type stored struct {
	row  row
	line []byte
}

func newState(resources []*resource, log hclog.Logger) *state {
	s := &state{log: log, resources: resources, tables: map[string]*table{}}
	for _, d := range resources {
		s.tables[d.name] = &table{def: d, rows: map[string]stored{}, ids: map[int64]string{}, top: -1}
	}
	return s
}

func (s *state) resource(name string) *resource { return s.tables[name].def }

// tx is one look at the state or one change of it. It must not leave the
// function it was given to; rows may, since they never change.
type tx struct {
	s    *state
	now  time.Time
	undo []func()
}

// view runs fn on the state as it is.
func (s *state) view(now time.Time, fn func(*tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(&tx{s: s, now: now})
}

// change runs fn on the state and keeps what it did unless it fails. When it
// returns, the change is in the data file.
func (s *state) change(now time.Time, fn func(*tx) error) error {
	version, err := s.apply(now, fn)
	if err != nil || s.file == nil {
		return err
	}
	return s.file.reach(s, version)
}

func (s *state) apply(now time.Time, fn func(*tx) error) (version uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{s: s, now: now}
	whole := false
	defer func() {
		if whole {
			return
		}
		for i := len(t.undo) - 1; i >= 0; i-- {
			t.undo[i]()
		}
	}()
	if err := fn(t); err != nil {
		return 0, err
	}
	whole = true
	if len(t.undo) > 0 {
		s.version++
	}
	return s.version, nil
}

// keyOf is the text that a row is found by in its table.
func keyOf(d *resource, r row) string {
	if d.key == "id" {
		return strconv.FormatInt(r.num("id"), 10)
	}
	return r.text(d.key)
}

func (t *tx) get(table, key string) row { return t.s.tables[table].rows[key].row }

func (t *tx) byID(table string, id int64) row {
	tab := t.s.tables[table]
	key, ok := tab.ids[id]
	if !ok {
		return nil
	}
	return tab.rows[key].row
}

// named finds a row by its name, which need not be its key.
func (t *tx) named(table, name string) row {
	tab := t.s.tables[table]
	if tab.def.key == "name" {
		return tab.rows[name].row
	}
	for _, r := range tab.rows {
		if r.row.text(tab.def.label) == name && name != "" {
			return r.row
		}
	}
	return nil
}

// lookup finds a row by an id, a name or a key.
func (t *tx) lookup(table string, v any) row {
	switch v := v.(type) {
	case int64:
		return t.byID(table, v)
	case string:
		if t.s.tables[table].def.key != "id" {
			return t.get(table, v)
		}
		return t.named(table, v)
	}
	return nil
}

// all lists a table in the order of its keys: numbers by value, names by text.
func (t *tx) all(table string) []row {
	tab := t.s.tables[table]
	out := make([]row, 0, len(tab.rows))
	for _, r := range tab.rows {
		out = append(out, r.row)
	}
	key := tab.def.key
	slices.SortFunc(out, func(a, b row) int {
		if key == "id" {
			return cmp.Compare(a.num("id"), b.num("id"))
		}
		return cmp.Compare(a.text(key), b.text(key))
	})
	return out
}

// taken says whether another row has the same values where they must be used
// once.
func (t *tx) taken(d *resource, r row) bool {
	for _, o := range t.s.tables[d.name].rows {
		same := o.row.num("id") != r.num("id")
		for _, name := range d.unique {
			same = same && o.row[name] == r[name]
		}
		if same {
			return true
		}
	}
	return false
}

// nextID is one above the highest id, so that a freed one comes back; objects
// begin at 1, what belongs to the server lies at 0.
func (t *tx) nextID(table string) int64 {
	tab := t.s.tables[table]
	if tab.top < 0 {
		return 1
	}
	return tab.top + 1
}

// put stores a row under its key; one with the same id gives way.
func (t *tx) put(d *resource, r row) {
	line, err := json.Marshal(r)
	if err != nil { // rows are made of what JSON can say
		t.s.log.Error("a row cannot be written", "table", d.name, "err", err)
		return
	}
	tab, key, id := t.s.tables[d.name], keyOf(d, r), r.num("id")
	if old, ok := tab.rows[key]; ok {
		t.undo = append(t.undo, func() { tab.rows[key] = old })
		tab.rows[key] = stored{r, line}
		return
	}
	top := tab.top
	t.undo = append(t.undo, func() { delete(tab.rows, key); delete(tab.ids, id); tab.top = top })
	tab.rows[key] = stored{r, line}
	tab.ids[id] = key
	tab.top = max(tab.top, id)
}

func (t *tx) drop(d *resource, r row) {
	tab, key, id := t.s.tables[d.name], keyOf(d, r), r.num("id")
	old, ok := tab.rows[key]
	if !ok {
		return
	}
	top := tab.top
	t.undo = append(t.undo, func() { tab.rows[key] = old; tab.ids[id] = key; tab.top = top })
	delete(tab.rows, key)
	delete(tab.ids, id)
	if id == tab.top {
		tab.top = -1
		for id := range tab.ids {
			tab.top = max(tab.top, id)
		}
	}
}

// noted records a member that nobody knows; it is otherwise ignored.
func (t *tx) noted(table, name string) {
	t.s.log.Debug("unknown member ignored", "resource", table, "member", name)
}

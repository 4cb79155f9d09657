package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strings"
	"sync"

	"github.com/tidwall/btree"
)

// tree is the copy-on-write tree under indexes.
type tree[I any] = btree.BTreeG[I]

func newTree[I any](less func(a, b I) bool) *tree[I] {
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

// Meta is what all rows have. The table keeps it: commands set ID alone.
type Meta struct {
	ID        string `cbor:"id"`
	CreatedAt Time   `cbor:"created_at"`
	UpdatedAt Time   `cbor:"updated_at"`
	Index     uint64 `cbor:"index"` // applied index of the last change
}

// schema says everything about one noun that its table needs to know.
type schema[T any] struct {
	name    string
	meta    func(*T) *Meta
	label   func(*T) *string       // the name under which people know a row; nil when rows have none
	indexes []indexDef[T]          // besides ChangedIndex and, with a label, NameIndex
	texts   func(*T, func(string)) // the texts that a search looks into, beside id and label
	column  bool                   // there may be so many rows that a search needs a column
	share   func(*T, *pool)        // shares with other rows the texts that many have
}

// Names of indexes that every table has.
const (
	NameIndex    = "name"    // by label
	ChangedIndex = "changed" // by the applied index of the last change, oldest first
	CreatedIndex = "created" // by time of creation, oldest first
)

// Table holds the rows of one noun in order of their ids, with indexes. A table
// inside a [View] never changes.
type Table[T any] struct {
	def   *schema[T]
	rows  *btree.Map[string, *T]
	idx   []index[T] // in the order of def.indexes
	texts column
	sum   Sum
	dirty bool
}

func newTable[T any](def *schema[T]) Table[T] {
	t := Table[T]{def: def, rows: new(btree.Map[string, *T])}
	for _, x := range def.indexes {
		t.idx = append(t.idx, x.open(def.meta))
	}
	return t
}

// define completes a schema with the indexes that all tables have.
func define[T any](s schema[T]) *schema[T] {
	common := []indexDef[T]{byNumber(ChangedIndex, func(r *T) *uint64 { return &s.meta(r).Index }, nil)}
	if s.label != nil {
		common = append(common, byText(NameIndex, s.label, nil))
	}
	s.indexes = append(common, s.indexes...)
	return &s
}

// Len is the number of rows.
func (t *Table[T]) Len() int { return t.rows.Len() }

// Name is the noun's name in the plural, as in routes and topics.
func (t *Table[T]) Name() string { return t.def.name }

// Get finds a row by its id.
func (t *Table[T]) Get(id string) (*T, bool) { return t.rows.Get(id) }

// Find finds a row by its id or, failing that, by its name.
func (t *Table[T]) Find(ref string) (*T, bool) {
	if row, ok := t.rows.Get(ref); ok {
		return row, true
	}
	if t.def.label == nil {
		return nil, false
	}
	for row := range t.By(NameIndex, ref) {
		return row, true
	}
	return nil, false
}

// All gives the rows in order of their ids.
func (t *Table[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t.rows.Scan(func(_ string, row *T) bool { return yield(row) })
	}
}

// After gives the rows whose id is greater than id, in order.
func (t *Table[T]) After(id string) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t.rows.Ascend(id, func(k string, row *T) bool { return k == id || yield(row) })
	}
}

// By gives the rows that have key in the named index, in order of their ids.
// An index that does not exist is a fault of the program and panics.
func (t *Table[T]) By(index, key string) iter.Seq[*T] {
	x := t.index(index)
	return func(yield func(*T) bool) { x.by(key, yield) }
}

// Count is the number of rows that have key in the named index, found without
// visiting them.
func (t *Table[T]) Count(index, key string) int { return t.index(index).count(key) }

// Walk gives the rows in the order of the named index together with their keys,
// beginning behind from when it is given. Descending, it runs the other way.
func (t *Table[T]) Walk(index string, descending bool, from *Place) iter.Seq2[string, *T] {
	x := t.index(index)
	return func(yield func(string, *T) bool) { x.walk(descending, from, yield) }
}

// Since gives the rows that changed after index, in the order of their change.
func (t *Table[T]) Since(index uint64) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t.idx[0].walk(false, &Place{Key: orderKey(index + 1)}, func(_ string, row *T) bool { return yield(row) })
	}
}

// LastIndex is the applied index of the newest row.
func (t *Table[T]) LastIndex() (last uint64) {
	t.idx[0].walk(true, nil, func(_ string, row *T) bool {
		last = t.def.meta(row).Index
		return false
	})
	return last
}

// Matches tells whether q, which must be in lower case, is a substring of the
// row's id, name or other texts, regardless of case.
func (t *Table[T]) Matches(row *T, q string) bool {
	if contains(t.def.meta(row).ID, q) || t.def.label != nil && contains(*t.def.label(row), q) {
		return true
	}
	found := false
	if t.def.texts != nil {
		t.def.texts(row, func(s string) { found = found || contains(s, q) })
	}
	return found
}

// Search gives the rows that match q, each once, in no particular order.
func (t *Table[T]) Search(q string) iter.Seq[*T] {
	q = strings.ToLower(q)
	if !t.def.column || q == "" {
		return func(yield func(*T) bool) {
			t.rows.Scan(func(_ string, row *T) bool { return !t.Matches(row, q) || yield(row) })
		}
	}
	return func(yield func(*T) bool) {
		seen := make(map[string]bool)
		t.texts.search(q, func(id string) bool {
			row, ok := t.rows.Get(id)
			if !ok || seen[id] || !t.Matches(row, q) {
				return true
			}
			seen[id] = true
			return yield(row)
		})
	}
}

// contains is strings.Contains without regard to case of s and without an
// allocation for text in ASCII.
func contains(s, q string) bool {
	if len(q) > len(s) {
		return false
	}
	if strings.Contains(s, q) {
		return true
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' || c >= 0x80 {
			return strings.Contains(strings.ToLower(s), q)
		}
	}
	return false
}

func (t *Table[T]) index(name string) index[T] {
	for i := range t.def.indexes {
		if t.def.indexes[i].name == name {
			return t.idx[i]
		}
	}
	panic("fsm: table " + t.def.name + " has no index " + name)
}

// set puts a row as it is, in place of the one with its id, which it returns.
func (t *Table[T]) set(row *T) (old *T) {
	old, _ = t.rows.Set(t.def.meta(row).ID, row)
	t.changed(old, row)
	return old
}

// drop removes the row with that id and returns it.
func (t *Table[T]) drop(id string) (old *T) {
	old, ok := t.rows.Delete(id)
	if ok {
		t.changed(old, nil)
	}
	return old
}

// changed brings up to date all that is derived from the rows. Of old and row,
// one may be nil.
func (t *Table[T]) changed(old, row *T) {
	t.dirty = true
	for _, x := range t.idx {
		x.update(old, row)
	}
	if old != nil {
		t.sum.subtract(t.rowSum(old))
	}
	if row != nil {
		t.sum.add(t.rowSum(row))
	}
	if t.def.column {
		t.changedText(old, row)
	}
}

// changedText keeps the search column, which is written anew once more than half
// of it is out of date.
func (t *Table[T]) changedText(old, row *T) {
	var was, is []byte
	if old != nil {
		was = t.def.entryOf(old, nil)
	}
	if row != nil {
		is = t.def.entryOf(row, nil)
	}
	if bytes.Equal(was, is) {
		return
	}
	t.texts.add(is)
	if t.texts.outdated(len(was)) {
		t.writeTexts()
	}
}

// writeTexts writes the search column anew.
func (t *Table[T]) writeTexts() {
	t.texts = column{}
	var entry []byte
	for row := range t.All() {
		entry = t.def.entryOf(row, entry)
		t.texts.add(entry)
	}
}

// load fills an empty table with rows, which come in the order of their ids.
func (t *Table[T]) load(rows []*T) {
	var rest sync.WaitGroup
	for _, x := range t.idx {
		rest.Go(func() { x.load(rows) })
	}
	for _, row := range rows {
		t.rows.Load(t.def.meta(row).ID, row)
		t.sum.add(t.rowSum(row))
	}
	if t.def.column {
		t.writeTexts()
	}
	t.dirty = true
	rest.Wait()
}

// cut gives the table as it is now, never to change again.
func (t *Table[T]) cut() Table[T] {
	c := *t
	c.rows = t.rows.Copy()
	c.idx = make([]index[T], len(t.idx))
	for i := range t.idx {
		c.idx[i] = t.idx[i].copy()
	}
	c.dirty, t.dirty = false, false
	return c
}

// Sum identifies a set of rows regardless of the order in which they came: the
// sum of the hashes of its rows. It is kept up to date with each change, so
// that a digest of the whole state costs nothing.
type Sum [4]uint64

func (s *Sum) add(o Sum) {
	for i := range s {
		s[i] += o[i]
	}
}

func (s *Sum) subtract(o Sum) {
	for i := range s {
		s[i] -= o[i]
	}
}

func (t *Table[T]) rowSum(row *T) Sum {
	h := sha256.New()
	h.Write([]byte(t.def.name + "\x00"))
	h.Write(encode(row))
	var b [32]byte
	h.Sum(b[:0])
	var s Sum
	for i := range s {
		s[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return s
}

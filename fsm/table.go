package fsm

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strings"

	"github.com/tidwall/btree"
)

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
	label   func(*T) string        // the name under which people know a row; "" when it has none
	indexes []index[T]             // ChangedIndex is added to each
	texts   func(*T, func(string)) // the texts that a search looks into, beside id and label
}

// index orders rows by keys taken from them; a row may have none or several.
type index[T any] struct {
	name string
	keys func(row *T, emit func(key string))
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
	idx   []*btree.BTreeG[ref[T]]
	sum   Sum
	dirty bool
}

// ref is an entry of an index. A nil row stands before every row of its key, so
// that a key can be sought without a row.
type ref[T any] struct {
	key string
	row *T
}

func newTable[T any](def *schema[T]) Table[T] {
	t := Table[T]{def: def, rows: new(btree.Map[string, *T])}
	for range def.indexes {
		t.idx = append(t.idx, btree.NewBTreeGOptions(def.less, btree.Options{NoLocks: true}))
	}
	return t
}

// define completes a schema with the indexes that all tables have.
func define[T any](s schema[T]) *schema[T] {
	common := []index[T]{
		{ChangedIndex, func(r *T, emit func(string)) { emit(orderKey(s.meta(r).Index)) }},
	}
	if s.label != nil {
		common = append(common, index[T]{NameIndex, func(r *T, emit func(string)) { emit(s.label(r)) }})
	}
	s.indexes = append(common, s.indexes...)
	return &s
}

func (s *schema[T]) less(a, b ref[T]) bool {
	if c := cmp.Compare(a.key, b.key); c != 0 {
		return c < 0
	}
	if a.row == nil || b.row == nil {
		return a.row == nil && b.row != nil
	}
	return s.meta(a.row).ID < s.meta(b.row).ID
}

// orderKey makes a key whose order as text is the order of n as a number.
func orderKey(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return string(b[:])
}

// TimeKey is the key of t in an index by time.
func TimeKey(t Time) string { return orderKey(uint64(t)) }

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
	return func(yield func(*T) bool) {
		t.index(index).Ascend(ref[T]{key: key}, func(r ref[T]) bool { return r.key == key && yield(r.row) })
	}
}

// Count is the number of rows that have key in the named index, found without
// visiting them.
func (t *Table[T]) Count(index, key string) int {
	tree := t.index(index)
	return rank(tree, t.def.less, ref[T]{key: key + "\x00"}) - rank(tree, t.def.less, ref[T]{key: key})
}

// Place is a position in an index: behind the row with that key and id.
type Place struct{ Key, ID string }

// Walk gives the rows in the order of the named index together with their keys,
// beginning behind from when it is given. Descending, it runs the other way.
func (t *Table[T]) Walk(index string, descending bool, from *Place) iter.Seq2[string, *T] {
	tree := t.index(index)
	return func(yield func(string, *T) bool) {
		visit := func(r ref[T]) bool { return yield(r.key, r.row) }
		switch {
		case from == nil && descending:
			tree.Reverse(visit)
		case from == nil:
			tree.Scan(visit)
		default:
			t.walkFrom(tree, descending, *from, visit)
		}
	}
}

func (t *Table[T]) walkFrom(tree *btree.BTreeG[ref[T]], descending bool, from Place, visit func(ref[T]) bool) {
	beyond := func(r ref[T]) bool { // r lies strictly behind from, in the direction walked
		c := cmp.Or(cmp.Compare(r.key, from.Key), cmp.Compare(t.def.meta(r.row).ID, from.ID))
		return (c > 0) != descending && c != 0
	}
	step := func(r ref[T]) bool { return !beyond(r) || visit(r) }
	if descending {
		tree.Descend(ref[T]{key: from.Key + "\x00"}, step)
		return
	}
	tree.Ascend(ref[T]{key: from.Key}, step)
}

// Since gives the rows that changed after index, in the order of their change.
func (t *Table[T]) Since(index uint64) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t.idx[0].Ascend(ref[T]{key: orderKey(index + 1)}, func(r ref[T]) bool { return yield(r.row) })
	}
}

// LastIndex is the applied index of the newest row.
func (t *Table[T]) LastIndex() uint64 {
	last, ok := t.idx[0].Max()
	if !ok {
		return 0
	}
	return t.def.meta(last.row).Index
}

// Matches tells whether q, which must be in lower case, is a substring of the
// row's id, name or other texts, regardless of case.
func (t *Table[T]) Matches(row *T, q string) bool {
	if contains(t.def.meta(row).ID, q) || t.def.label != nil && contains(t.def.label(row), q) {
		return true
	}
	found := false
	if t.def.texts != nil {
		t.def.texts(row, func(s string) { found = found || contains(s, q) })
	}
	return found
}

// Search gives the rows that match q, in order of their ids.
func (t *Table[T]) Search(q string) iter.Seq[*T] {
	q = strings.ToLower(q)
	return func(yield func(*T) bool) {
		t.rows.Scan(func(_ string, row *T) bool { return !t.Matches(row, q) || yield(row) })
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

func (t *Table[T]) index(name string) *btree.BTreeG[ref[T]] {
	for i := range t.def.indexes {
		if t.def.indexes[i].name == name {
			return t.idx[i]
		}
	}
	panic("fsm: table " + t.def.name + " has no index " + name)
}

// rank counts the entries before at, by halving.
func rank[T any](tree *btree.BTreeG[ref[T]], less func(a, b ref[T]) bool, at ref[T]) int {
	lo, hi := 0, tree.Len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		r, _ := tree.GetAt(mid)
		if less(r, at) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// set puts a row as it is, in place of the one with its id, which it returns.
func (t *Table[T]) set(row *T) (old *T) {
	t.dirty = true
	old, _ = t.rows.Set(t.def.meta(row).ID, row)
	if old != nil {
		t.unlink(old)
	}
	for i := range t.def.indexes {
		t.def.indexes[i].keys(row, func(k string) { t.idx[i].Set(ref[T]{k, row}) })
	}
	t.sum.add(t.rowSum(row))
	return old
}

// drop removes the row with that id and returns it.
func (t *Table[T]) drop(id string) (old *T) {
	old, ok := t.rows.Delete(id)
	if ok {
		t.dirty = true
		t.unlink(old)
	}
	return old
}

func (t *Table[T]) unlink(row *T) {
	for i := range t.def.indexes {
		t.def.indexes[i].keys(row, func(k string) { t.idx[i].Delete(ref[T]{k, row}) })
	}
	t.sum.subtract(t.rowSum(row))
}

// cut gives the table as it is now, never to change again.
func (t *Table[T]) cut() Table[T] {
	c := *t
	c.rows = t.rows.Copy()
	c.idx = make([]*btree.BTreeG[ref[T]], len(t.idx))
	for i := range t.idx {
		c.idx[i] = t.idx[i].Copy()
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

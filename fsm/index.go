package fsm

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// index keeps the rows of a table in the order of a key and, where keys are
// equal, of their ids.
type index[T any] interface {
	// update takes old out and puts row in; each may be nil.
	update(old, row *T)
	// load puts in all the rows of a new table, which come in the order of their ids.
	load(rows []*T)
	// walk gives the rows and their keys in order, up or down, strictly behind
	// the place where it begins, or all when that is nil.
	walk(down bool, from *Place, yield func(key string, row *T) bool)
	// by gives the rows with one key.
	by(key string, yield func(row *T) bool)
	// count is the number of rows with one key; it does not visit them.
	count(key string) int
	copy() index[T]
}

// Place is a position in an index: behind the row with that key and id.
type Place struct{ Key, ID string }

// indexDef is an index in a schema: its name, and how to begin an empty one.
type indexDef[T any] struct {
	name string
	open func(meta func(*T) *Meta) index[T]
}

// byText is the index of a field that holds text. Rows for which when says no are
// left out; nil takes all.
func byText[T any](name string, field func(*T) *string, when func(*T) bool) indexDef[T] {
	return byField(name, when,
		func(row *T) string { return *field(row) },
		func(row *T) string { return *field(row) },
		func(row *T, key string) { *field(row) = key })
}

// byNumber is the index of a field that holds a number or a time.
func byNumber[T any, N ~int64 | ~uint64](name string, field func(*T) *N, when func(*T) bool) indexDef[T] {
	return byField(name, when,
		func(row *T) N { return *field(row) },
		func(row *T) string { return orderKey(uint64(*field(row))) },
		func(row *T, key string) {
			if len(key) == 8 {
				*field(row) = N(binary.BigEndian.Uint64([]byte(key)))
			}
		})
}

// byField is the index of a key that a row has once, or not at all. It holds the
// rows and nothing else, and reads the key from the row when it is needed, for a
// third of the memory.
func byField[T any, K cmp.Ordered](name string, when func(*T) bool, value func(*T) K,
	key func(*T) string, set func(*T, string)) indexDef[T] {
	return indexDef[T]{name, func(meta func(*T) *Meta) index[T] {
		return newOrdered(order[T, *T]{
			compare: func(a, b *T) int { return cmp.Compare(value(a), value(b)) },
			sort:    func(rows []*T) { sortStable(rows, value) },
			key:     key,
			row:     func(row *T) *T { return row },
			id:      func(row *T) string { return meta(row).ID },
			pivot: func(key, id string) *T {
				row := new(T)
				set(row, key)
				meta(row).ID = id
				return row
			},
			items: func(row *T, emit func(*T)) {
				if when == nil || when(row) {
					emit(row)
				}
			},
		})
	}}
}

// byUrgency is the index of a rank, the lowest first, and among equals of the time
// of creation: the order in which things wait.
func byUrgency[T any](name string, rank func(*T) uint8, setRank func(*T, uint8), created func(*T) *Time, when func(*T) bool) indexDef[T] {
	urgency := func(row *T) uint64 { return uint64(rank(row))<<56 | uint64(max(*created(row), 0))>>7 }
	return byField(name, when, urgency,
		func(row *T) string { return orderKey(urgency(row)) },
		func(row *T, key string) {
			if len(key) == 8 {
				n := binary.BigEndian.Uint64([]byte(key))
				setRank(row, uint8(n>>56))
				*created(row) = Time(n << 8 >> 1)
			}
		})
}

// byEach is the index of keys of which a row may have several.
func byEach[T any](name string, keys func(row *T, emit func(key string))) indexDef[T] {
	type item struct {
		key string
		id  string
		row *T
	}
	return indexDef[T]{name, func(meta func(*T) *Meta) index[T] {
		return newOrdered(order[T, item]{
			compare: func(a, b item) int { return cmp.Compare(a.key, b.key) },
			sort:    func(items []item) { sortStable(items, func(i item) string { return i.key }) },
			key:     func(i item) string { return i.key },
			row:     func(i item) *T { return i.row },
			id:      func(i item) string { return i.id },
			pivot:   func(key, id string) item { return item{key: key, id: id} },
			items: func(row *T, emit func(item)) {
				keys(row, func(key string) { emit(item{key, meta(row).ID, row}) })
			},
		})
	}}
}

// orderKey makes a key whose order as text is the order of n as a number.
func orderKey(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return string(b[:])
}

// TimeKey is the key of t in an index by time.
func TimeKey(t Time) string { return orderKey(uint64(max(t, 0))) }

// sortStable sorts items by a key, with the keys side by side in memory while it
// does so.
func sortStable[I any, K cmp.Ordered](items []I, key func(I) K) {
	type keyed struct {
		key  K
		n    int
		item I
	}
	all := make([]keyed, len(items))
	for n, i := range items {
		all[n] = keyed{key(i), n, i}
	}
	slices.SortFunc(all, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.n, b.n)) })
	for n := range all {
		items[n] = all[n].item
	}
}

// order says what an index needs to know of its items; compare and sort go by
// key alone.
type order[T, I any] struct {
	compare func(a, b I) int
	sort    func([]I)
	key     func(I) string
	row     func(I) *T
	id      func(I) string
	pivot   func(key, id string) I
	items   func(row *T, emit func(I))
}

// ordered is an index over items of some form.
type ordered[T, I any] struct {
	*order[T, I]
	tree *tree[I]
}

func newOrdered[T, I any](o order[T, I]) index[T] {
	return &ordered[T, I]{&o, newTree(func(a, b I) bool { return o.cmp(a, b) < 0 })}
}

// lastID is greater than every id, which are ASCII.
const lastID = "\xff"

func (o *order[T, I]) cmp(a, b I) int {
	if c := o.compare(a, b); c != 0 {
		return c
	}
	return cmp.Compare(o.id(a), o.id(b))
}

func (x *ordered[T, I]) copy() index[T] { return &ordered[T, I]{x.order, x.tree.Copy()} }

func (x *ordered[T, I]) update(old, row *T) {
	if old != nil {
		x.items(old, func(i I) {
			if row == nil || !x.contains(row, i) {
				x.tree.Delete(i)
			}
		})
	}
	if row != nil {
		x.items(row, func(i I) { x.tree.Set(i) }) // in place of one that is equal
	}
}

// contains tells whether item i of one version of a row is one of row, too.
func (x *ordered[T, I]) contains(row *T, i I) bool {
	found := false
	x.items(row, func(j I) { found = found || x.compare(i, j) == 0 })
	return found
}

func (x *ordered[T, I]) load(rows []*T) {
	var all []I
	for _, row := range rows {
		x.items(row, func(i I) { all = append(all, i) })
	}
	x.sort(all)
	for _, i := range all {
		x.tree.Load(i)
	}
}

func (x *ordered[T, I]) walk(down bool, from *Place, yield func(string, *T) bool) {
	visit := func(i I) bool { return yield(x.key(i), x.row(i)) }
	if from == nil {
		if down {
			x.tree.Reverse(visit)
		} else {
			x.tree.Scan(visit)
		}
		return
	}
	pivot := x.pivot(from.Key, from.ID)
	behind := func(i I) bool { return x.cmp(i, pivot) == 0 || visit(i) }
	if down {
		x.tree.Descend(pivot, behind)
	} else {
		x.tree.Ascend(pivot, behind)
	}
}

func (x *ordered[T, I]) by(key string, yield func(*T) bool) {
	pivot := x.pivot(key, "")
	x.tree.Ascend(pivot, func(i I) bool { return x.compare(i, pivot) == 0 && yield(x.row(i)) })
}

func (x *ordered[T, I]) count(key string) int {
	return x.rank(x.pivot(key, lastID)) - x.rank(x.pivot(key, ""))
}

// rank counts the items before at, by halving.
func (x *ordered[T, I]) rank(at I) int {
	lo, hi := 0, x.tree.Len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if i, _ := x.tree.GetAt(mid); x.cmp(i, at) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

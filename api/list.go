package api

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bcm/fsm"
)

// List is one page of a listing.
type List[D any] struct {
	Items []D    `json:"items"`
	Total int    `json:"total" doc:"How many there are on all pages"`
	Next  string `json:"next,omitempty" doc:"Where the next page begins; absent on the last"`
}

// listing says everything about the listing of one noun.
type listing[T, D any] struct {
	table   func(v *fsm.View) *fsm.Table[T]
	meta    func(row *T) *fsm.Meta
	show    func(a *API, v *fsm.View, row *T) D
	filters []filter[T]
	orders  []order[T]
	sort    string // the order when none is asked for

	// texts gives a search in what a row shows besides its own texts; may be nil.
	texts func(v *fsm.View, q string) func(row *T) bool
	// found says where texts finds rows, as keys of indexes, so that not every row
	// of a large table need be looked at; may be nil.
	found func(v *fsm.View, q string) map[string]map[string]bool
	// veil takes out of what a row shows that which access lists hide from who
	// asks; may be nil.
	veil func(c *call, row *T, shown *D)
	// foreign gives rows that are not in the table: what was seen on SEP sesam servers;
	// may be nil.
	foreign func(v *fsm.View) iter.Seq[*T]
	// within confines the listing, as a part of the path or the kind of the rows
	// demands; may be nil.
	within func(c *call) ([]pick[T], error)
}

// order is one field to sort by.
type order[T any] struct {
	name  string
	index string // of the table, with the same keys; "" when there is none
	key   func(v *fsm.View, row *T) string
}

// Bounds on pages.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// fewRows is how many rows are sorted afresh for a page; for more, an index that
// has them in order is walked.
const fewRows = 4096

// list binds a listing to a route.
func list[T, D any](l listing[T, D]) func(*API, route) {
	return func(a *API, r route) {
		r = r.with(l.params()...)
		read(func(c *call) (List[D], error) {
			q, err := l.read(c)
			if err != nil {
				return List[D]{}, err
			}
			return l.page(c, q), nil
		})(a, r)
	}
}

func (l *listing[T, D]) params() []param {
	var sorts []string
	for _, o := range l.orders {
		sorts = append(sorts, o.name)
	}
	params := []param{
		{"q", "string", "Only what has this text in its id, name or other texts, regardless of case"},
		{"sort", "string", "Fields to sort by, with a comma between, and - before one that is to descend: " +
			strings.Join(sorts, ", ") + ". Otherwise " + l.sort},
		{"limit", "integer", "Rows of a page, at most " + strconv.Itoa(maxLimit) + "; otherwise " + strconv.Itoa(defaultLimit)},
		{"next", "string", "Where to go on: next of the page before"},
	}
	for _, f := range l.filters {
		says := f.says
		if len(f.known) > 0 {
			says += ": " + strings.Join(f.known, ", ")
		}
		params = append(params, param{f.name, "array", says})
	}
	return params
}

// query is a listing as it was asked for.
type query[T any] struct {
	view   *fsm.View
	table  *fsm.Table[T]
	picks  []pick[T]
	q      string
	texts  func(row *T) bool
	hits   map[*T]bool // all rows of the table that q finds; nil when that is not known
	guests []*T        // rows that are not in the table
	sort   []by[T]
	text   string // sort, as text
	limit  int
	from   *place // nil at the beginning
}

// by is a field to sort by, with its direction.
type by[T any] struct {
	order[T]
	down bool
}

// read reads a listing's parameters.
func (l *listing[T, D]) read(c *call) (*query[T], error) {
	q := &query[T]{view: c.view, table: l.table(c.view), limit: defaultLimit,
		q: strings.ToLower(c.query.Get("q")), text: cmp.Or(c.query.Get("sort"), l.sort)}
	var err error
	if q.picks, err = l.picks(c); err != nil {
		return nil, err
	}
	if q.sort, err = l.sorting(q.text); err != nil {
		return nil, err
	}
	if s := c.query.Get("limit"); s != "" {
		if q.limit, err = strconv.Atoi(s); err != nil || q.limit < 1 || q.limit > maxLimit {
			return nil, invalid("limit", "%q is not a number from 1 to %d", s, maxLimit)
		}
	}
	if s := c.query.Get("next"); s != "" {
		if q.from, err = readPlace(s, q.text, len(q.sort)); err != nil {
			return nil, err
		}
	}
	if l.foreign != nil {
		q.guests = slices.Collect(l.foreign(c.view))
	}
	if q.q != "" && l.texts != nil {
		q.texts = l.texts(c.view, q.q)
	}
	if q.q != "" && l.found != nil {
		q.search(l.found(c.view, q.q))
	}
	return q, nil
}

func (l *listing[T, D]) picks(c *call) ([]pick[T], error) {
	var picks []pick[T]
	if l.within != nil {
		var err error
		if picks, err = l.within(c); err != nil {
			return nil, err
		}
	}
	picks = append(picks, unhidden[T](c)...)
	for _, f := range l.filters {
		values := c.query[f.name]
		if len(values) == 0 {
			continue
		}
		p := pick[T]{filter: f}
		for _, value := range values {
			key, err := f.read(c.view, value)
			if err != nil {
				return nil, err
			}
			p.keys = append(p.keys, key)
		}
		slices.Sort(p.keys)
		p.keys = slices.Compact(p.keys)
		picks = append(picks, p)
	}
	return picks, nil
}

func (l *listing[T, D]) sorting(text string) ([]by[T], error) {
	var sort []by[T]
	for field := range strings.SplitSeq(text, ",") {
		name, down := strings.CutPrefix(strings.TrimSpace(field), "-")
		i := slices.IndexFunc(l.orders, func(o order[T]) bool { return o.name == name })
		if i < 0 {
			var known []string
			for _, o := range l.orders {
				known = append(known, o.name)
			}
			return nil, invalid("sort", "no such field %q; there are %s", name, strings.Join(known, ", "))
		}
		sort = append(sort, by[T]{l.orders[i], down})
	}
	return sort, nil
}

// page gives the rows that were asked for.
func (l *listing[T, D]) page(c *call, q *query[T]) List[D] {
	best, count := q.narrowest()
	var rows []*T
	var total int
	few := count <= fewRows || q.hits != nil && len(q.hits) <= fewRows
	if len(q.sort) == 1 && q.sort[0].index != "" && !few && len(q.guests) == 0 {
		rows, total = q.walk(), q.total(best, count)
	} else {
		rows, total = q.collect(best, count, l.meta)
	}
	page := List[D]{Items: make([]D, 0, min(len(rows), q.limit)), Total: total}
	if len(rows) > q.limit {
		rows = rows[:q.limit]
		page.Next = q.placeOf(rows[q.limit-1], l.meta).String()
	}
	for _, row := range rows {
		page.Items = append(page.Items, l.shown(c, row))
	}
	return page
}

// shown is a row as who asks may see it.
func (l *listing[T, D]) shown(c *call, row *T) D {
	d := l.show(c.API, c.view, row)
	if l.veil != nil && c.barrable() {
		l.veil(c, row, &d)
	}
	return d
}

// matches tells whether a row is asked for.
func (q *query[T]) matches(row *T) bool {
	for i := range q.picks {
		p := &q.picks[i]
		if !slices.ContainsFunc(p.keys, func(key string) bool { return p.has(row, key) }) {
			return false
		}
	}
	if q.hits != nil && q.hits[row] {
		return true
	}
	if q.hits != nil && !slices.Contains(q.guests, row) {
		return false
	}
	return q.q == "" || q.table.Matches(row, q.q) || q.texts != nil && q.texts(row)
}

// narrowest finds the filter whose index leaves the fewest rows, and how many.
func (q *query[T]) narrowest() (best *pick[T], count int) {
	count = q.table.Len()
	for i := range q.picks {
		p := &q.picks[i]
		if p.index == "" {
			continue
		}
		n := 0
		for _, key := range p.keys {
			n += q.table.Count(p.index, key)
		}
		if n <= count {
			best, count = p, n
		}
	}
	return best, count
}

// candidates gives the rows that the narrowest filter, or the search, leaves, each
// once.
func (q *query[T]) candidates(best *pick[T], count int) iter.Seq[*T] {
	own := q.own(best, count)
	if len(q.guests) == 0 {
		return own
	}
	return func(yield func(*T) bool) {
		for row := range own {
			if !yield(row) {
				return
			}
		}
		for _, row := range q.guests {
			if !yield(row) {
				return
			}
		}
	}
}

// own is candidates of the table alone.
func (q *query[T]) own(best *pick[T], count int) iter.Seq[*T] {
	if q.hits != nil && len(q.hits) < count {
		return maps.Keys(q.hits)
	}
	if best == nil {
		return q.table.All()
	}
	return func(yield func(*T) bool) {
		seen := make(map[*T]bool)
		for _, key := range best.keys {
			for row := range q.table.By(best.index, key) {
				if len(best.keys) > 1 {
					if seen[row] {
						continue
					}
					seen[row] = true
				}
				if !yield(row) {
					return
				}
			}
		}
	}
}

// walk gives one row more than the page has, from an index in order.
func (q *query[T]) walk() []*T {
	var from *fsm.Place
	if q.from != nil {
		from = &fsm.Place{Key: string(q.from.Keys[0]), ID: q.from.ID}
	}
	var rows []*T
	for _, row := range q.table.Walk(q.sort[0].index, q.sort[0].down, from) {
		if !q.matches(row) {
			continue
		}
		if rows = append(rows, row); len(rows) > q.limit {
			break
		}
	}
	return rows
}

// total counts what is asked for, from an index when that is enough.
func (q *query[T]) total(best *pick[T], count int) int {
	if q.q == "" && len(q.guests) == 0 && (len(q.picks) == 0 || len(q.picks) == 1 && best != nil && len(best.keys) == 1) {
		return count
	}
	n := 0
	for row := range q.candidates(best, count) {
		if q.matches(row) {
			n++
		}
	}
	return n
}

// collect gives what is asked for from the page on, sorted, and how much there
// is on all pages.
func (q *query[T]) collect(best *pick[T], count int, meta func(*T) *fsm.Meta) (rows []*T, total int) {
	type sortable struct {
		place
		row *T
	}
	var all []sortable
	for row := range q.candidates(best, count) {
		if !q.matches(row) {
			continue
		}
		total++
		if s := (sortable{*q.placeOf(row, meta), row}); q.from == nil || q.compare(&s.place, q.from) > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b sortable) int { return q.compare(&a.place, &b.place) })
	for _, s := range all[:min(len(all), q.limit+1)] {
		rows = append(rows, s.row)
	}
	return rows, total
}

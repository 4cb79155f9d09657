package api

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"strings"

	"bcm/fsm"
)

// place is where in a sorted listing a row stands. It says so by the row's own
// keys and not by its number, and so stays right while rows come and go.
type place struct {
	Sort string   `cbor:"s"`
	Keys [][]byte `cbor:"k"`
	ID   string   `cbor:"i"`
}

// String gives the place as a cursor.
func (p *place) String() string {
	data, err := fsm.Encode(p)
	if err != nil {
		return "" // it is made of texts alone
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// readPlace reads a cursor, which must be one of the same sorting.
func readPlace(s, sort string, fields int) (*place, error) {
	var p place
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || fsm.Decode(data, &p) != nil || p.ID == "" || len(p.Keys) == 0 {
		return nil, invalid("next", "this is no cursor; take next of the page before")
	}
	if p.Sort != sort || len(p.Keys) != fields {
		return nil, invalid("next", "this cursor belongs to a listing sorted by %s", p.Sort)
	}
	return &p, nil
}

// placeOf tells where a row stands.
func (q *query[T]) placeOf(row *T, meta func(*T) *fsm.Meta) *place {
	p := &place{Sort: q.text, ID: meta(row).ID, Keys: make([][]byte, len(q.sort))}
	for i, s := range q.sort {
		p.Keys[i] = []byte(s.key(q.view, row))
	}
	return p
}

// compare orders two places. Rows with equal keys are ordered by their ids, in
// the direction of the last field, as a walk over an index has them.
func (q *query[T]) compare(a, b *place) int {
	down := false
	for i := range q.sort {
		down = q.sort[i].down
		if c := bytes.Compare(a.Keys[i], b.Keys[i]); c != 0 {
			return turn(c, down)
		}
	}
	return turn(cmp.Compare(a.ID, b.ID), down)
}

func turn(c int, down bool) int {
	if down {
		return -c
	}
	return c
}

// The keys that orders are made of.

// byName sorts regardless of case, and then by what is left.
func byName[T any](field string, name func(*T) string) order[T] {
	return order[T]{name: field, key: func(_ *fsm.View, row *T) string { return folded(name(row)) }}
}

func folded(s string) string { return strings.ToLower(s) + "\x00" + s }

// byTime sorts by a time, by an index when there is one.
func byTime[T any](field, index string, at func(*T) fsm.Time) order[T] {
	return order[T]{name: field, index: index, key: func(_ *fsm.View, row *T) string { return fsm.TimeKey(at(row)) }}
}

// byNumber sorts by a number that is not negative.
func byNumber[T any](field string, n func(*T) int64) order[T] {
	return order[T]{name: field, key: func(_ *fsm.View, row *T) string { return fsm.TimeKey(fsm.Time(n(row))) }}
}

// shownAs sorts by a text that the view gives, as the name of another object.
func shownAs[T any](field string, text func(v *fsm.View, row *T) string) order[T] {
	return order[T]{name: field, key: func(v *fsm.View, row *T) string { return folded(text(v, row)) }}
}

// byCreation sorts by the time of creation.
func byCreation[T any](index string, meta func(*T) *fsm.Meta) order[T] {
	return byTime("created_at", index, func(row *T) fsm.Time { return meta(row).CreatedAt })
}

// byChange sorts by the last change.
func byChange[T any](meta func(*T) *fsm.Meta) order[T] {
	return order[T]{name: "updated_at", index: fsm.ChangedIndex,
		key: func(_ *fsm.View, row *T) string { return fsm.TimeKey(fsm.Time(meta(row).Index)) }}
}

package fsm

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Event is a row of the audit trail: who did what to which object, with which
// result. It is written by the entry that did it.
type Event struct {
	Meta
	By      string `cbor:"by"`
	Action  string `cbor:"action"` // the kind of the command
	Object  Object `cbor:"object"`
	Result  Code   `cbor:"result,omitempty"` // "" when it was done, else why not
	Detail  string `cbor:"detail,omitempty"`
	Request string `cbor:"request,omitempty"`
	Chain   []byte `cbor:"chain"` // hash of this row and the Chain of the one before
}

// Object names what an event is about.
type Object struct {
	Noun string `cbor:"noun"` // the name of its table: "nodes"
	ID   string `cbor:"id"`
	Name string `cbor:"name,omitempty"`
}

// KeepEvents is how many rows the audit trail holds; the oldest go first.
const KeepEvents = 100_000

// maxDetail bounds what one row says, in bytes.
const maxDetail = 1 << 10

var events = define(schema[Event]{
	name: "events",
	meta: func(e *Event) *Meta { return &e.Meta },
	indexes: []indexDef[Event]{
		byText("object", func(e *Event) *string { return &e.Object.ID }, nil),
	},
	texts: func(e *Event, emit func(string)) {
		emit(e.By)
		emit(e.Action)
		emit(e.Object.Name)
		emit(e.Object.ID)
		emit(e.Detail)
	},
	share: func(e *Event, p *pool) {
		p.text(&e.By, &e.Action, &e.Object.Noun, &e.Object.Name, (*string)(&e.Result))
	},
})

// record writes the audit row of an entry; the oldest are forgotten beyond what is
// kept. Ids of events follow their order.
func (tx *Tx) record(e Entry, refused *Error) {
	row := &Event{
		Meta:    Meta{ID: fmt.Sprintf("%016x-%05x", tx.Index, tx.seq), CreatedAt: tx.At, UpdatedAt: tx.At, Index: tx.Index},
		By:      e.By,
		Action:  e.Kind,
		Object:  tx.object,
		Detail:  tx.detail,
		Request: e.ID,
	}
	if refused != nil {
		row.Result, row.Detail = refused.Code, refused.Message
	}
	tx.write(row)
}

// recordGranted writes the audit row of what an entry did in the name of another
// than its author.
func (tx *Tx) recordGranted() {
	tx.granted.Meta = Meta{ID: fmt.Sprintf("%016x-%05x-granted", tx.Index, tx.seq), CreatedAt: tx.At, UpdatedAt: tx.At, Index: tx.Index}
	tx.write(tx.granted)
}

// write puts a row at the end of the audit trail.
func (tx *Tx) write(row *Event) {
	row.Detail = truncate(row.Detail, maxDetail)
	var before []byte
	if last := tx.Events.last(); last != nil {
		before = last.Chain
	}
	row.Chain = row.chain(before)
	tx.Events.set(row)
	for tx.Events.Len() > KeepEvents {
		oldest, _, _ := tx.Events.rows.Min()
		tx.Events.drop(oldest)
	}
}

// chain is the hash that ties the row to the one before it.
func (e *Event) chain(before []byte) []byte {
	bare := *e
	bare.Chain = nil
	sum := sha256.Sum256(append(append([]byte(nil), before...), encode(bare)...))
	return sum[:]
}

// VerifyChain checks that no row of the audit trail was changed, inserted or
// taken out. It returns how many rows it checked, and the id of the first that
// does not fit. The oldest row kept is the anchor.
func (v *View) VerifyChain() (rows int, broken string) {
	var before []byte
	for e := range v.Events.All() {
		if rows > 0 && !bytes.Equal(e.chain(before), e.Chain) {
			return rows, e.ID
		}
		before = e.Chain
		rows++
	}
	return rows, ""
}

func (t *Table[T]) last() *T {
	_, row, _ := t.rows.Max()
	return row
}

package fsm

import (
	"slices"
	"strings"
)

// Tx is the state while one entry is applied to it.
type Tx struct {
	*tables
	Index uint64
	At    Time
	By    string // who asked, as in [Entry]

	seq     int // entries already applied at this index
	undo    []func()
	object  Object // what the audit row will say the command was about
	detail  string // and what it changed
	granted *Event // what was done in the name of somebody who had waited for it
}

// put stores row, new or in place of the one with its id, and keeps its Meta.
func put[T any](tx *Tx, t *Table[T], row *T) {
	m := t.def.meta(row)
	m.Index, m.UpdatedAt = tx.Index, tx.At
	old, existed := t.rows.Get(m.ID)
	if existed {
		m.CreatedAt = t.def.meta(old).CreatedAt
	} else {
		m.CreatedAt = tx.At
	}
	t.set(row)
	tx.undo = append(tx.undo, func() {
		if existed {
			t.set(old)
		} else {
			t.drop(m.ID)
		}
	})
	tx.about(t.def.name, m.ID, t.labelOf(row))
}

// drop removes the row with that id, if there is one.
func drop[T any](tx *Tx, t *Table[T], id string) {
	old := t.drop(id)
	if old == nil {
		return
	}
	tx.undo = append(tx.undo, func() { t.set(old) })
	tx.about(t.def.name, id, t.labelOf(old))
}

func (t *Table[T]) labelOf(row *T) string {
	if t.def.label == nil {
		return ""
	}
	return *t.def.label(row)
}

// about sets what the audit row names: the first object a command touches.
func (tx *Tx) about(noun, id, name string) {
	if tx.object.ID == "" {
		tx.object = Object{Noun: noun, ID: id, Name: name}
	}
}

// rollback undoes all that the entry changed, newest first.
func (tx *Tx) rollback() {
	for _, undo := range slices.Backward(tx.undo) {
		undo()
	}
	tx.undo, tx.object, tx.detail = nil, Object{}, ""
}

// user is the person who asked, or nil when it was a node, a plan or the system.
func (tx *Tx) user() *User {
	class, name := splitBy(tx.By)
	if class != "user" {
		return nil
	}
	for u := range tx.Users.By(NameIndex, name) {
		return u
	}
	return nil
}

// node is the id of the node that asked, "" when it was none.
func (tx *Tx) node() string {
	if class, id := splitBy(tx.By); class == "node" {
		return id
	}
	return ""
}

// authorize refuses an entry whose author may not give such a command now. The
// door asked before; this is the answer that counts, since rights may have
// changed between.
func (tx *Tx) authorize(k kind) error {
	class, name := splitBy(tx.By)
	if class != "user" {
		if slices.Contains(strings.Fields(k.by), class) {
			return tx.knownNode(class, name)
		}
		return Errorf(Denied, "%s may not do %s", tx.By, k.name)
	}
	u := tx.user()
	if u == nil || !u.Enabled {
		return Errorf(Denied, "user %q does not exist or is disabled", name)
	}
	if k.right == "" {
		return Errorf(Denied, "%s is not for users", k.name)
	}
	return tx.Access(u).Need(k.right, "")
}

func (tx *Tx) knownNode(class, id string) error {
	if class != "node" {
		return nil
	}
	if _, ok := tx.Nodes.Get(id); !ok {
		return Errorf(Denied, "node %s is not a member of the grid", id)
	}
	return nil
}

// fresh refuses a change to an object that is not as the one who asks saw it;
// zero asks for nothing.
func fresh(m *Meta, want uint64) error {
	if want != 0 && m.Index != want {
		return Errorf(Precondition, "the object has changed: it is at index %d, not %d; read it again", m.Index, want)
	}
	return nil
}

// unused refuses a name that another row of the table has.
func unused[T any](t *Table[T], noun, id, name string) error {
	for row := range t.By(NameIndex, name) {
		if t.def.meta(row).ID != id {
			return &Error{Code: Conflict, Message: noun + " " + name + " exists already",
				Fields: []FieldError{{"name", "is taken"}}}
		}
	}
	return nil
}

// newRow refuses an id that is missing, taken, or could not be part of a path.
func newRow[T any](t *Table[T], noun, id string) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%`, r) }
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, odd) {
		return invalidField("id", `must have 1 to 128 printable ASCII characters other than / \ ? # %%`)
	}
	if _, ok := t.Get(id); ok {
		return Errorf(Conflict, "%s %s exists already", noun, id)
	}
	return nil
}

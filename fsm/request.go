package fsm

import (
	"bytes"
	"errors"
	"time"
)

// answered remembers what a request was answered, so that the same request
// asked again has no second effect and gets the same answer.
type answered struct {
	Meta          // ID is who asked, a slash, and the request id
	Sum    []byte `cbor:"sum"`
	Result Result `cbor:"result"`
	Err    *Error `cbor:"err,omitempty"`
}

const (
	rememberFor  = 24 * time.Hour // of committed time
	rememberMost = 100_000        // answers; the oldest go first
)

var requests = define(schema[answered]{
	name: "requests",
	meta: func(a *answered) *Meta { return &a.Meta },
})

// run applies one entry: answers a request already answered, asks whether its
// author may, applies the command whole or not at all, and writes the audit row.
func (tx *Tx) run(e Entry, cmd Command) (Result, *Error) {
	key := e.By + "/" + e.ID
	if e.ID != "" {
		if a, ok := tx.requests.Get(key); ok {
			return a.answer(e)
		}
	}
	k := kindNamed[e.Kind]
	id, refused := tx.try(k, cmd)
	if refused != nil {
		tx.rollback()
	}
	result := Result{Index: tx.Index, ID: id}
	if class, _ := splitBy(e.By); refused == nil && !k.quiet() || refused != nil && class == "user" {
		tx.record(e, refused)
		if refused == nil && tx.granted != nil {
			tx.recordGranted()
		}
	}
	if e.ID != "" && (refused == nil || refused.Code != Denied) {
		tx.remember(key, e.Sum, result, refused)
	}
	return result, refused
}

// try asks for the right and applies the command. A fault in a command is a
// refusal: all members have the same fault, and stopping them all helps nobody.
func (tx *Tx) try(k kind, cmd Command) (id string, refused *Error) {
	defer func() {
		if fault := recover(); fault != nil {
			id, refused = "", Errorf(Internal, "fault in %s: %v", k.name, fault)
		}
	}()
	err := tx.authorize(k)
	before := tx.people()
	if err == nil {
		id, err = tx.perform(cmd)
	}
	if err == nil {
		tx.revise(before)
		return id, nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return "", e
	}
	return "", Errorf(Internal, "%v", err)
}

func (a *answered) answer(e Entry) (Result, *Error) {
	if !bytes.Equal(a.Sum, e.Sum) {
		return Result{}, Errorf(Mismatch, "request id %s was used for another request; take a new one", e.ID)
	}
	return a.Result, a.Err
}

func (tx *Tx) remember(key string, sum []byte, result Result, refused *Error) {
	tx.requests.set(&answered{
		Meta: Meta{ID: key, CreatedAt: tx.At, UpdatedAt: tx.At, Index: tx.Index},
		Sum:  sum, Result: result, Err: refused,
	})
	var forget []string
	for oldest := range tx.requests.Since(0) {
		if tx.At.Sub(oldest.CreatedAt) < rememberFor && tx.requests.Len()-len(forget) <= rememberMost || len(forget) == 16 {
			break
		}
		forget = append(forget, oldest.ID)
	}
	for _, id := range forget {
		tx.requests.drop(id)
	}
}

package fsm

import (
	"bytes"
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
	k, _ := kindNamed(e.Kind)
	err := tx.authorize(k)
	var id string
	if err == nil {
		id, err = cmd.apply(tx)
	}
	result := Result{Index: tx.Index, ID: id}
	refused := asError(err)
	if refused != nil {
		result.ID = ""
		tx.rollback()
	}
	if class, _ := splitBy(e.By); refused == nil || class == "user" {
		tx.record(e, refused)
	}
	if e.ID != "" && (refused == nil || refused.Code != Denied) {
		tx.remember(key, e.Sum, result, refused)
	}
	return result, refused
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
	for oldest := range tx.requests.Since(0) {
		if tx.At.Sub(oldest.CreatedAt) < rememberFor && tx.requests.Len() <= rememberMost {
			break
		}
		defer tx.requests.drop(oldest.ID)
	}
}

func asError(err error) *Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return e
	default:
		return Errorf(Internal, "%v", err)
	}
}

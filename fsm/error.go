package fsm

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of refusal an [Error] is. It is the only thing about an
// error that is ever compared.
type Code string

// The codes, and what the one who asked should do.
const (
	Invalid          Code = "invalid"           // mend the request
	NotFound         Code = "not_found"         // the thing named does not exist
	Conflict         Code = "conflict"          // the state is not what the request expects
	Precondition     Code = "precondition"      // the object has changed since it was read (If-Match)
	Denied           Code = "denied"            // the right to do it is missing
	Unauthorized     Code = "unauthorized"      // who asks is not known
	Mismatch         Code = "mismatch"          // the request id was used for another request
	Unavailable      Code = "unavailable"       // surely not done; ask again later
	NoRoom           Code = "no_room"           // surely not done: the manager's disk is full; make room, or ask another
	OutcomeUnknown   Code = "outcome_unknown"   // perhaps done; ask again with the same request id
	ApprovalRequired Code = "approval_required" // another user must grant it
	Exhausted        Code = "exhausted"         // a limit is reached; ask again later
	Internal         Code = "internal"          // a fault of ours
)

// Error is a refusal that crosses every boundary as itself: from apply through
// the leader and the HTTP API to the client.
type Error struct {
	Code    Code         `cbor:"code"`
	Message string       `cbor:"message"`
	Fields  []FieldError `cbor:"fields,omitempty"`
}

// FieldError names one bad field of a request.
type FieldError struct {
	Field   string `cbor:"field" json:"field"`
	Message string `cbor:"message" json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an [Error] of the given code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotDone tells whether surely nothing was done, for no fault of the request:
// asking again, or asking another manager, may help.
func (c Code) NotDone() bool { return c == Unavailable || c == NoRoom }

// CodeOf tells the code of err: [Internal] when it carries none, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

func invalidField(field, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Code: Invalid, Message: field + ": " + msg, Fields: []FieldError{{field, msg}}}
}

// notOneOf refuses a value that is none of those known.
func notOneOf[T ~string](field string, value T, known []T) *Error {
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return invalidField(field, "%q is not one of %s", value, strings.Join(words, ", "))
}

func notFound(noun, ref string) *Error { return Errorf(NotFound, "no %s %q", noun, ref) }

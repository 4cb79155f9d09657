package sesam

import (
	"errors"
	"fmt"
)

// Why a server cannot be used.
var (
	// ErrUnreachable: there was no connection, or no answer in time.
	ErrUnreachable = errors.New("the server cannot be reached")
	// ErrFingerprint: it shows another certificate than the one that is trusted.
	ErrFingerprint = errors.New("the server shows another certificate than the one that is trusted")
	// ErrLogin: it does not let the account in.
	ErrLogin = errors.New("the server does not let the account in")
	// ErrDenied: the account may not do this.
	ErrDenied = errors.New("the account may not do this on the server")
	// ErrProtocol: the answer is not one of a SEP sesam server.
	ErrProtocol = errors.New("the answer is not one of a SEP sesam server")
	// ErrMissing: the server offers no such call.
	ErrMissing = errors.New("the server offers no such call")
)

// Refusal is a server's own error: a request that it has understood and refused.
type Refusal struct {
	Status  int
	Code    string // "object.not.found.id", "duplicate.entry", …
	Message string
}

func (r *Refusal) Error() string {
	if r.Message == "" {
		return fmt.Sprintf("the server refuses with %q (status %d)", r.Code, r.Status)
	}
	return fmt.Sprintf("the server refuses: %s (%s)", r.Message, r.Code)
}

// absent tells whether the error says that an object is not there.
func absent(err error) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Code == "object.not.found.id"
}

// duplicate tells whether the error says that an object is there already.
func duplicate(err error) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Code == "duplicate.entry"
}

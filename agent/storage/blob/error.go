package blob

import (
	"errors"
	"fmt"
	"net/http"
)

// What a [Client] fails with, to be recognised with errors.Is.
var (
	// ErrMissing: there is no such blob.
	ErrMissing = errors.New("no such blob")
	// ErrExists: a blob of that name exists and has other content.
	ErrExists = errors.New("blob exists")
	// ErrRange: the blob is shorter than the range asked for.
	ErrRange = errors.New("range outside of the blob")
	// ErrForbidden: this node has no right to do that. It is final.
	ErrForbidden = errors.New("storage refused: no right")
	// ErrNoRoom: the namespace's quota or the storage's disk is full. It is final.
	ErrNoRoom = errors.New("storage refused: no room")
	// ErrYoung: the blob may not be deleted yet.
	ErrYoung = errors.New("storage refused: blob too young to be deleted")
	// ErrDamaged: the storage gave other bytes than it says that it has.
	ErrDamaged = errors.New("the storage gave a damaged blob")
	// ErrUnavailable: the storage did not answer, or could not serve, for as long
	// as the client was told to wait.
	ErrUnavailable = errors.New("storage unavailable")
	// ErrInvalid: the storage does not understand the request. It is final.
	ErrInvalid = errors.New("storage refused: invalid request")
)

// Final tells whether an error will come again however often the request is
// repeated, and makes further writing into the namespace pointless.
func Final(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrNoRoom) || errors.Is(err, ErrInvalid)
}

// refusal is an answer other than success.
type refusal struct {
	status int
	code   string
	detail string
	info   Info // of the blob that exists, where the code says so
}

func (r *refusal) Error() string {
	if r.detail != "" {
		return fmt.Sprintf("%s (%d %s)", r.detail, r.status, r.code)
	}
	return fmt.Sprintf("%d %s", r.status, r.code)
}

// Unwrap names the kind of refusal.
func (r *refusal) Unwrap() error {
	switch {
	case r.code == CodeMissing: // a bare 404 may come from any server and says nothing about a blob
		return ErrMissing
	case r.code == CodeExists:
		return ErrExists
	case r.code == CodeYoung:
		return ErrYoung
	case r.code == CodeQuota, r.code == CodeFull, r.status == http.StatusInsufficientStorage:
		return ErrNoRoom
	case r.code == CodeForbidden, r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		return ErrForbidden
	case r.status == http.StatusRequestedRangeNotSatisfiable:
		return ErrRange
	case r.code == CodeChecksum, r.status == http.StatusTooManyRequests, r.status >= 500:
		return ErrUnavailable
	default:
		return ErrInvalid
	}
}

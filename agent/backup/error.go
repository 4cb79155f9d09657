package backup

import "errors"

// What an [Engine] fails with.
var (
	// ErrExists: the repository exists.
	ErrExists = errors.New("repository exists")
	// ErrNoRepository: the namespace has no repository.
	ErrNoRepository = errors.New("no repository in the namespace")
	// ErrCanceled: the context ended.
	ErrCanceled = errors.New("cancelled")
	// ErrQuota: the storage has no room, by quota or by the size of its disk.
	ErrQuota = errors.New("no room on the storage")
	// ErrForbidden: this node has no right to that in the repository's namespace.
	ErrForbidden = errors.New("refused by the storage")
	// ErrUnavailable: the storage was away for too long.
	ErrUnavailable = errors.New("storage unavailable")
	// ErrWrongKey: the password is not the repository's.
	ErrWrongKey = errors.New("wrong repository password")
	// ErrCorrupt: the repository does not have what it should.
	ErrCorrupt = errors.New("repository damaged")
	// ErrLeaseLost: the lease is held no more.
	ErrLeaseLost = errors.New("maintenance lease lost")
	// ErrFenced: a later attempt of the run has stored its snapshot.
	ErrFenced = errors.New("a later attempt has taken over")
	// ErrSource: the source cannot be backed up.
	ErrSource = errors.New("source")
	// ErrTarget: the target of a restore cannot be written as it should.
	ErrTarget = errors.New("target")
	// ErrNotFound: there is no such snapshot, or no such path in it.
	ErrNotFound = errors.New("not found")
	// ErrQuery: what is looked for is no name and no pattern.
	ErrQuery = errors.New("not to be looked for")
	// ErrClock: this node's clock is too far from the storage's.
	ErrClock = errors.New("clocks differ")
)

package kopia

import (
	"context"
	"errors"
	"fmt"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"

	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/format"
	"github.com/kopia/kopia/snapshot"
)

// known are the errors that say already what they are.
var known = [...]error{
	backup.ErrExists, backup.ErrNoRepository, backup.ErrCanceled, backup.ErrQuota, backup.ErrForbidden,
	backup.ErrUnavailable, backup.ErrWrongKey, backup.ErrCorrupt, backup.ErrLeaseLost, backup.ErrFenced,
	backup.ErrSource, backup.ErrTarget, backup.ErrNotFound, backup.ErrClock,
}

// classify gives an error of kopia or of the storage one of the engine's meanings.
// What has none stays as it is.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, k := range known {
		if errors.Is(err, k) {
			return err
		}
	}
	as := func(meaning error) error { return fmt.Errorf("%w: %w", meaning, err) }
	switch {
	case errors.Is(err, wire.ErrNoRoom):
		return as(backup.ErrQuota)
	case errors.Is(err, wire.ErrForbidden):
		return as(backup.ErrForbidden)
	case errors.Is(err, wire.ErrUnavailable):
		return as(backup.ErrUnavailable)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return as(backup.ErrCanceled)
	case errors.Is(err, format.ErrInvalidPassword):
		return as(backup.ErrWrongKey)
	case errors.Is(err, snapshot.ErrSnapshotNotFound):
		return as(backup.ErrNotFound)
	}
	return err
}

// reading classifies an error of reading a repository: one that is neither the
// storage's nor the caller's is the repository's.
func reading(err error) error {
	err = classify(err)
	if err == nil || errors.Is(err, wire.ErrInvalid) {
		return err
	}
	for _, k := range known {
		if errors.Is(err, k) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", backup.ErrCorrupt, err)
}

// ofKopia gives an error of the storage the identity that kopia looks for.
func ofKopia(err error) error {
	switch {
	case errors.Is(err, wire.ErrMissing):
		return fmt.Errorf("%w: %w", kblob.ErrBlobNotFound, err)
	case errors.Is(err, wire.ErrExists):
		return fmt.Errorf("%w: %w", kblob.ErrBlobAlreadyExists, err)
	case errors.Is(err, wire.ErrRange):
		return fmt.Errorf("%w: %w", kblob.ErrInvalidRange, err)
	}
	return err
}

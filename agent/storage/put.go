package storage

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"bcm/agent/storage/blob"
)

// errChecksum is returned when other bytes arrive than the checksum says.
var errChecksum = errors.New("the bytes do not have the checksum that was given")

// Offer is a blob that is to be stored.
type Offer struct {
	Namespace, Name string
	Size            int64
	Sum             [32]byte // SHA-256 of the bytes
	Replace         bool     // an existing blob of that name is replaced
	Quota           int64    // bytes that the namespace may have in all; 0 is no limit
	// Created is when the storage that it is copied from stored it; zero is now.
	Created time.Time
}

// Put stores a blob of exactly o.Size bytes read from body. When it returns without
// an error the blob is durable. Errors: [blob.ErrExists], with the Info of what is
// there; [blob.ErrNoRoom]; [blob.ErrName]; one that wraps io.ErrUnexpectedEOF when
// the body ends too soon. On an error nothing has changed.
func (s *Store) Put(o Offer, body io.Reader) (blob.Info, error) {
	if err := checkNames(o.Namespace, o.Name); err != nil {
		return blob.Info{}, err
	}
	if o.Size < 0 {
		return blob.Info{}, fmt.Errorf("%w: size %d", blob.ErrInvalid, o.Size)
	}
	if info, err := s.absent(o); err != nil {
		return info, err
	}
	free, err := s.reserve(o)
	if err != nil {
		return blob.Info{}, err
	}
	defer free()
	h := head{size: o.Size, sum: o.Sum, created: o.Created}
	if h.created.IsZero() {
		h.created = s.now()
	}
	tmp, err := s.receive(h, body)
	if err != nil {
		return blob.Info{}, asNoRoom(err)
	}
	info, err := s.publish(o, h, tmp)
	if err != nil {
		return info, asNoRoom(errors.Join(err, ignoreMissing(os.Remove(tmp))))
	}
	return info, nil
}

// absent refuses an offer whose name is taken.
func (s *Store) absent(o Offer) (blob.Info, error) {
	if _, taken := s.lookup(o.Namespace, o.Name); !taken || o.Replace {
		return blob.Info{}, nil
	}
	info, err := s.Stat(o.Namespace, o.Name)
	if errors.Is(err, blob.ErrMissing) {
		return blob.Info{}, nil // deleted meanwhile
	}
	if err != nil {
		return blob.Info{}, err
	}
	return info, fmt.Errorf("%w: %s", blob.ErrExists, o.Name)
}

// reserve sets room aside for an offer, and returns what gives it back.
func (s *Store) reserve(o Offer) (free func(), err error) {
	_, avail, err := s.diskSpace()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaceLocked(o.Namespace)
	if would := sp.used + sp.buried + sp.reserved + o.Size; o.Quota > 0 && would > o.Quota {
		return nil, &noRoom{blob.CodeQuota, fmt.Sprintf("namespace %s would have %d bytes of a quota of %d", o.Namespace, would, o.Quota)}
	}
	if need := s.reserved + o.Size + headSize; avail-need < s.opt.KeepFree {
		return nil, &noRoom{blob.CodeFull, fmt.Sprintf("the disk has %d bytes, %d are to be kept free, %d are needed", avail, s.opt.KeepFree, need)}
	}
	sp.reserved += o.Size
	s.reserved += o.Size
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		sp.reserved -= o.Size
		s.reserved -= o.Size
	}, nil
}

// receive writes a blob to a temporary file, checks and flushes it.
func (s *Store) receive(h head, body io.Reader) (path string, err error) {
	f, err := os.CreateTemp(s.tmpDir(), "put-")
	if err != nil {
		return "", fmt.Errorf("storage: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			path, err = "", errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	out := s.disk(f)
	if _, err := out.Write(h.encode()); err != nil {
		return "", fmt.Errorf("storage: %w", err)
	}
	if err := copyChecked(out, body, h, sha256.New()); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("storage: %w", err)
	}
	return f.Name(), nil
}

// copyChecked copies the bytes that the head announces, no more and no fewer.
func copyChecked(out io.Writer, body io.Reader, h head, sum hash.Hash) error {
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(body, h.size))
	if err != nil {
		return fmt.Errorf("storage: after %d of %d bytes: %w", n, h.size, err)
	}
	if n < h.size {
		return fmt.Errorf("storage: after %d of %d bytes: %w", n, h.size, io.ErrUnexpectedEOF)
	}
	if [32]byte(sum.Sum(nil)) != h.sum {
		return errChecksum
	}
	return nil
}

// publish gives a received blob its name, makes that durable and then known. Of two
// that received the same name at once, the second is refused here.
func (s *Store) publish(o Offer, h head, tmp string) (blob.Info, error) {
	lock := s.commit(o.Namespace, o.Name)
	lock.Lock()
	defer lock.Unlock()
	if info, err := s.absent(o); err != nil {
		return info, err
	}
	dir := s.shard(o.Namespace, o.Name)
	if err := makeDir(dir); err != nil {
		return blob.Info{}, err
	}
	if err := s.keepReplaced(o.Namespace, o.Name); err != nil {
		return blob.Info{}, fmt.Errorf("storage: %w", err)
	}
	if err := os.Rename(tmp, s.path(o.Namespace, o.Name)); err != nil {
		return blob.Info{}, fmt.Errorf("storage: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return blob.Info{}, err
	}
	s.ledger.note('+', o.Namespace, o.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spaces[o.Namespace].add(o.Name, h)
	return blob.Info{Name: o.Name, Size: h.size, Created: h.created, Sum: h.sum}, nil
}

// Delete removes a blob that has reached the minimum age; one that is younger is
// [blob.ErrYoung], one that does not exist [blob.ErrMissing]. One that is lost is
// missed no more. anyAge is for what may go at once.
func (s *Store) Delete(ns, name string, anyAge bool) error {
	if err := checkNames(ns, name); err != nil {
		return err
	}
	lock := s.commit(ns, name)
	lock.Lock()
	defer lock.Unlock()
	e, ok := s.lookup(ns, name)
	if !ok {
		return s.forget(ns, name)
	}
	if age := s.now().Sub(time.Unix(0, e.created)); age < s.opt.MinAge && !anyAge {
		return fmt.Errorf("%w: %s is %v old, %v are needed", blob.ErrYoung, name, age.Round(time.Second), s.opt.MinAge)
	}
	s.ledger.note('-', ns, name)
	if err := s.discard(ns, name, e, anyAge); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	s.mu.Lock()
	s.spaces[ns].remove(name)
	s.mu.Unlock()
	return syncDir(s.shard(ns, name))
}

// makeDir makes a shard and what is above it durable.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	ns := filepath.Dir(dir)
	return errors.Join(syncDir(ns), syncDir(filepath.Dir(ns)))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// noRoom is [blob.ErrNoRoom] with the code that tells which limit it was.
type noRoom struct{ code, detail string }

func (e *noRoom) Error() string { return e.detail }
func (e *noRoom) Unwrap() error { return blob.ErrNoRoom }

// asNoRoom makes a full disk's error one of room.
func asNoRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errors.Join(&noRoom{blob.CodeFull, "the storage's disk is full"}, err)
	}
	return err
}

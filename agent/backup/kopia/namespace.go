package kopia

import (
	"context"
	"errors"
	"io"

	wire "bcm/agent/storage/blob"

	kblob "github.com/kopia/kopia/repo/blob"
)

// storageKind is the name under which kopia knows our storage.
const storageKind = "bcm"

// connection is what kopia's configuration file says of a storage: nothing.
type connection struct{}

type storageKey struct{}

// errNoStorage is returned when kopia opens a repository without the context that
// it was told to.
var errNoStorage = errors.New("kopia: no storage in the context")

// kopia finds storages in a table without a lock, so it can only be written to here.
func init() {
	kblob.AddSupportedStorage(storageKind, connection{},
		func(ctx context.Context, _ *connection, _ bool) (kblob.Storage, error) {
			if st, ok := ctx.Value(storageKey{}).(kblob.Storage); ok {
				return st, nil
			}
			return nil, errNoStorage
		})
}

// withStorage returns a context in which kopia opens its repository on st.
func withStorage(ctx context.Context, st kblob.Storage) context.Context {
	return context.WithValue(ctx, storageKey{}, st)
}

// namespace is one of a storage, as kopia wants to see it.
type namespace struct {
	kblob.DefaultProviderImplementation
	client   *wire.Client
	name     string
	segments *segments
	readOnly bool
}

var _ kblob.Storage = (*namespace)(nil)

// sink lets the client write into kopia's buffer.
type sink struct{ kblob.OutputBuffer }

// body lets the client read kopia's buffer.
type body struct{ kblob.Bytes }

func (b body) Open() io.ReadCloser { return b.Reader() }

// GetBlob reads a blob or a part of one.
func (s *namespace) GetBlob(ctx context.Context, id kblob.ID, offset, length int64, out kblob.OutputBuffer) error {
	var err error
	if s.segments.want(string(id), length) {
		err = s.segments.get(ctx, string(id), offset, length, sink{out})
	} else {
		err = s.client.Get(ctx, string(id), offset, length, sink{out})
	}
	runOf(ctx).note(err)
	return ofKopia(err)
}

// GetMetadata tells size and time of a blob.
func (s *namespace) GetMetadata(ctx context.Context, id kblob.ID) (kblob.Metadata, error) {
	info, err := s.client.Stat(ctx, string(id))
	runOf(ctx).note(err)
	if err != nil {
		return kblob.Metadata{}, ofKopia(err)
	}
	return metadata(info), nil
}

// ListBlobs calls back for each blob with the prefix.
func (s *namespace) ListBlobs(ctx context.Context, prefix kblob.ID, cb func(kblob.Metadata) error) error {
	err := s.client.List(ctx, string(prefix), func(info wire.Info) error { return cb(metadata(info)) })
	runOf(ctx).note(err)
	return err
}

// PutBlob stores a blob. One that is there with the same bytes is success. A failure
// ends the run that it belongs to.
func (s *namespace) PutBlob(ctx context.Context, id kblob.ID, data kblob.Bytes, opts kblob.PutOptions) error {
	switch {
	case opts.HasRetentionOptions():
		return kblob.ErrUnsupportedPutBlobOption
	case !opts.SetModTime.IsZero():
		return kblob.ErrSetTimeUnsupported
	}
	info, err := s.client.Put(ctx, string(id), body{data}, wire.Replaceable(string(id)))
	if err == nil && opts.GetModTime != nil {
		*opts.GetModTime = info.Created
	}
	if err != nil && !errors.Is(err, wire.ErrExists) {
		runOf(ctx).fail(err)
	}
	return ofKopia(err)
}

// DeleteBlob removes a blob, if the run that it is for may. One that the storage
// finds too young stays without an error, as kopia's maintenance would end at the
// first one; a later maintenance finds it again.
func (s *namespace) DeleteBlob(ctx context.Context, id kblob.ID) error {
	run := runOf(ctx)
	if err := run.mayDelete(string(id)); err != nil {
		return err
	}
	err := s.client.Delete(ctx, string(id))
	if errors.Is(err, wire.ErrYoung) {
		run.kept()
		return nil
	}
	if err != nil {
		run.fail(err)
		return ofKopia(err)
	}
	run.deleted(string(id))
	return nil
}

// ConnectionInfo names the kind of storage and nothing else: kopia writes it down.
func (s *namespace) ConnectionInfo() kblob.ConnectionInfo {
	return kblob.ConnectionInfo{Type: storageKind, Config: &connection{}}
}

// DisplayName names the storage in kopia's messages.
func (s *namespace) DisplayName() string { return s.name }

// IsReadOnly tells that nothing may be written.
func (s *namespace) IsReadOnly() bool { return s.readOnly }

func metadata(info wire.Info) kblob.Metadata {
	return kblob.Metadata{BlobID: kblob.ID(info.Name), Length: info.Size, Timestamp: info.Created}
}

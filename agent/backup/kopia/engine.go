package kopia

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"

	"github.com/hashicorp/go-hclog"
	"github.com/kopia/kopia/repo"
	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/format"
)

// Options say how an [Engine] works. The zero value of each field has a default.
type Options struct {
	Log hclog.Logger

	Parallel   int           // files read or written at once; the number of CPUs, 8 at least for restores
	Checkpoint time.Duration // how often a backup is stored as it stands; 5 minutes, 45 at most
	Grace      time.Duration // how long a cancelled backup may take to be stored; 8 seconds
	MaxOpen    int           // repositories kept open; 16
	CacheBytes int64         // of each repository's data on disk; directories may take four times that; 256 MiB

	Storage wire.Options // how patient to be with a storage

	now func() time.Time // kopia's clock, for tests
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	if o.Checkpoint <= 0 {
		o.Checkpoint = 5 * time.Minute
	}
	if o.Grace <= 0 {
		o.Grace = 8 * time.Second // an agent that ends gives its roles 10
	}
	if o.MaxOpen <= 0 {
		o.MaxOpen = 16
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 256 << 20
	}
	o.Checkpoint = min(o.Checkpoint, 45*time.Minute)
	o.Storage.Log = o.Log
	return o
}

// Engine is the kopia engine.
type Engine struct {
	opt Options

	mu     sync.Mutex
	open   map[handleKey]*handle
	opened int // how often a repository was opened
}

var _ backup.Engine = (*Engine)(nil)

// New returns an engine.
func New(opt Options) *Engine {
	return &Engine{opt: opt.withDefaults(), open: map[handleKey]*handle{}}
}

// Close closes the repositories that are open. Nothing may be going on in the engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for key, h := range e.open {
		delete(e.open, key)
		errs = append(errs, h.close(context.Background()))
	}
	return errors.Join(errs...)
}

// Create makes the repository.
func (e *Engine) Create(ctx context.Context, r backup.Repo) error {
	run, inner, end := startRun(ctx, r, 0)
	defer end()
	st, err := e.namespace(r)
	if err != nil {
		return err
	}
	inner = logged(inner, e.opt.Log)
	err = repo.Initialize(inner, atomically{st}, &repo.NewRepositoryOptions{BlockFormat: format.ContentFormat{Hash: hashing}}, r.Password)
	if errors.Is(err, format.ErrAlreadyInitialized) || errors.Is(err, kblob.ErrBlobAlreadyExists) {
		return fmt.Errorf("%w: %s", backup.ErrExists, r.Namespace)
	}
	if err != nil {
		return errors.Join(run.failed(), classify(err))
	}
	h, err := e.acquire(inner, r, written)
	if err != nil {
		return err
	}
	defer e.release(h)
	return h.keepForEver(inner)
}

// atomically lets a repository come into being by the one blob that says what it is.
// kopia first writes another one, on how the storage should lock blobs, which says
// nothing here and would be in the way for ever if the creator died between the two.
type atomically struct{ kblob.Storage }

// PutBlob stores a blob, but not the one that says nothing.
func (a atomically) PutBlob(ctx context.Context, id kblob.ID, data kblob.Bytes, opts kblob.PutOptions) error {
	if id == format.KopiaBlobCfgBlobID {
		return nil
	}
	return a.Storage.PutBlob(ctx, id, data, opts)
}

// namespace returns the repository's namespace as kopia sees it.
func (e *Engine) namespace(r backup.Repo) (*namespace, error) {
	opt := e.opt.Storage
	opt.AsOf = r.AsOf
	client, err := wire.NewClient(r.HTTP, r.URLs, r.Namespace, opt)
	if err != nil {
		return nil, err
	}
	st := &namespace{
		client: client, segments: newSegments(client), name: "namespace " + r.Namespace, readOnly: !r.AsOf.IsZero(),
	}
	return st, nil
}

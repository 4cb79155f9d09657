package kopia

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"bcm/agent/backup"

	"github.com/hashicorp/go-hclog"
	"github.com/kopia/kopia/repo"
	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/logging"
)

// mode tells what a repository is opened for. kopia writes to one that it may write
// to even where it is only read: it takes manifests together once there are many, and
// ends with an error when the storage refuses that. So what reads opens it for reading.
type mode string

const (
	// cached: copies on this node's disk may serve.
	cached mode = "cached"
	// fresh: only the storage itself may. For data that is also the faster way: kopia
	// writes and flushes a file for each piece of it that it keeps a copy of.
	fresh mode = "fresh"
	// written: as cached, and it may be written to.
	written mode = "written"
)

// handleKey tells what may share an open repository.
type handleKey [sha256.Size]byte

func keyOf(r backup.Repo, mode mode) handleKey {
	return sha256.Sum256([]byte(strings.Join([]string{
		string(mode), r.Namespace, strings.Join(r.URLs, " "), r.Password, r.CacheDir, r.AsOf.UTC().Format(time.RFC3339Nano),
	}, "\x00")))
}

// handle is a repository that is open, or is being opened.
type handle struct {
	key     handleKey
	busy    chan struct{} // has room for who opens or closes it
	rep     repo.DirectRepository
	store   *namespace
	scratch string      // its directory when it has no cache
	broken  atomic.Bool // kopia gave it up: nobody else may take it

	// Below the engine's lock.
	users int
	used  time.Time
}

func newHandle(key handleKey) *handle { return &handle{key: key, busy: make(chan struct{}, 1)} }

// acquire returns the repository, open. release must be called with it.
func (e *Engine) acquire(ctx context.Context, r backup.Repo, mode mode) (*handle, error) {
	h := e.take(keyOf(r, mode))
	var err error
	select {
	case h.busy <- struct{}{}:
		if h.rep == nil {
			err = e.openRepository(ctx, h, r, mode)
		}
		<-h.busy
	case <-ctx.Done(): // another opens it, and that may take long
		err = classify(context.Cause(ctx))
	}
	if err != nil {
		e.release(h)
		return nil, err
	}
	return h, nil
}

// take notes one more user of a handle, which may not be open yet.
func (e *Engine) take(key handleKey) *handle {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.open[key]
	if h == nil || h.broken.Load() {
		h = newHandle(key)
		e.open[key] = h
	}
	h.users++
	h.used = time.Now()
	return h
}

// release gives a handle back. What is broken, was never opened, or is the longest
// unused of too many is closed.
func (e *Engine) release(h *handle) {
	e.mu.Lock()
	h.users--
	h.used = time.Now()
	var useless []*handle
	if h.users == 0 && (h.rep == nil || h.broken.Load()) {
		useless = append(useless, h)
		if e.open[h.key] == h {
			delete(e.open, h.key)
		}
	}
	for len(e.open) > e.opt.MaxOpen {
		oldest := e.oldest()
		if oldest == nil {
			break
		}
		delete(e.open, oldest.key)
		useless = append(useless, oldest)
	}
	e.mu.Unlock()
	for _, u := range useless {
		if err := u.close(logged(context.Background(), e.opt.Log)); err != nil {
			e.opt.Log.Warn("closing a repository", "error", err)
		}
	}
}

// oldest returns the handle that has been unused for longest, nil if all are used.
func (e *Engine) oldest() *handle {
	var oldest *handle
	for _, h := range e.open {
		if h.users == 0 && (oldest == nil || h.used.Before(oldest.used)) {
			oldest = h
		}
	}
	return oldest
}

// openRepository opens a repository into the handle.
func (e *Engine) openRepository(ctx context.Context, h *handle, r backup.Repo, mode mode) error {
	st, err := e.namespace(r)
	if err != nil {
		return err
	}
	h.store = st
	e.mu.Lock()
	e.opened++
	e.mu.Unlock()
	err = h.openOn(logged(ctx, e.opt.Log), st, r, mode, e.opt)
	if errors.Is(err, kblob.ErrBlobNotFound) {
		return fmt.Errorf("%w: %s", backup.ErrNoRepository, r.Namespace)
	}
	if failure := runOf(ctx).failed(); failure != nil {
		return failure
	}
	return reading(err)
}

// openOn opens the repository on a storage.
func (h *handle) openOn(ctx context.Context, st kblob.Storage, r backup.Repo, mode mode, opt Options) error {
	dir, err := h.directory(r, mode)
	if err != nil {
		return err
	}
	config := filepath.Join(dir, "repository.json")
	if err := writeConfig(config, st, mode, opt.CacheBytes, r.CacheDir != ""); err != nil {
		return err
	}
	rep, err := repo.Open(withStorage(ctx, st), config, r.Password, &repo.Options{
		DisableRepositoryLog: true,
		DoNotWaitForUpgrade:  true,
		TimeNowFunc:          opt.now,
		OnFatalError: func(err error) { // kopia's own way is to end the process
			opt.Log.Error("kopia gave a repository up", "namespace", r.Namespace, "error", err)
			h.broken.Store(true)
		},
	})
	if err != nil {
		return err
	}
	direct, ok := rep.(repo.DirectRepository)
	if !ok {
		return errors.Join(fmt.Errorf("kopia opened a %T", rep), rep.Close(ctx))
	}
	h.rep = direct
	return nil
}

// directory returns where the handle may keep files.
func (h *handle) directory(r backup.Repo, mode mode) (string, error) {
	if r.CacheDir == "" {
		dir, err := os.MkdirTemp("", "bcm-kopia-")
		h.scratch = dir
		return dir, err
	}
	// Who has the same cache must have the same repository, though not the same password.
	sum := sha256.Sum256([]byte(string(mode) + "\x00" + r.Namespace + "\x00" + strings.Join(r.URLs, " ") + "\x00" + r.AsOf.UTC().Format(time.RFC3339Nano)))
	dir := filepath.Join(r.CacheDir, r.Namespace+"-"+hex.EncodeToString(sum[:6]))
	return dir, os.MkdirAll(dir, 0o700)
}

// writeConfig writes what kopia wants to read when it opens a repository. It is what
// its own way of connecting writes, which opens the repository twice.
func writeConfig(path string, st kblob.Storage, mode mode, cacheBytes int64, cache bool) error {
	info := st.ConnectionInfo()
	conf := repo.LocalConfig{
		Storage: &info,
		Caching: &content.CachingOptions{},
		ClientOptions: repo.ClientOptions{
			Hostname: maintainer, Username: maintainer, Description: "bcm",
			ReadOnly:                mode != written || st.IsReadOnly(),
			FormatBlobCacheDuration: -1, // a namespace may have had another repository
		},
	}
	if mode != fresh && cache {
		conf.Caching = &content.CachingOptions{
			CacheDirectory:         filepath.Join(filepath.Dir(path), "cache"),
			ContentCacheSizeBytes:  cacheBytes,
			MetadataCacheSizeBytes: 4 * cacheBytes,
		}
	}
	text, err := json.Marshal(conf)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// close closes the repository, if it was opened.
func (h *handle) close(ctx context.Context) error {
	h.busy <- struct{}{}
	defer func() { <-h.busy }()
	var errs []error
	if h.rep != nil {
		errs = append(errs, h.rep.Close(ctx))
		h.rep = nil
	}
	if h.scratch != "" {
		errs = append(errs, os.RemoveAll(h.scratch))
	}
	return errors.Join(errs...)
}

// logged returns a context under which kopia logs to ours.
func logged(ctx context.Context, log hclog.Logger) context.Context {
	return logging.WithLogger(ctx, logTo(log))
}

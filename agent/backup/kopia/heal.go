package kopia

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/kopia/kopia/repo"
	kblob "github.com/kopia/kopia/repo/blob"
	kcompression "github.com/kopia/kopia/repo/compression"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
)

// healer is a writer to a repository with packs that are lost. To kopia it would be
// enough that a content is in the index: it would not store it again, and the backup
// would have nothing behind it. What lies in a lost pack is marked as deleted here, but
// only in the moment in which it is stored again: a mark that stayed would keep kopia
// from pruning, and from finding what is in a pack that a repair brings back.
type healer struct {
	repo.DirectRepositoryWriter
	lost    map[kblob.ID]bool
	objects *object.Manager // writes through a mender
	healed  atomic.Int64    // contents that were stored again
}

// newHealer returns a writer that stores again what lies in packs that are lost.
func newHealer(ctx context.Context, w repo.DirectRepositoryWriter, lost map[kblob.ID]bool) (*healer, error) {
	h := &healer{DirectRepositoryWriter: w, lost: lost}
	var err error
	h.objects, err = object.NewObjectManager(ctx, newMender(h, w.ContentManager().WriteContent), w.ObjectFormat(), nil)
	return h, err
}

// gone tells whether a content lies in a pack that is lost.
func (h *healer) gone(c content.Info) bool { return !c.Deleted && h.lost[c.PackBlobID] }

// manifests stores again the manifests that lie in lost packs, as far as this node has
// a copy in its cache. Without them nobody else could read what the repository has, not
// even the backup that is being made.
func (h *healer) manifests(ctx context.Context) error {
	cm := h.ContentManager()
	var gone []content.ID
	err := cm.IterateContents(ctx, content.IterateOptions{}, func(c content.Info) error {
		if c.ContentID.Prefix() == manifest.ContentPrefix && h.gone(c) {
			gone = append(gone, c.ContentID)
		}
		return nil
	})
	if err != nil {
		return reading(err)
	}
	for _, id := range gone {
		if err := cm.RewriteContent(ctx, id); err != nil {
			return fmt.Errorf("the list of snapshots: %w", reading(err))
		}
		h.healed.Add(1)
	}
	return nil
}

// NewObjectWriter implements repo.RepositoryWriter.
func (h *healer) NewObjectWriter(ctx context.Context, o object.WriterOptions) object.Writer {
	return h.objects.NewWriter(ctx, o)
}

// ConcatenateObjects implements repo.RepositoryWriter.
func (h *healer) ConcatenateObjects(ctx context.Context, ids []object.ID, o repo.ConcatenateOptions) (object.ID, error) {
	return h.objects.Concatenate(ctx, ids, o.Compressor)
}

// OpenObject implements repo.Repository. What a backup opens are the directories of the
// snapshots that it goes on from. Files that are not whole are left out of these, so
// that they are read again from the source.
func (h *healer) OpenObject(ctx context.Context, id object.ID) (object.Reader, error) {
	r, err := h.DirectRepositoryWriter.OpenObject(ctx, id)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	var dir snapshot.DirManifest
	if isDirectory := json.Unmarshal(text, &dir) == nil && dir.StreamType == directoryStream; !isDirectory {
		return memory{bytes.NewReader(text)}, nil
	}
	whole := dir.Entries[:0]
	for _, e := range dir.Entries {
		if e.Type == snapshot.EntryTypeDirectory || h.whole(ctx, e.ObjectID) {
			whole = append(whole, e)
		}
	}
	dir.Entries = whole
	text, err = json.Marshal(&dir)
	return memory{bytes.NewReader(text)}, err
}

// whole tells whether all that an object is made of is in packs that are there.
func (h *healer) whole(ctx context.Context, id object.ID) bool {
	all, err := h.VerifyObject(ctx, id)
	for i := 0; err == nil && i < len(all); i++ {
		var c content.Info
		if c, err = h.ContentInfo(ctx, all[i]); err == nil && h.lost[c.PackBlobID] {
			return false
		}
	}
	return err == nil
}

// memory is an object that has been read.
type memory struct{ *bytes.Reader }

// Close implements object.Reader.
func (memory) Close() error { return nil }

// Length implements object.Reader.
func (m memory) Length() int64 { return m.Size() }

// mender takes the place of kopia's content manager below its writers. B is the type of
// the data, which kopia keeps for itself and the compiler finds out.
type mender[B any] struct {
	*content.WriteManager
	healer *healer
	write  func(context.Context, B, content.IDPrefix, kcompression.HeaderID) (content.ID, error)
	mu     sync.Mutex // of who looks and marks
}

func newMender[B any](h *healer, write func(context.Context, B, content.IDPrefix, kcompression.HeaderID) (content.ID, error)) *mender[B] {
	return &mender[B]{WriteManager: h.ContentManager(), healer: h, write: write}
}

// WriteContent stores a content, and again if kopia finds that it has it, in a pack
// that is lost. Of several that come with the same one, only the first marks it: what
// another has stored again must not be marked.
func (m *mender[B]) WriteContent(ctx context.Context, data B, prefix content.IDPrefix, comp kcompression.HeaderID) (content.ID, error) {
	id, err := m.write(ctx, data, prefix, comp)
	if err != nil {
		return id, err
	}
	marked, err := m.mark(ctx, id)
	if err != nil || !marked {
		return id, err
	}
	m.healer.healed.Add(1)
	return m.write(ctx, data, prefix, comp)
}

// mark marks a content that lies in a lost pack as deleted, and tells whether it did.
func (m *mender[B]) mark(ctx context.Context, id content.ID) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.ContentInfo(ctx, id)
	if err != nil || !m.healer.gone(c) {
		return false, err
	}
	return true, m.DeleteContent(ctx, id)
}

// healing returns the writer for a backup: one that heals when packs are lost.
func (b *backupRun) healing(ctx context.Context, w repo.DirectRepositoryWriter) (repo.RepositoryWriter, error) {
	lost, err := lostPacks(ctx, w, content.IterateOptions{})
	if err != nil || len(lost) == 0 {
		return w, err
	}
	b.engine.opt.Log.Warn("the storage has lost packs", "client", b.opt.Client, "task", b.opt.Task, "packs", len(lost))
	if b.healer, err = newHealer(ctx, w, lost); err != nil {
		return nil, err
	}
	return b.healer, b.healer.manifests(ctx)
}

// tellHealed says in the warnings of a backup what it has healed.
func (b *backupRun) tellHealed() {
	if b.healer == nil || b.healer.healed.Load() == 0 {
		return
	}
	n := b.healer.healed.Load()
	b.engine.opt.Log.Warn("stored again what the storage has lost", "run", b.opt.Run, "contents", n)
	b.warnings.add("repository", fmt.Sprintf("healed: the storage has lost packs (%d); what this backup needs of them (%d contents) was stored again", len(b.healer.lost), n))
}

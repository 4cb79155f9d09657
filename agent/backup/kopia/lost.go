package kopia

import (
	"context"
	"slices"
	"strings"

	wire "bcm/agent/storage/blob"

	"github.com/kopia/kopia/repo"
	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
)

// lostPacks tells which packs the index refers to and the storage does not have, or
// not to their end. The index is read first: a pack is stored before what refers to
// it, so that one that is new is in the listing. One that a prune has taken meanwhile
// may be told wrongly, and that costs some room and nothing else.
func lostPacks(ctx context.Context, w repo.DirectRepositoryWriter, which content.IterateOptions) (map[kblob.ID]bool, error) {
	need := map[kblob.ID]int64{} // how long each pack must be at least
	err := w.ContentReader().IterateContents(ctx, which, func(c content.Info) error {
		need[c.PackBlobID] = max(need[c.PackBlobID], int64(c.PackOffset)+int64(c.PackedLength))
		return nil
	})
	if err != nil {
		return nil, reading(err)
	}
	for _, prefix := range content.PackBlobIDPrefixes {
		err := w.BlobReader().ListBlobs(ctx, prefix, func(there kblob.Metadata) error {
			if there.Length >= need[there.BlobID] {
				delete(need, there.BlobID)
			}
			return nil
		})
		if err != nil {
			return nil, classify(err)
		}
	}
	lost := make(map[kblob.ID]bool, len(need))
	for pack := range need {
		lost[pack] = true
	}
	return lost, nil
}

// giveUp lets the storage forget the packs that it has lost and the index does not refer
// to any more: nobody misses them.
func giveUp(ctx context.Context, h *handle, w repo.DirectRepositoryWriter) error {
	all, err := h.store.client.ListAll(ctx)
	if err != nil {
		return classify(err)
	}
	all = slices.DeleteFunc(all, func(i wire.Info) bool {
		return !i.Lost || !strings.HasPrefix(i.Name, "p") && !strings.HasPrefix(i.Name, "q")
	})
	if len(all) == 0 {
		return nil
	}
	if err := w.Refresh(ctx); err != nil {
		return reading(err)
	}
	missed, err := lostPacks(ctx, w, content.IterateOptions{IncludeDeleted: true})
	if err != nil {
		return err
	}
	for _, i := range all {
		if missed[kblob.ID(i.Name)] {
			continue
		}
		if err := h.store.DeleteBlob(ctx, kblob.ID(i.Name)); err != nil {
			return err
		}
	}
	return nil
}

// pruner is a writer for kopia's maintenance in a repository with packs that are lost.
// Maintenance stores the contents of short packs together in new ones, and ends with an
// error at the first that it cannot read; what is left of a lost pack is often short.
type pruner struct {
	repo.DirectRepositoryWriter
	lost map[kblob.ID]bool
}

// ContentReader implements repo.DirectRepository.
func (p pruner) ContentReader() content.Reader {
	return present{p.DirectRepositoryWriter.ContentReader(), p.lost}
}

// present reads an index without what cannot be read from the storage.
type present struct {
	content.Reader
	lost map[kblob.ID]bool
}

// IteratePacks implements content.Reader. It is asked for packs to store together.
func (p present) IteratePacks(ctx context.Context, o content.IteratePackOptions, visit content.IteratePacksCallback) error {
	return p.Reader.IteratePacks(ctx, o, func(pack content.PackInfo) error {
		if p.lost[pack.PackID] {
			return nil
		}
		return visit(pack)
	})
}

// IterateContents implements content.Reader. It is asked for what no snapshot needs, and
// for what is marked as deleted and needed after all. That would be stored again: where
// a backup that healed has died, there may be some of which that is not possible.
func (p present) IterateContents(ctx context.Context, o content.IterateOptions, visit content.IterateCallback) error {
	return p.Reader.IterateContents(ctx, o, func(c content.Info) error {
		if c.Deleted && p.lost[c.PackBlobID] {
			return nil
		}
		return visit(c)
	})
}

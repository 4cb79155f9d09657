package kopia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"bcm/agent/backup"

	kblob "github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot"
)

// Verify reads snapshots from the storage itself.
func (e *Engine) Verify(ctx context.Context, r backup.Repo, o backup.VerifyOptions, ev backup.Events) (backup.VerifyReport, error) {
	var report backup.VerifyReport
	if o.Percent < 0 || o.Percent > 100 {
		return report, fmt.Errorf("cannot verify %v percent of the data", o.Percent)
	}
	err := e.inspect(ctx, r, fresh, func(ctx context.Context, h *handle) error {
		h.store.segments.forget()
		roots, err := verifiable(ctx, h, o.Snapshots)
		if err != nil {
			return err
		}
		packs, err := kblob.ReadBlobMap(ctx, h.rep.BlobReader())
		if err != nil {
			return err
		}
		meter := backup.NewMeter("verify", ev)
		defer meter.Stop()
		v := &verification{h: h, percent: o.Percent, packs: packs, meter: meter, seen: map[object.ID]bool{}, bad: map[object.ID]bool{}, clean: map[object.ID]bool{}, files: make(chan job, 256)}
		err = v.do(ctx, roots, max(leastWriters, e.opt.Parallel, runtime.NumCPU()))
		report = v.report(len(roots))
		report.Hit = v.hit(ctx, roots)
		return err
	})
	return report, err
}

// verifiable returns the roots of snapshots by id, or of all.
func verifiable(ctx context.Context, h *handle, ids []backup.SnapshotID) (map[backup.SnapshotID]*snapshot.DirEntry, error) {
	roots := map[backup.SnapshotID]*snapshot.DirEntry{}
	if len(ids) == 0 {
		all, err := everySnapshot(ctx, h.rep)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			if m.IncompleteReason == "" {
				ids = append(ids, backup.SnapshotID(m.ID))
			}
		}
	}
	for _, id := range ids {
		root, err := rootOf(ctx, h.rep, id)
		if err != nil {
			return nil, err
		}
		roots[id] = root
	}
	return roots, nil
}

// verification is one verification.
type verification struct {
	h       *handle
	percent float64
	packs   map[kblob.ID]kblob.Metadata // what the storage has
	meter   *backup.Meter
	seen    map[object.ID]bool // of the walking goroutine
	files   chan job

	count, readFiles, readBytes atomic.Int64
	problems                    warnings

	mu  sync.Mutex
	bad map[object.ID]bool // damaged files and directories

	clean map[object.ID]bool // directories of which it is known whether all in them is whole
}

func (v *verification) do(ctx context.Context, roots map[backup.SnapshotID]*snapshot.DirEntry, readers int) error {
	for _, root := range roots {
		files, _, bytes := size(root)
		v.meter.AddTotal(files, bytes)
	}
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			buf := make([]byte, copySize)
			for j := range v.files {
				if ctx.Err() == nil {
					v.file(ctx, j, buf)
				}
			}
		})
	}
	for id, root := range roots {
		v.walk(ctx, job{entry: root, rel: string(id) + ":/"})
	}
	close(v.files)
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if list, n := v.problems.all(); n > 0 {
		return fmt.Errorf("%w: %d problems, the first: %s", backup.ErrCorrupt, n, list[0])
	}
	return nil
}

// walk hands out the files of a directory and of those in it. What several snapshots
// have alike is looked at once.
func (v *verification) walk(ctx context.Context, j job) {
	if ctx.Err() != nil {
		return
	}
	if v.seen[j.entry.ObjectID] {
		files, _, bytes := size(j.entry)
		v.meter.Done(files, bytes)
		return
	}
	v.seen[j.entry.ObjectID] = true
	if j.entry.Type != snapshot.EntryTypeDirectory {
		v.files <- j
		return
	}
	entries, err := readDir(ctx, v.h.rep, j.entry)
	if err != nil {
		v.problem(ctx, j, err)
		return
	}
	for _, entry := range entries {
		if _, err := diskName(entry.Name); err != nil {
			v.problem(ctx, j, fmt.Errorf("%w: %q", err, entry.Name))
			continue
		}
		v.walk(ctx, job{entry: entry, rel: path.Join(j.rel, entry.Name)})
	}
}

// file checks that the storage has what a file is made of, and of some reads it all.
func (v *verification) file(ctx context.Context, j job, buf []byte) {
	v.meter.Item(j.rel)
	v.count.Add(1)
	err := v.present(ctx, j.entry.ObjectID)
	if err == nil && 100*rand.Float64() < v.percent {
		err = v.read(ctx, j.entry, buf)
	}
	if err != nil {
		v.problem(ctx, j, err)
	}
	files, _, bytes := size(j.entry)
	v.meter.Done(files, bytes)
}

// present checks that each pack which an object needs is there and long enough.
func (v *verification) present(ctx context.Context, id object.ID) error {
	contents, err := v.h.rep.VerifyObject(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range contents {
		info, err := v.h.rep.ContentInfo(ctx, c)
		if err != nil {
			return err
		}
		pack, ok := v.packs[info.PackBlobID]
		if !ok {
			return fmt.Errorf("%w: pack %s is missing", backup.ErrCorrupt, info.PackBlobID)
		}
		if need := int64(info.PackOffset) + int64(info.PackedLength); pack.Length < need {
			return fmt.Errorf("%w: pack %s has %d bytes of %d", backup.ErrCorrupt, info.PackBlobID, pack.Length, need)
		}
	}
	return nil
}

// read reads an object to its end, which checks it.
func (v *verification) read(ctx context.Context, e *snapshot.DirEntry, buf []byte) error {
	r, err := v.h.rep.OpenObject(ctx, e.ObjectID)
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
	v.readFiles.Add(1)
	v.readBytes.Add(n)
	if err == nil && e.Type == snapshot.EntryTypeFile && n != e.FileSize {
		err = fmt.Errorf("%w: %d bytes of %d", backup.ErrCorrupt, n, e.FileSize)
	}
	return errors.Join(err, r.Close())
}

// problem notes damage. What fails because the verification ends is none.
func (v *verification) problem(ctx context.Context, j job, err error) {
	if ctx.Err() != nil || runOf(ctx).failed() != nil {
		return
	}
	v.meter.Error()
	v.problems.add(j.rel, reason(err))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bad[j.entry.ObjectID] = true
}

// hit names the snapshots that have something damaged in them. What several have alike
// was looked at in one of them only, so that all are gone through again when there is
// damage; each directory once.
func (v *verification) hit(ctx context.Context, roots map[backup.SnapshotID]*snapshot.DirEntry) (hit []backup.SnapshotID) {
	if len(v.bad) == 0 {
		return nil
	}
	for id, root := range roots {
		if v.tainted(ctx, root) {
			hit = append(hit, id)
		}
	}
	slices.Sort(hit)
	return hit
}

// tainted tells whether a file or anything in a directory is damaged.
func (v *verification) tainted(ctx context.Context, e *snapshot.DirEntry) bool {
	if v.bad[e.ObjectID] || e.Type != snapshot.EntryTypeDirectory {
		return v.bad[e.ObjectID]
	}
	if clean, known := v.clean[e.ObjectID]; known {
		return !clean
	}
	entries, err := readDir(ctx, v.h.rep, e)
	found := err != nil || slices.ContainsFunc(entries, func(in *snapshot.DirEntry) bool { return v.tainted(ctx, in) })
	v.clean[e.ObjectID] = !found
	return found
}

func (v *verification) report(snapshots int) backup.VerifyReport {
	r := backup.VerifyReport{
		Snapshots: snapshots, Files: v.count.Load(), ReadFiles: v.readFiles.Load(), ReadBytes: v.readBytes.Load(),
	}
	r.Problems, r.ProblemCount = v.problems.all()
	return r
}

package kopia

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"sync"
	"sync/atomic"

	"bcm/agent/backup"

	"github.com/kopia/kopia/snapshot"
)

// leastWriters is how many files are restored at once at least: they wait for the
// network more than for a processor.
const leastWriters = 8

// Restore puts a directory's content, or a file, into the target directory.
func (e *Engine) Restore(ctx context.Context, r backup.Repo, id backup.SnapshotID, at string, t backup.Target, ev backup.Events) (backup.RestoreStats, error) {
	var stats backup.RestoreStats
	err := e.inspect(ctx, r, fresh, func(ctx context.Context, h *handle) error {
		root, err := rootOf(ctx, h.rep, id)
		if err != nil {
			return err
		}
		entry, err := find(ctx, h.rep, root, at)
		if err != nil {
			return err
		}
		out, err := openTarget(t)
		if err != nil {
			return err
		}
		meter := backup.NewMeter("restore", ev)
		defer meter.Stop()
		work := &restore{h: h, out: out, meter: meter, entries: make(chan job, 256)}
		err = work.do(ctx, entry, max(leastWriters, e.opt.Parallel, runtime.NumCPU()))
		stats = work.stats()
		return errors.Join(err, out.close())
	})
	return stats, err
}

// restore is one restore.
type restore struct {
	h       *handle
	out     *target
	meter   *backup.Meter
	entries chan job // files and links

	files, dirs, links, bytes, skipped, failed, corrupt atomic.Int64
	problems                                            warnings

	finish []job // directories whose attributes are set when all is in them
}

// job is an entry and where it goes, relative to the target.
type job struct {
	entry *snapshot.DirEntry
	rel   string
}

// do restores the entry and compares what came out with what the entry says it has.
func (r *restore) do(ctx context.Context, entry *snapshot.DirEntry, writers int) error {
	files, others, bytes := size(entry)
	r.meter.Total(files, bytes)
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() { r.write(ctx, abort) })
	}
	err := r.walk(ctx, entry)
	close(r.entries)
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	for i := len(r.finish) - 1; i >= 0; i-- { // the deepest first: what is written in a directory changes its time
		if err := r.out.finishDir(r.finish[i].entry, r.finish[i].rel); err != nil {
			r.fault(r.finish[i], err, 0)
		}
	}
	if r.out.foreign.Load() {
		r.problems.add(".", "owners were not restored: that needs root")
	}
	return r.verdict(files + others)
}

// size returns how many files, and how much else, an entry and all in it are.
func size(entry *snapshot.DirEntry) (files, others, bytes int64) {
	if sum := entry.DirSummary; sum != nil {
		return sum.TotalFileCount, sum.TotalSymlinkCount + sum.TotalDirCount, sum.TotalFileSize
	}
	if entry.Type == snapshot.EntryTypeFile {
		return 1, 0, entry.FileSize
	}
	return 0, 1, 0
}

// walk makes the directories and hands out what is in them.
func (r *restore) walk(ctx context.Context, entry *snapshot.DirEntry) error {
	if entry.Type == snapshot.EntryTypeDirectory {
		return r.walkDir(ctx, job{entry, "."})
	}
	name, err := diskName(entry.Name)
	if err != nil {
		return fmt.Errorf("%w: %w", backup.ErrCorrupt, err)
	}
	return r.hand(ctx, job{entry, name})
}

// walkDir makes one directory and all below. It fails only if the whole restore does.
func (r *restore) walkDir(ctx context.Context, dir job) error {
	made, err := r.out.makeDir(dir.entry, dir.rel)
	if err != nil {
		r.faultBelow(dir, err)
		return nil
	}
	entries, err := readDir(ctx, r.h.rep, dir.entry)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.faultBelow(dir, err)
		return nil
	}
	r.dirs.Add(1)
	if made {
		r.finish = append(r.finish, dir)
	}
	seen := make(map[string]bool, len(entries))
	for _, entry := range entries {
		name, err := diskName(entry.Name)
		if err == nil && seen[name] {
			err = fmt.Errorf("%w: twice in one directory", errName)
		}
		seen[name] = true
		child := job{entry, path.Join(dir.rel, name)}
		if err != nil {
			child.rel = path.Join(dir.rel, fmt.Sprintf("%q", entry.Name))
			r.faultBelow(child, fmt.Errorf("%w: %w", backup.ErrCorrupt, err))
			continue
		}
		if entry.Type == snapshot.EntryTypeDirectory {
			err = r.walkDir(ctx, child)
		} else {
			err = r.hand(ctx, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hand gives a file or a link to whoever is free to write it.
func (r *restore) hand(ctx context.Context, j job) error {
	select {
	case r.entries <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write restores files and links until there are no more. It ends the whole restore
// when nothing further could succeed.
func (r *restore) write(ctx context.Context, abort context.CancelCauseFunc) {
	buf := make([]byte, copySize)
	for j := range r.entries {
		if ctx.Err() != nil {
			continue
		}
		r.meter.Item(j.rel)
		done, err := r.writeOne(ctx, j, buf)
		switch {
		case err != nil && (ctx.Err() != nil || hopeless(err)):
			abort(err)
		case err != nil:
			r.fault(j, err, 1)
		case !done:
			r.skipped.Add(1)
			r.meter.Done(1, j.entry.FileSize)
		}
	}
}

// writeOne restores a file or a link, unless what is there is to stay.
func (r *restore) writeOne(ctx context.Context, j job, buf []byte) (done bool, err error) {
	write, err := r.out.room(j.entry, j.rel)
	if err != nil || !write {
		return false, err
	}
	switch j.entry.Type {
	case snapshot.EntryTypeFile:
		content, err := r.h.rep.OpenObject(ctx, j.entry.ObjectID)
		if err != nil {
			return false, reading(err)
		}
		err = r.out.writeFile(j.entry, j.rel, content, buf, func(n int64) { r.meter.Done(0, n); r.bytes.Add(n) })
		if err := errors.Join(err, content.Close()); err != nil {
			return false, err
		}
		r.files.Add(1)
		r.meter.Done(1, 0)
	case snapshot.EntryTypeSymlink:
		to, err := readLink(ctx, r.h.rep, j.entry)
		if err != nil {
			return false, err
		}
		if err := r.out.writeLink(j.entry, j.rel, to); err != nil {
			return false, err
		}
		r.links.Add(1)
	default:
		return false, fmt.Errorf("%w: entry of type %q", backup.ErrCorrupt, j.entry.Type)
	}
	return true, nil
}

// fault notes that an entry is not as it should be; n counts what failed by that.
func (r *restore) fault(j job, err error, n int64) {
	r.failed.Add(n)
	if errors.Is(err, backup.ErrCorrupt) {
		r.corrupt.Add(1)
	}
	r.meter.Error()
	r.problems.add(j.rel, reason(err))
}

// faultBelow notes that nothing in an entry could be restored.
func (r *restore) faultBelow(j job, err error) {
	files, others, _ := size(j.entry)
	r.fault(j, err, files+others)
}

// verdict tells whether all that was expected is there.
func (r *restore) verdict(expected int64) error {
	s := r.stats()
	if s.Failed > 0 {
		what := backup.ErrTarget
		if r.corrupt.Load() > 0 {
			what = backup.ErrCorrupt
		}
		return fmt.Errorf("%w: %d of %d were not restored, the first: %s", what, s.Failed, expected, s.Problems[0])
	}
	if got := s.Files + s.Dirs + s.Links + s.Skipped; got != expected {
		return fmt.Errorf("%w: restored %d of %d", backup.ErrCorrupt, got, expected)
	}
	return nil
}

func (r *restore) stats() backup.RestoreStats {
	s := backup.RestoreStats{
		Files: r.files.Load(), Dirs: r.dirs.Load(), Links: r.links.Load(), Bytes: r.bytes.Load(),
		Skipped: r.skipped.Load(), Failed: r.failed.Load(),
	}
	s.Problems, _ = r.problems.all()
	return s
}

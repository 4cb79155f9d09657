package kopia

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"bcm/agent/backup"
	"bcm/fsm"

	"github.com/kopia/kopia/snapshot"
)

// leastWriters is how many files are restored at once at least: they wait for the
// network more than for a processor.
const leastWriters = 8

// Restore puts a directory's content, or a file, into the target directory.
func (e *Engine) Restore(ctx context.Context, r backup.Repo, id backup.SnapshotID, at string, t backup.Target, ev backup.Events) (backup.RestoreStats, error) {
	var stats backup.RestoreStats
	err := e.inspect(ctx, r, fresh, func(ctx context.Context, h *handle) error {
		all, err := allot(ctx, h, id, at, t)
		if err != nil {
			return err
		}
		meter := backup.NewMeter(map[bool]string{false: "restore", true: "dry run"}[t.DryRun], ev)
		defer meter.Stop()
		work := &restore{h: h, meter: meter, entries: make(chan job, 256)}
		err = work.do(ctx, all, max(leastWriters, e.opt.Parallel, runtime.NumCPU()))
		stats = work.stats()
		return err
	})
	return stats, err
}

// allot finds what is to be restored, and where each part of it goes.
func allot(ctx context.Context, h *handle, id backup.SnapshotID, at string, t backup.Target) ([]lot, error) {
	m, err := complete(ctx, h.rep, id)
	if err != nil {
		return nil, err
	}
	if !t.Origin {
		p, err := choose(ctx, h.rep, m.RootEntry, at, t.Only)
		return []lot{{pick: p, to: t}}, err
	}
	only := []string{at}
	if len(t.Only) > 0 {
		only = nil
		for _, sub := range t.Only {
			only = append(only, path.Join(at, sub))
		}
	}
	if strings.Trim(at, "/") == "" {
		only = t.Only
	}
	p, err := choose(ctx, h.rep, m.RootEntry, "/", only)
	if err != nil {
		return nil, err
	}
	return lots(ctx, h.rep, m, p, t)
}

// restore is one restore.
type restore struct {
	h       *handle
	meter   *backup.Meter
	entries chan job // files and links

	files, dirs, links, bytes, skipped, same, failed, corrupt atomic.Int64
	changes                                                   changes
	problems                                                  warnings

	finish []job // directories whose attributes are set when all is in them
}

// job is an entry and where it goes, relative to a target.
type job struct {
	entry *snapshot.DirEntry
	out   *target
	rel   string
	new   bool // what it lies in is not there yet: so says a dry run, which makes nothing
}

// do restores the lots and compares what came out with what the entries say they have.
func (r *restore) do(ctx context.Context, all []lot, writers int) error {
	var expected int64
	for _, l := range all {
		files, others, bytes := l.pick.size()
		r.meter.AddTotal(files, bytes)
		expected += files + others
	}
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() { r.write(ctx, abort) })
	}
	targets, err := r.walkAll(ctx, all)
	close(r.entries)
	writing.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		r.finishDirs()
	}
	foreign := false
	for _, t := range targets {
		foreign = foreign || t.foreign.Load()
		err = errors.Join(err, t.close())
	}
	if err != nil {
		return err
	}
	if foreign {
		r.problems.add(".", "owners were not restored: that needs root")
	}
	return r.verdict(expected)
}

// finishDirs gives directories their attributes, the deepest first: what is written in
// a directory changes its time.
func (r *restore) finishDirs() {
	for i := len(r.finish) - 1; i >= 0; i-- {
		if err := r.finish[i].out.finishDir(r.finish[i].entry, r.finish[i].rel); err != nil {
			r.fault(r.finish[i], err, 0)
		}
	}
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

// walkAll makes the directories and hands out what is in them. It returns the targets
// that are to be closed.
func (r *restore) walkAll(ctx context.Context, all []lot) (targets []*target, err error) {
	for _, l := range all {
		out, err := openTarget(l.to)
		if err != nil {
			return targets, err
		}
		targets = append(targets, out)
		if l.pick.entry.Type == snapshot.EntryTypeDirectory {
			err = r.walkDir(ctx, l.pick, job{entry: l.pick.entry, out: out, rel: ".", new: out.missing})
		} else {
			err = r.handOne(ctx, l, out)
		}
		if err != nil {
			return targets, err
		}
	}
	return targets, nil
}

// handOne hands out a file or a link that is restored by itself.
func (r *restore) handOne(ctx context.Context, l lot, out *target) error {
	name := l.name
	if name == "" {
		var err error
		if name, err = diskName(l.pick.entry.Name); err != nil {
			return fmt.Errorf("%w: %w", backup.ErrCorrupt, err)
		}
	}
	return r.hand(ctx, job{entry: l.pick.entry, out: out, rel: name, new: out.missing})
}

// walkDir makes one directory and all below that is picked. It fails only if the whole
// restore does.
func (r *restore) walkDir(ctx context.Context, p *pick, dir job) error {
	rel, state, err := dir.out.makeDir(dir)
	if err != nil {
		r.faultBelow(dir, p, err)
		return nil
	}
	dir.rel, dir.new = rel, state == dirNew && dir.out.dry
	parts, err := p.parts(ctx, r.h.rep)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		r.faultBelow(dir, p, err)
		return nil
	}
	r.dirs.Add(1)
	if whole := p.below == nil; !dir.out.dry && (state == dirNew && (whole || dir.rel != ".") ||
		state == dirKnown && whole && dir.out.overwrite == fsm.Always) {
		r.finish = append(r.finish, dir)
	}
	seen := make(map[string]bool, len(parts))
	for _, part := range parts {
		name, err := diskName(part.entry.Name)
		if err == nil && seen[name] {
			err = fmt.Errorf("%w: twice in one directory", errName)
		}
		seen[name] = true
		child := job{entry: part.entry, out: dir.out, rel: path.Join(dir.rel, name), new: dir.new}
		if err != nil {
			child.rel = path.Join(dir.rel, fmt.Sprintf("%q", part.entry.Name))
			r.faultBelow(child, part, fmt.Errorf("%w: %w", backup.ErrCorrupt, err))
			continue
		}
		if part.entry.Type == snapshot.EntryTypeDirectory {
			err = r.walkDir(ctx, part, child)
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
	p := &pen{buf: make([]byte, copySize)}
	defer func() {
		if err := p.close(); err != nil {
			abort(asTarget(err))
		}
	}()
	for j := range r.entries {
		if ctx.Err() != nil {
			continue
		}
		r.meter.Item(j.shown())
		err := r.writeOne(ctx, j, p)
		switch {
		case err != nil && (ctx.Err() != nil || hopeless(err)):
			abort(err)
		case err != nil:
			r.fault(j, err, 1)
		}
	}
}

// writeOne restores a file or a link, unless what is there is to stay.
func (r *restore) writeOne(ctx context.Context, j job, p *pen) error {
	var to string
	switch j.entry.Type {
	case snapshot.EntryTypeFile:
	case snapshot.EntryTypeSymlink:
		var err error
		if to, err = readLink(ctx, r.h.rep, j.entry); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: entry of type %q", backup.ErrCorrupt, j.entry.Type)
	}
	kind, rel, err := j.out.decide(j, to)
	if err != nil {
		return err
	}
	j.rel = rel
	switch {
	case kind == fsm.SameFile:
		r.same.Add(1)
		r.meter.Done(1, j.entry.FileSize)
	case kind == fsm.SkippedFile:
		r.skipped.Add(1)
		r.meter.Done(1, j.entry.FileSize)
	case j.out.dry:
		r.count(j)
		r.meter.Done(1, j.entry.FileSize)
		if to == "" {
			r.bytes.Add(j.entry.FileSize)
		}
	default:
		if err := r.fetch(ctx, j, to, p); err != nil {
			return err
		}
		r.count(j)
	}
	r.changes.add(kind, j.shown())
	return nil
}

// count counts something that was restored.
func (r *restore) count(j job) {
	if j.entry.Type == snapshot.EntryTypeFile {
		r.files.Add(1)
	} else {
		r.links.Add(1)
	}
}

// fetch writes a file or a link.
func (r *restore) fetch(ctx context.Context, j job, to string, p *pen) error {
	if j.entry.Type == snapshot.EntryTypeSymlink {
		return j.out.writeLink(p, j.entry, j.rel, to)
	}
	content, err := r.h.rep.OpenObject(ctx, j.entry.ObjectID)
	if err != nil {
		return reading(err)
	}
	err = j.out.writeFile(p, j.entry, j.rel, content, func(n int64) { r.meter.Done(0, n); r.bytes.Add(n) })
	if err := errors.Join(err, content.Close()); err != nil {
		return err
	}
	r.meter.Done(1, 0)
	return nil
}

// shown is the path that is told: the whole one where there are several targets.
func (j job) shown() string {
	if j.out.whole {
		return path.Join(j.out.dir, j.rel)
	}
	return j.rel
}

// fault notes that an entry is not as it should be; n counts what failed by that.
func (r *restore) fault(j job, err error, n int64) {
	r.failed.Add(n)
	if errors.Is(err, backup.ErrCorrupt) {
		r.corrupt.Add(1)
	}
	r.meter.Error()
	r.problems.add(j.shown(), reason(err))
}

// faultBelow notes that nothing that is picked of an entry could be restored.
func (r *restore) faultBelow(j job, p *pick, err error) {
	files, others, _ := p.size()
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
	if got := s.Files + s.Dirs + s.Links + s.Skipped + s.Same; got != expected {
		return fmt.Errorf("%w: restored %d of %d", backup.ErrCorrupt, got, expected)
	}
	return nil
}

func (r *restore) stats() backup.RestoreStats {
	s := backup.RestoreStats{
		Files: r.files.Load(), Dirs: r.dirs.Load(), Links: r.links.Load(), Bytes: r.bytes.Load(),
		Skipped: r.skipped.Load(), Same: r.same.Load(), Failed: r.failed.Load(), Changes: r.changes.all(),
	}
	s.Problems, _ = r.problems.all()
	return s
}

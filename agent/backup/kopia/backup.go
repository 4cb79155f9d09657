package kopia

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/upload"
)

// errStopped is returned when kopia ended a backup without being asked to.
var errStopped = errors.New("kopia ended the backup")

// Backup makes a snapshot of the source.
func (e *Engine) Backup(ctx context.Context, r backup.Repo, s backup.Source, o backup.BackupOptions, ev backup.Events) (backup.Snapshot, error) {
	open := openPaths
	if len(s.Command) > 0 {
		open = openCommand
	}
	src, err := open(s)
	if err != nil {
		return backup.Snapshot{}, err
	}
	run, inner, end := startRun(ctx, r, e.opt.Grace)
	defer end()
	inner = logged(wire.WithPacer(inner, o.Throttle.Take), e.opt.Log)
	h, err := e.acquire(inner, r, written)
	if err != nil {
		return backup.Snapshot{}, err
	}
	defer e.release(h)
	if err := h.keepForEver(inner); err != nil {
		return backup.Snapshot{}, err
	}
	b := &backupRun{engine: e, run: run, src: src, opt: o, meter: backup.NewMeter("upload", ev), info: sourceInfo(o, src)}
	defer b.meter.Stop()
	for _, w := range src.warnings {
		b.meter.Error()
		b.warnings.add(w.Path, w.Reason)
	}
	return b.make(inner, h)
}

// sourceInfo tells kopia which snapshots are of the same data.
func sourceInfo(o backup.BackupOptions, src *roots) snapshot.SourceInfo {
	info := snapshot.SourceInfo{Host: o.Client, UserName: maintainer, Path: o.Task}
	if info.Host == "" {
		info.Host = "-"
	}
	if info.Path == "" {
		info.Path = src.key
	}
	return info
}

// backupRun is one backup being made.
type backupRun struct {
	engine   *Engine
	run      *run
	src      *roots
	opt      backup.BackupOptions
	info     snapshot.SourceInfo
	meter    *backup.Meter
	warnings warnings
	healer   *healer // nil when the storage has lost nothing
}

// make makes the snapshot and stores it. The storage is asked anew what others have
// stored, since they may have gone on where this node left off.
func (b *backupRun) make(ctx context.Context, h *handle) (backup.Snapshot, error) {
	var man *snapshot.Manifest
	err := h.rep.Refresh(ctx)
	if err == nil {
		err = repo.DirectWriteSession(ctx, h.rep, repo.WriteSessionOptions{Purpose: "backup", OnUpload: b.meter.Uploaded},
			func(ctx context.Context, direct repo.DirectRepositoryWriter) error {
				w, err := b.healing(ctx, direct)
				if err != nil {
					return err
				}
				man, err = b.upload(ctx, w)
				return err
			})
		b.tellHealed()
	}
	err = writing(ctx, err)
	if man == nil {
		if err == nil {
			err = fmt.Errorf("%w: before anything was stored", backup.ErrCanceled)
		}
		return backup.Snapshot{}, err
	}
	snap := describe(man)
	snap.NewBytes = b.meter.Written()
	snap.Warnings, snap.WarningCount = b.warnings.all()
	if err != nil { // it was not stored, or not all of it
		snap.ID = ""
		return snap, err
	}
	if snap.Incomplete {
		return snap, backup.ErrCanceled
	}
	return snap, nil
}

// upload reads the source and saves the manifest. It returns no manifest when there
// is nothing worth saving.
func (b *backupRun) upload(ctx context.Context, w repo.RepositoryWriter) (*snapshot.Manifest, error) {
	stored, err := b.stored(ctx, w)
	if err != nil {
		return nil, err
	}
	u := upload.NewUploader(w)
	u.Progress = &progress{meter: b.meter, warnings: &b.warnings}
	u.ParallelUploads = b.engine.opt.Parallel
	if u.ParallelUploads == 0 {
		u.ParallelUploads = runtime.NumCPU()
	}
	u.CheckpointInterval = b.engine.opt.Checkpoint
	u.CheckpointLabels = tagsOf(b.opt)
	u.EnableActions = false // nothing in a source runs anything here
	b.run.onStop(u.Cancel)
	man, err := u.Upload(ctx, b.src.root, b.src.tree(), b.info, b.previous(stored)...)
	switch failure := b.run.failed(); {
	case failure != nil: // whatever kopia made of it
		return nil, failure
	case err != nil && ctx.Err() != nil:
		return nil, classify(context.Cause(ctx))
	case err != nil: // what is left is the source's
		return nil, fmt.Errorf("%w: %w", backup.ErrSource, err)
	case man.IncompleteReason != "" && !b.run.stopping():
		return nil, fmt.Errorf("%w: %s", errStopped, man.IncompleteReason)
	case man.IncompleteReason != "" && b.src.stream:
		return nil, nil
	}
	man.Tags = tagsOf(b.opt)
	if err := b.src.tag(man.Tags); err != nil {
		return nil, err
	}
	b.meter.Phase("save")
	return man, b.save(ctx, w, man)
}

// previous returns the snapshots to go on from: the last complete one and what was
// begun after it.
func (b *backupRun) previous(stored []*snapshot.Manifest) []*snapshot.Manifest {
	if b.src.stream {
		return nil
	}
	var last *snapshot.Manifest
	for _, m := range stored {
		if m.IncompleteReason == "" && (last == nil || m.StartTime.After(last.StartTime)) {
			last = m
		}
	}
	var previous []*snapshot.Manifest
	for _, m := range stored {
		if m == last || m.IncompleteReason != "" && (last == nil || m.StartTime.After(last.StartTime)) {
			previous = append(previous, m)
		}
	}
	return previous
}

// save saves the manifest and takes out what it makes useless: incomplete ones from
// before, and what earlier attempts of the run have stored.
func (b *backupRun) save(ctx context.Context, w repo.RepositoryWriter, man *snapshot.Manifest) error {
	if err := w.Refresh(ctx); err != nil {
		return reading(err)
	}
	stored, err := b.stored(ctx, w)
	if err != nil {
		return err
	}
	if _, err := snapshot.SaveSnapshot(ctx, w, man); err != nil {
		return reading(err)
	}
	if man.IncompleteReason != "" {
		return nil
	}
	for _, m := range stored {
		if m.IncompleteReason != "" || b.mine(m) {
			if err := w.DeleteManifest(ctx, m.ID); err != nil {
				return reading(err)
			}
		}
	}
	return nil
}

// stored returns what is stored of the same data. It refuses to go on when a later
// attempt of the run has stored something.
func (b *backupRun) stored(ctx context.Context, w repo.RepositoryWriter) ([]*snapshot.Manifest, error) {
	stored, err := snapshots(ctx, w, b.info)
	if err != nil {
		return nil, err
	}
	for _, m := range stored {
		if b.mine(m) && b.opt.Fence.Less(fenceOf(m)) {
			return nil, fmt.Errorf("%w: attempt %s of run %s", backup.ErrFenced, m.Tags[tagAttempt], b.opt.Run)
		}
	}
	return stored, nil
}

// mine tells whether an attempt of the run has stored a snapshot.
func (b *backupRun) mine(m *snapshot.Manifest) bool {
	return b.opt.Run != "" && m.Tags[tagRun] == b.opt.Run
}

package kopia

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"bcm/agent/backup"
	wire "bcm/agent/storage/blob"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/snapshot"
)

// Tags of a snapshot, beside those of kopia.
const (
	tagRun     = "bcm-run"
	tagAttempt = "bcm-attempt"
	tagFence   = "bcm-fence"
	tagTask    = "bcm-task"
	tagSource  = "bcm-source" // the paths, as JSON
)

func tagsOf(o backup.BackupOptions) map[string]string {
	return map[string]string{
		tagRun:     o.Run,
		tagAttempt: strconv.Itoa(int(o.Attempt)),
		tagFence:   wire.Fence(o.Fence).String(),
		tagTask:    o.Task,
	}
}

// fenceOf returns the fence of the attempt that made a snapshot, the zero one if it
// does not say.
func fenceOf(m *snapshot.Manifest) backup.Fence {
	fence, err := wire.ParseFence(m.Tags[tagFence])
	if err != nil {
		return backup.Fence{}
	}
	return backup.Fence(fence)
}

// describe makes our snapshot of kopia's. The counts are those of the root: kopia's
// statistics of an upload leave out what it knew before.
func describe(m *snapshot.Manifest) backup.Snapshot {
	attempt, _ := strconv.ParseInt(m.Tags[tagAttempt], 10, 32) // 0 for one that does not say
	s := backup.Snapshot{
		ID:     backup.SnapshotID(m.ID),
		Client: m.Source.Host, Task: m.Tags[tagTask], Run: m.Tags[tagRun],
		Attempt: int32(attempt), Fence: fenceOf(m),
		Started: m.StartTime.ToTime(), Ended: m.EndTime.ToTime(), Incomplete: m.IncompleteReason != "",
		NewFiles: int64(m.Stats.NonCachedFiles),
	}
	if m.RootEntry == nil || m.RootEntry.DirSummary == nil {
		return s
	}
	sum := m.RootEntry.DirSummary
	s.Files, s.Dirs, s.Links, s.Bytes = sum.TotalFileCount, sum.TotalDirCount, sum.TotalSymlinkCount, sum.TotalFileSize
	s.WarningCount = int64(sum.IgnoredErrorCount + sum.FatalErrorCount)
	for _, f := range sum.FailedEntries {
		s.Warnings = append(s.Warnings, backup.Warning{Path: f.EntryPath, Reason: f.Error})
	}
	return s
}

// snapshots returns the manifests of one client and task.
func snapshots(ctx context.Context, rep repo.Repository, info snapshot.SourceInfo) ([]*snapshot.Manifest, error) {
	ids, err := snapshot.ListSnapshotManifests(ctx, rep, &info, nil)
	if err != nil {
		return nil, reading(err)
	}
	return load(ctx, rep, ids)
}

// load reads manifests, all or none: kopia's way leaves out what it cannot read.
func load(ctx context.Context, rep repo.Repository, ids []manifest.ID) ([]*snapshot.Manifest, error) {
	all := make([]*snapshot.Manifest, 0, len(ids))
	for _, id := range ids {
		m, err := snapshot.LoadSnapshot(ctx, rep, id)
		if err != nil {
			return nil, reading(err)
		}
		all = append(all, m)
	}
	return all, nil
}

// everySnapshot returns the manifests of a repository, the oldest first.
func everySnapshot(ctx context.Context, rep repo.Repository) ([]*snapshot.Manifest, error) {
	ids, err := snapshot.ListSnapshotManifests(ctx, rep, nil, nil)
	if err != nil {
		return nil, reading(err)
	}
	all, err := load(ctx, rep, ids)
	slices.SortFunc(all, func(a, b *snapshot.Manifest) int {
		return cmp.Or(cmp.Compare(a.StartTime, b.StartTime), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

// inspect lets do work with the repository as it stands now.
func (e *Engine) inspect(ctx context.Context, r backup.Repo, mode mode, do func(ctx context.Context, h *handle) error) error {
	run, inner, end := startRun(ctx, r, 0)
	defer end()
	inner = logged(inner, e.opt.Log)
	h, err := e.acquire(inner, r, mode)
	if err != nil {
		return err
	}
	defer e.release(h)
	if err := h.rep.Refresh(inner); err != nil {
		return errors.Join(run.failed(), reading(err))
	}
	if err := do(inner, h); err != nil {
		if failure := run.failed(); failure != nil {
			return failure
		}
		return reading(err)
	}
	return nil
}

// Snapshots lists snapshots, the oldest first.
func (e *Engine) Snapshots(ctx context.Context, r backup.Repo, f backup.Filter) ([]backup.Snapshot, error) {
	var found []backup.Snapshot
	err := e.inspect(ctx, r, cached, func(ctx context.Context, h *handle) error {
		all, err := everySnapshot(ctx, h.rep)
		for _, m := range all {
			if s := describe(m); f.Match(s) {
				found = append(found, s)
			}
		}
		return err
	})
	return found, err
}

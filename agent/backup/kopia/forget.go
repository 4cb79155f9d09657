package kopia

import (
	"context"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/policy"
)

// Forget takes snapshots out of the list.
func (e *Engine) Forget(ctx context.Context, r backup.Repo, keep backup.Retention, ids ...backup.SnapshotID) ([]backup.SnapshotID, error) {
	named := map[backup.SnapshotID]bool{}
	for _, id := range ids {
		named[id] = true
	}
	var gone []backup.SnapshotID
	err := e.inspect(ctx, r, written, func(ctx context.Context, h *handle) error {
		all, err := everySnapshot(ctx, h.rep)
		if err != nil {
			return err
		}
		unwanted(all, keep, named)
		if len(named) == 0 {
			return nil
		}
		return writing(ctx, repo.WriteSession(ctx, h.rep, repo.WriteSessionOptions{Purpose: "forget"},
			func(ctx context.Context, w repo.RepositoryWriter) error {
				for _, m := range all {
					if id := backup.SnapshotID(m.ID); named[id] {
						if err := w.DeleteManifest(ctx, m.ID); err != nil {
							return reading(err)
						}
						gone = append(gone, id)
					}
				}
				return nil
			}))
	})
	if err != nil {
		return nil, err
	}
	return gone, nil
}

// unwanted adds to named the snapshots that keep does not keep, incomplete ones not
// counted. A retention that keeps nothing is no retention: all are kept.
func unwanted(all []*snapshot.Manifest, keep backup.Retention, named map[backup.SnapshotID]bool) {
	if keep == (backup.Retention{}) {
		return
	}
	number := func(n int) *policy.OptionalInt { o := policy.OptionalInt(n); return &o }
	rule := policy.RetentionPolicy{
		KeepLatest: number(keep.Last), KeepHourly: number(keep.Hourly), KeepDaily: number(keep.Daily),
		KeepWeekly: number(keep.Weekly), KeepMonthly: number(keep.Monthly), KeepAnnual: number(keep.Yearly),
	}
	for _, same := range snapshot.GroupBySource(all) {
		rule.ComputeRetentionReasons(same)
		for _, m := range same {
			if m.IncompleteReason == "" && len(m.RetentionReasons) == 0 && len(m.Pins) == 0 {
				named[backup.SnapshotID(m.ID)] = true
			}
		}
	}
}

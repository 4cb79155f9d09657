package kopia

import (
	"context"
	"fmt"
	"time"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/snapshot/snapshotmaintenance"
)

// mostSkew is how far this node's clock may be from the storage's: what is old enough
// to be deleted is told by both.
const mostSkew = 5 * time.Minute

// Prune gives back the room of what no snapshot needs any more.
func (e *Engine) Prune(ctx context.Context, r backup.Repo, l backup.Lease, ev backup.Events) (backup.PruneStats, error) {
	return e.prune(ctx, r, l, ev, maintenance.SafetyFull)
}

func (e *Engine) prune(ctx context.Context, r backup.Repo, l backup.Lease, ev backup.Events, safety maintenance.SafetyParameters) (backup.PruneStats, error) {
	var stats backup.PruneStats
	if l == nil {
		return stats, fmt.Errorf("%w: there is none", backup.ErrLeaseLost)
	}
	err := e.inspect(ctx, r, written, func(ctx context.Context, h *handle) error {
		run := runOf(ctx)
		run.lease = l
		if err := run.mayDelete(""); err != nil {
			return err
		}
		// kopia leaves out snapshots that it cannot read and would then delete what
		// they need.
		if _, err := everySnapshot(ctx, h.rep); err != nil {
			return err
		}
		if skew := h.store.client.Skew().Abs(); skew > mostSkew {
			return fmt.Errorf("%w: this node's and the storage's by %v, at most %v are safe", backup.ErrClock, skew, mostSkew)
		}
		meter := backup.NewMeter("prune", ev)
		defer meter.Stop()
		err := repo.DirectWriteSession(ctx, h.rep, repo.WriteSessionOptions{Purpose: "prune", OnUpload: meter.Uploaded},
			func(ctx context.Context, w repo.DirectRepositoryWriter) error {
				lost, err := lostPacks(ctx, w, content.IterateOptions{IncludeDeleted: true})
				if err != nil {
					return err
				}
				if err := snapshotmaintenance.Run(ctx, pruner{w, lost}, maintenance.ModeFull, true, safety); err != nil {
					return err
				}
				return giveUp(ctx, h, w)
			})
		stats.Deleted, stats.Young = run.counts()
		return writing(ctx, err)
	})
	return stats, err
}

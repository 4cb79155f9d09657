package backup

import (
	"context"
	"errors"
	"fmt"

	"bcm/agent"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// Config is what the role backup-manager is made of.
type Config struct {
	Engine   Engine
	Identity *pki.Holder // shown to storages
	CacheDir string      // see [Repo]
	Log      hclog.Logger
}

// role does orders with an engine.
type role struct {
	cfg   Config
	reach Reach
}

// New makes the role backup-manager.
func New(cfg Config) agent.Role {
	return &role{cfg: cfg, reach: NewReach(cfg.Identity, cfg.CacheDir)}
}

// Name is the role's.
func (r *role) Name() string { return fsm.RoleBackupManager }

// Do carries an order out.
func (r *role) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	if o.Repository == nil {
		return fsm.Outcome{}, errors.New("the order names no repository")
	}
	repo, err := r.reach.Repo(*o.Repository)
	if err != nil {
		return fsm.Outcome{}, err
	}
	repo.Fence = o.Fence
	events := func(e Event) { progress(progressOf(e)) }
	switch o.Kind {
	case fsm.BackupOrder:
		return r.backup(ctx, repo, o, events)
	case fsm.RestoreOrder:
		return r.restore(ctx, repo, o, events)
	case fsm.VerifyOrder:
		return r.verify(ctx, repo, o, events)
	case fsm.ForgetOrder:
		_, err := r.cfg.Engine.Forget(ctx, repo, Retention{}, SnapshotID(o.Snapshot))
		return fsm.Outcome{}, err
	}
	return fsm.Outcome{}, fmt.Errorf("this version has no order of the kind %q", o.Kind)
}

// backup makes a snapshot, and the repository first when there is none.
func (r *role) backup(ctx context.Context, repo Repo, o fsm.Order, events Events) (fsm.Outcome, error) {
	if o.Source == nil {
		return fsm.Outcome{}, errors.New("the order names no source")
	}
	options := BackupOptions{Client: o.Client, Task: o.Task, Run: o.ID, Attempt: o.Attempt, Fence: o.Fence}
	s, err := r.cfg.Engine.Backup(ctx, repo, *o.Source, options, events)
	if errors.Is(err, ErrNoRepository) {
		if err := r.cfg.Engine.Create(ctx, repo); err != nil && !errors.Is(err, ErrExists) {
			return fsm.Outcome{}, err
		}
		s, err = r.cfg.Engine.Backup(ctx, repo, *o.Source, options, events)
	}
	out := fsm.Outcome{Stats: fsm.Stats{Files: s.Files, Bytes: s.Bytes, NewFiles: s.NewFiles, NewBytes: s.NewBytes, Warnings: s.WarningCount}}
	if err != nil {
		return out, err
	}
	out.Snapshot = string(s.ID)
	out.Warnings = texts(s.Warnings)
	return out, nil
}

func (r *role) restore(ctx context.Context, repo Repo, o fsm.Order, events Events) (fsm.Outcome, error) {
	if o.Restore == nil {
		return fsm.Outcome{}, errors.New("the order does not say what to restore")
	}
	target := Target{Dir: o.Restore.Target, Overwrite: o.Restore.Overwrite}
	s, err := r.cfg.Engine.Restore(ctx, repo, SnapshotID(o.Snapshot), o.Restore.Path, target, events)
	return fsm.Outcome{
		Stats:    fsm.Stats{Files: s.Files, Bytes: s.Bytes, Warnings: s.Failed + int64(len(s.Problems))},
		Warnings: texts(s.Problems),
	}, err
}

func (r *role) verify(ctx context.Context, repo Repo, o fsm.Order, events Events) (fsm.Outcome, error) {
	report, err := r.cfg.Engine.Verify(ctx, repo,
		VerifyOptions{Snapshots: []SnapshotID{SnapshotID(o.Snapshot)}, Percent: float64(o.Percent)}, events)
	out := fsm.Outcome{
		Stats:    fsm.Stats{Files: report.Files, Bytes: report.ReadBytes, Warnings: report.ProblemCount},
		Warnings: texts(report.Problems),
	}
	if err != nil && len(report.Problems) > 0 {
		err = fmt.Errorf("%w: %s", err, report.Problems[0])
	}
	return out, err
}

// texts gives the first few warnings as the state keeps them.
func texts(warnings []Warning) []string {
	const most = 20
	var out []string
	for _, w := range warnings[:min(len(warnings), most)] {
		out = append(out, w.String())
	}
	return out
}

func progressOf(e Event) fsm.Progress {
	return fsm.Progress{Phase: e.Phase, Files: e.Files, Bytes: e.Bytes, TotalFiles: e.TotalFiles, TotalBytes: e.TotalBytes,
		Uploaded: e.Uploaded, Errors: int64(e.Errors), Rate: e.Rate, ETA: int64(e.ETA.Seconds()), Item: e.Item}
}

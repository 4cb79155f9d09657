package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"bcm/agent"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

const (
	// mostTold is how many warnings an outcome names: it becomes part of the state.
	mostTold = 50
	// mostSaid is how long each of them is, in bytes.
	mostSaid = 300
)

var (
	errKind  = errors.New("a backup manager cannot do this kind of order")
	errOrder = errors.New("the order does not say enough")
)

// Config is what the role is made of. All fields but the directories are required.
type Config struct {
	Engine   Engine
	Identity *pki.Holder // of this node
	CacheDir string
	Scratch  string // directory that is the role's alone, for the samples of drills; none without it
	Log      hclog.Logger
}

// Role is the role backup-manager.
type Role struct {
	engine   Engine
	identity *pki.Holder
	reach    Reach
	scratch  string
	log      hclog.Logger
}

var _ agent.Role = (*Role)(nil)

// New makes the role.
func New(cfg Config) *Role {
	r := &Role{engine: cfg.Engine, identity: cfg.Identity, reach: NewReach(cfg.Identity, cfg.CacheDir), scratch: cfg.Scratch, log: cfg.Log}
	if r.scratch != "" {
		if err := os.RemoveAll(r.scratch); err != nil { // what a process left that was killed
			r.log.Warn("samples of earlier drills cannot be removed", "error", err)
		}
	}
	return r
}

// Name is the role's.
func (r *Role) Name() string { return fsm.RoleBackupManager }

// Do carries an order out.
func (r *Role) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	do := map[fsm.OrderKind]func(context.Context, Repo, fsm.Order, Events) (fsm.Outcome, error){
		fsm.BackupOrder: r.backup, fsm.RestoreOrder: r.restore, fsm.VerifyOrder: r.verify, fsm.ForgetOrder: r.forget,
		fsm.PruneOrder: r.prune, fsm.DrillOrder: r.drill,
	}[o.Kind]
	if do == nil {
		return fsm.Outcome{}, fmt.Errorf("%w: %q", errKind, o.Kind)
	}
	if o.Repository == nil {
		return fsm.Outcome{}, fmt.Errorf("%w: which repository", errOrder)
	}
	repo, err := r.reach.Repo(*o.Repository)
	if err != nil {
		return fsm.Outcome{}, err
	}
	repo.Fence = o.Fence
	return do(ctx, repo, o, func(e Event) { progress(progressOf(e)) })
}

// backup makes a backup, between the commands that its task has run before and
// after it.
func (r *Role) backup(ctx context.Context, repo Repo, o fsm.Order, ev Events) (out fsm.Outcome, err error) {
	h := hooksOf(o)
	if err = h.before(ctx); err == nil {
		out, err = r.store(ctx, repo, o, ev)
	}
	h.after(ctx, &out, err)
	return out, err
}

// store makes a backup, and the repository if it is the first one there.
func (r *Role) store(ctx context.Context, repo Repo, o fsm.Order, ev Events) (fsm.Outcome, error) {
	if o.Source == nil {
		return fsm.Outcome{}, fmt.Errorf("%w: what to back up", errOrder)
	}
	opt := BackupOptions{Client: o.Client, Task: o.Task, Run: o.ID, Attempt: o.Attempt, Fence: o.Fence}
	if o.Conduct != nil {
		var err error
		if opt.Throttle, err = NewThrottle(o.Conduct.Bandwidth); err != nil {
			return fsm.Outcome{}, err
		}
	}
	snap, err := r.engine.Backup(ctx, repo, *o.Source, opt, ev)
	if errors.Is(err, ErrNoRepository) {
		r.log.Info("creating the repository", "namespace", repo.Namespace, "run", o.ID)
		if err = r.engine.Create(ctx, repo); err == nil || errors.Is(err, ErrExists) {
			snap, err = r.engine.Backup(ctx, repo, *o.Source, opt, ev)
		}
	}
	out := fsm.Outcome{
		Stats: fsm.Stats{
			Files: snap.Files, Bytes: snap.Bytes, NewFiles: snap.NewFiles, NewBytes: snap.NewBytes, Warnings: snap.WarningCount,
		},
		Warnings: told(snap.Warnings),
	}
	if err == nil {
		out.Snapshot = string(snap.ID)
	}
	return out, err
}

// restore restores what the order names.
func (r *Role) restore(ctx context.Context, repo Repo, o fsm.Order, ev Events) (fsm.Outcome, error) {
	if o.Restore == nil || o.Snapshot == "" {
		return fsm.Outcome{}, fmt.Errorf("%w: what to restore", errOrder)
	}
	target := Target{Dir: o.Restore.Target, Origin: o.Restore.Origin, Only: o.Restore.Only, Overwrite: o.Restore.Overwrite,
		Stamp: o.Restore.At.Time().UTC().Format("20060102T150405Z"), DryRun: o.Restore.DryRun}
	stats, err := r.engine.Restore(ctx, repo, SnapshotID(o.Snapshot), o.Restore.Path, target, ev)
	return fsm.Outcome{
		Stats:    fsm.Stats{Files: stats.Files, Bytes: stats.Bytes, Warnings: int64(len(stats.Problems)), Skipped: stats.Skipped},
		Warnings: told(stats.Problems), Changes: stats.Changes,
	}, err
}

// verify verifies a snapshot, or all there are.
func (r *Role) verify(ctx context.Context, repo Repo, o fsm.Order, ev Events) (fsm.Outcome, error) {
	opt := VerifyOptions{Percent: float64(o.Percent)}
	if o.Snapshot != "" {
		opt.Snapshots = []SnapshotID{SnapshotID(o.Snapshot)}
	}
	report, err := r.engine.Verify(ctx, repo, opt, ev)
	var hit []string
	for _, id := range report.Hit {
		hit = append(hit, string(id))
	}
	return fsm.Outcome{
		Stats:    fsm.Stats{Files: report.Files, Bytes: report.ReadBytes, Warnings: report.ProblemCount},
		Warnings: told(report.Problems), Hit: hit,
	}, err
}

// forget takes a snapshot out of the repository. One that is gone already, or never
// came to be with its repository, is forgotten.
func (r *Role) forget(ctx context.Context, repo Repo, o fsm.Order, _ Events) (fsm.Outcome, error) {
	if o.Snapshot == "" {
		return fsm.Outcome{}, fmt.Errorf("%w: what to forget", errOrder)
	}
	_, err := r.engine.Forget(ctx, repo, Retention{}, SnapshotID(o.Snapshot))
	if errors.Is(err, ErrNoRepository) {
		r.log.Warn("nothing to forget: there is no repository", "namespace", repo.Namespace, "run", o.ID)
		return fsm.Outcome{}, nil
	}
	return fsm.Outcome{}, err
}

// prune gives back the room of what no snapshot needs any more. A repository that
// never came to be has none to give.
func (r *Role) prune(ctx context.Context, repo Repo, o fsm.Order, ev Events) (fsm.Outcome, error) {
	stats, err := r.engine.Prune(ctx, repo, orderLease{ctx}, ev)
	if errors.Is(err, ErrNoRepository) {
		r.log.Warn("nothing to prune: there is no repository", "namespace", repo.Namespace, "run", o.ID)
		err = nil
	}
	return fsm.Outcome{Stats: fsm.Stats{Deleted: stats.Deleted, Young: stats.Young}}, err
}

// orderLease is the lease that an order gives: it is held for as long as the order
// stands. When the order was withdrawn and this node has not heard of it, the
// storage has: it lets nobody delete but the node of the live order.
type orderLease struct{ order context.Context }

// Check tells whether the order still stands.
func (l orderLease) Check() error {
	if l.order.Err() != nil {
		return fmt.Errorf("%w: %w", ErrLeaseLost, context.Cause(l.order))
	}
	return nil
}

// told puts the first warnings into words of bounded length.
func told(all []Warning) []string {
	words := make([]string, 0, min(len(all), mostTold))
	for _, w := range all[:min(len(all), mostTold)] {
		words = append(words, bounded(w.String()))
	}
	return words
}

// bounded cuts a text down to what is told of one.
func bounded(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), mostSaid)], "\uFFFD")
}

func progressOf(e Event) fsm.Progress {
	return fsm.Progress{
		Phase: e.Phase, Files: e.Files, Bytes: e.Bytes, TotalFiles: e.TotalFiles, TotalBytes: e.TotalBytes,
		Uploaded: e.Uploaded, Errors: int64(e.Errors), Rate: e.Rate, ETA: int64(e.ETA.Round(time.Second) / time.Second), Item: strings.ToValidUTF8(e.Item, "\uFFFD"),
	}
}

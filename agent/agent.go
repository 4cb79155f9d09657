package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"
)

// Why the context of a [Role.Do] ended before its work did.
var (
	// ErrCancelled: somebody has cancelled the run.
	ErrCancelled = errors.New("cancelled")
	// ErrWithdrawn: the run is not this node's any more.
	ErrWithdrawn = errors.New("the order was withdrawn")
	// ErrStopping: the agent is being stopped.
	ErrStopping = errors.New("the agent was stopped")
)

// Config is what an agent is made of. All fields but Facts and Leave are
// required.
type Config struct {
	Node    string // its id
	Dir     string // where the journal lies; nobody else's
	Cluster Cluster
	Roles   []Role
	Log     hclog.Logger

	// Facts, when set, tells how the node is. The cluster is told when that
	// changes.
	Facts func() fsm.ReportNode
	// Leave says goodbye to the cluster when the agent is stopped.
	Leave bool
}

// Periods of the agent's loops.
const (
	retryFirst    = 100 * time.Millisecond // after the first failed question
	retryMost     = 3 * time.Second        // between failed questions
	askTimeout    = 20 * time.Second       // for one question
	staleFor      = time.Minute            // how long answers older than the newest are disregarded
	repeatAfter   = 15 * time.Second       // when a result that is still ordered is reported again
	compactEvery  = 24 * time.Hour
	stopGrace     = 10 * time.Second // for roles to end
	farewellGrace = 5 * time.Second  // for the last reports
)

// Agent does what the state assigns to one node.
type Agent struct {
	cfg   Config
	roles map[string]Role
	log   hclog.Logger
	posts *outbox
	gauge *progressBoard
	begun time.Time

	mu      sync.Mutex
	journal *journal
	jobs    map[string]*job // what is at work, by run
	newest  fsm.Orders      // the answer that counts
	heard   time.Time       // when it came
	failed  chan error      // a journal that cannot be written
}

// New reads the journal and makes an agent of it. What an earlier process left
// unfinished is thereby given up.
func New(cfg Config) (*Agent, error) {
	a := &Agent{
		cfg: cfg, roles: make(map[string]Role), log: cfg.Log, begun: time.Now(),
		jobs: make(map[string]*job), failed: make(chan error, 1),
	}
	for _, r := range cfg.Roles {
		if a.roles[r.Name()] != nil {
			return nil, fmt.Errorf("role %s is there twice", r.Name())
		}
		a.roles[r.Name()] = r
	}
	a.gauge = newProgressBoard(cfg.Cluster, cfg.Node, cfg.Log)
	a.posts = newOutbox(a.deliver, cfg.Log)
	j, err := openJournal(filepath.Clean(cfg.Dir), time.Now())
	if err != nil {
		return nil, err
	}
	a.journal = j
	for _, left := range j.all(func(at *attempt) bool { return at.Event == started }) {
		a.log.Warn("was under way when the agent ended", "run", left.ID, "attempt", left.Number)
		err := j.write(record{Event: lost, At: fsm.At(time.Now()), ID: left.ID, Attempt: left.Number, Reason: "the agent ended during the run"})
		if err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	return a, nil
}

// Run works until ctx ends, then ends what runs, reports it, and says goodbye
// where the configuration wants that. It returns nil then, and an error when the
// journal cannot be written: what was done could not be remembered.
func (a *Agent) Run(ctx context.Context) error {
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	reporting, endReporting := context.WithCancel(context.WithoutCancel(ctx))
	defer endReporting()
	var loops errgroup.Group
	asking, endAsking := context.WithCancel(ctx)
	defer endAsking()
	loops.Go(func() error { return a.ask(asking, work, reporting) })
	loops.Go(func() error { return a.gauge.run(asking) })
	loops.Go(func() error { return a.keepFacts(asking) })
	loops.Go(func() error { return a.keepJournal(asking) })
	for _, left := range a.unreported() {
		a.posts.add(reporting, left)
	}

	var err error
	select {
	case <-ctx.Done():
	case err = <-a.failed:
	}
	endAsking()
	err = errors.Join(err, loops.Wait())
	stop(ErrStopping)
	a.awaitJobs()
	if err == nil {
		a.farewell(context.WithoutCancel(ctx))
	}
	endReporting()
	a.posts.wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(err, a.journal.close())
}

// ask is the loop over the question what to do.
func (a *Agent) ask(ctx, work, reporting context.Context) error {
	var after uint64
	wait := time.Duration(0)
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, askTimeout)
		orders, err := a.cfg.Cluster.Orders(one, a.cfg.Node, after)
		cancel()
		if err != nil {
			wait = a.backOff(ctx, wait, err)
			continue
		}
		if wait > 0 {
			a.log.Info("a manager answers again")
		}
		wait, after = 0, orders.Version
		a.reconcile(work, reporting, orders)
	}
	return nil
}

// backOff waits after a failed question, longer each time, and returns how long.
func (a *Agent) backOff(ctx context.Context, last time.Duration, err error) time.Duration {
	if ctx.Err() != nil {
		return last
	}
	switch code := fsm.CodeOf(err); {
	case code == fsm.Denied || code == fsm.Unauthorized:
		a.log.Error("the managers refuse this node", "error", err)
	case last == 0:
		a.log.Warn("no manager answers; going on with what is known", "error", err)
	default:
		a.log.Debug("no manager answers", "error", err)
	}
	next := min(max(2*last, retryFirst), retryMost)
	pause(ctx, jitter(next))
	return next
}

// keepJournal forgets what is old, now and then.
func (a *Agent) keepJournal(ctx context.Context) error {
	for pause(ctx, compactEvery) {
		a.mu.Lock()
		err := a.journal.compact(time.Now())
		a.mu.Unlock()
		if err != nil {
			a.fail(err)
			return nil
		}
	}
	return nil
}

// record writes to the journal. When that fails the agent ends.
func (a *Agent) record(records ...record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := fsm.At(time.Now())
	for i := range records {
		records[i].At = now
	}
	err := a.journal.write(records...)
	if err != nil {
		a.fail(err)
	}
	return err
}

func (a *Agent) fail(err error) {
	select {
	case a.failed <- err:
	default: // the first reason is the one to act on
	}
}

// awaitJobs waits until the roles have ended, but not for ever: one that hangs
// is found unfinished in the journal by the next process.
func (a *Agent) awaitJobs() {
	a.mu.Lock()
	jobs := make([]*job, 0, len(a.jobs))
	for _, j := range a.jobs {
		jobs = append(jobs, j)
	}
	a.mu.Unlock()
	limit := time.NewTimer(stopGrace)
	defer limit.Stop()
	for _, j := range jobs {
		select {
		case <-j.done:
		case <-limit.C:
			a.log.Error("a role does not end", "run", j.order.ID, "kind", j.order.Kind)
			return
		}
	}
}

// farewell gives the last reports a little time and says goodbye.
func (a *Agent) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewellGrace)
	defer cancel()
	a.posts.drain(ctx)
	if !a.cfg.Leave {
		return
	}
	if err := a.cfg.Cluster.Report(ctx, a.cfg.Node, &fsm.LeaveNode{ID: a.cfg.Node}); err != nil {
		a.log.Warn("left without saying goodbye", "error", err)
	}
}

// pause waits and tells whether it was for the whole time.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter spreads d over half to one and a half of it, so that nodes that lost
// the same manager do not come back in step.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d)
}

package fsm

import (
	"slices"
	"strconv"
)

// Status is where a backup or a job stands.
type Status string

// The states of a backup or a job.
const (
	Queued      Status = "queued"
	Assigned    Status = "assigned" // a node has the order
	Running     Status = "running"
	Succeeded   Status = "succeeded"
	Warning     Status = "warning" // done, with something left out
	Failed      Status = "failed"
	Cancelled   Status = "cancelled"
	Interrupted Status = "interrupted" // the node was lost, or the attempt failed; it is tried again
	Deleted     Status = "deleted"
)

// Live tells whether the status is one in which a node works on the run, or may.
func (s Status) Live() bool { return s == Assigned || s == Running }

// Waits tells whether the status is one in which the run waits for a node.
func (s Status) Waits() bool { return s == Queued || s == Interrupted }

// Ended tells whether nothing more will happen to the run by itself.
func (s Status) Ended() bool {
	return slices.Contains([]Status{Succeeded, Warning, Failed, Cancelled, Deleted}, s)
}

// MaxAttempts is how often a run is tried when its nodes get lost, unless its task
// asks for more.
const MaxAttempts = 5

// Fence orders attempts of runs without a clock: a later assignment has a
// greater fence, and the epoch grows when a cluster is recovered from a loss of
// its log.
type Fence struct {
	Epoch uint64 `cbor:"epoch"`
	Index uint64 `cbor:"index"`
}

// Less tells whether f was given before g.
func (f Fence) Less(g Fence) bool {
	return f.Epoch < g.Epoch || f.Epoch == g.Epoch && f.Index < g.Index
}

// Run is the part that backups and jobs have in common: who works on it, in
// which attempt, and how far it is.
type Run struct {
	Status     Status `cbor:"status"`
	Attempt    int32  `cbor:"attempt"`
	Cancel     bool   `cbor:"cancel,omitempty"`  // somebody asked for it to be cancelled
	Overdue    bool   `cbor:"overdue,omitempty"` // it was stopped for the reason in Error, and has failed
	Priority   int8   `cbor:"priority,omitempty"`
	Node       string `cbor:"node,omitempty"`
	Fence      Fence  `cbor:"fence"`
	StartedAt  Time   `cbor:"started_at"`
	FinishedAt Time   `cbor:"finished_at"`
	RetryAt    Time   `cbor:"retry_at,omitempty"` // when it is tried again after a failure
	Error      string `cbor:"error,omitempty"`
}

func (r *Run) share(p *pool) { p.text((*string)(&r.Status), &r.Node) }

// assign gives the run to a node. From is the status and attempt the plan saw.
func (r *Run) assign(tx *Tx, from Status, attempt int32, node string) error {
	if r.Status != from || r.Attempt != attempt || from != Queued && from != Interrupted {
		return Errorf(Conflict, "the run is %s in attempt %d, not %s in attempt %d", r.Status, r.Attempt, from, attempt)
	}
	n, ok := tx.Nodes.Get(node)
	if !ok {
		return notFound("node", node)
	}
	r.Status, r.Node, r.Attempt, r.Error = Assigned, n.ID, attempt+1, ""
	r.Fence = Fence{tx.epoch(), tx.Index}
	r.StartedAt, r.FinishedAt, r.RetryAt = 0, 0, 0
	return nil
}

// mine refuses a report about an attempt that the node does not have.
func (r *Run) mine(tx *Tx, attempt int32) error {
	if by := tx.node(); by != "" && by != r.Node {
		return Errorf(Conflict, "the run belongs to node %s now", r.Node)
	}
	if r.Attempt != attempt {
		return Errorf(Conflict, "attempt %d is over, the run is in attempt %d", attempt, r.Attempt)
	}
	return nil
}

// start records that the node has begun. Saying it twice is harmless.
func (r *Run) start(tx *Tx, attempt int32) error {
	if err := r.mine(tx, attempt); err != nil {
		return err
	}
	if r.Status == Running {
		return nil
	}
	if r.Status != Assigned {
		return Errorf(Conflict, "the run is %s", r.Status)
	}
	r.Status, r.StartedAt = Running, tx.At
	return nil
}

// maxMessage bounds what is kept of why a run failed, in bytes.
const maxMessage = 4 << 10

// finish records the end of an attempt. The first end stands; saying it again is
// harmless. One that comes after the node was given up, but before another got
// the run, counts.
func (r *Run) finish(tx *Tx, attempt int32, o *Outcome) (again bool, err error) {
	if err := r.mine(tx, attempt); err != nil {
		return false, err
	}
	ends := []Status{Succeeded, Warning, Failed, Cancelled}
	end := slices.Index(ends, o.Status)
	if end < 0 {
		return false, invalidField("status", "%q is not an end of a run", o.Status)
	}
	if r.Status == o.Status || r.Overdue && r.Status == Failed && o.Status == Cancelled || r.RetryAt != 0 && o.Status == Failed {
		return true, nil
	}
	if r.RetryAt != 0 {
		return false, Errorf(Conflict, "attempt %d has ended as failed", attempt)
	}
	if !r.Status.Live() && r.Status != Interrupted {
		return false, Errorf(Conflict, "the run has ended as %s", r.Status)
	}
	message := o.Error
	if message == "" && len(o.Warnings) > 0 {
		message = o.Warnings[0]
	}
	r.Status, r.FinishedAt = ends[end], tx.At
	if r.Overdue && r.Status == Cancelled {
		r.Status = Failed // and why is known
	} else {
		r.Error, r.Overdue = truncate(message, maxMessage), false
	}
	if r.StartedAt == 0 {
		r.StartedAt = tx.At
	}
	return false, nil
}

// again has a run that has just failed tried once more, unless that would be too
// often or too late.
func (r *Run) again(tx *Tx, how Retry, until Time) {
	at := tx.At.Add(how.after(r.Attempt))
	if r.Status == Failed && !r.Cancel && r.Attempt < how.Attempts && (until == 0 || at <= until) {
		r.Status, r.RetryAt, r.FinishedAt = Interrupted, at, 0
	}
}

// stop gives up, as failed, a run that has had its time: at once when nobody works
// on it, else once its node has ended it.
func (r *Run) stop(tx *Tx, attempt int32, reason string) error {
	switch {
	case r.Status.Ended():
		return Errorf(Conflict, "the run has ended as %s", r.Status)
	case r.Attempt != attempt || r.Cancel:
		return Errorf(Conflict, "the run is in attempt %d, or being cancelled", r.Attempt)
	case r.Status.Live():
		r.Cancel, r.Overdue = true, true
	default:
		r.Status, r.FinishedAt, r.RetryAt = Failed, tx.At, 0
	}
	r.Error = truncate(reason, maxMessage)
	return nil
}

// interrupt gives an attempt up. When it was cancelled, or was tried as often as most
// says, it ends.
func (r *Run) interrupt(tx *Tx, attempt, most int32, reason string) error {
	if err := r.mine(tx, attempt); err != nil {
		return err
	}
	if !r.Status.Live() {
		return Errorf(Conflict, "the run is %s", r.Status)
	}
	if r.Overdue {
		r.Status, r.FinishedAt = Failed, tx.At
		return nil
	}
	r.Status, r.Error = Interrupted, truncate(reason, maxMessage)
	switch {
	case r.Cancel:
		r.Status, r.FinishedAt = Cancelled, tx.At
	case r.Attempt >= most:
		r.Status, r.FinishedAt = Failed, tx.At
	}
	return nil
}

// cancel ends a run that nobody works on, and asks the node of one that is.
func (r *Run) cancel(tx *Tx) error {
	switch {
	case r.Status.Ended():
		return Errorf(Conflict, "the run has ended as %s", r.Status)
	case r.Status.Live():
		r.Cancel = true
	default:
		r.Status, r.FinishedAt, r.RetryAt = Cancelled, tx.At, 0
	}
	return nil
}

// epoch is the recovery epoch of the cluster.
func (t *tables) epoch() uint64 {
	s, ok := t.Settings.Get(RecoveryEpoch)
	if !ok {
		return 0
	}
	n, _ := number(s.Value)
	return n
}

// number reads a number in decimal.
func number(text []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(text), 10, 64)
	return n, err == nil
}

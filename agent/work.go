package agent

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"bcm/fsm"
)

// job is one attempt at work.
type job struct {
	order  fsm.Order
	role   Role
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when the end is in the journal
}

// do lets the role do the order, makes its end durable and has it reported.
func (a *Agent) do(ctx, reporting context.Context, j *job) {
	defer close(j.done)
	o := j.order
	log := a.log.With("run", o.ID, "attempt", o.Attempt, "kind", o.Kind)
	log.Info("begun")
	outcome, err := a.perform(ctx, j)
	end := ending(context.Cause(ctx), outcome, err)
	end.ID, end.Attempt = o.ID, o.Attempt
	j.cancel(nil)
	a.gauge.drop(o.ID)
	switch {
	case end.Event == lost:
		log.Warn("given up", "reason", end.Reason)
	case end.Outcome.Status == fsm.Failed:
		log.Error("ended", "status", end.Outcome.Status, "error", end.Outcome.Error)
	default:
		log.Info("ended", "status", end.Outcome.Status)
	}
	if err := a.record(end); err != nil {
		return // the agent ends, and the next process finds it unfinished
	}
	a.mu.Lock()
	delete(a.jobs, o.ID)
	a.mu.Unlock()
	a.posts.add(reporting, key{o.ID, o.Attempt})
}

// perform calls the role and makes an error of a panic: one run must not take
// the others with it.
func (a *Agent) perform(ctx context.Context, j *job) (out fsm.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("a role panicked", "run", j.order.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return j.role.Do(ctx, j.order, func(p fsm.Progress) {
		p.Run, p.Attempt = j.order.ID, j.order.Attempt
		a.gauge.put(p)
	})
}

// ending says how an attempt ended, from why its context did and what the role
// returned. Work that is done is done, whatever came between.
func ending(cause error, out fsm.Outcome, err error) record {
	if err == nil && done(&out) {
		return record{Event: finished, Outcome: &out}
	}
	switch {
	case errors.Is(cause, ErrStopping), errors.Is(cause, ErrWithdrawn):
		return record{Event: lost, Reason: cause.Error()}
	case errors.Is(cause, ErrCancelled):
		out.Status, out.Error, out.Snapshot = fsm.Cancelled, "", ""
		return record{Event: finished, Outcome: &out}
	}
	out.Status = fsm.Failed
	if err != nil {
		out.Error = err.Error()
	}
	return record{Event: finished, Outcome: &out}
}

// done completes the status of an outcome that came without an error, and tells
// whether it is a success.
func done(out *fsm.Outcome) bool {
	switch {
	case out.Status == "" && len(out.Warnings) > 0:
		out.Status = fsm.Warning
	case out.Status == "":
		out.Status = fsm.Succeeded
	}
	return out.Status == fsm.Succeeded || out.Status == fsm.Warning
}

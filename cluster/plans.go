package cluster

import (
	"context"
	"errors"
	"time"

	"bcm/fsm"
)

const (
	planPace     = 10 * time.Millisecond // a busy log wakes a plan no more often
	firstBackoff = time.Second
	mostBackoff  = 30 * time.Second
)

// carryOut does what a plan says until the term ends: look, decide, act, wait.
// A refusal advances the state like any entry and would wake the plan that was
// refused, so after one it waits instead, longer each time.
func (n *Node) carryOut(term context.Context, name string, plan Plan) {
	by := "plan:" + name
	log := n.log.Named("plan." + name)
	backoff := firstBackoff
	for term.Err() == nil {
		v := n.state.Now()
		do, next := plan(v, time.Now())
		if err := n.do(term, by, do); err != nil {
			if term.Err() != nil {
				return
			}
			log.Warn("refused; trying again later", "error", err, "after", backoff)
			pause(term, nil, time.Now().Add(backoff))
			backoff = min(2*backoff, mostBackoff)
			continue
		}
		backoff = firstBackoff
		pause(term, v.Stale(), next)
		pause(term, nil, time.Now().Add(planPace))
	}
}

// do applies commands here, in their order, and waits for all of them.
func (n *Node) do(ctx context.Context, by string, cmds []fsm.Command) error {
	var asked []*proposal
	var errs []error
	for _, cmd := range cmds {
		e, err := fsm.NewEntry(ctx, by, cmd)
		if err == nil {
			var p *proposal
			if p, err = n.batches.put(ctx, e); err == nil {
				asked = append(asked, p)
			}
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	for _, p := range asked {
		if _, err := n.batches.wait(ctx, p); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// pause waits for wake, for a time unless it is zero, or for the end of ctx.
func pause(ctx context.Context, wake <-chan struct{}, until time.Time) {
	var alarm <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-wake:
	case <-alarm:
	case <-ctx.Done():
	}
}

package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// Pauses between attempts to report.
const (
	reportFirst   = 200 * time.Millisecond
	reportMost    = 5 * time.Minute
	reportTimeout = 15 * time.Second
	nudgeFloor    = time.Second // the least pause of one that was nudged
)

// key names an attempt.
type key struct {
	ID      string
	Attempt int32
}

// post is one thing to report.
type post struct {
	key
	start bool // that it has begun, which nobody needs once it has ended
}

// outbox reports until it is answered. There is one goroutine for each attempt
// that is being reported, which is few.
type outbox struct {
	deliver func(context.Context, post) error // nil: answered for good
	log     hclog.Logger

	mu      sync.Mutex
	open    map[post]bool
	wake    chan struct{} // closed when trying again makes sense
	index   uint64        // of the state, when wake was made
	pending sync.WaitGroup
}

func newOutbox(deliver func(context.Context, post) error, log hclog.Logger) *outbox {
	return &outbox{deliver: deliver, log: log, open: make(map[post]bool), wake: make(chan struct{})}
}

// add reports the end of an attempt, if that is not being done already.
func (b *outbox) add(ctx context.Context, k key) { b.put(ctx, post{k, false}) }

// addStart reports that an attempt has begun.
func (b *outbox) addStart(ctx context.Context, k key) { b.put(ctx, post{k, true}) }

func (b *outbox) put(ctx context.Context, p post) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[p] {
		return
	}
	b.open[p] = true
	b.pending.Go(func() { b.send(ctx, p) })
}

// send tries until the post is answered or ctx ends.
func (b *outbox) send(ctx context.Context, p post) {
	wait := reportFirst
	for {
		err := b.deliver(ctx, p)
		if err == nil || ctx.Err() != nil {
			break
		}
		b.log.Debug("not reported yet", "run", p.ID, "attempt", p.Attempt, "error", err)
		if !b.pause(ctx, jitter(wait)) {
			break
		}
		wait = min(2*wait, reportMost)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, p)
}

// pause waits for d, or less when a nudge says that managers agree again.
func (b *outbox) pause(ctx context.Context, d time.Duration) bool {
	b.mu.Lock()
	wake := b.wake
	b.mu.Unlock()
	if d > nudgeFloor {
		if !pause(ctx, jitter(nudgeFloor)) {
			return false
		}
		d -= nudgeFloor
	} else {
		wake = nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// nudge makes those who wait try again when the state has moved on, for then
// there is a leader.
func (b *outbox) nudge(index uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if index == b.index {
		return
	}
	b.index = index
	close(b.wake)
	b.wake = make(chan struct{})
}

// count tells how many posts are open.
func (b *outbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// drain waits until nothing is left to report or ctx ends.
func (b *outbox) drain(ctx context.Context) {
	for b.count() > 0 && pause(ctx, 20*time.Millisecond) {
	}
}

// wait returns when no goroutine of the outbox is left. Nothing may be added
// any more.
func (b *outbox) wait() { b.pending.Wait() }

// unreported lists the attempts whose end no manager has answered.
func (a *Agent) unreported() []key {
	a.mu.Lock()
	defer a.mu.Unlock()
	var keys []key
	for _, at := range a.journal.all(func(at *attempt) bool { return at.over() && at.Event != acknowledged }) {
		keys = append(keys, key{at.ID, at.Number})
	}
	return keys
}

// deliver reports once.
func (a *Agent) deliver(ctx context.Context, p post) error {
	a.mu.Lock()
	at := a.journal.get(p.ID, p.Attempt)
	var cmd fsm.Command
	switch {
	case at == nil:
	case !p.start && at.over():
		cmd = at.report()
	case p.start && !at.over():
		cmd = commandsOf(at.Kind).start(p.ID, p.Attempt)
	}
	a.mu.Unlock()
	if cmd == nil {
		return nil
	}
	one, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	err := a.cfg.Cluster.Report(one, a.cfg.Node, cmd)
	var refused *fsm.Error
	if errors.As(err, &refused) && Definitive(refused.Code) {
		a.log.Info("report refused", "run", p.ID, "attempt", p.Attempt, "reason", refused.Message)
		if p.start {
			a.withdraw(p.key) // the order was old: the attempt is over, or another node's
		}
		return a.acknowledge(p, refused.Code)
	}
	if err != nil {
		return err
	}
	return a.acknowledge(p, "")
}

// withdraw ends an attempt that is at work.
func (a *Agent) withdraw(k key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if j := a.jobs[k.ID]; j != nil && j.order.Attempt == k.Attempt {
		j.cancel(ErrWithdrawn)
	}
}

func (a *Agent) acknowledge(p post, code fsm.Code) error {
	if p.start {
		return nil
	}
	return a.record(record{Event: acknowledged, ID: p.ID, Attempt: p.Attempt, Refused: code})
}

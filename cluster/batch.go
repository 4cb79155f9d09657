package cluster

import (
	"context"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

const (
	maxBatch  = 512 << 10 // bytes of entries in one record of the log
	maxEntry  = 2 << 20   // bytes of one entry
	inFlight  = 2         // records that wait for their commit
	queued    = 1024      // entries that wait for a record
	entryCost = 64        // bytes around an entry's body, about
)

// batches makes one record of the log from the entries that are proposed at the
// same time: a record costs a sync of the disk and a round through the group,
// however much is in it.
type batches struct {
	node *Node
	in   chan *proposal
	slot chan struct{}
	last fsm.Time // stamped last
}

// proposal is one entry on its way into the log.
type proposal struct {
	entry  fsm.Entry
	answer chan answer // one
}

type answer struct {
	result fsm.Result
	err    error
}

func newBatches(n *Node) *batches {
	return &batches{node: n, in: make(chan *proposal, queued), slot: make(chan struct{}, inFlight)}
}

// put lines an entry up. Entries of one caller keep their order.
func (b *batches) put(ctx context.Context, e fsm.Entry) (*proposal, error) {
	if err := b.node.acceptable(e); err != nil {
		return nil, err
	}
	p := &proposal{entry: e, answer: make(chan answer, 1)}
	select {
	case b.in <- p:
		return p, nil
	case <-b.node.done:
		return nil, &moved{cause: raft.ErrRaftShutdown}
	case <-ctx.Done():
		return nil, fsm.Errorf(fsm.Unavailable, "too many changes are waiting: nothing was changed")
	}
}

// wait gives the result once the entry is applied here.
func (b *batches) wait(ctx context.Context, p *proposal) (fsm.Result, error) {
	select {
	case a := <-p.answer:
		return a.result, a.err
	case <-b.node.done:
		return fsm.Result{}, &moved{cause: raft.ErrRaftShutdown, unknown: true}
	case <-ctx.Done():
		return fsm.Result{}, &moved{cause: ctx.Err(), unknown: true}
	}
}

func (p *proposal) size() int { return len(p.entry.Body) + entryCost }

// run fills records until ctx ends.
func (b *batches) run(ctx context.Context) {
	for {
		var batch []*proposal
		select {
		case first := <-b.in:
			batch = append(batch, first)
		case <-ctx.Done():
			return
		}
		batch, ok := b.fill(ctx, batch)
		if !ok {
			refuse(batch, &moved{cause: raft.ErrRaftShutdown})
			return
		}
		b.send(batch)
	}
}

// fill waits for a slot, and adds to the batch what lines up until then.
func (b *batches) fill(ctx context.Context, batch []*proposal) ([]*proposal, bool) {
	size := batch[0].size()
	for {
		more := b.in
		if size >= maxBatch {
			more = nil
		}
		select {
		case p := <-more:
			batch, size = append(batch, p), size+p.size()
		case b.slot <- struct{}{}:
			return b.drain(batch, size), true
		case <-ctx.Done():
			return batch, false
		}
	}
}

// drain adds what is lined up at this moment.
func (b *batches) drain(batch []*proposal, size int) []*proposal {
	for size < maxBatch {
		select {
		case p := <-b.in:
			batch, size = append(batch, p), size+p.size()
		default:
			return batch
		}
	}
	return batch
}

// send proposes a record and lets its entries know what became of them.
func (b *batches) send(batch []*proposal) {
	b.last = max(b.last, b.node.state.Now().At, fsm.At(time.Now()))
	entries := make([]fsm.Entry, len(batch))
	for i, p := range batch {
		entries[i] = p.entry
		entries[i].At = b.last
	}
	data, err := fsm.EncodeBatch(entries)
	if err != nil {
		<-b.slot
		refuse(batch, fsm.Errorf(fsm.Internal, "entries cannot be encoded: %v", err))
		return
	}
	future := b.node.raft.Apply(data, b.node.cfg.Timeout)
	go func() {
		err := future.Error()
		<-b.slot
		if err != nil {
			refuse(batch, applyError(err))
			return
		}
		switch r := future.Response().(type) {
		case fsm.Outcomes:
			for i, p := range batch {
				result, err := r.At(i)
				p.answer <- answer{result, err}
			}
		case error:
			refuse(batch, fsm.Errorf(fsm.Internal, "%v", r))
		default:
			refuse(batch, fsm.Errorf(fsm.Internal, "the state answered with a %T", r))
		}
	}()
}

func refuse(batch []*proposal, err error) {
	for _, p := range batch {
		p.answer <- answer{err: err}
	}
}

package fsm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// FSM applies the log to the state and gives out views of it. It is raft's
// state machine; raft calls Apply, ApplyBatch, Snapshot and Restore from one
// goroutine, all else may be called from any.
type FSM struct {
	log    hclog.Logger
	now    atomic.Pointer[View] // the newest view
	failed chan error

	// Of raft's goroutine only:
	work   *tables
	broken error // why nothing is applied any more
}

// New makes an empty state.
func New(log hclog.Logger) *FSM {
	f := &FSM{log: log, work: newTables(), failed: make(chan error, 1)}
	first := newTables()
	f.now.Store(&View{tables: first, next: make(chan struct{})})
	return f
}

// Failed yields the reason when an entry could not be understood. The member
// must stop then: from there on its state would differ from the others', and
// nothing is applied, and no snapshot taken, any more.
func (f *FSM) Failed() <-chan error { return f.failed }

// Now gives the newest view, without waiting.
func (f *FSM) Now() *View { return f.now.Load() }

// View gives a view that contains the entry at index, waiting for it when it
// has not been applied yet. Zero gives the newest at once.
func (f *FSM) View(ctx context.Context, index uint64) (*View, error) {
	for {
		v := f.now.Load()
		if v.Index >= index {
			return v, nil
		}
		select {
		case <-v.next:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for index %d, at %d: %w", index, v.Index, ctx.Err())
		}
	}
}

// Outcome of one entry of a batch.
type outcome struct {
	Result Result
	Err    *Error
}

// Outcomes is what raft answers for one record of the log: one result or
// refusal for each of its entries, in their order.
type Outcomes []outcome

// At gives the result of entry i of the record.
func (o Outcomes) At(i int) (Result, error) {
	if o[i].Err != nil {
		return o[i].Result, o[i].Err
	}
	return o[i].Result, nil
}

// Apply applies one record of the log.
func (f *FSM) Apply(record *raft.Log) any { return f.ApplyBatch([]*raft.Log{record})[0] }

// ApplyBatch applies records of the log and publishes one view for all of them.
// The answer to each is an [Outcomes], or an error for one that cannot be read.
func (f *FSM) ApplyBatch(records []*raft.Log) []any {
	answers := make([]any, len(records))
	var last *raft.Log
	at := f.now.Load().At
	for i, record := range records {
		if f.broken == nil && record.Type == raft.LogCommand {
			answers[i], at = f.apply(record, at)
		}
		if f.broken != nil {
			answers[i] = f.broken
			continue
		}
		last = record
	}
	if last != nil {
		f.publish(last.Index, last.Term, at)
	}
	return answers
}

// Replay applies entries as the record of the log at index, for those who have a
// log of their own: tools that read one, and tests.
func (f *FSM) Replay(index uint64, entries ...Entry) (Outcomes, error) {
	data, err := EncodeBatch(entries)
	if err != nil {
		return nil, err
	}
	switch answer := f.Apply(&raft.Log{Index: index, Type: raft.LogCommand, Data: data}).(type) {
	case Outcomes:
		return answer, nil
	case error:
		return nil, answer
	default:
		return nil, Errorf(Internal, "record %d has no answer", index)
	}
}

// apply applies the entries of one record, or none when it cannot read them all.
func (f *FSM) apply(record *raft.Log, at Time) (Outcomes, Time) {
	entries, err := DecodeBatch(record.Data)
	if err != nil {
		return nil, f.fail(record.Index, at, err)
	}
	cmds := make([]Command, len(entries))
	for i, e := range entries {
		if cmds[i], err = e.Command(); err != nil {
			return nil, f.fail(record.Index, at, err)
		}
	}
	outcomes := make(Outcomes, len(entries))
	for i, e := range entries {
		at = max(at, e.At)
		tx := &Tx{tables: f.work, Index: record.Index, At: at, By: e.By, seq: i}
		outcomes[i].Result, outcomes[i].Err = tx.run(e, cmds[i])
	}
	return outcomes, at
}

func (f *FSM) fail(index uint64, at Time, err error) Time {
	f.broken = fmt.Errorf("log index %d: %w", index, err)
	f.failed <- f.broken // has room for the only one there is
	return at
}

// publish makes the state after the record at index visible and wakes all who wait for it.
func (f *FSM) publish(index, term uint64, at Time) {
	old := f.now.Load()
	f.now.Store(&View{Index: index, Term: term, At: at, tables: f.work.cut(old.tables), next: make(chan struct{})})
	close(old.next)
}

// Snapshot gives the newest view to be written; it does not hold up writers.
func (f *FSM) Snapshot() (raft.FSMSnapshot, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	return snapshot{f.now.Load()}, nil
}

// Restore replaces the whole state by a snapshot, or leaves it as it was and
// says what is wrong with it.
func (f *FSM) Restore(r io.ReadCloser) error {
	defer r.Close()
	v, err := ReadSnapshot(r)
	if err != nil {
		return err
	}
	f.work = v.tables
	old := f.now.Load()
	f.now.Store(&View{Index: v.Index, At: v.At, tables: f.work.cut(newTables()), next: make(chan struct{})})
	close(old.next)
	f.log.Info("state restored from a snapshot", "index", v.Index)
	return nil
}

// snapshot is a view on its way to disk.
type snapshot struct{ view *View }

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.view.WriteSnapshot(sink); err != nil {
		return fmt.Errorf("writing a snapshot: %w", errors.Join(err, sink.Cancel()))
	}
	return sink.Close()
}

func (s snapshot) Release() {}

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:16]
}

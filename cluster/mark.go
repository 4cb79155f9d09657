package cluster

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

// markKey is where the guard notes, beside term and vote, how far the log has
// reached. raft-wal takes damage at the end of its log for a write that was cut
// off, and goes on without what stood there; such entries may have been
// acknowledged. The note tells one from the other.
const markKey = "bcm.last"

// markEvery bounds how much of the log's end the note may be behind.
const markEvery = time.Second

// mark is what the guard knows of its note. Raft writes the log in one goroutine
// and shortens it in two.
type mark struct {
	mu    sync.Mutex
	noted uint64 // the log has surely reached this index
	last  uint64 // it has reached this one
	at    time.Time
}

// reached notes, now and then, that the log was written up to its last entry.
func (g *guard) reached(logs []*raft.Log) error {
	g.mark.mu.Lock()
	defer g.mark.mu.Unlock()
	g.mark.last = logs[len(logs)-1].Index
	if g.mark.noted > 0 && time.Since(g.mark.at) < markEvery {
		return nil
	}
	return g.note(g.mark.last)
}

// shortened takes the note back before entries from an index on are deleted.
func (g *guard) shortened(from, to uint64) error {
	g.mark.mu.Lock()
	defer g.mark.mu.Unlock()
	if to < g.mark.last { // the beginning: the end stays
		return nil
	}
	g.mark.last = min(g.mark.last, from-1)
	if g.mark.noted <= g.mark.last {
		return nil
	}
	return g.note(g.mark.last)
}

// note is called with the mark locked.
func (g *guard) note(index uint64) error {
	if err := g.vote.SetUint64([]byte(markKey), index); err != nil {
		return err
	}
	g.mark.noted, g.mark.at = index, time.Now()
	return nil
}

// closing makes the note exact.
func (g *guard) closing() error {
	g.mark.mu.Lock()
	defer g.mark.mu.Unlock()
	if g.broken.Load() != nil || g.mark.last == g.mark.noted {
		return nil
	}
	return g.note(g.mark.last)
}

// complete refuses a log that ends before the note, unless a snapshot holds what
// is missing.
func (g *guard) complete(covered uint64) error {
	noted, err := g.vote.GetUint64([]byte(markKey))
	if err != nil && !errors.Is(err, raftboltdb.ErrKeyNotFound) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	last, err := g.logs.LastIndex()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if end := max(last, covered); end < noted {
		return fmt.Errorf("%w: the log in %s ends at %d, though it had reached %d; remove the member and join again with "+
			"an empty directory", ErrDamaged, g.dir, end, noted)
	}
	g.mark.mu.Lock()
	defer g.mark.mu.Unlock()
	g.mark.noted, g.mark.last = noted, last
	return nil
}

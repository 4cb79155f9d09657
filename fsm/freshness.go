package fsm

// Freshness says how new a view must be.
type Freshness struct {
	index        uint64
	linearizable bool
}

// Local is whatever this member has.
func Local() Freshness { return Freshness{} }

// AtLeast contains the entry at index; the reader waits for it.
func AtLeast(index uint64) Freshness { return Freshness{index: index} }

// Linearizable contains every write that was acknowledged, by any member,
// before it was asked for.
func Linearizable() Freshness { return Freshness{linearizable: true} }

// Index is the entry that the view must contain.
func (f Freshness) Index() uint64 { return f.index }

// IsLinearizable tells whether the leader must be asked.
func (f Freshness) IsLinearizable() bool { return f.linearizable }

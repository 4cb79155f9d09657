package agent

import (
	"context"

	"bcm/fsm"
)

// Cluster is what an agent needs of the cluster, wherever it is. A manager's own
// agent is answered from the state in the same process, any other over the
// network; the agent cannot tell which.
type Cluster interface {
	// Orders tells what the node should be doing. It answers at once when that is
	// not the answer named by after, else when it changes, and in a few seconds
	// at the latest. It is also how the cluster knows that the node is there.
	Orders(ctx context.Context, node string, after uint64) (fsm.Orders, error)
	// Report gives the cluster a command of the node's. A nil error means that it
	// is committed. An [*fsm.Error] of a code that [Definitive] names is an answer
	// too; after any other error the same command may be sent again.
	Report(ctx context.Context, node string, cmd fsm.Command) error
	// Progress tells how far runs are. It may be lost.
	Progress(ctx context.Context, node string, p []fsm.Progress) error
}

// Role does the orders of one role.
type Role interface {
	// Name is the role's, as in [fsm.Roles].
	Name() string
	// Do carries an order out and returns when it is done, or soon after ctx has
	// ended; then nothing of it goes on. An error means that the order failed and
	// says why, for people; the outcome then still counts for its figures. With
	// no error and no status in the outcome, the run has succeeded.
	//
	// When ctx ends early, context.Cause(ctx) is [ErrCancelled], [ErrWithdrawn] or
	// [ErrStopping]; the role need not tell them apart, since the agent does.
	//
	// progress may be called as often as one likes, from any goroutine, until Do
	// returns; the role fills in what it knows and leaves Run, Node and Attempt
	// to the agent.
	Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error)
}

// Keeper is a role that also has standing orders, which never end.
type Keeper interface {
	Role
	// Keep hands over the order as it stands at an index of the state. It is
	// called after every answer of a manager, from one goroutine, also when
	// nothing has changed, which confirms that the order still holds: a keeper
	// that has not been called for long must take it that it knows nothing. It
	// must not wait for anything slow.
	Keep(o fsm.Order, index uint64)
}

// Definitive tells whether a refusal of that code ends a report: asking again
// would be answered the same.
func Definitive(code fsm.Code) bool {
	switch code {
	case fsm.Conflict, fsm.NotFound, fsm.Denied, fsm.Invalid, fsm.Precondition, fsm.Mismatch:
		return true
	}
	return false
}

// commands says how an order's kind is reported: backups and jobs are different
// nouns of the state.
type commands struct {
	start     func(id string, attempt int32) fsm.Command
	finish    func(id string, attempt int32, o fsm.Outcome) fsm.Command
	interrupt func(id string, attempt int32, reason string) fsm.Command
}

func commandsOf(kind fsm.OrderKind) commands {
	if kind == fsm.BackupOrder {
		return commands{
			start: func(id string, n int32) fsm.Command { return &fsm.StartBackup{ID: id, Attempt: n} },
			finish: func(id string, n int32, o fsm.Outcome) fsm.Command {
				return &fsm.FinishBackup{ID: id, Attempt: n, Outcome: o}
			},
			interrupt: func(id string, n int32, why string) fsm.Command {
				return &fsm.InterruptBackup{ID: id, Attempt: n, Reason: why}
			},
		}
	}
	return commands{
		start: func(id string, n int32) fsm.Command { return &fsm.StartJob{ID: id, Attempt: n} },
		finish: func(id string, n int32, o fsm.Outcome) fsm.Command {
			return &fsm.FinishJob{ID: id, Attempt: n, Outcome: o}
		},
		interrupt: func(id string, n int32, why string) fsm.Command {
			return &fsm.InterruptJob{ID: id, Attempt: n, Reason: why}
		},
	}
}

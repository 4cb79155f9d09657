package sesam

import "bcm/fsm"

// states maps what servers call the states of a task or result, by letter and by
// word, to the words of the cluster. Both spellings occur in the same field.
var states = map[string]fsm.Status{
	"0": fsm.Succeeded, "o": fsm.Succeeded, "O": fsm.Succeeded, "SUCCESSFUL": fsm.Succeeded,
	"1": fsm.Warning, "i": fsm.Warning, "I": fsm.Warning, "W": fsm.Warning, "INFO": fsm.Warning, "WARNING": fsm.Warning,
	"2": fsm.Failed, "X": fsm.Failed, "x": fsm.Failed, "E": fsm.Failed, "e": fsm.Failed, "ERROR": fsm.Failed,
	"3": fsm.Cancelled, "C": fsm.Cancelled, "c": fsm.Cancelled, "CANCELLED": fsm.Cancelled,
	"a": fsm.Running, "A": fsm.Running, "ACTIVE": fsm.Running, "INITIALISATION": fsm.Running,
	"q": fsm.Queued, "IN_QUEUE": fsm.Queued, "WAITING": fsm.Queued, "TIMING": fsm.Queued,
	"d": fsm.Succeeded, "EXTERNAL": fsm.Succeeded,
	"DELETED": fsm.Deleted, "PARTIALLY_DELETED": fsm.Deleted,
	"NONE": "", "UNUSED": "", "SUPPRESSED": "", "": "",
}

// unknownState is what is not one of them; it never counts as good.
const unknownState = "unknown"

// stateOf reads a state in any spelling; "" when nothing has run.
func stateOf(s string) string {
	if state, ok := states[s]; ok {
		return string(state)
	}
	return unknownState
}

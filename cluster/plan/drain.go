package plan

import (
	"time"

	"bcm/fsm"
)

// Drain ends the draining of nodes that have nothing left. What they have is moved
// by [Assign], and what they run comes to its end.
func Drain(v *fsm.View, _ time.Time) (do []fsm.Command, next time.Time) {
	for n := range v.Nodes.All() {
		if n.Mode == fsm.Draining && !n.Drained && v.Drained(n) {
			do = append(do, &fsm.DrainNode{ID: n.ID})
		}
	}
	return do, time.Time{}
}

// Package clustertest runs whole clusters inside one testing/synctest bubble:
// real nodes with real raft, gossip, TLS and files, on a network that lives in
// memory and can be cut. Time inside a bubble stands still while anything is
// left to do and leaps to the next timer otherwise, so production timings cost
// nothing, a minute of cluster life takes a second or two, and a test that
// waits, waits for nothing in vain.
//
// A bubble is given one processor. Timers of a bubble that are due at once, or
// are due already when somebody looks at their channels, are run by whoever
// sets them or looks, and all of these share one context of the race detector,
// which is made for one thread (runtime.timer.unlockAndRun in Go 1.26). On two
// processors the detector ends the process sooner or later, by SIGSEGV or a
// CHECK of its own; this is enough to see it under -race:
//
//	synctest.Test(t, func(t *testing.T) {
//		for range 8 {
//			go func() {
//				for range 200_000 {
//					<-time.After(0)
//				}
//			}()
//		}
//	})
//
// On one processor that cannot happen, since such a timer is run without being
// preempted. The detector goes by what happened before what and needs no two
// processors to find a race, but there are fewer interleavings for it to see.
//
// What a bubble does not show: scheduling under load, slow disks, and the
// operating system's network. The cluster package has a test of its own on
// loopback for these.
package clustertest

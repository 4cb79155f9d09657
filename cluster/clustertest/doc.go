// Package clustertest runs whole clusters inside one testing/synctest bubble:
// real nodes with real raft, gossip, TLS and files, on a network that lives in
// memory and can be cut. Time inside a bubble stands still while anything is
// left to do and leaps to the next timer otherwise, so production timings cost
// nothing, a minute of cluster life takes a second or two, and a test that
// waits, waits for nothing in vain.
//
// What a bubble does not show: scheduling under load, slow disks, and the
// operating system's network. The cluster package has a test of its own on
// loopback for these.
package clustertest

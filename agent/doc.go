// Package agent is the hands of a node: it asks the cluster what the node should
// be doing, lets the node's roles do it, and tells what happened.
//
// It always asks and is never called, so a node may sit behind a firewall. It
// goes on working while no manager answers and reports later, however much
// later that is.
//
// # What it promises
//
//   - An attempt of a run, named by the run's id and the attempt's number, is
//     begun at most once in the life of the node's directory: that it is accepted
//     and begun stands in a [journal] on disk before a role hears of it.
//   - At most one attempt of a run is at work. A later one waits until the
//     earlier one has ended.
//   - An attempt that was under way when the process died is reported as
//     interrupted by the next process, and is never begun again by the agent
//     itself.
//   - A result is reported until a manager accepts or refuses it for good, across
//     restarts.
//   - An order with a lower fence than the node has seen for that run is refused.
//
// Two agents on one directory would break all of this; [LockDir] keeps the second
// one out.
package agent

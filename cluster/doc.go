// Package cluster is the agreement among the managers of a grid: one [Node] is
// one member of the raft group and of the gossip ring.
//
// It offers two things to the rest of the program, [Node.Apply] to change the
// state and [Node.View] to read it, and both mean the same on every member.
// Who leads is nobody else's business: an entry that was made on a follower
// travels to the leader, and the answer is given once the effect can be seen
// where the question was asked.
//
// # What runs where
//
// One TCP port carries all traffic between members, mutually authenticated by
// TLS 1.3 and told apart by ALPN: raft's stream, the calls of managers to each
// other (forwarded entries, read indexes, soft state), and the agents' calls,
// which the api package serves. Gossip has a port of its own and is only a
// hint: it wakes loops and knows addresses. Who a node is comes from its
// certificate, what it may do from the state.
//
// # Terms
//
// All work of a leader hangs off a context that begins when a term has begun
// here, after a barrier, and is cancelled when the term ends. Terms are told
// apart by their number; a flag could survive losing and regaining leadership.
// There is nothing to revoke and nothing to stop: plans and the member loop
// compare what is with what should be whenever they wake, so whatever happened
// while nobody led is found by the first comparison.
//
// # Soft state
//
// Who was heard of and how far runs are changes too often for the log. Managers
// keep it in memory and tell each other four times a second. Losing all of it
// costs a few seconds of knowledge and nothing else. How often logins were tried
// is counted by the leader alone, for all managers together.
//
// # Disks
//
// The log and the vote are kept behind a guard. After the first error of the
// storage the member stops: what a failed write has left on disk is unknown,
// and a member that is not sure of its vote must not give another. Before a disk
// is full writes are refused, since a full disk is such an error.
//
// The log is kept by raft-wal, which checks sums and is two to three times as
// fast as the B+tree of raft-boltdb; the latter can be selected, and always
// keeps term and vote.
package cluster

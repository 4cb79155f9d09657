// Package fsm is the state of a grid: its nouns, the commands that change them
// and the views that read them. It is the ground floor and imports nothing of
// ours.
//
// Two promises hold everything above it:
//
//   - The state after an entry is a function of the state before it and of the
//     entry alone. There is no clock, no randomness, no environment, no file
//     and no network in this package; whatever is not such a function is put
//     into the entry before it is proposed.
//   - A [View] never changes. It is cut when an entry is committed, so that all
//     that is read through one view belongs to one index.
//
// A command that is refused leaves no trace but, for people, a row in the audit
// trail; a fault in a command is a refusal, too. An entry that this version does
// not know, or cannot read to its last field, stops the member: skipping it would
// let replicas part. So a command that stands in a log keeps its fields and its
// meaning for ever, and what should be done otherwise becomes a new kind; golden
// files under testdata/ hold it to that.
//
// Rows are never modified in place: a command copies a row, changes the copy
// and puts it back. Adding a noun means one file with its type, its schema and
// its commands, one line in tables.list and one in kinds.
package fsm

// Package storage is the role backup-storage: it keeps blobs for the nodes that
// the cluster lets in, over the protocol of package blob.
//
// # The store
//
// One directory, one file for each blob:
//
//	{dir}/lock                                  held by the process that serves the directory
//	{dir}/tmp/…                                 what is being received; emptied at start
//	{dir}/blobs/{namespace}/{2 hex}/{blob}      64 bytes of head, then the bytes
//	{dir}/trash/{namespace}/{blob}~{time}       deleted, and kept for a while
//	{dir}/quarantine/{namespace}/{file}~{time}  found damaged; nothing deletes it
//	{dir}/ledger                                the names of all blobs that ought to be there
//	{dir}/samples                               how much room was left, hour by hour
//	{dir}/scrub-{namespace}.json                how far a scrub is
//
// The two digits are the beginning of the SHA-256 of the name. The head carries the
// time of storing, the size and the SHA-256 of the bytes, so that a file speaks for
// itself: neither copying the directory nor touching its files changes what a blob
// is or how old it is. A blob is received into tmp, checked against its checksum,
// flushed, renamed and its directory flushed, in that order, before it is
// acknowledged or listed. Names, sizes and times are also held in memory.
//
// # What it promises
//
// A blob that was acknowledged survives the loss of power. A blob is listed and
// readable whole or not at all. It is never overwritten, but for the one name of
// [blob.Replaceable], and then what it was is kept like something deleted. It is deleted only by a peer that may delete and only when it
// has reached the store's minimum age, but for the session marks of
// [blob.Ephemeral]. The age is told by a clock that does not jump while the process
// lives. Room is reserved before a body is read, so that a namespace does not pass
// its quota, nor the disk its reserve, by writing at several places at once.
//
// # Copies
//
// A storage copies a namespace from another one by reading it as any peer does, with
// its own identity. What is here stays; what is fetched is checked against the
// checksum and keeps the time at which its source stored it, so that "as of" means
// the same everywhere. A blob that the source has under the same name with other
// bytes is never taken: it is reported. So a source in the wrong hands can add to a
// copy, but not change it.
//
// What the source does not have any more goes from a copy only by this rule, which no
// backup manager can bend: the cluster orders the trim, after a pruning that it
// ordered itself has ended well and only while no storage that is written to has lost
// anything; the blob has reached the minimum age; it is not one that the source says
// it has lost, nor one of those without which nothing can be read (kopia.*); and all
// that goes is at most a quarter of the bytes, and of each kind of blobs, data,
// directories and indexes, a quarter of the bytes stays, unless a person says that
// more may go.
// Even then it is deleted as everything is, and can be read as of before for a while.
//
// # Damage
//
// A scrub reads all blobs of a namespace again, at a bounded rate. What is damaged
// goes into the quarantine, and counts as lost together with what the ledger knows
// and the disk does not have. A lost blob is not listed and not given: a reader finds
// it missing, never wrong. A repair is a copy that brings back what is lost and
// nothing else. What is lost counts until it is stored again, is deleted because
// nothing refers to it any more, or is given up because a person says so; a copy gives
// up what its source does not miss.
//
// # Who may do what
//
// A [Table] of grants, derived from the replicated state, says which node may read,
// write or delete in which namespace. It is swapped whole and has a version and the
// time at which it was last confirmed. A storage that has not had it confirmed for
// longer than a limit refuses everything: it would not know of a revocation.
//
// The package knows nothing of backups: what lies in blobs is encrypted, and no
// storage holds a key.
package storage

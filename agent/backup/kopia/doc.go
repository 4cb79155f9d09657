// Package kopia is a backup engine over the kopia library, on storage that speaks
// the protocol of package blob. It is the only package that imports kopia, whose
// version is pinned: it promises no stability of its API.
//
// # How kopia is used
//
// A repository is opened once and kept open, since opening derives a key on purpose
// slowly; a bounded number is kept. What kopia would read from its own files or
// decide by its own defaults is taken from it:
//
//   - Its configuration file names a kind of storage and a cache, no address and no
//     secret; the storage travels in the context.
//   - Its policies are not asked. The one that is stored in each repository keeps
//     every snapshot for ever, because kopia deletes by policy when it makes a
//     checkpoint, and what is kept is for the cluster to decide.
//   - Its view of the file system is replaced by one that follows no link while
//     reading, keeps names that are not UTF-8, takes no file for a placeholder, no
//     file for a list of things to ignore, and no directory for a cache to skip.
//   - Its reader of directories is replaced, since it gives a directory the time of
//     the newest file in it; so is its restore, for that reason, for progress, and so
//     that nothing is written outside of the target whatever lies there.
//   - Its verification is replaced, since it cannot tell how far it is; what verifies
//     reads through a connection without a cache.
//   - What reads opens a repository for reading: kopia would tidy it up meanwhile, for
//     which most who read have no right.
//   - An error in writing to the storage ends a backup. To kopia it is an error of the
//     file that was being read, which may be ignored.
//
// # What the storage has lost
//
// To kopia a content is stored when its index says so, even when the pack that it was
// in is gone: each later backup of the same data would succeed with nothing behind it.
// So every backup compares the packs of the index with those that the storage lists,
// and stores again what it comes by that was in one that is missing or too short. It
// says so in a warning. Older snapshots with the same data are whole again by that; the
// others stay damaged, and a verification names them.
//
// kopia registers metrics in Prometheus' default registry; nobody should serve that.
//
// # Ending a backup
//
// When the context of a backup ends, kopia is asked to stop: it ends what it hashes,
// and the backup is stored as an incomplete snapshot for the next to go on from. What
// is not done after a grace time is cut off. A refusal that would come again, as for
// want of room or of a right, cuts off at once.
package kopia

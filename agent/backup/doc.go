// Package backup is the role backup-manager: it makes backups, restores and
// verifies them, and forgets those that are given up, as the cluster orders.
//
// What does the work is an [Engine]. The engine over the kopia library is package
// bcm/agent/backup/kopia; this package knows no engine, so that another can be
// added beside it. The words here are those of the cluster: a snapshot is the
// stored result of a backup, as the engine names it; a [Repo] is a repository and
// how to reach it.
//
// # What a backup keeps
//
// Files, directories and symbolic links with their content, names of any bytes,
// owners, permissions with the set-id and sticky bits, and times of modification to
// the nanosecond. Long runs of zeros come back as holes. Hard links come back as
// separate files with equal content. Extended attributes and access control lists
// are not kept. Devices and named pipes are not kept and named in a warning; sockets
// are left out without one, since their programs make them anew.
//
// What cannot be read is named in a warning and the rest is kept. A source that does
// not exist is an error, unless others of the same backup do: then it is a warning.
//
// # What lies where
//
// One source path: the root of the snapshot is its content; a path to a file makes a
// root with that file in it. Several: the root has one folder for each, named like
// the last element of the path, or like the whole path with '_' for '/' where two end
// alike. A command: the root has one file with its output.
package backup

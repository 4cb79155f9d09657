package fsm

import (
	"path"
	"slices"
	"strings"
)

// Restore says what to restore, where to and how.
type Restore struct {
	Path      string    `cbor:"path,omitempty"`   // within the backup; "/" means all
	Only      []string  `cbor:"only,omitempty"`   // of what is there, only what is at these paths below; all when empty
	Target    string    `cbor:"target,omitempty"` // a directory
	Origin    bool      `cbor:"origin,omitempty"` // instead of a target: where the source was
	Overwrite Overwrite `cbor:"overwrite,omitempty"`
	DryRun    bool      `cbor:"dry_run,omitempty"` // tell what would change, and change nothing
	At        Time      `cbor:"at,omitempty"`      // when a restore beside was asked for: tells names apart
}

// Overwrite says what becomes of files that are there already and different.
type Overwrite string

// The overwrite rules.
const (
	Never   Overwrite = "never"
	Always  Overwrite = "always"
	IfNewer Overwrite = "if-newer" // when the one in the backup is newer
	Beside  Overwrite = "beside"   // the one in the backup is put next to it, under another name
)

// Overwrites lists the overwrite rules.
func Overwrites() []Overwrite { return []Overwrite{Never, Always, IfNewer, Beside} }

// Change is what a restore did to the files and links of one kind, or would do.
type Change struct {
	Kind  ChangeKind `cbor:"kind"`
	Count int64      `cbor:"count"`
	Paths []string   `cbor:"paths,omitempty"` // the first ones
}

// ChangeKind is what becomes of a file or a link.
type ChangeKind string

// The kinds of changes.
const (
	NewFile      ChangeKind = "new"
	ReplacedFile ChangeKind = "replaced"
	BesideFile   ChangeKind = "beside"  // next to a different one, which stays
	SkippedFile  ChangeKind = "skipped" // there is a different one, which stays
	SameFile     ChangeKind = "same"    // there is an equal one
)

// ChangeKinds lists the kinds of changes.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{NewFile, ReplacedFile, BesideFile, SkippedFile, SameFile}
}

// NotKept says what no restore brings back, because backups do not have it.
const NotKept = "Extended attributes, ACLs of the file system, hard links between files, devices, sockets and pipes are not kept in backups and do not come back."

// Bounds on what a restore may name, and on what is kept of its changes.
const (
	maxOnly       = 1000
	maxPath       = 4 << 10
	maxAllOnly    = 64 << 10 // bytes
	maxAllChanges = 8 << 10  // bytes of paths
)

// Choose gives the deepest folder that has all of some paths, and what is chosen
// below it; nothing when that is all of it. What lies in another of the paths is
// chosen with that.
func Choose(paths []string) (folder string, only []string) {
	clean := make([]string, len(paths))
	for i, p := range paths {
		clean[i] = path.Clean("/" + p)
	}
	slices.Sort(clean)
	var chosen []string
	for _, p := range clean {
		if !slices.ContainsFunc(chosen, func(c string) bool { return below(p, c) }) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 {
		return "/", nil
	}
	if len(chosen) == 1 {
		return chosen[0], nil
	}
	folder = path.Dir(chosen[0])
	for _, p := range chosen[1:] {
		for !below(p, folder) {
			folder = path.Dir(folder)
		}
	}
	for _, p := range chosen {
		only = append(only, strings.TrimPrefix(strings.TrimPrefix(p, folder), "/"))
	}
	return folder, only
}

// below tells whether a clean path is another or lies in it.
func below(p, folder string) bool {
	return folder == "/" || p == folder || strings.HasPrefix(p, folder+"/")
}

// check completes a restore and refuses one that cannot be done.
func (r *Restore) check() error {
	switch {
	case r.Origin && r.Target != "":
		return invalidField("target", "a restore to the origin has no other target")
	case !r.Origin && (!strings.HasPrefix(r.Target, "/") || strings.ContainsRune(r.Target, 0) || len(r.Target) > maxPath):
		return invalidField("target", "%q is not an absolute path", truncate(r.Target, maxWarning))
	}
	size := 0
	for _, p := range append([]string{r.Path}, r.Only...) {
		if slices.Contains(strings.Split(p, "/"), "..") || strings.ContainsRune(p, 0) {
			return invalidField("path", "must not contain ..")
		}
		if size += len(p); len(p) > maxPath || size > maxAllOnly || len(r.Only) > maxOnly {
			return invalidField("paths", "are too many, or too long: at most %d, of %d bytes together; restore the folder that they are in", maxOnly, maxAllOnly)
		}
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if r.Overwrite == "" {
		r.Overwrite = Never
	}
	if !slices.Contains(Overwrites(), r.Overwrite) {
		return notOneOf("overwrite", r.Overwrite, Overwrites())
	}
	return nil
}

// changed keeps what a restore did, with as many paths as there is room for.
func (j *Job) changed(all []Change) {
	j.Changes = nil
	size := 0
	for _, c := range all[:min(len(all), len(ChangeKinds()))] {
		kept := Change{Kind: ChangeKind(truncate(string(c.Kind), maxName)), Count: c.Count}
		for _, p := range c.Paths {
			p = truncate(p, maxWarning)
			if size += len(p); size > maxAllChanges {
				break
			}
			kept.Paths = append(kept.Paths, p)
		}
		j.Changes = append(j.Changes, kept)
	}
}

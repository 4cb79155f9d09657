package kopia

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"bcm/agent/backup"
	"bcm/fsm"

	"github.com/kopia/kopia/snapshot"
)

// dirState tells what a directory that is restored was before.
type dirState int

const (
	dirNew   dirState = iota // made, or would be
	dirKnown                 // there already
	dirApart                 // there already, and keeps its attributes whatever the rule is
)

// makeDir makes a directory and says which one: a name beside when its own is taken.
func (t *target) makeDir(j job) (rel string, state dirState, err error) {
	if j.new {
		return j.rel, dirNew, nil
	}
	if j.rel == "." {
		if t.empty && j.entry.Name != virtualRoot {
			return j.rel, dirNew, nil
		}
		return j.rel, dirApart, nil
	}
	there, err := t.root.Lstat(j.rel)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return j.rel, dirNew, asTarget(t.mkdir(j.rel))
	case err != nil:
		return "", 0, asTarget(err)
	case there.IsDir():
		return j.rel, dirKnown, nil
	case t.overwrite == fsm.Beside:
		return t.makeBeside(j)
	case !t.mayReplace(j.entry, there):
		return "", 0, fmt.Errorf("%w: %w: it is no directory", backup.ErrTarget, errInTheWay)
	case t.dry:
		return j.rel, dirNew, nil
	}
	return j.rel, dirNew, asTarget(errors.Join(t.root.Remove(j.rel), t.mkdir(j.rel)))
}

func (t *target) mkdir(rel string) error {
	if t.dry {
		return nil
	}
	return t.root.Mkdir(rel, 0o700)
}

// makeBeside makes a directory next to what has its name. An earlier try may have made
// it.
func (t *target) makeBeside(j job) (rel string, state dirState, err error) {
	rel = t.beside(j.rel)
	there, err := t.root.Lstat(rel)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return rel, dirNew, asTarget(t.mkdir(rel))
	case err != nil:
		return "", 0, asTarget(err)
	case !there.IsDir():
		return "", 0, fmt.Errorf("%w: %w: %s is no directory", backup.ErrTarget, errInTheWay, rel)
	}
	return rel, dirKnown, nil
}

// beside is the name next to one that is taken.
func (t *target) beside(rel string) string { return rel + ".restored-" + t.stamp }

// decide says what becomes of a file or a link, and where it goes.
func (t *target) decide(j job, link string) (kind fsm.ChangeKind, rel string, err error) {
	if j.new {
		return fsm.NewFile, j.rel, nil
	}
	there, err := t.root.Lstat(j.rel)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fsm.NewFile, j.rel, nil
	case err != nil:
		return "", "", asTarget(err)
	case t.equal(j.entry, there, j.rel, link):
		return fsm.SameFile, j.rel, nil
	case t.overwrite == fsm.Beside:
		return t.decideBeside(j, link)
	case !t.mayReplace(j.entry, there):
		return fsm.SkippedFile, j.rel, nil
	case there.IsDir(): // what is in it was not asked about
		return "", "", fmt.Errorf("%w: %w: it is a directory", backup.ErrTarget, errInTheWay)
	}
	return fsm.ReplacedFile, j.rel, nil
}

func (t *target) decideBeside(j job, link string) (kind fsm.ChangeKind, rel string, err error) {
	rel = t.beside(j.rel)
	there, err := t.root.Lstat(rel)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fsm.BesideFile, rel, nil
	case err != nil:
		return "", "", asTarget(err)
	case t.equal(j.entry, there, rel, link): // an earlier try has put it there
		return fsm.SameFile, rel, nil
	}
	return "", "", fmt.Errorf("%w: %w: %s", backup.ErrTarget, errInTheWay, rel)
}

// equal tells whether what is there is the entry, as far as can be told without
// reading it: by type, size, time, mode and, where they are restored, owners.
func (t *target) equal(e *snapshot.DirEntry, there os.FileInfo, rel, link string) bool {
	if !there.ModTime().Equal(e.ModTime.ToTime()) || !t.owned(e, there) {
		return false
	}
	if e.Type == snapshot.EntryTypeSymlink {
		to, err := t.root.Readlink(rel)
		return err == nil && to == link
	}
	return there.Mode().IsRegular() && there.Size() == e.FileSize && there.Mode()&(os.ModePerm|os.ModeSetuid|os.ModeSetgid|os.ModeSticky) == permissions(e)
}

// owned tells whether something has the entry's owner, if this process gives owners.
func (t *target) owned(e *snapshot.DirEntry, there os.FileInfo) bool {
	st, ok := there.Sys().(*syscall.Stat_t)
	return !t.chown || ok && st.Uid == e.UserID && st.Gid == e.GroupID
}

func (t *target) mayReplace(e *snapshot.DirEntry, there os.FileInfo) bool {
	return t.overwrite == fsm.Always || t.overwrite == fsm.IfNewer && e.ModTime.ToTime().After(there.ModTime())
}

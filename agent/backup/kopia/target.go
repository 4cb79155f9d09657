package kopia

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bcm/agent/backup"
	"bcm/fsm"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/snapshot"
	"golang.org/x/sys/unix"
)

const (
	// copySize is how much of a file is read at once.
	copySize = 256 << 10
	// holeSize is how many zeros become a hole.
	holeSize = 32 << 10
)

var errInTheWay = errors.New("something else is in the way")

// target is the directory that is restored into. Nothing is read or written outside
// of it, whatever links lie in it: all goes through an os.Root.
type target struct {
	root      *os.Root // nil when it is missing
	dir       string
	whole     bool // it is one of several: paths are told in full
	overwrite backup.Overwrite
	stamp     string
	dry       bool // nothing is written
	missing   bool // there is no such directory, and a dry run makes none
	empty     bool // it was made or empty: it is given the attributes of what it holds
	chown     bool
	foreign   atomic.Bool  // owners could not be given
	count     atomic.Int64 // of temporary files, for their names
}

// openTarget opens the directory to restore into and makes it if need be.
func openTarget(t backup.Target) (*target, error) {
	switch t.Overwrite {
	case "", fsm.Never, fsm.Always, fsm.IfNewer, fsm.Beside:
	default:
		return nil, fmt.Errorf("%w: overwrite %q", backup.ErrTarget, t.Overwrite)
	}
	if !filepath.IsAbs(t.Dir) || strings.ContainsRune(t.Dir, 0) {
		return nil, fmt.Errorf("%w: %q is not an absolute path", backup.ErrTarget, t.Dir)
	}
	out := &target{dir: t.Dir, whole: t.Origin, overwrite: t.Overwrite, stamp: t.Stamp, dry: t.DryRun, chown: os.Geteuid() == 0}
	if out.stamp == "" {
		out.stamp = time.Now().UTC().Format("20060102T150405Z")
	}
	if !t.DryRun {
		if err := os.MkdirAll(t.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("%w: %w", backup.ErrTarget, err)
		}
	}
	root, err := os.OpenRoot(t.Dir)
	if t.DryRun && errors.Is(err, os.ErrNotExist) {
		out.missing = true
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", backup.ErrTarget, err)
	}
	there, err := os.ReadDir(t.Dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", backup.ErrTarget, err), root.Close())
	}
	out.root, out.empty = root, len(there) == 0
	return out, nil
}

// close makes what was restored durable.
func (t *target) close() error {
	if t.dry {
		if t.missing {
			return nil
		}
		return t.root.Close()
	}
	dir, err := t.root.Open(".")
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %w", backup.ErrTarget, err), t.root.Close())
	}
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		err = fmt.Errorf("%w: %w", backup.ErrTarget, err)
		return errors.Join(err, dir.Close(), t.root.Close())
	}
	return errors.Join(dir.Close(), t.root.Close())
}

// finishDir gives a directory the entry's attributes.
func (t *target) finishDir(e *snapshot.DirEntry, rel string) error {
	err := t.own(e, func(uid, gid int) error { return t.root.Lchown(rel, uid, gid) })
	when := e.ModTime.ToTime()
	if err := errors.Join(err, t.root.Chmod(rel, permissions(e)), t.root.Chtimes(rel, when, when)); err != nil {
		return fmt.Errorf("%w: %w", backup.ErrTarget, err)
	}
	return nil
}

// writeFile writes a file beside its place and then moves it there: a reader, or a
// restore that was cut, never leaves half a file under its name.
func (t *target) writeFile(p *pen, e *snapshot.DirEntry, rel string, content io.Reader, wrote func(int64)) error {
	dir, err := p.dir(t, path.Dir(rel))
	if err != nil {
		return asTarget(err)
	}
	tmp := t.temporary()
	f, err := dir.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", backup.ErrTarget, err)
	}
	n, err := copySparse(f, content, p.buf, wrote)
	if err == nil && n != e.FileSize {
		err = fmt.Errorf("%w: %d bytes of %d", backup.ErrCorrupt, n, e.FileSize)
	}
	if err == nil {
		err = asTarget(errors.Join(f.Truncate(n), t.own(e, f.Chown), f.Chmod(permissions(e))))
	}
	err = errors.Join(err, asTarget(f.Close()))
	if err == nil {
		when := e.ModTime.ToTime()
		err = asTarget(errors.Join(dir.Chtimes(tmp, when, when), dir.Rename(tmp, path.Base(rel))))
	}
	if err != nil {
		err = errors.Join(err, ignoreMissing(dir.Remove(tmp)))
	}
	return err
}

// writeLink makes a symbolic link, likewise. Where it points to does not matter here:
// no restore follows it.
func (t *target) writeLink(p *pen, e *snapshot.DirEntry, rel, to string) error {
	dir, err := p.dir(t, path.Dir(rel))
	if err != nil {
		return asTarget(err)
	}
	tmp := t.temporary()
	err = dir.Symlink(to, tmp)
	if err == nil {
		err = errors.Join(
			t.own(e, func(uid, gid int) error { return dir.Lchown(tmp, uid, gid) }),
			linkTime(dir, tmp, e.ModTime.ToTime()),
			dir.Rename(tmp, path.Base(rel)))
	}
	if err != nil {
		return errors.Join(asTarget(err), ignoreMissing(dir.Remove(tmp)))
	}
	return nil
}

// linkTime sets the time of a link itself.
func linkTime(in *os.Root, name string, when time.Time) error {
	dir, err := in.Open(".")
	if err != nil {
		return err
	}
	spec := unix.NsecToTimespec(when.UnixNano())
	err = unix.UtimesNanoAt(int(dir.Fd()), name, []unix.Timespec{spec, spec}, unix.AT_SYMLINK_NOFOLLOW)
	return errors.Join(err, dir.Close())
}

// own gives something the entry's owner, if this process may.
func (t *target) own(e *snapshot.DirEntry, chown func(uid, gid int) error) error {
	if t.chown {
		return chown(int(e.UserID), int(e.GroupID))
	}
	if int(e.UserID) != os.Geteuid() {
		t.foreign.Store(true)
	}
	return nil
}

// temporary returns a name that nothing else has.
func (t *target) temporary() string {
	return fmt.Sprintf(".bcm-restore-%d-%d", os.Getpid(), t.count.Add(1))
}

func permissions(e *snapshot.DirEntry) os.FileMode { return os.FileMode(e.Permissions) & fs.ModBits }

// copySparse copies a file and leaves out what is nothing but zeros: when the file is
// given its length, holes are read as zeros.
func copySparse(f *os.File, content io.Reader, buf []byte, wrote func(int64)) (int64, error) {
	var at int64
	for {
		n, err := io.ReadFull(content, buf)
		for piece := range chunks(buf[:n]) {
			if !isZero(piece) {
				if _, err := f.WriteAt(piece, at); err != nil {
					return at, asTarget(err)
				}
			}
			at += int64(len(piece))
		}
		wrote(int64(n))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return at, nil
		}
		if err != nil {
			return at, reading(err)
		}
	}
}

func chunks(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(len(b), holeSize)
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// isZero tells whether a piece is long enough for a hole and has only zeros.
func isZero(b []byte) bool {
	return len(b) == holeSize && b[0] == 0 && bytes.Equal(b[:len(b)-1], b[1:])
}

func asTarget(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", backup.ErrTarget, err)
}

// hopeless tells whether an error of one file will be the error of all others.
func hopeless(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS) ||
		errors.Is(err, backup.ErrForbidden) || errors.Is(err, backup.ErrUnavailable) || errors.Is(err, backup.ErrCanceled)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

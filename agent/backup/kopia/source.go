package kopia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kopia/kopia/fs"
	"golang.org/x/sys/unix"
)

// These types are the source as kopia sees it; package doc says why they are ours.

// readAhead is how many entries of a directory are read at once.
const readAhead = 256

var (
	errDevice = errors.New("a device, which is not kept")
	errPipe   = errors.New("a named pipe, which is not kept")
	errOther  = errors.New("of a type that is not kept")
	errSwap   = errors.New("no regular file any more")
)

// node is what all entries of a source have.
type node struct {
	name     string // as the repository has it
	path     string // on disk; "" for what exists only in the snapshot
	size     int64
	mode     os.FileMode
	modified time.Time
	owner    fs.OwnerInfo
	device   fs.DeviceInfo
}

func (n *node) Name() string                { return n.name }
func (n *node) Size() int64                 { return n.size }
func (n *node) Mode() os.FileMode           { return n.mode }
func (n *node) ModTime() time.Time          { return n.modified }
func (n *node) IsDir() bool                 { return n.mode.IsDir() }
func (n *node) Sys() any                    { return nil }
func (n *node) Owner() fs.OwnerInfo         { return n.owner }
func (n *node) Device() fs.DeviceInfo       { return n.device }
func (n *node) LocalFilesystemPath() string { return n.path }
func (n *node) Close()                      {}

func newNode(path, name string, info os.FileInfo) node {
	n := node{name: storedName(name), path: path, size: info.Size(), mode: info.Mode(), modified: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		n.owner = fs.OwnerInfo{UserID: st.Uid, GroupID: st.Gid}
		n.device = fs.DeviceInfo{Dev: st.Dev, Rdev: st.Rdev}
	}
	if info.IsDir() {
		n.size = 0
	}
	return n
}

// entryAt makes an entry of something on disk, nil of what is left out silently.
func entryAt(path, name string, info os.FileInfo) fs.Entry {
	n := newNode(path, name, info)
	switch kind := info.Mode().Type(); {
	case kind.IsDir():
		return &dirNode{n}
	case kind.IsRegular():
		return &fileNode{n}
	case kind == os.ModeSymlink:
		return &linkNode{n}
	case kind == os.ModeSocket:
		return nil
	case kind == os.ModeNamedPipe:
		return &badNode{n, errPipe}
	case kind&os.ModeDevice != 0:
		return &badNode{n, errDevice}
	default:
		return &badNode{n, errOther}
	}
}

type dirNode struct{ node }

func (d *dirNode) SupportsMultipleIterations() bool { return true }

func (d *dirNode) Child(_ context.Context, stored string) (fs.Entry, error) {
	name, err := diskName(stored)
	if err != nil {
		return nil, fs.ErrEntryNotFound
	}
	path := filepath.Join(d.path, name)
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fs.ErrEntryNotFound
	}
	if err != nil {
		return nil, err
	}
	if e := entryAt(path, name, info); e != nil {
		return e, nil
	}
	return nil, fs.ErrEntryNotFound
}

func (d *dirNode) Iterate(context.Context) (fs.DirectoryIterator, error) {
	f, err := openNoFollow(d.path, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &dirIterator{dir: d, file: f}, nil
}

type dirIterator struct {
	dir   *dirNode
	file  *os.File
	batch []os.DirEntry
}

func (it *dirIterator) Next(ctx context.Context) (fs.Entry, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if len(it.batch) == 0 {
			var err error
			it.batch, err = it.file.ReadDir(readAhead)
			if errors.Is(err, io.EOF) {
				return nil, nil // kopia's sign of the end
			}
			if err != nil {
				return nil, err
			}
		}
		next := it.batch[0]
		it.batch = it.batch[1:]
		if e := it.entry(next); e != nil {
			return e, nil
		}
	}
}

// entry makes an entry, nil of what is left out or has gone meanwhile.
func (it *dirIterator) entry(d os.DirEntry) fs.Entry {
	path := filepath.Join(it.dir.path, d.Name())
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &badNode{node{name: storedName(d.Name()), path: path, mode: d.Type()}, err}
	}
	return entryAt(path, d.Name(), info)
}

func (it *dirIterator) Close() { _ = it.file.Close() } // it was only read

type fileNode struct{ node }

// Open opens the file for reading, unless it has become something else: whoever may
// write in a directory could put a link to another's file there.
func (f *fileNode) Open(context.Context) (fs.Reader, error) {
	file, err := openNoFollow(f.path, unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", f.path, errSwap)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileReader{file, f, info}, nil
}

type fileReader struct {
	*os.File
	node *fileNode
	info os.FileInfo
}

func (r *fileReader) Entry() (fs.Entry, error) {
	now := newNode(r.node.path, "", r.info)
	now.name = r.node.name
	return &fileNode{now}, nil
}

type linkNode struct{ node }

func (l *linkNode) Readlink(context.Context) (string, error) { return os.Readlink(l.path) }

// Resolve is not used: no link is followed.
func (l *linkNode) Resolve(context.Context) (fs.Entry, error) { return nil, fs.ErrEntryNotFound }

// badNode is something that cannot be kept.
type badNode struct {
	node
	err error
}

func (b *badNode) ErrorInfo() error { return b.err }

// streamNode is a file whose content comes as a stream.
type streamNode struct {
	node
	open func(ctx context.Context) (io.ReadCloser, error)
}

func (s *streamNode) GetReader(ctx context.Context) (io.ReadCloser, error) { return s.open(ctx) }

// folder is a directory that exists only in the snapshot.
type folder struct {
	node
	entries []fs.Entry
}

func (f *folder) SupportsMultipleIterations() bool { return true }

func (f *folder) Child(_ context.Context, name string) (fs.Entry, error) {
	for _, e := range f.entries {
		if e.Name() == name {
			return e, nil
		}
	}
	return nil, fs.ErrEntryNotFound
}

func (f *folder) Iterate(context.Context) (fs.DirectoryIterator, error) {
	return fs.StaticIterator(f.entries, nil), nil
}

func openNoFollow(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|flags, 0)
}

var (
	_ fs.Directory     = (*dirNode)(nil)
	_ fs.Directory     = (*folder)(nil)
	_ fs.File          = (*fileNode)(nil)
	_ fs.Symlink       = (*linkNode)(nil)
	_ fs.ErrorEntry    = (*badNode)(nil)
	_ fs.StreamingFile = (*streamNode)(nil)
)

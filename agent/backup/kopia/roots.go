package kopia

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bcm/agent/backup"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/fs/ignorefs"
	"github.com/kopia/kopia/snapshot/policy"
)

// virtualRoot is the name of a root that is no directory of the source. No directory
// has it: that of "/" is called otherwise.
const virtualRoot = "/"

// roots is a source, ready to be read: the root of the snapshot and what is left out.
type roots struct {
	root     fs.Directory
	policies map[string]*policy.Policy // by path in the snapshot, for excludes
	warnings []backup.Warning
	key      string // names the source when nothing else does
	paths    []string
	stream   bool // of a command: there is nothing to go on from
}

// openPaths looks at the paths of a source.
func openPaths(s backup.Source) (*roots, error) {
	if len(s.Paths) == 0 {
		return nil, fmt.Errorf("%w: neither paths nor a command", backup.ErrSource)
	}
	r := &roots{policies: map[string]*policy.Policy{}, key: strings.Join(s.Paths, ":"), paths: s.Paths}
	var found []fs.Entry
	var errs []error
	names := folderNames(s.Paths)
	for i, path := range s.Paths {
		e, err := openPath(path, names[i])
		if err != nil {
			errs = append(errs, err)
			r.warnings = append(r.warnings, backup.Warning{Path: path, Reason: reason(err)})
			continue
		}
		found = append(found, e)
		if e.IsDir() {
			r.policies["./"+e.Name()] = policyFor(s.Exclude, path)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %w", backup.ErrSource, errors.Join(errs...))
	}
	r.root = under(found)
	if dir, ok := found[0].(*dirNode); ok && len(s.Paths) == 1 {
		r.root = dir
		r.policies = map[string]*policy.Policy{".": policyFor(s.Exclude, s.Paths[0])}
	}
	return r, r.checkExcludes()
}

// openPath looks at one path. A link that is named itself is followed.
func openPath(path, name string) (fs.Entry, error) {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return nil, fmt.Errorf("%q is not an absolute path", path)
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(real)
	if err != nil {
		return nil, err
	}
	switch e := entryAt(real, name, info).(type) {
	case *dirNode, *fileNode:
		return e, nil
	case *badNode:
		return nil, fmt.Errorf("%s is %w", path, e.err)
	default:
		return nil, fmt.Errorf("%s is %w", path, errOther)
	}
}

// folderNames returns one name for each path: its last element, or all of it where
// that would not tell two apart.
func folderNames(paths []string) []string {
	count := map[string]int{}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(filepath.Clean(path))
		if names[i] == virtualRoot {
			names[i] = "root" // not virtualRoot
		}
		count[names[i]]++
	}
	taken := map[string]bool{}
	for i, path := range paths {
		if count[names[i]] > 1 {
			names[i] = strings.ReplaceAll(strings.Trim(filepath.Clean(path), "/"), "/", "_")
		}
		for taken[names[i]] {
			names[i] += "_"
		}
		taken[names[i]] = true
	}
	return names
}

// under makes a directory of entries. It is as old as the newest of them, so that it
// does not change when they do not.
func under(entries []fs.Entry) *folder {
	f := &folder{node{name: virtualRoot, mode: os.ModeDir | 0o755}, entries}
	for _, e := range entries {
		if e.ModTime().After(f.modified) {
			f.modified = e.ModTime()
		}
	}
	if f.modified.IsZero() {
		f.modified = time.Unix(0, 0)
	}
	return f
}

// tree returns the policies as kopia asks for them.
func (r *roots) tree() *policy.Tree { return policy.BuildTree(r.policies, policyFor(nil, "")) }

// checkExcludes lets kopia read the excludes: where it does so itself, it would take a
// wrong one for an unreadable directory.
func (r *roots) checkExcludes() error {
	for _, p := range r.policies {
		tree := policy.BuildTree(map[string]*policy.Policy{".": p}, policyFor(nil, ""))
		it, err := ignorefs.New(&folder{node: node{mode: os.ModeDir}}, tree).Iterate(context.Background())
		if err != nil {
			return fmt.Errorf("%w: exclude: %w", backup.ErrSource, err)
		}
		it.Close()
	}
	return nil
}

// reason says what is wrong with something whose path is said beside it.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

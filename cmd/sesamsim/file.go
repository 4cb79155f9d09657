package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const fileFormat = 1

// file is the data file: one JSON document, replaced as a whole by a rename, so
// that it is the old or the new one whatever happens to the process.
type file struct {
	path string

	mu      sync.Mutex // one write at a time; those who wait share the next
	written uint64
	lock    *os.File
}

// openFile takes the data directory for this process alone.
func openFile(dir string) (*file, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "sesamsim.pid"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another server runs in %s: %w", dir, err), lock.Close())
	}
	if err := writePid(lock); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &file{path: filepath.Join(dir, "sesam.json"), lock: lock}, nil
}

func writePid(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// close gives the directory back. The file with the pid stays, empty: removing
// it would take the lock away from one who is just about to get it.
func (f *file) close() error {
	return errors.Join(f.lock.Truncate(0), f.lock.Close())
}

// reach returns once the file holds version or a later one.
func (f *file) reach(s *state, version uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.written >= version {
		return nil
	}
	content, version := s.encode()
	if err := f.replace(content); err != nil {
		return fmt.Errorf("writing the data file: %w", err)
	}
	f.written = version
	return nil
}

func (f *file) replace(content []byte) error {
	part := f.path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return err
	}
	return os.Rename(part, f.path)
}

// encode writes the whole state, a row a line.
func (s *state) encode() ([]byte, uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := &tx{s: s}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"format\":%d,\"tables\":{", fileFormat)
	for i, d := range s.resources {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n%q:[", d.name)
		for j, r := range t.all(d.name) {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
			b.Write(s.tables[d.name].rows[keyOf(d, r)].line)
		}
		b.WriteByte(']')
	}
	b.WriteString("}}\n")
	return b.Bytes(), s.version
}

// load fills the state from the file; fresh says that there was none.
func (f *file) load(s *state) (fresh bool, err error) {
	in, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer in.Close()
	var content struct {
		Format int
		Tables map[string][]map[string]any
	}
	d := json.NewDecoder(bufio.NewReader(in))
	d.UseNumber()
	if err := d.Decode(&content); err != nil {
		return false, fmt.Errorf("%s cannot be read: %w", f.path, err)
	}
	if content.Format != fileFormat {
		return false, fmt.Errorf("%s has format %d, this program reads %d", f.path, content.Format, fileFormat)
	}
	_, err = s.apply(time.Time{}, func(t *tx) error {
		for _, d := range s.resources {
			for _, m := range content.Tables[d.name] {
				r, err := d.restored(m)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", f.path, d.name, err)
				}
				t.put(d, r)
			}
		}
		return nil
	})
	return false, err
}

// restored makes a row of a line of the data file.
func (d *resource) restored(m map[string]any) (row, error) {
	r := row{}
	for i := range d.fields {
		f := &d.fields[i]
		v := m[f.name]
		var err error
		switch {
		case v == nil:
			r[f.name] = nil
		case f.kind == ref:
			plain := field{name: f.name, kind: integer}
			r[f.name], err = plain.canonical(nil, v)
		case f.kind == ids:
			r[f.name], err = restoredIDs(v)
		default:
			r[f.name], err = f.canonical(nil, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

func restoredIDs(v any) ([]int64, error) {
	l, ok := v.([]any)
	out := make([]int64, 0, len(l))
	for _, v := range l {
		n, is := asInt(v)
		ok = ok && is
		out = append(out, n)
	}
	if !ok {
		return nil, errors.New("a list of ids was expected")
	}
	return out, nil
}

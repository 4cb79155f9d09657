package storage

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"bcm/agent/storage/blob"
)

// known names a blob of a namespace.
type known struct{ ns, name string }

// ledger is the list of all blobs that ought to be there, on disk: a file that
// vanishes leaves no other trace. It is written behind and not flushed: what power
// loss takes from its end weakens what a scrub can find, and nothing else.
type ledger struct {
	mu   sync.Mutex
	file *os.File
	done error // the first that went wrong
}

// readLedger reads the names of a ledger; none when there is no file.
func readLedger(path string) (names map[known]bool, err error) {
	names = make(map[known]bool)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return names, nil
	}
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		text := lines.Text()
		if text == "" {
			continue
		}
		ns, name, _ := strings.Cut(text[1:], "/")
		if checkNames(ns, name) != nil {
			continue // torn by a crash
		}
		switch text[0] {
		case '+':
			names[known{ns, name}] = true
		case '-':
			delete(names, known{ns, name})
		}
	}
	return names, lines.Err()
}

// newLedger writes a ledger with these names in place of the one there is.
func newLedger(path string, names map[known]bool) (*ledger, error) {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	out := bufio.NewWriter(f)
	for k := range names {
		_, err = fmt.Fprintf(out, "+%s/%s\n", k.ns, k.name)
		if err != nil {
			break
		}
	}
	err = errors.Join(err, out.Flush(), f.Sync())
	if err == nil {
		err = errors.Join(os.Rename(next, path), syncDir(filepath.Dir(path)))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: %w", err), f.Close())
	}
	return &ledger{file: f}, nil
}

// note writes that a blob has come or gone. Session marks come and go unnoticed.
func (l *ledger) note(sign byte, ns, name string) {
	if blob.Ephemeral(name) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.WriteString(string(sign) + ns + "/" + name + "\n"); err != nil && l.done == nil {
		l.done = err
	}
}

// close ends the ledger and tells what went wrong with it.
func (l *ledger) close() error { return errors.Join(l.done, l.file.Close()) }

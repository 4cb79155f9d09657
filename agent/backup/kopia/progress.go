package kopia

import (
	"cmp"
	"slices"
	"sync"

	"bcm/agent/backup"

	"github.com/kopia/kopia/snapshot/upload"
)

// mostWarnings is how many warnings are kept; all are counted.
const mostWarnings = 1000

// warnings gathers what was left out, from any number of goroutines.
type warnings struct {
	mu    sync.Mutex
	list  []backup.Warning
	count int64
}

func (w *warnings) add(path, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	if len(w.list) < mostWarnings {
		w.list = append(w.list, backup.Warning{Path: path, Reason: reason})
	}
}

// all returns the warnings in the order of paths, and how many there were.
func (w *warnings) all() ([]backup.Warning, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.list)
	slices.SortStableFunc(list, func(a, b backup.Warning) int { return cmp.Compare(a.Path, b.Path) })
	return list, w.count
}

// progress takes what kopia tells of an upload. It is called from all the goroutines
// that read files.
type progress struct {
	upload.NullUploadProgress
	meter    *backup.Meter
	warnings *warnings
}

var _ upload.Progress = (*progress)(nil)

// Enabled lets kopia estimate the size of the source.
func (p *progress) Enabled() bool { return true }

// EstimatedDataSize is called when kopia has counted the source.
func (p *progress) EstimatedDataSize(files, bytes int64) { p.meter.Total(files, bytes) }

// CachedFile is called for a file that is known from the snapshot before.
func (p *progress) CachedFile(_ string, size int64) { p.meter.Cached(size) }

// HashingFile is called before a file is read.
func (p *progress) HashingFile(path string) { p.meter.Item(path) }

// HashedBytes is called for each piece that was read.
func (p *progress) HashedBytes(n int64) { p.meter.Done(0, n) }

// FinishedHashingFile is called after a file was read.
func (p *progress) FinishedHashingFile(string, int64) { p.meter.Done(1, 0) }

// Error is called for what cannot be kept.
func (p *progress) Error(path string, err error, _ bool) {
	p.meter.Error()
	p.warnings.add(path, reason(err))
}

package backup

import (
	"sync"
	"sync/atomic"
	"time"
)

// meterPeriod is how often a Meter tells how far it is.
const meterPeriod = 500 * time.Millisecond

// Meter gathers how far work is from any number of goroutines and tells it at an
// even pace. Its counting methods are cheap and safe for concurrent use.
type Meter struct {
	files, bytes, cached, uploaded atomic.Int64
	totalFiles, totalBytes         atomic.Int64
	errors                         atomic.Int64
	phase, item                    atomic.Pointer[string]

	ev      Events
	stop    chan struct{}
	stopped sync.WaitGroup
}

// NewMeter returns a meter that tells ev until [Meter.Stop]. ev may be nil.
func NewMeter(phase string, ev Events) *Meter {
	m := &Meter{ev: ev, stop: make(chan struct{})}
	m.Phase(phase)
	m.Item("")
	if ev != nil {
		m.stopped.Go(m.tell)
	}
	return m
}

// Done counts files and bytes that are done.
func (m *Meter) Done(files, bytes int64) { m.files.Add(files); m.bytes.Add(bytes) }

// Cached counts a file that is done because it was known.
func (m *Meter) Cached(bytes int64) { m.cached.Add(1); m.Done(1, bytes) }

// Uploaded counts bytes written to the storage.
func (m *Meter) Uploaded(bytes int64) { m.uploaded.Add(bytes) }

// Error counts something that was left out.
func (m *Meter) Error() { m.errors.Add(1) }

// Total sets how much there is to do.
func (m *Meter) Total(files, bytes int64) { m.totalFiles.Store(files); m.totalBytes.Store(bytes) }

// AddTotal adds to how much there is to do.
func (m *Meter) AddTotal(files, bytes int64) { m.totalFiles.Add(files); m.totalBytes.Add(bytes) }

// Phase says what is being done.
func (m *Meter) Phase(name string) { m.phase.Store(&name) }

// Item says what is being worked on.
func (m *Meter) Item(name string) { m.item.Store(&name) }

// Written returns the bytes written to the storage so far.
func (m *Meter) Written() int64 { return m.uploaded.Load() }

// Stop tells once more how far the work is and ends. It must be called once; nothing
// is told after it has returned.
func (m *Meter) Stop() {
	close(m.stop)
	m.stopped.Wait()
}

func (m *Meter) tell() {
	ticker := time.NewTicker(meterPeriod)
	defer ticker.Stop()
	var pace pace
	for {
		select {
		case <-ticker.C:
			m.ev(m.event(&pace))
		case <-m.stop:
			m.ev(m.event(&pace))
			return
		}
	}
}

func (m *Meter) event(p *pace) Event {
	e := Event{
		Phase: *m.phase.Load(), Item: *m.item.Load(),
		Files: m.files.Load(), Bytes: m.bytes.Load(),
		TotalFiles: m.totalFiles.Load(), TotalBytes: m.totalBytes.Load(),
		Cached: m.cached.Load(), Uploaded: m.uploaded.Load(), Errors: int(m.errors.Load()),
	}
	if e.TotalFiles > 0 { // an estimate may fall short
		e.TotalFiles = max(e.TotalFiles, e.Files)
	}
	if e.TotalBytes > 0 {
		e.TotalBytes = max(e.TotalBytes, e.Bytes)
	}
	p.note(e.Files, e.Bytes)
	e.Rate = int64(p.bytes)
	e.ETA = p.left(e)
	return e
}

// pace is how fast work goes lately: each tick weighs a tenth, so that some five
// seconds count.
type pace struct {
	files, bytes         float64 // a second
	lastFiles, lastBytes int64
	began                bool
}

func (p *pace) note(files, bytes int64) {
	perSecond := float64(time.Second / meterPeriod)
	f, b := float64(files-p.lastFiles)*perSecond, float64(bytes-p.lastBytes)*perSecond
	p.lastFiles, p.lastBytes = files, bytes
	weight := 0.1
	if !p.began && (files > 0 || bytes > 0) {
		weight, p.began = 1, true
	}
	p.files += weight * (f - p.files)
	p.bytes += weight * (b - p.bytes)
}

// left estimates the time to the end by what takes longer, files or bytes. Many
// small files take time for each one, few large ones for each byte.
func (p *pace) left(e Event) time.Duration {
	var seconds float64
	if files := e.TotalFiles - e.Files; files > 0 && p.files > 0 {
		seconds = float64(files) / p.files
	}
	if bytes := e.TotalBytes - e.Bytes; bytes > 0 && p.bytes > 0 {
		seconds = max(seconds, float64(bytes)/p.bytes)
	}
	const most = 30 * 24 * time.Hour
	if seconds > most.Seconds() {
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}

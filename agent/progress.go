package agent

import (
	"context"
	"sync"
	"time"

	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

const (
	progressEvery   = 500 * time.Millisecond
	progressTimeout = 3 * time.Second
)

// progressBoard sends on how far runs are, at most twice a second and only what
// is newest.
type progressBoard struct {
	cluster Cluster
	node    string
	log     hclog.Logger

	mu    sync.Mutex
	runs  map[string]*pace
	dirty bool
}

// pace is the newest of a run, and what it takes to tell its speed.
type pace struct {
	fsm.Progress
	fresh bool // not sent yet
	at    time.Time
	bytes int64   // at that time
	rate  float64 // bytes a second, smoothed
}

func newProgressBoard(c Cluster, node string, log hclog.Logger) *progressBoard {
	return &progressBoard{cluster: c, node: node, log: log, runs: make(map[string]*pace)}
}

// put takes the newest progress of a run.
func (b *progressBoard) put(p fsm.Progress) {
	p.Node = b.node
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.runs[p.Run]
	if r == nil || r.Attempt != p.Attempt {
		r = &pace{at: now, bytes: p.Bytes}
		b.runs[p.Run] = r
	}
	r.measure(p.Bytes, now)
	if p.Rate == 0 {
		p.Rate = int64(r.rate)
	}
	if left := p.TotalBytes - p.Bytes; p.ETA == 0 && left > 0 && p.Rate > 0 {
		p.ETA = 1 + (left-1)/p.Rate
	}
	r.Progress, r.fresh, b.dirty = p, true, true
}

// measure takes the speed since the last measurement, which lies some time back
// so that bursts even out.
func (r *pace) measure(bytes int64, now time.Time) {
	passed := now.Sub(r.at).Seconds()
	if passed < progressEvery.Seconds() {
		return
	}
	speed := max(float64(bytes-r.bytes)/passed, 0)
	if r.rate == 0 {
		r.rate = speed
	}
	weight := min(passed/5, 1)
	r.rate += weight * (speed - r.rate)
	r.at, r.bytes = now, bytes
}

// drop forgets a run that has ended.
func (b *progressBoard) drop(run string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.runs, run)
}

// take gives what is new since it was asked last.
func (b *progressBoard) take() []fsm.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.dirty {
		return nil
	}
	b.dirty = false
	var list []fsm.Progress
	for _, r := range b.runs {
		if r.fresh {
			r.fresh = false
			list = append(list, r.Progress)
		}
	}
	return list
}

// run sends until ctx ends. What cannot be sent is dropped: there will be newer.
func (b *progressBoard) run(ctx context.Context) error {
	for pause(ctx, progressEvery) {
		list := b.take()
		if len(list) == 0 {
			continue
		}
		one, cancel := context.WithTimeout(ctx, progressTimeout)
		err := b.cluster.Progress(one, b.node, list)
		cancel()
		if err != nil {
			b.log.Debug("progress not sent", "error", err)
		}
	}
	return nil
}

package backup

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bcm/fsm"

	"golang.org/x/time/rate"
)

// Throttle lets bytes through no faster than limits say, which hold at times of the
// day: it becomes faster and slower while it is used. A nil Throttle lets all
// through. It is safe for concurrent use.
type Throttle struct {
	limits []fsm.Bandwidth
	zones  []*time.Location

	mu      sync.Mutex
	bucket  *rate.Limiter // nil while nothing is limited
	changes time.Time     // when the limits are to be looked at again
}

// NewThrottle returns a throttle of the limits, nil when there are none.
func NewThrottle(limits []fsm.Bandwidth) (*Throttle, error) {
	if len(limits) == 0 {
		return nil, nil //nolint:nilnil // nothing is limited
	}
	t := &Throttle{limits: limits}
	for _, l := range limits {
		zone, err := time.LoadLocation(l.Zone)
		if err != nil {
			return nil, fmt.Errorf("bandwidth limit: %w", err)
		}
		t.zones = append(t.zones, zone)
	}
	return t, nil
}

// Take waits until something may be sent and returns how much, at most most.
func (t *Throttle) Take(ctx context.Context, most int) (int, error) {
	if t == nil {
		return most, ctx.Err()
	}
	bucket := t.now()
	if bucket == nil {
		return most, ctx.Err()
	}
	n := min(most, bucket.Burst())
	if err := bucket.WaitN(ctx, n); err != nil {
		return 0, err
	}
	return n, nil
}

// A bucket holds a part of a second, so that a rate that changes is felt soon.
const (
	bucketsPerSecond = 4
	mostBurst        = 1 << 20
)

// now gives the bucket as the limits want it now.
func (t *Throttle) now() *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.changes) {
		return t.bucket
	}
	least, rest := int64(0), time.Hour // a clock that is set must not hold a limit for a day
	for i := range t.limits {
		bytes, stays := t.limits[i].At(now, t.zones[i])
		rest = min(rest, stays)
		if bytes > 0 && (least == 0 || bytes < least) {
			least = bytes
		}
	}
	t.changes = now.Add(rest)
	burst := int(min(max(least/bucketsPerSecond, 1), mostBurst))
	switch {
	case least == 0:
		t.bucket = nil
	case t.bucket == nil || t.bucket.Limit() != rate.Limit(least):
		t.bucket = rate.NewLimiter(rate.Limit(least), burst)
	}
	return t.bucket
}

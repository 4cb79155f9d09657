package storage

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// throttle bounds how fast bytes are read, together with all who share it. The zero
// throttle does not.
type throttle struct{ limit *rate.Limiter }

// burst is how many bytes go through a throttle at once.
const burst = 1 << 20

// newThrottle returns a throttle of so many bytes a second; none when that is 0.
func newThrottle(bytes int64) throttle {
	if bytes <= 0 {
		return throttle{}
	}
	return throttle{rate.NewLimiter(rate.Limit(bytes), burst)}
}

// reader reads from r no faster than the throttle lets it, until ctx ends.
func (t throttle) reader(ctx context.Context, r io.Reader) io.Reader {
	return &throttled{ctx, t.limit, r}
}

type throttled struct {
	ctx   context.Context
	limit *rate.Limiter
	r     io.Reader
}

func (t *throttled) Read(p []byte) (int, error) {
	if t.ctx.Err() != nil {
		return 0, context.Cause(t.ctx)
	}
	n, err := t.r.Read(p[:min(len(p), burst)])
	if n > 0 && t.limit != nil {
		if wait := t.limit.WaitN(t.ctx, n); wait != nil {
			return n, wait
		}
	}
	return n, err
}

package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// retry calls try until it succeeds, is refused for good, or the storage has been
// away for too long. Each attempt takes the next URL.
func (c *Client) retry(ctx context.Context, what string, try func(ctx context.Context, base string) error) error {
	var failed time.Time // of the first failure
	pause := c.opt.MinBackoff
	for attempt := 0; ; attempt++ {
		err := try(ctx, c.urls[attempt%len(c.urls)])
		if err == nil || !temporary(err) {
			c.line.answered()
			if err != nil {
				err = fmt.Errorf("%s: %w", what, err)
			}
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
		c.line.silent(what, err)
		if failed.IsZero() {
			failed = time.Now()
		} else if time.Since(failed) > c.opt.Wait {
			return fmt.Errorf("%s: %w for %v: %w", what, ErrUnavailable, c.opt.Wait, err)
		}
		if err := sleep(ctx, pause/2+rand.N(pause/2+1)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if attempt%len(c.urls) == len(c.urls)-1 {
			pause = min(2*pause, c.opt.MaxBackoff)
		}
	}
}

// temporary tells whether to try again: whatever is not a plain answer is.
func temporary(err error) bool {
	for _, answer := range []error{ErrMissing, ErrExists, ErrRange, ErrForbidden, ErrNoRoom, ErrYoung, ErrInvalid, ErrDamaged} {
		if errors.Is(err, answer) {
			return false
		}
	}
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// exchange makes one request, watches that its bytes move, and lets read have the
// answer if it has the status wanted. Else the answer becomes an error.
func (c *Client) exchange(req *http.Request, want int, read func(*http.Response) error) (err error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	dog := time.AfterFunc(c.opt.Stall, func() {
		cancel(fmt.Errorf("%w: no byte moved for %v", ErrUnavailable, c.opt.Stall))
	})
	defer dog.Stop()
	defer func() {
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
	}()
	moved := func() { dog.Reset(c.opt.Stall) }
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &watched{req.Body, moved}
	}
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	moved()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.skew.Store(int64(time.Until(date)))
	}
	resp.Body = &watched{resp.Body, moved}
	defer func() {
		// At most the end of a refusal is left: reading it keeps the connection.
		_, drained := io.CopyN(io.Discard, resp.Body, 4<<10)
		_ = errors.Join(drained, resp.Body.Close())
	}()
	if resp.StatusCode != want {
		return refused(resp)
	}
	return read(resp)
}

// watched tells when bytes move.
type watched struct {
	io.ReadCloser
	moved func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.moved()
	}
	return n, err
}

// line is whether the storage answers, for the log: a line when it falls silent,
// one when it is back, however many calls wait for it.
type line struct {
	log hclog.Logger

	mu   sync.Mutex
	down time.Time
}

func (l *line) silent(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down.IsZero() {
		l.down = time.Now()
		l.log.Warn("storage does not serve, waiting for it", "doing", what, "error", err)
	}
}

func (l *line) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.down.IsZero() {
		l.log.Info("storage serves again", "after", time.Since(l.down).Round(time.Millisecond))
		l.down = time.Time{}
	}
}

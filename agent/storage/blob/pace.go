package blob

import (
	"context"
	"io"
)

// Pacer says how many bytes, at most so many, may be sent now; it waits until one
// may. It is safe for concurrent use.
type Pacer func(ctx context.Context, most int) (int, error)

type pacerKey struct{}

// WithPacer returns a context under which the contents of blobs are sent no faster
// than the pacer lets them.
func WithPacer(ctx context.Context, p Pacer) context.Context {
	return context.WithValue(ctx, pacerKey{}, p)
}

// paced reads what is to be sent at the pace of the context, if it has one.
func paced(ctx context.Context, content io.ReadCloser) io.ReadCloser {
	if p, ok := ctx.Value(pacerKey{}).(Pacer); ok {
		return &slowed{content, ctx, p}
	}
	return content
}

type slowed struct {
	io.ReadCloser
	ctx  context.Context //nolint:containedctx // a reader is asked without one
	pace Pacer
}

func (s *slowed) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.pace(s.ctx, len(p))
	if err != nil {
		return 0, err
	}
	return s.ReadCloser.Read(p[:n])
}

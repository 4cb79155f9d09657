package kopia

import (
	"bytes"
	"container/list"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	wire "bcm/agent/storage/blob"
)

const (
	segmentSize  = 1 << 20
	segmentCount = 96
)

// segments reads packs in aligned pieces and remembers the last ones. A restore of
// small files asks for thousands of pieces of a few kilobytes, most of them next to
// each other: fetching each alone costs the storage eight times the work. Packs
// never change, so that what is remembered is always right.
type segments struct {
	client *wire.Client

	mu   sync.Mutex
	last *list.List // of *segment, the most recently used first
	at   map[segmentID]*list.Element
}

type segmentID struct {
	blob  string
	index int64
}

// segment is a piece of a pack, or will be once done is closed.
type segment struct {
	id   segmentID
	done chan struct{}
	data []byte
	err  error
}

func newSegments(c *wire.Client) *segments {
	return &segments{client: c, last: list.New(), at: map[segmentID]*list.Element{}}
}

// want tells whether a read is better served by pieces: of a pack, of data or of
// directories, and no larger than a piece.
func (s *segments) want(name string, length int64) bool {
	return (strings.HasPrefix(name, "p") || strings.HasPrefix(name, "q")) && length > 0 && length <= segmentSize
}

// forget forgets all pieces, so that what is read next is what the storage has now.
func (s *segments) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last.Init()
	clear(s.at)
}

// get writes a range of a pack to w.
func (s *segments) get(ctx context.Context, name string, offset, length int64, w wire.Sink) error {
	if offset < 0 {
		return fmt.Errorf("read pack %s: %w: offset %d", name, wire.ErrRange, offset)
	}
	w.Reset()
	for length > 0 {
		data, err := s.segment(ctx, segmentID{name, offset / segmentSize})
		if err != nil {
			return err
		}
		from := offset % segmentSize
		if from >= int64(len(data)) {
			return fmt.Errorf("read pack %s: %w: it ends before %d", name, wire.ErrRange, offset)
		}
		part := data[from:min(from+length, int64(len(data)))]
		if _, err := w.Write(part); err != nil {
			return err
		}
		offset += int64(len(part))
		length -= int64(len(part))
	}
	return nil
}

// segment returns a piece. Of several that want the same one, one fetches it.
func (s *segments) segment(ctx context.Context, id segmentID) ([]byte, error) {
	for {
		seg, mine := s.claim(id)
		if mine {
			s.fetch(ctx, seg)
			return seg.data, seg.err
		}
		select {
		case <-seg.done:
			if seg.err == nil {
				return seg.data, nil
			}
			// It may have failed for the other's reasons, its context for one: our turn.
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// claim returns the piece and whether the caller has to fetch it.
func (s *segments) claim(id segmentID) (seg *segment, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.at[id]; ok {
		s.last.MoveToFront(e)
		return e.Value.(*segment), false
	}
	seg = &segment{id: id, done: make(chan struct{})}
	s.at[id] = s.last.PushFront(seg)
	for s.last.Len() > segmentCount {
		oldest := s.last.Back()
		s.last.Remove(oldest)
		delete(s.at, oldest.Value.(*segment).id)
	}
	return seg, true
}

func (s *segments) fetch(ctx context.Context, seg *segment) {
	defer close(seg.done)
	buf := &growing{}
	buf.Grow(segmentSize)
	_, seg.err = s.client.GetUpTo(ctx, seg.id.blob, seg.id.index*segmentSize, segmentSize, buf)
	seg.data = buf.Bytes()
	if seg.err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.at[seg.id]; ok && e.Value.(*segment) == seg {
		s.last.Remove(e)
		delete(s.at, seg.id)
	}
}

// growing is a buffer that a client can write into.
type growing struct{ bytes.Buffer }

var (
	_ wire.Sink = (*growing)(nil)
	_ io.Writer = (*growing)(nil)
)

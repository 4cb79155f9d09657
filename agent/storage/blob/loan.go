package blob

import (
	"errors"
	"io"
	"sync"
)

var errReturned = errors.New("the request has ended")

// loan is the content of a blob while a request sends it. A transport may go on
// reading for a while after the request has ended, by an early refusal or with a
// connection that broke: by then the memory may be another's.
type loan struct {
	io.ReadCloser
	mu   sync.Mutex
	over bool
}

func (l *loan) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return 0, errReturned
	}
	return l.ReadCloser.Read(p)
}

// end waits for a read that is under way, and lets none follow.
func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

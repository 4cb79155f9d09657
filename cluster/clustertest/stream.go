package clustertest

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how much may be under way in one direction.
const window = 1 << 20

// stream is one end of a connection.
type stream struct {
	net           *Net
	local, remote string // hosts
	from, to      net.Addr
	in, out       *lane
}

func newPair(n *Net, from, to *net.TCPAddr) (near, far *stream) {
	there, back := newLane(n, from.IP.String(), to.IP.String()), newLane(n, to.IP.String(), from.IP.String())
	near = &stream{net: n, local: from.IP.String(), remote: to.IP.String(), from: from, to: to, in: back, out: there}
	far = &stream{net: n, local: to.IP.String(), remote: from.IP.String(), from: to, to: from, in: there, out: back}
	return near, far
}

func (s *stream) Read(b []byte) (int, error)  { return s.in.read(b) }
func (s *stream) Write(b []byte) (int, error) { return s.out.write(b) }

// Close lets what was written arrive.
func (s *stream) Close() error {
	s.in.end(net.ErrClosed, true)
	s.out.end(io.EOF, false)
	s.net.forget(s)
	return nil
}

// reset ends both directions at once.
func (s *stream) reset() {
	s.in.end(syscall.ECONNRESET, true)
	s.out.end(syscall.ECONNRESET, true)
	s.net.forget(s)
}

func (n *Net) forget(s *stream) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.streams, s)
}

func (s *stream) LocalAddr() net.Addr  { return s.from }
func (s *stream) RemoteAddr() net.Addr { return s.to }

func (s *stream) SetDeadline(t time.Time) error {
	s.in.readBy.set(s.in, t)
	s.out.writeBy.set(s.out, t)
	return nil
}

func (s *stream) SetReadDeadline(t time.Time) error {
	s.in.readBy.set(s.in, t)
	return nil
}

func (s *stream) SetWriteDeadline(t time.Time) error {
	s.out.writeBy.set(s.out, t)
	return nil
}

// lane is one direction of a connection.
type lane struct {
	net      *Net
	from, to string

	mu      sync.Mutex
	cond    *sync.Cond
	chunks  []chunk
	size    int
	ended   error // what the reader gets after the chunks, and the writer at once
	readBy  deadline
	writeBy deadline
}

type chunk struct {
	data  []byte
	ready time.Time
}

func newLane(n *Net, from, to string) *lane {
	l := &lane{net: n, from: from, to: to}
	l.cond = sync.NewCond(&l.mu)
	return l
}

func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cond.Broadcast()
}

// end closes the lane; at once, what is under way is lost.
func (l *lane) end(why error, atOnce bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if atOnce {
		l.chunks, l.size = nil, 0
		if l.ended == nil || l.ended == io.EOF {
			l.ended = why
		}
	} else if l.ended == nil {
		l.ended = why
	}
	l.cond.Broadcast()
}

func (l *lane) read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		linked := l.net.linked(l.from, l.to)
		switch {
		case l.readBy.over():
			return 0, os.ErrDeadlineExceeded // as it is: it must be a net.Error
		case len(l.chunks) > 0 && linked:
			if wait := time.Until(l.chunks[0].ready); wait > 0 {
				l.mu.Unlock()
				time.Sleep(wait)
				l.mu.Lock()
				continue
			}
			return l.take(b), nil
		case l.ended != nil && len(l.chunks) == 0 && (linked || l.ended != io.EOF):
			return 0, l.ended
		}
		l.cond.Wait()
	}
}

func (l *lane) take(b []byte) int {
	c := &l.chunks[0]
	n := copy(b, c.data)
	if c.data = c.data[n:]; len(c.data) == 0 {
		l.chunks = l.chunks[1:]
	}
	l.size -= n
	l.cond.Broadcast()
	return n
}

func (l *lane) write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.ended == io.EOF || l.ended == net.ErrClosed:
			return 0, fmt.Errorf("write: %w", syscall.EPIPE)
		case l.ended != nil:
			return 0, l.ended
		case l.writeBy.over():
			return 0, os.ErrDeadlineExceeded
		case l.size < window:
			l.chunks = append(l.chunks, chunk{append([]byte(nil), b...), time.Now().Add(latency)})
			l.size += len(b)
			l.cond.Broadcast()
			return len(b), nil
		}
		l.cond.Wait()
	}
}

// deadline wakes those who wait on a lane when it passes. Users move theirs at
// each message, so the timer is left as it is while it goes off early enough,
// and is set anew when it does.
type deadline struct {
	at    time.Time
	alarm time.Time // when the timer goes off; zero while it does not run
	timer *time.Timer
}

// over is called with the lane locked.
func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) set(l *lane, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.at = at
	d.arm(l)
	if d.over() {
		l.cond.Broadcast()
	}
}

// arm is called with the lane locked.
func (d *deadline) arm(l *lane) {
	if d.at.IsZero() || d.over() || !d.alarm.IsZero() && !d.at.Before(d.alarm) {
		return
	}
	d.alarm = d.at
	if d.timer == nil {
		d.timer = time.AfterFunc(time.Until(d.at), func() { d.ring(l) })
		return
	}
	d.timer.Reset(time.Until(d.at))
}

func (d *deadline) ring(l *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.alarm = time.Time{}
	if d.over() {
		l.cond.Broadcast()
	}
	if l.ended == nil {
		d.arm(l)
	}
}

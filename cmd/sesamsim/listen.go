package main

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// firstByteWait is how long a connection may take to say what it is.
const firstByteWait = 10 * time.Second

// tlsHandshake is the first byte of every TLS connection.
const tlsHandshake = 0x16

// fork takes connections from one listener and hands them to two: one for TLS,
// one for plain http. The first byte decides.
type fork struct {
	from      net.Listener
	config    *tls.Config
	httpsOnly bool

	plain, secure chan net.Conn
	done          chan struct{}
	once          sync.Once
	mu            sync.Mutex
	waiting       map[net.Conn]bool // connections that have not said anything yet
	wait          sync.WaitGroup
}

func newFork(from net.Listener, config *tls.Config, httpsOnly bool) *fork {
	return &fork{from: from, config: config, httpsOnly: httpsOnly,
		plain: make(chan net.Conn), secure: make(chan net.Conn),
		done: make(chan struct{}), waiting: map[net.Conn]bool{}}
}

// run accepts until the listener is closed.
func (f *fork) run() error {
	for {
		c, err := f.from.Accept()
		var slow interface{ Temporary() bool }
		switch {
		case err == nil:
		case errors.As(err, &slow) && slow.Temporary(): // out of file descriptors: others will go
			time.Sleep(10 * time.Millisecond)
			continue
		default:
			f.close()
			return err
		}
		f.wait.Add(1)
		go func() {
			defer f.wait.Done()
			f.sort(c)
		}()
	}
}

func (f *fork) sort(c net.Conn) {
	if !f.hold(c) {
		c.Close()
		return
	}
	first := make([]byte, 1)
	deadline := c.SetReadDeadline(time.Now().Add(firstByteWait))
	n, err := c.Read(first)
	f.release(c)
	if n == 0 || errors.Join(err, deadline, c.SetReadDeadline(time.Time{})) != nil {
		c.Close()
		return
	}
	var conn net.Conn = &begun{Conn: c, first: first}
	to := f.plain
	if first[0] == tlsHandshake {
		conn, to = tls.Server(conn, f.config), f.secure
	} else if f.httpsOnly {
		c.Close()
		return
	}
	select {
	case to <- conn:
	case <-f.done:
		c.Close()
	}
}

func (f *fork) hold(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.done:
		return false
	default:
	}
	f.waiting[c] = true
	return true
}

func (f *fork) release(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiting, c)
}

// close ends everything that has not been handed on.
func (f *fork) close() {
	f.once.Do(func() {
		f.mu.Lock()
		close(f.done)
		for c := range f.waiting {
			c.Close()
		}
		f.mu.Unlock()
		f.from.Close()
	})
}

// forkListener is one of the two listeners.
type forkListener struct {
	*fork
	from <-chan net.Conn
}

func (l forkListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.from:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l forkListener) Close() error   { l.close(); return nil }
func (l forkListener) Addr() net.Addr { return l.fork.from.Addr() }

// begun is a connection whose first byte was read already.
type begun struct {
	net.Conn
	first []byte
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) > 0 && len(p) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// load is one kind of request, sent by some clients at once, each over a
// connection that it keeps.
type load struct {
	what    string
	clients int
	aside   bool    // at a manager that does not lead
	goals   [3]goal // of the rate, the median and the 99th percentile
	request func(client, call int) string

	rates, p50s, p99s, server, client []float64 // of the rounds
	failed                            int
}

// request writes one in full: all that a client computes for one is to be little.
func (g *grid) request(method, path, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", method, path, g.token)
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// line is a connection to a manager.
type line struct {
	conn *tls.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, g *grid, m *manager) (*line, error) {
	trust := g.trust.Clone()
	trust.ServerName, _, _ = strings.Cut(m.host, ":")
	return dialTo(ctx, trust, m.host)
}

func dialTo(ctx context.Context, trust *tls.Config, host string) (*line, error) {
	conn, err := (&tls.Dialer{Config: trust}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	secured, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("connection of type %T", conn), conn.Close())
	}
	return &line{secured, bufio.NewReader(secured)}, nil
}

// ask sends a request and reads the whole answer.
func (l *line) ask(request string) error {
	if err := l.conn.SetDeadline(time.Now().Add(callLimit)); err != nil {
		return err
	}
	if _, err := io.WriteString(l.conn, request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

// round runs the load once, and keeps what it saw.
func (l *load) round(ctx context.Context, g *grid, length time.Duration) error {
	leader, err := g.leader(ctx, true)
	if err != nil {
		return err
	}
	at := leader
	if l.aside {
		at = g.others(leader)[0]
	}
	lines := make([]*line, l.clients)
	for i := range lines {
		if lines[i], err = dial(ctx, g, at); err != nil {
			return err
		}
		defer func() { lines[i].conn.Close() }()
	}
	server, err := g.cpu()
	if err != nil {
		return err
	}
	client, begin := ownCPU(), time.Now()
	times, last := l.send(lines, begin, length)
	took := time.Since(begin)
	if len(times) == 0 {
		return fmt.Errorf("%s: nothing was answered: %w", l.what, last)
	}
	after, err := g.cpu()
	if err != nil {
		return err
	}
	slices.Sort(times)
	ops := float64(len(times))
	l.rates = append(l.rates, ops/took.Seconds())
	l.p50s = append(l.p50s, times[len(times)/2])
	l.p99s = append(l.p99s, times[len(times)*99/100])
	l.server = append(l.server, float64((after-server).Microseconds())/ops)
	l.client = append(l.client, float64((ownCPU()-client).Microseconds())/ops)
	return nil
}

// send has all clients send until the time is over. A client whose request is
// refused or lost, as when the leader changes, ends; the last such error is told.
func (l *load) send(lines []*line, begin time.Time, length time.Duration) (times []float64, last error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, line := range lines {
		wg.Go(func() {
			var mine []float64
			var err error
			for call := 0; err == nil && time.Since(begin) < length; call++ {
				at := time.Now()
				if err = line.ask(l.request(i, call)); err == nil {
					mine = append(mine, float64(time.Since(at).Microseconds())/1000)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			if err != nil {
				last = err
				l.failed++
			}
		})
	}
	wg.Wait()
	return times, last
}

// tell puts the rows of a load into the report.
func (l *load) tell(r *report) {
	r.add(l.what, "/s", l.goals[0], l.rates...)
	r.add("  p50", "ms", l.goals[1], l.p50s...)
	r.add("  p99", "ms", l.goals[2], l.p99s...)
	r.add("  CPU of all managers", "µs/op", goal{}, l.server...)
	r.add("  CPU of the load generator", "µs/op", goal{}, l.client...)
	if l.failed > 0 {
		r.notes = append(r.notes, fmt.Sprintf("%s: %d clients lost the leader and ended their round early", l.what, l.failed))
	}
}

// ownCPU is the time that this program has computed.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

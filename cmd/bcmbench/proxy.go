package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// proxied is a program that stands before the origin.
type proxied struct {
	name, host, prefix string
	trust              *tls.Config
	processes          []*process
}

// small is about what a SEP sesam server answers with most often.
var small = `{"name":"` + strings.Repeat("x", 288) + `"}`

// measureProxy compares the pass-through to a SEP sesam server with nginx before the
// same server: requests, streams and memory, TLS on both sides of both.
func (b *bench) measureProxy(ctx context.Context) error {
	origin := httptest.NewTLSServer(http.HandlerFunc(answerProxied))
	defer origin.Close()
	g, err := b.started(ctx)
	if err != nil {
		return err
	}
	all, err := b.proxies(ctx, g, origin)
	if err != nil {
		return err
	}
	if n, err := startNginx(ctx, g.dir, b.nginx, origin); err != nil {
		b.report.notes = append(b.report.notes, "proxy: SKIPPED nginx, which is to be compared with: "+err.Error())
	} else {
		defer n.stop()
		all = append(all, n.proxied())
	}
	rates := make(map[string][]float64)
	for range b.rounds {
		for _, p := range all {
			if err := b.proxyRound(ctx, p, rates); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	for _, what := range proxyFigures {
		for _, p := range all {
			b.report.add(what.name+", "+p.name, what.unit, goal{}, rates[p.name+what.name]...)
		}
	}
	return nil
}

var proxyFigures = []struct{ name, unit string }{
	{"proxied requests, 1 client", "/s"}, {"proxied requests, 64 clients", "/s"}, {"  CPU of the proxy, 64 clients", "µs/op"},
	{"proxied stream", "MiB/s"}, {"  memory gained while streaming", "MiB"},
}

// answerProxied is the origin: a small answer, or as many MiB as the path says.
func answerProxied(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/stream/"))
	if err != nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, small)
		return
	}
	part := make([]byte, 1<<20)
	for range n {
		if _, err := w.Write(part); err != nil {
			return // who asked has gone
		}
	}
}

// proxies registers the origin as a server of the grid.
func (b *bench) proxies(ctx context.Context, g *grid, origin *httptest.Server) ([]*proxied, error) {
	leader, err := g.leader(ctx, true)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(origin.Certificate().Raw)
	err = g.call(ctx, http.MethodPost, "/v1/nodes", map[string]any{"name": "origin", "roles": []string{"sesam-server"}, "address": origin.URL,
		"user": "bench", "password": "bench", "fingerprint": hex.EncodeToString(sum[:]), "passthrough": true}, nil)
	if err != nil {
		return nil, err
	}
	trust := g.trust.Clone()
	trust.ServerName, _, _ = strings.Cut(leader.host, ":")
	return []*proxied{{"bcm", leader.host, "/sesam/origin", trust, []*process{leader.process}}}, nil
}

// proxyRound measures one program once.
func (b *bench) proxyRound(ctx context.Context, p *proxied, rates map[string][]float64) error {
	note := func(i int, v float64) {
		rates[p.name+proxyFigures[i].name] = append(rates[p.name+proxyFigures[i].name], v)
	}
	for i, clients := range []int{1, 64} {
		lines := make([]*line, clients)
		for j := range lines {
			var err error
			if lines[j], err = dialTo(ctx, p.trust, p.host); err != nil {
				return err
			}
			defer lines[j].conn.Close()
		}
		before, err := p.cpu()
		if err != nil {
			return err
		}
		l := &load{request: func(int, int) string { return "GET " + p.prefix + "/small HTTP/1.1\r\nHost: bench\r\n\r\n" }}
		begin := time.Now()
		times, last := l.send(lines, begin, b.length)
		if len(times) == 0 || l.failed > 0 {
			return fmt.Errorf("%d of %d clients failed: %w", l.failed, clients, last)
		}
		took := time.Since(begin)
		after, err := p.cpu()
		if err != nil {
			return err
		}
		note(i, float64(len(times))/took.Seconds())
		if clients > 1 {
			note(2, float64((after-before).Microseconds())/float64(len(times)))
		}
	}
	rate, gained, err := b.stream(ctx, p)
	if err != nil {
		return err
	}
	note(3, rate)
	note(4, gained)
	return nil
}

// stream reads what -mib says in one answer, and watches the memory of the program.
func (b *bench) stream(ctx context.Context, p *proxied) (rate, gained float64, err error) {
	l, err := dialTo(ctx, p.trust, p.host)
	if err != nil {
		return 0, 0, err
	}
	defer l.conn.Close()
	before, err := p.resident()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	if _, err := fmt.Fprintf(l.conn, "GET %s/stream/%d HTTP/1.1\r\nHost: bench\r\n\r\n", p.prefix, b.mib); err != nil {
		return 0, 0, err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	highest, read := before, int64(0)
	for in := bufio.NewReader(resp.Body); ; {
		n, err := io.CopyN(io.Discard, in, 16<<20)
		if read += n; errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, 0, err
		}
		now, err := p.resident()
		if err != nil {
			return 0, 0, err
		}
		highest = max(highest, now)
	}
	if read != b.mib<<20 {
		return 0, 0, fmt.Errorf("%d of %d bytes came", read, b.mib<<20)
	}
	return float64(b.mib) / time.Since(begin).Seconds(), highest - before, nil
}

func (p *proxied) cpu() (sum time.Duration, err error) {
	for _, one := range p.processes {
		used, err := one.cpu()
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

func (p *proxied) resident() (sum float64, err error) {
	for _, one := range p.processes {
		size, err := one.resident()
		if err != nil {
			return 0, err
		}
		sum += size
	}
	return sum, nil
}

// children are the processes that a process has started.
func children(pid int) ([]*process, error) {
	out, err := exec.CommandContext(context.Background(), "pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil, fmt.Errorf("its workers: %w", err)
	}
	var all []*process
	for _, field := range slices.Sorted(strings.FieldsSeq(string(out))) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		all = append(all, &process{pid: child})
	}
	return all, nil
}

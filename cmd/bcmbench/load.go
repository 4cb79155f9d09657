package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// load runs do on n clients at once for the given time. It returns how many
// calls were answered a second and the median latency in milliseconds.
func load(ctx context.Context, n int, length time.Duration, do func(ctx context.Context, client, call int) error) (rate, p50 float64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times []float64
	)
	begin := time.Now()
	for client := range n {
		wg.Go(func() {
			var mine []float64
			for call := 0; time.Since(begin) < length && ctx.Err() == nil; call++ {
				at := time.Now()
				if err := do(ctx, client, call); err != nil {
					cancel(err)
					return
				}
				mine = append(mine, float64(time.Since(at).Microseconds())/1000)
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, 0, err
	}
	slices.Sort(times)
	return float64(len(times)) / time.Since(begin).Seconds(), times[len(times)/2], nil
}

// measureAPI measures authenticated calls over HTTPS at the leader: durable
// writes, linearizable reads and local reads.
func measureAPI(ctx context.Context, g *grid, o options, r *report) error {
	at, err := g.leader(ctx)
	if err != nil {
		return err
	}
	base := g.info.Managers[at].URL
	const objects = 256
	for i := range objects {
		if _, err := g.call(ctx, http.MethodPost, base+"/v1/clients", map[string]any{"name": fmt.Sprintf("load-%d", i)}); err != nil {
			return err
		}
	}
	write := func(ctx context.Context, client, call int) error {
		_, err := g.call(ctx, http.MethodPatch, fmt.Sprintf("%s/v1/clients/load-%d", base, client%objects),
			map[string]any{"labels": map[string]string{"call": fmt.Sprint(call)}})
		return err
	}
	read := func(query string) func(context.Context, int, int) error {
		return func(ctx context.Context, client, _ int) error {
			_, err := g.call(ctx, http.MethodGet, fmt.Sprintf("%s/v1/clients/load-%d%s", base, client%objects, query), nil)
			return err
		}
	}
	kinds := []struct {
		name    string
		clients int
		goal    string
		do      func(context.Context, int, int) error
	}{
		{"writes, 1 client", 1, "p50 <= etcd's 0.95 ms", write},
		{"writes, 64 clients", 64, ">= 9,240/s (1.6 x etcd)", write},
		{"writes, 256 clients", 256, "", write},
		{"linearizable reads, 64 clients", 64, ">= 23,900/s (2 x etcd)", read("?consistent")},
		{"local reads, 64 clients", 64, ">= 34,300/s (2.5 x etcd)", read("")},
	}
	rates, delays := make([][]float64, len(kinds)), make([][]float64, len(kinds))
	for range o.rounds {
		for i, k := range kinds {
			rate, p50, err := load(ctx, k.clients, o.length, k.do)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			rates[i], delays[i] = append(rates[i], rate), append(delays[i], p50)
		}
	}
	for i, k := range kinds {
		r.add(k.name, "/s", k.goal, rates[i]...)
		r.add(k.name+", p50", "ms", "", delays[i]...)
	}
	return g.memory(r)
}

// memory reads the resident memory of the managers.
func (g *grid) memory(r *report) error {
	var sizes []float64
	for _, m := range g.info.Managers {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.PID))
		if err != nil {
			return err
		}
		var kb float64
		for line := range splitLines(data) {
			if n, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil && n == 1 {
				sizes = append(sizes, kb/1024)
			}
		}
	}
	r.add("resident memory of a manager after the load", "MiB", "<= 40 MB idle", sizes...)
	return nil
}

// measureFailover kills the leader and measures until a write is accepted by a
// survivor, then brings the killed one back; and hands leadership over as
// planned.
func measureFailover(ctx context.Context, g *grid, r *report) error {
	const trials = 10
	var gaps, handovers []float64
	for range trials {
		at, err := g.leader(ctx)
		if err != nil {
			return err
		}
		m := g.info.Managers[at]
		process, err := os.FindProcess(m.PID)
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := process.Kill(); err != nil {
			return err
		}
		if err := g.writeSomewhere(ctx, at); err != nil {
			return err
		}
		gaps = append(gaps, time.Since(begin).Seconds())
		if err := g.restart(ctx, m.Name); err != nil {
			return err
		}
		took, err := g.handOver(ctx)
		if err != nil {
			return err
		}
		handovers = append(handovers, took)
	}
	r.add("kill -9 of the leader to the next accepted write", "s", "median <= 0.7, worst <= 1.0", gaps...)
	r.add("planned handover to the next accepted write", "ms", "<= 50", handovers...)
	return nil
}

// writeSomewhere writes through the managers but one until a write is accepted.
func (g *grid) writeSomewhere(ctx context.Context, except int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var last error
	for ctx.Err() == nil {
		for i, m := range g.info.Managers {
			if i == except {
				continue
			}
			once, done := context.WithTimeout(ctx, 2*time.Second)
			_, last = g.call(once, http.MethodPatch, m.URL+"/v1/clients/load-0", map[string]any{"labels": map[string]string{"at": time.Now().String()}})
			done()
			if last == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("no write was accepted within a minute: %w", last)
}

// restart brings a killed member back and waits until the grid can lose one again.
func (g *grid) restart(ctx context.Context, name string) error {
	cmd := exec.CommandContext(ctx, g.cmd.Path, "dev", "restart", name, "--data-dir", filepath.Join(g.dir, "grid"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("restarting %s: %w: %s", name, err, out)
	}
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if data, err := os.ReadFile(filepath.Join(g.dir, "grid", "dev.json")); err == nil {
			if err := json.Unmarshal(data, &g.info); err != nil {
				return err
			}
		}
		if g.tolerates(ctx) {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the grid was not whole a minute after %s came back", name)
}

func (g *grid) tolerates(ctx context.Context) bool {
	at, err := g.leader(ctx)
	if err != nil {
		return false
	}
	out, err := g.call(ctx, http.MethodGet, g.info.Managers[at].URL+"/v1/cluster", nil)
	if err != nil {
		return false
	}
	var status struct {
		Tolerance int `json:"failure_tolerance"`
	}
	return json.Unmarshal(out, &status) == nil && status.Tolerance >= 1
}

// handOver transfers leadership and measures, in milliseconds, until the next
// write is accepted.
func (g *grid) handOver(ctx context.Context) (float64, error) {
	at, err := g.leader(ctx)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := g.call(ctx, http.MethodPost, g.info.Managers[at].URL+"/v1/cluster/transfer-leadership", map[string]any{}); err != nil {
		return 0, err
	}
	err = g.writeSomewhere(ctx, -1)
	return float64(time.Since(begin).Microseconds()) / 1000, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

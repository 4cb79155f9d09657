package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// measureFailover kills the leader and measures until a write is accepted by a
// survivor, then brings the killed one back.
func (b *bench) measureFailover(ctx context.Context) error {
	g, err := b.prepared(ctx)
	if err != nil {
		return err
	}
	var gaps []float64
	for range b.trials {
		leader, err := g.leader(ctx, true)
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := leader.kill(ctx); err != nil {
			return err
		}
		if err := g.write(ctx, g.others(leader)); err != nil {
			return err
		}
		gaps = append(gaps, time.Since(begin).Seconds())
		if err := leader.start(); err != nil {
			return err
		}
	}
	b.report.add("kill -9 of the leader to the next write", "s", goal{most: 0.7, worst: 1.0}, gaps...)
	return nil
}

// measureHandover hands leadership over and measures until a write is accepted.
func (b *bench) measureHandover(ctx context.Context) error {
	g, err := b.prepared(ctx)
	if err != nil {
		return err
	}
	var took []float64
	for range b.trials {
		leader, err := g.leader(ctx, true)
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := leader.call(ctx, http.MethodPost, "/v1/cluster/transfer-leadership", map[string]any{}, nil); err != nil {
			return err
		}
		if err := g.write(ctx, g.managers); err != nil {
			return err
		}
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
	}
	b.report.add("planned handover to the next write", "ms", goal{most: 50}, took...)
	return nil
}

// measureRestart kills all managers of a grid with many objects, starts them
// and measures until a write is accepted.
func (b *bench) measureRestart(ctx context.Context) error {
	g, err := b.prepared(ctx)
	if err != nil {
		return err
	}
	if err := g.fill(ctx, b.objects); err != nil {
		return err
	}
	var took []float64
	for range b.rounds {
		if _, err := g.leader(ctx, true); err != nil {
			return err
		}
		begin := time.Now()
		for _, m := range g.managers {
			if err := m.kill(ctx); err != nil {
				return err
			}
		}
		for _, m := range g.managers {
			if err := m.start(); err != nil {
				return err
			}
		}
		if err := g.write(ctx, g.managers); err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
	}
	b.report.add(fmt.Sprintf("kill -9 of all, with %d objects, to the next write", b.objects), "s", goal{most: 0.7}, took...)
	return nil
}

// fill makes clients until there are about as many objects: each has a
// repository of its own.
func (g *grid) fill(ctx context.Context, objects int) error {
	for made := 0; made < objects/2; {
		l := &load{what: "filling the grid", clients: 64}
		var mu sync.Mutex
		l.request = func(int, int) string {
			mu.Lock()
			defer mu.Unlock()
			made++
			return g.request(http.MethodPost, "/v1/clients", fmt.Sprintf(`{"name":"many-%d"}`, made))
		}
		if err := l.round(ctx, g, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// write asks managers in turn, each with a short deadline, until one has
// accepted a change.
func (g *grid) write(ctx context.Context, managers []*manager) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	change := map[string]any{"labels": map[string]string{"at": time.Now().String()}}
	var last error
	for ctx.Err() == nil {
		for _, m := range managers {
			once, done := context.WithTimeout(ctx, 3*time.Second)
			last = m.call(once, http.MethodPatch, "/v1/clients/load-0", change, nil)
			done()
			if last == nil {
				return nil
			}
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			break
		}
	}
	return fmt.Errorf("no write was accepted within a minute: %w", last)
}

package main

import (
	"context"
	"fmt"
	"net/http"
)

// written is how many objects the load changes and reads.
const written = 256

// measureWrites measures durable, authenticated changes over HTTPS.
func (b *bench) measureWrites(ctx context.Context) error {
	g, err := b.prepared(ctx)
	if err != nil {
		return err
	}
	write := func(client, call int) string {
		return g.request(http.MethodPatch, fmt.Sprintf("/v1/clients/load-%d", client%written), fmt.Sprintf(`{"labels":{"call":"%d"}}`, call))
	}
	return b.measure(ctx, g, []*load{
		{what: "writes, 1 client", clients: 1, request: write, goals: [3]goal{{}, {most: 0.95, reason: "etcd"}}},
		{what: "writes, 64 clients", clients: 64, request: write, goals: [3]goal{{least: 9237, reason: "1.6 x etcd"}}},
		{what: "writes, 256 clients", clients: 256, request: write},
		{what: "writes through a follower, 256 clients", clients: 256, aside: true, request: write},
	})
}

// measureReads measures authenticated reads over HTTPS at the leader.
func (b *bench) measureReads(ctx context.Context) error {
	g, err := b.prepared(ctx)
	if err != nil {
		return err
	}
	read := func(query string) func(int, int) string {
		return func(client, _ int) string {
			return g.request(http.MethodGet, fmt.Sprintf("/v1/clients/load-%d%s", client%written, query), "")
		}
	}
	return b.measure(ctx, g, []*load{
		{what: "linearizable reads, 64 clients", clients: 64, request: read("?consistent"), goals: [3]goal{{least: 23906, reason: "2 x etcd"}}},
		{what: "local reads, 64 clients", clients: 64, request: read(""), goals: [3]goal{{least: 34323, reason: "2.5 x etcd"}}},
	})
}

// prepared gives the grid with the objects that the load is about.
func (b *bench) prepared(ctx context.Context) (*grid, error) {
	g, err := b.started(ctx)
	if err != nil {
		return nil, err
	}
	leader, err := g.leader(ctx, true)
	if err != nil {
		return nil, err
	}
	var list struct{ Total int }
	if err := leader.call(ctx, http.MethodGet, "/v1/clients", nil, &list); err != nil || list.Total > 0 {
		return g, err
	}
	for i := range written {
		if err := leader.call(ctx, http.MethodPost, "/v1/clients", map[string]any{"name": fmt.Sprintf("load-%d", i)}, nil); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// measure runs the rounds of all loads in turn.
func (b *bench) measure(ctx context.Context, g *grid, loads []*load) error {
	for range b.rounds {
		for _, l := range loads {
			if err := l.round(ctx, g, b.length); err != nil {
				return fmt.Errorf("%s: %w", l.what, err)
			}
		}
	}
	for _, l := range loads {
		l.tell(&b.report)
	}
	return nil
}

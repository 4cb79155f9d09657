package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// What a simulated node does in the measurement of scale: each backup takes long
// enough for a thousand nodes on one machine to be kept busy.
const (
	scaleSpeed  = 1 << 20
	scaleSize   = 40 << 20
	scaleRounds = 3 // backups for each node
)

// measureScale gives grids of growing size as much work for each node, and compares
// what they do with what so many nodes could at best.
func (b *bench) measureScale(ctx context.Context) error {
	for nodes := min(10, b.nodes); ; nodes = min(nodes*10, b.nodes) {
		share, rate, err := b.scaled(ctx, nodes)
		if err != nil {
			return fmt.Errorf("with %d nodes: %w", nodes, err)
		}
		b.report.add(fmt.Sprintf("throughput of %d simulated nodes of 1 MiB/s", nodes), "MiB/s", goal{}, rate)
		b.report.add("  share of what they could do", "%", goal{least: 90}, 100*share)
		if nodes == b.nodes {
			return nil
		}
	}
}

// scaled measures a grid of so many nodes: from when the first backup is begun to when
// the last one has ended, which every node could do in the time of its own.
func (b *bench) scaled(ctx context.Context, nodes int) (share, rate float64, err error) {
	c, err := b.newCrowd(ctx, simulation{nodes: nodes, slots: 1, speed: scaleSpeed, size: scaleSize})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = cmpErr(err, c.stop()) }()
	work := scaleRounds * nodes
	err = each(work, func(i int) error {
		return c.leader.call(ctx, http.MethodPost, "/v1/backups", map[string]any{"client": "crowd",
			"source": map[string]any{"paths": []string{fmt.Sprintf("/srv/%d", i)}}}, nil)
	})
	if err != nil {
		return 0, 0, err
	}
	best := time.Duration(scaleRounds*scaleSize/scaleSpeed) * time.Second
	all, err := c.settle(ctx, work, 10*best, func(r ran) bool { return r.FinishedAt != nil })
	if err != nil {
		return 0, 0, err
	}
	first, last := *all[0].StartedAt, *all[0].FinishedAt
	for _, r := range all {
		if r.StartedAt.Before(first) {
			first = *r.StartedAt
		}
		if r.FinishedAt.After(last) {
			last = *r.FinishedAt
		}
	}
	took := last.Sub(first)
	return best.Seconds() / took.Seconds(), float64(work) * scaleSize / (1 << 20) / took.Seconds(), nil
}

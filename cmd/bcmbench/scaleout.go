package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// measureScaleOut backs one client's files up with one, two and four backup managers
// that share a repository. All are on this machine, so that they are not faster for being
// more: what they compute in all, and what passes before they begin, is what being more
// costs.
func (b *bench) measureScaleOut(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "bcmbench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t, err := growTree(filepath.Join(dir, "tree"), b.files, b.mib<<20)
	if err != nil {
		return err
	}
	b.report.notes = append(b.report.notes, fmt.Sprintf("scale-out: %d files of %d MiB, one repository", len(t.files), t.bytes>>20))
	var alone float64
	for _, n := range []int{1, 2, 4} {
		perGiB, err := b.scaledOut(ctx, t, n)
		if err != nil {
			return fmt.Errorf("with %d backup managers: %w", n, err)
		}
		if n == 1 {
			alone = perGiB
		} else {
			b.report.add("  CPU, times that of one", "x", goal{}, perGiB/alone)
		}
	}
	return nil
}

// scaledOut measures first backups by n backup managers at once, and gives the median
// of the CPU seconds for each GiB.
func (b *bench) scaledOut(ctx context.Context, t *tree, n int) (median float64, err error) {
	s, err := b.newService(ctx, n)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	o := &ours{service: s, sources: t.parts(n), spread: true}
	gib := float64(t.bytes) / (1 << 30)
	var cpu, manager, wall, waits, shares []float64
	for round := range b.rounds {
		if err := o.renew(ctx, round); err != nil {
			return 0, err
		}
		took, err := o.backup(ctx)
		if err != nil {
			return 0, err
		}
		if o.used() != n {
			return 0, fmt.Errorf("%d of them were used", o.used())
		}
		cpu, manager, wall = append(cpu, took.cpu.Seconds()/gib), append(manager, o.manager.Seconds()/gib), append(wall, took.wall.Seconds())
		var waited, all time.Duration
		for _, w := range o.last {
			waited += w.StartedAt.Sub(w.CreatedAt)
			all += w.FinishedAt.Sub(w.CreatedAt)
		}
		waits, shares = append(waits, 1000*waited.Seconds()/float64(n)), append(shares, 100*waited.Seconds()/all.Seconds())
	}
	what := fmt.Sprintf("backup managers: %d, ", n)
	b.report.add(what+"CPU of agents and storage", "s/GiB", goal{}, cpu...)
	b.report.add(what+"CPU of the manager", "s/GiB", goal{}, manager...)
	b.report.add(what+"wall", "s", goal{}, wall...)
	b.report.add(what+"asked for to begun", "ms", goal{}, waits...)
	b.report.add(what+"share of the time", "%", goal{}, shares...)
	return middle(cpu), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// contender is a backup program that is measured beside others.
type contender interface {
	name() string
	renew(ctx context.Context, round int) error // an empty repository
	backup(ctx context.Context) (cost, error)
	restore(ctx context.Context, dir string) (cost, error)
	verify(ctx context.Context) (cost, error)
}

// cost is what a step took: the time that all processes which move data have
// computed, and the time that passed.
type cost struct{ cpu, wall time.Duration }

// changed is the step before which the tree changes.
const changed = "1 % changed"

// step is something that all contenders do before any does the next.
type step struct {
	name string
	do   func(ctx context.Context, c contender) (cost, error)
}

// measureRestic lets us and restic back up, restore and verify the same tree in turn.
func (b *bench) measureRestic(ctx context.Context) (err error) {
	restic, err := exec.LookPath(b.restic)
	if err != nil {
		b.report.notes = append(b.report.notes, "restic: SKIPPED, there is none: "+err.Error()+"; it is in Debian's package restic, or name one with -restic")
		return nil
	}
	dir, err := os.MkdirTemp("", "bcmbench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t, err := growTree(filepath.Join(dir, "tree"), b.files, b.mib<<20)
	if err != nil {
		return err
	}
	s, err := b.newService(ctx, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	all := []contender{
		&ours{service: s, sources: [][]string{{t.dir}}},
		&resticRun{binary: restic, dir: dir, tree: t.dir},
	}
	if server, err := exec.LookPath(b.restServer); err == nil {
		all = append(all, &resticRun{binary: restic, server: server, dir: dir, tree: t.dir})
	} else {
		b.report.notes = append(b.report.notes, "restic with rest-server: SKIPPED, there is none: "+err.Error()+"; name one with -rest-server")
	}
	b.report.notes = append(b.report.notes, fmt.Sprintf("%d files of %d MiB; %s; restic's repository is on the same disk, its cheapest; "+
		"our CPU seconds are those of the agent that backs up and of the storage", len(t.files), t.bytes>>20, versionOf(ctx, restic)))
	return b.contest(ctx, t, all)
}

// contest runs the rounds and adds the rows. What is restored goes to memory: on a
// disk's file system, a file is made the slower the more were deleted in the last
// minutes, and whoever restores second would pay for the first.
func (b *bench) contest(ctx context.Context, t *tree, all []contender) (err error) {
	dir, err := os.MkdirTemp(memory(), "bcmbench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	steps := stepsOf(t, filepath.Join(dir, "restored"))
	took, err := b.rivalry(ctx, t, all, steps)
	if err != nil {
		return err
	}
	for i, s := range steps {
		b.compare(s.name, all, took[i])
	}
	return nil
}

// stepsOf are those of a round.
func stepsOf(t *tree, to string) []step {
	backup := func(ctx context.Context, c contender) (cost, error) { return c.backup(ctx) }
	return []step{
		{"first backup", backup},
		{"unchanged", backup},
		{changed, backup},
		{"restore", func(ctx context.Context, c contender) (cost, error) {
			took, err := c.restore(ctx, to)
			if err == nil {
				err = t.restored(to)
			}
			return took, errors.Join(err, os.RemoveAll(to))
		}},
		{"verify all", func(ctx context.Context, c contender) (cost, error) { return c.verify(ctx) }},
	}
}

// rivalry runs the rounds and gives what all of it took, by step, contender and round.
func (b *bench) rivalry(ctx context.Context, t *tree, all []contender, steps []step) ([][][]cost, error) {
	took := make([][][]cost, len(steps))
	for i := range took {
		took[i] = make([][]cost, len(all))
	}
	for round := range b.rounds {
		for _, c := range all {
			if err := c.renew(ctx, round); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
		}
		for i, s := range steps {
			if s.name == changed {
				if err := t.change(); err != nil {
					return nil, err
				}
			}
			for k := range all {
				at := (k + round) % len(all) // who is first has the colder disk
				one, err := s.do(ctx, all[at])
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", all[at].name(), s.name, err)
				}
				took[i][at] = append(took[i][at], one)
			}
		}
	}
	return took, nil
}

// compare adds the rows of one step: what each took, and us as a multiple of the others.
func (b *bench) compare(step string, all []contender, took [][]cost) {
	cpu := func(c cost) float64 { return c.cpu.Seconds() }
	wall := func(c cost) float64 { return c.wall.Seconds() }
	for _, kind := range []struct {
		name string
		of   func(cost) float64
	}{{"CPU", cpu}, {"wall", wall}} {
		for i, c := range all {
			var values []float64
			for _, one := range took[i] {
				values = append(values, kind.of(one))
			}
			b.report.add(fmt.Sprintf("%s, %s of %s", step, kind.name, c.name()), "s", goal{}, values...)
		}
		for i := 1; i < len(all); i++ {
			var ratios []float64
			for round, one := range took[i] {
				ratios = append(ratios, kind.of(took[0][round])/max(kind.of(one), 1e-3))
			}
			b.report.add(fmt.Sprintf("  %s of %s / of %s", kind.name, all[0].name(), all[i].name()), "x", goal{most: 1}, ratios...)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"
)

// service is a grid that really backs up: one manager, some backup managers, one
// storage, each a process of its own as on hosts of their own.
type service struct {
	*grid
	leader *manager
}

const workLimit = 30 * time.Minute // for one backup, restore or verification

func (b *bench) newService(ctx context.Context, backupManagers int) (*service, error) {
	g, err := startGrid(ctx, b.bcm, shape{managers: 1, backupManagers: backupManagers, storages: 1})
	if err != nil {
		return nil, err
	}
	s := &service{grid: g}
	if s.leader, err = g.leader(ctx, false); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return s, nil
}

// spent is what those who move data have computed, and what the manager has.
func (s *service) spent() (data, manager time.Duration, err error) {
	for _, n := range s.nodes {
		one, err := n.cpu()
		if err != nil {
			return 0, 0, err
		}
		data += one
	}
	manager, err = s.cpu()
	return data, manager, err
}

// work is a backup or a job.
type work struct {
	ID, Node, Error string
	ran
}

// begin asks for work.
func (s *service) begin(ctx context.Context, path string, in any) (work, error) {
	var w work
	return w, s.leader.call(ctx, http.MethodPost, path, in, &w)
}

// ended waits until work has ended well.
func (s *service) ended(ctx context.Context, kind, id string) (work, error) {
	ctx, cancel := context.WithTimeout(ctx, workLimit)
	defer cancel()
	for {
		var w work
		if err := s.leader.call(ctx, http.MethodGet, "/v1/"+kind+"/"+id, nil, &w); err != nil {
			return w, err
		}
		if w.FinishedAt != nil && w.Status != "succeeded" {
			return w, fmt.Errorf("%s %s: %s: %s", kind, id, w.Status, w.Error)
		}
		if w.FinishedAt != nil && w.StartedAt != nil {
			return w, nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return w, err
		}
	}
}

// ours is the service as a contender: of one client, whose sources are backed up at
// the same time, each by a task of its own.
type ours struct {
	*service
	sources [][]string
	spread  bool // each source has a backup manager of its own; otherwise the cluster picks
	tasks   []string
	last    []work // the newest backup of each
	manager time.Duration
}

func (o *ours) name() string { return "bcm" }

// renew makes a new client, which thereby has a new repository.
func (o *ours) renew(ctx context.Context, round int) error {
	client := fmt.Sprintf("round-%d", round)
	if err := o.leader.call(ctx, http.MethodPost, "/v1/clients", map[string]any{"name": client}, nil); err != nil {
		return err
	}
	o.tasks = nil
	for i, paths := range o.sources {
		task := fmt.Sprintf("%s-%d", client, i)
		o.tasks = append(o.tasks, task)
		in := map[string]any{"name": task, "client": client, "source": map[string]any{"paths": paths}}
		if o.spread {
			in["nodes"] = []string{fmt.Sprintf("backup-%d", i+1)}
		}
		if err := o.leader.call(ctx, http.MethodPost, "/v1/tasks", in, nil); err != nil {
			return err
		}
	}
	return nil
}

// measured is what work took: from when it was asked for to when all of it had ended.
func (o *ours) measured(ctx context.Context, kind string, begin func() ([]work, error)) (cost, []work, error) {
	before, manager, err := o.spent()
	if err != nil {
		return cost{}, nil, err
	}
	begun, err := begin()
	if err != nil {
		return cost{}, nil, err
	}
	var first, last time.Time
	for i, w := range begun {
		if begun[i], err = o.ended(ctx, kind, w.ID); err != nil {
			return cost{}, nil, err
		}
		if w = begun[i]; i == 0 || w.CreatedAt.Before(first) {
			first = w.CreatedAt
		}
		if w.FinishedAt.After(last) {
			last = *w.FinishedAt
		}
	}
	if err := pause(ctx, time.Second); err != nil { // what comes after it counts, too
		return cost{}, nil, err
	}
	after, managerAfter, err := o.spent()
	o.manager = managerAfter - manager
	return cost{after - before, last.Sub(first)}, begun, err
}

func (o *ours) backup(ctx context.Context) (cost, error) {
	took, done, err := o.measured(ctx, "backups", func() (all []work, err error) {
		for _, task := range o.tasks {
			w, err := o.begin(ctx, "/v1/backups", map[string]any{"task": task})
			if err != nil {
				return nil, err
			}
			all = append(all, w)
		}
		return all, nil
	})
	o.last = done
	return took, err
}

func (o *ours) restore(ctx context.Context, dir string) (cost, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cost{}, err
	}
	return o.job(ctx, "restores", "restore", map[string]any{"path": "/", "node": o.last[0].Node, "target": dir})
}

func (o *ours) verify(ctx context.Context) (cost, error) {
	return o.job(ctx, "verifications", "verify", map[string]any{})
}

// job has something done with the newest backups.
func (o *ours) job(ctx context.Context, kind, verb string, in map[string]any) (cost, error) {
	took, _, err := o.measured(ctx, kind, func() (all []work, err error) {
		for _, b := range o.last {
			w, err := o.begin(ctx, "/v1/backups/"+b.ID+"/"+verb, in)
			if err != nil {
				return nil, err
			}
			all = append(all, w)
		}
		return all, nil
	})
	return took, err
}

// used counts the nodes that have made the newest backups.
func (o *ours) used() int {
	var nodes []string
	for _, w := range o.last {
		nodes = append(nodes, w.Node)
	}
	slices.Sort(nodes)
	return len(slices.Compact(nodes))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// kept is what the grid says of a repository.
type kept struct {
	Name     string
	Storages []string
	Copies   []struct {
		Storage, State string
		Error          *string
	}
}

// checkCopies waits until every copy is whole, and restores from it alone: for each
// repository the storage that is written to is killed meanwhile.
func (v *verdict) checkCopies(ctx context.Context) error {
	var all []kept
	err := until(ctx, checkLimit, func() (err error) {
		if all, err = list[kept](ctx, v.c.grid, "/v1/repositories?sort=name"); err != nil {
			return err
		}
		return behind(all)
	})
	if err != nil {
		v.blame(&v.stuck, "copies: %w", err)
		return nil
	}
	for _, client := range v.c.clients {
		i := slices.IndexFunc(all, func(r kept) bool { return r.Name == client })
		if i < 0 || len(all[i].Storages) < 2 {
			continue
		}
		v.copies++
		if err := v.without(ctx, all[i], client); err != nil {
			return err
		}
	}
	return nil
}

// behind names a copy that is not whole.
func behind(all []kept) error {
	for _, r := range all {
		for i, c := range r.Copies {
			if i > 0 && c.State != "whole" {
				return fmt.Errorf("%s on %s is %s: %s", r.Name, c.Storage, c.State, deref(c.Error))
			}
		}
	}
	return nil
}

// without restores the newest backup of a client while its first storage is dead.
func (v *verdict) without(ctx context.Context, r kept, client string) (err error) {
	i := slices.IndexFunc(v.slots, func(s *slot) bool { return s.Client == client && s.good() })
	n := slices.IndexFunc(v.c.grid.nodes, func(n *node) bool { return n.name == r.Storages[0] })
	if i < 0 || n < 0 {
		return fmt.Errorf("nothing to restore of client %s from %v", client, r.Storages)
	}
	s, storage := v.slots[i], v.c.grid.nodes[n]
	if err := storage.kill(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storage.start()) }()
	err = until(ctx, checkLimit, func() error {
		var seen struct{ Status string }
		if err := v.c.grid.call(ctx, http.MethodGet, "/v1/nodes/"+storage.name, nil, &seen); err != nil {
			return err
		}
		if seen.Status != "offline" {
			return fmt.Errorf("%s is %s", storage.name, seen.Status)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := v.restore(ctx, s, "copied"); err != nil {
		v.blame(&v.unequal, "restore of backup %s from the copy on %s: %w", s.ID, r.Storages[1], err)
		return nil
	}
	v.equal++
	v.fromCopies++
	return nil
}

// checkReplicas: all managers have the same state, and the audit trail is whole.
func (v *verdict) checkReplicas(ctx context.Context) error {
	differ := 0
	err := until(ctx, checkLimit, func() error {
		seen := make(map[string]string)
		for _, m := range v.c.grid.managers {
			s, err := m.standing(ctx)
			if err != nil {
				return err
			}
			seen[s.Digest] = m.name
		}
		if len(seen) != 1 {
			return fmt.Errorf("the managers' states differ: %v", seen)
		}
		return nil
	})
	if err != nil {
		v.blame(&differ, "%w", err)
	}
	var trail struct{ Intact bool }
	if err := v.c.grid.call(ctx, http.MethodGet, "/v1/events/verify", nil, &trail); err != nil {
		return err
	}
	if !trail.Intact {
		v.blame(&differ, "the audit trail is not whole")
	}
	return nil
}

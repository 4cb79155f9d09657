package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// chaos is a grid whose members are killed all the time while backups run, and what
// is known of the backups from outside.
type chaos struct {
	grid    *grid
	dir     string // of the sources, of what the backups' commands note, of restores
	slots   int
	tasks   []string
	clients []string
	killer  *killer
}

// Shape and limits of the chaos.
const (
	tasksOfClient = 5
	mostTasks     = 40
	slotsOfTask   = 5  // at least, unless there would be more tasks than that
	slotsOfKill   = 10 // at most
	chaosSchedule = "chaos"
	chaosEvery    = "@every 4s"
	chaosRate     = 200_000         // bytes a second of a backup: one that takes a while may be hit
	chaosLimit    = 8 * time.Minute // for all slots to be made
	calmLimit     = 6 * time.Minute // for what has been begun to end, in peace
	checkLimit    = 5 * time.Minute // for each of the checks
	mostTold      = 20              // of what is wrong
)

// measureChaos has the leader, the backup managers and the storages killed at random
// while scheduled backups run, and looks from outside at what came of each slot.
// What should not be is an error.
func (b *bench) measureChaos(ctx context.Context) (err error) {
	c, err := b.newChaos(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop(err == nil)) }()
	begin := time.Now()
	if err := c.storm(ctx); err != nil {
		return err
	}
	stormed := time.Since(begin)
	j, err := c.judge(ctx)
	if err != nil {
		return err
	}
	j.tell(&b.report, stormed)
	return errors.Join(j.wrong[:min(len(j.wrong), mostTold)]...)
}

// newChaos starts a grid with tasks that a schedule will begin.
func (b *bench) newChaos(ctx context.Context) (*chaos, error) {
	g, err := startGrid(ctx, b.bcm, shape{managers: 3, backupManagers: 3, storages: 3})
	if err != nil {
		return nil, err
	}
	c := &chaos{grid: g, slots: b.slots, killer: newKiller(g, b.seed)}
	if c.dir, err = os.MkdirTemp("", "bcmbench-"); err == nil {
		err = c.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.stop(false))
	}
	return c, nil
}

// stop ends the grid. What a failed run has left stays, to be looked at.
func (c *chaos) stop(clean bool) error {
	if !clean {
		kept := filepath.Join(c.dir, "grid")
		if err := os.CopyFS(kept, os.DirFS(filepath.Join(c.grid.dir, "grid"))); err != nil {
			return errors.Join(err, c.grid.stop())
		}
		return errors.Join(c.grid.stop(), fmt.Errorf("marks, sums and the logs of the grid are kept in %s", c.dir))
	}
	return errors.Join(c.grid.stop(), os.RemoveAll(c.dir))
}

// prepare makes the schedule, clients, and tasks with a source each. The data of
// every other client is wanted on two storages.
func (c *chaos) prepare(ctx context.Context) error {
	for _, sub := range []string{"sums", "sources", "restored"} {
		if err := os.Mkdir(filepath.Join(c.dir, sub), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "chaos.sh"), []byte(chaosHook), 0o600); err != nil {
		return err
	}
	err := c.grid.call(ctx, http.MethodPost, "/v1/schedules", map[string]any{"name": chaosSchedule, "cron": chaosEvery}, nil)
	if err != nil {
		return err
	}
	for i := range min(max(c.slots/slotsOfTask, 2), mostTasks) {
		if i%tasksOfClient == 0 {
			name := fmt.Sprintf("client-%d", len(c.clients))
			client := map[string]any{"name": name, "copies": 1 + (len(c.clients)+1)%2}
			if err := c.grid.call(ctx, http.MethodPost, "/v1/clients", client, nil); err != nil {
				return err
			}
			c.clients = append(c.clients, name)
		}
		if err := c.addTask(ctx, fmt.Sprintf("task-%d", i), c.clients[len(c.clients)-1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *chaos) addTask(ctx context.Context, name, client string) error {
	source := filepath.Join(c.dir, "sources", name)
	if err := os.Mkdir(source, 0o700); err != nil {
		return err
	}
	hook := func(when string) []string { return []string{"sh", filepath.Join(c.dir, "chaos.sh"), c.dir, name, when} }
	c.tasks = append(c.tasks, name)
	return c.grid.call(ctx, http.MethodPost, "/v1/tasks", map[string]any{"name": name, "client": client, "schedule": chaosSchedule,
		"source": map[string]any{"paths": []string{source}}, "pre": hook("begin"), "post": hook("end"),
		"retry":     map[string]any{"attempts": 10, "pause": "1s"},
		"bandwidth": []any{map[string]any{"rate": chaosRate}}}, nil)
}

// storm kills members until as many slots as wanted have been made, and has what was
// begun end in peace.
func (c *chaos) storm(ctx context.Context) error {
	killing, peace := context.WithCancel(ctx)
	defer peace()
	killed := make(chan error, 1)
	go func() { killed <- c.killer.run(killing) }()
	err := until(ctx, chaosLimit, func() error {
		var list struct{ Total int }
		if err := c.grid.call(ctx, http.MethodGet, "/v1/backups?limit=1", nil, &list); err != nil {
			return err
		}
		if list.Total < c.slots {
			return fmt.Errorf("%d of %d slots were made", list.Total, c.slots)
		}
		return nil
	})
	peace()
	if err := errors.Join(err, <-killed); err != nil {
		return err
	}
	if n := c.killer.total(); n < c.slots/slotsOfKill {
		return fmt.Errorf("only %d kills while %d slots were made: that proves nothing", n, c.slots)
	}
	if _, err := c.grid.leader(ctx, true); err != nil {
		return err
	}
	return c.grid.call(ctx, http.MethodPatch, "/v1/schedules/"+chaosSchedule, map[string]any{"enabled": false}, nil)
}

// until asks until there is no error; the last one is given when it takes too long.
func until(ctx context.Context, limit time.Duration, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		if pause(ctx, 500*time.Millisecond) != nil {
			return fmt.Errorf("after %v: %w", limit, err)
		}
	}
}

// list gives all items of a listing, whose path has a query.
func list[T any](ctx context.Context, g *grid, path string) (all []T, err error) {
	next := ""
	for {
		var page struct {
			Items []T
			Next  string
		}
		if err := g.call(ctx, http.MethodGet, path+"&limit=1000&next="+url.QueryEscape(next), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Next; next == "" {
			return all, nil
		}
	}
}

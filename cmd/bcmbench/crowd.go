package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// crowd is simulated nodes in processes of their own, and a client whose backups
// they make.
type crowd struct {
	grid   *grid
	dir    string
	leader *manager
	procs  []*exec.Cmd
	logs   []*bytes.Buffer
}

// simulation says what the nodes are like.
type simulation struct {
	nodes int
	slots int
	speed int64 // bytes a second
	size  int64 // of each backup
}

// What a simulated node tells by the way costs the machine that all of them are on.
const (
	simStep     = 30 * time.Second
	joinLimit   = 5 * time.Minute
	simStorages = 2
)

// newCrowd starts a grid with simulated nodes and waits until all are online.
func (b *bench) newCrowd(ctx context.Context, s simulation) (*crowd, error) {
	g, err := startGrid(ctx, b.bcm, managersOnly())
	if err != nil {
		return nil, err
	}
	c := &crowd{grid: g}
	if c.dir, err = os.MkdirTemp(memory(), "bcmbench-"); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	if c.leader, err = g.leader(ctx, true); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	err = errors.Join(c.start(ctx, b.bcm, "store", simStorages, "backup-storage", s), c.start(ctx, b.bcm, "run", s.nodes, "backup-manager", s))
	if err == nil {
		err = c.await(ctx, s.nodes+simStorages)
	}
	if err == nil {
		err = c.leader.call(ctx, http.MethodPost, "/v1/clients", map[string]any{"name": "crowd"}, nil)
	}
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// memory is where files lie in memory, if there is such a place: real nodes have
// disks of their own for their journals, which a thousand on one machine do not.
func memory() string {
	const dir = "/dev/shm"
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir
	}
	return ""
}

// start starts a process that is so many nodes.
func (c *crowd) start(ctx context.Context, bcm, name string, nodes int, role string, s simulation) error {
	var token struct{ Token string }
	err := c.leader.call(ctx, http.MethodPost, "/v1/join-tokens", map[string]any{"roles": []string{role}, "uses": nodes, "ttl": "1h"}, &token)
	if err != nil {
		return err
	}
	join := token.Token + "," + c.leader.host
	cmd := exec.CommandContext(ctx, bcm, "agent", "--sim", strconv.Itoa(nodes), "--name", name, "--roles", role, "--join", join,
		"--data-dir", filepath.Join(c.dir, name), "--slots", strconv.Itoa(s.slots), "--log-level", "error",
		"--sim-speed", strconv.FormatInt(s.speed, 10), "--sim-size", strconv.FormatInt(s.size, 10), "--sim-spread", "0",
		"--sim-failures", "0", "--sim-step", simStep.String())
	log := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopLimit
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", bcm, err)
	}
	c.procs, c.logs = append(c.procs, cmd), append(c.logs, log)
	return nil
}

// await waits until so many nodes beside the managers are online.
func (c *crowd) await(ctx context.Context, nodes int) error {
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	for {
		var list struct{ Total int }
		err := c.leader.call(ctx, http.MethodGet, "/v1/nodes?status=online&limit=1", nil, &list)
		if err == nil && list.Total >= nodes+len(c.grid.managers) {
			return nil
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return fmt.Errorf("%d of %d nodes were online in time: %w; they said:\n%s%s", list.Total, nodes+len(c.grid.managers), err, c.logs[0], c.logs[1])
		}
	}
}

// stop ends the nodes, without goodbyes that nobody needs, and the grid.
func (c *crowd) stop() error {
	var errs []error
	for _, p := range c.procs {
		if err := p.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		_ = p.Wait() // it was killed
	}
	if c.dir != "" {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	return errors.Join(append(errs, c.grid.stop())...)
}

// each does n things, some at once, and gives the first error.
func each(n int, do func(i int) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					first = cmpErr(first, err)
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first
}

func cmpErr(first, next error) error {
	if first != nil {
		return first
	}
	return next
}

// ran is a backup that has been begun, and perhaps has ended.
type ran struct {
	Status     string
	Slot       *time.Time
	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// backups lists all there are.
func (c *crowd) backups(ctx context.Context) (all []ran, err error) {
	next := ""
	for {
		var page struct {
			Items []ran
			Next  string
		}
		path := "/v1/backups?limit=1000"
		if next != "" {
			path += "&next=" + url.QueryEscape(next)
		}
		if err := c.leader.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Next; next == "" {
			return all, nil
		}
	}
}

// settle waits until n backups are as done wants them, and lists them.
func (c *crowd) settle(ctx context.Context, n int, limit time.Duration, done func(ran) bool) ([]ran, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		all, err := c.backups(ctx)
		if err == nil && len(all) >= n && !slices.ContainsFunc(all, func(r ran) bool { return !done(r) }) {
			return all, nil
		}
		if pause(ctx, time.Second) != nil {
			return all, fmt.Errorf("%d backups were not through within %v: %w", n, limit, cmpErr(err, ctx.Err()))
		}
	}
}

package main

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"bcm/fsm"
)

// killer kills members of a grid and brings them back.
type killer struct {
	grid *grid
	dice *rand.Rand

	mu     sync.Mutex
	down   map[*process]bool
	deaths map[int]time.Time // of processes, by pid
	kills  map[string]int    // by what was killed
	errs   []error
}

func newKiller(g *grid, seed uint64) *killer {
	return &killer{grid: g, dice: rand.New(rand.NewPCG(seed, 0)), down: make(map[*process]bool),
		deaths: make(map[int]time.Time), kills: make(map[string]int)}
}

// The pace of the killer. Most members come back soon; some nodes stay away for so
// long that the grid gives them up.
const (
	leastPause = time.Second
	mostPause  = 2 * time.Second
	shortAway  = 2 * time.Second
	longAway   = 20 * time.Second
)

// What is killed.
const (
	aLeader  = "leader"
	anAgent  = "backup manager"
	aStorage = "storage"
)

// run kills until ctx ends; then it brings all back.
func (k *killer) run(ctx context.Context) error {
	var away sync.WaitGroup
	for pause(ctx, leastPause+k.upTo(mostPause-leastPause)) == nil {
		what := []string{aLeader, anAgent, aStorage}[k.dice.IntN(3)]
		least, most := time.Duration(0), shortAway
		if what != aLeader && k.dice.IntN(5) == 0 {
			least, most = shortAway, longAway
		}
		absence := least + k.upTo(most-least)
		if p := k.victim(ctx, what); p != nil {
			away.Go(func() { k.strike(ctx, p, what, absence) })
		}
	}
	away.Wait()
	return errors.Join(k.errs...)
}

func (k *killer) upTo(d time.Duration) time.Duration {
	return time.Duration(k.dice.Int64N(int64(d)))
}

// victim chooses one of those that are up, and counts it as down.
func (k *killer) victim(ctx context.Context, what string) *process {
	var all []*process
	switch what {
	case aLeader:
		if m, _ := k.grid.leads(ctx); m != nil {
			all = append(all, m.process)
		}
	case anAgent:
		all = k.grid.with(fsm.RoleBackupManager)
	default:
		all = k.grid.with(fsm.RoleStorage)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	chosen := k.dice.IntN(max(len(all), 1))
	if len(all) == 0 || k.down[all[chosen]] {
		return nil
	}
	k.down[all[chosen]] = true
	return all[chosen]
}

// strike kills a member, waits, and brings it back.
func (k *killer) strike(ctx context.Context, p *process, what string, away time.Duration) {
	pid := p.pid
	err := p.kill(context.WithoutCancel(ctx))
	died := time.Now()
	_ = pause(ctx, away) // less when the end has come
	err = errors.Join(err, p.start())
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.down, p)
	k.deaths[pid] = died
	k.kills[what]++
	if err != nil {
		k.errs = append(k.errs, err)
	}
}

// total is how often it has killed.
func (k *killer) total() (n int) {
	for v := range maps.Values(k.kills) {
		n += v
	}
	return n
}

// with gives the processes of the nodes that have a role.
func (g *grid) with(role string) (all []*process) {
	for _, n := range g.nodes {
		if n.role == role {
			all = append(all, n.process)
		}
	}
	return all
}

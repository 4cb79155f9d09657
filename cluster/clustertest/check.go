package clustertest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bcm/fsm"
)

// ledger keeps which writes were acknowledged.
type ledger struct {
	mu    sync.Mutex
	acked map[string]string // setting -> value
	count int
}

// Write sets a value through a member, under a name that no other write uses,
// and remembers it when it was acknowledged.
func (c *Cluster) Write(ctx context.Context, m *Member) error {
	c.writes.mu.Lock()
	c.writes.count++
	name := fmt.Sprintf("test.%d", c.writes.count)
	c.writes.mu.Unlock()
	return c.Put(ctx, m, name, "value of "+name)
}

// Put sets a value through a member and remembers it when it was acknowledged.
// Names must not be shared between calls under way at the same time.
func (c *Cluster) Put(ctx context.Context, m *Member, name, value string) error {
	_, err := m.Apply(ctx, "system:test", &fsm.PutSetting{Name: name, Value: []byte(value)})
	c.writes.mu.Lock()
	defer c.writes.mu.Unlock()
	if err == nil {
		if c.writes.acked == nil {
			c.writes.acked = make(map[string]string)
		}
		c.writes.acked[name] = value
	}
	return err
}

// Acknowledged is how many writes were.
func (c *Cluster) Acknowledged() int {
	c.writes.mu.Lock()
	defer c.writes.mu.Unlock()
	return len(c.writes.acked)
}

// Check heals the network, starts who does not run, and fails the test unless
// all agree: equal states at one index, and every acknowledged write in them.
func (c *Cluster) Check() {
	c.t.Helper()
	c.Net.Lose(0)
	c.Heal()
	for _, m := range c.Members {
		if !m.Up() && !m.gone() {
			m.Fail(nil)
			m.Free(1 << 40)
			m.Start()
		}
	}
	if len(c.Members) == 0 {
		return
	}
	c.Await("agreement after the test", func() bool { return c.Leader() != nil })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Write(ctx, c.Any()); err != nil {
		c.t.Errorf("no write is accepted after the test: %v", err)
		return
	}
	c.equal()
	c.complete()
	if term, most := c.Leader().Status().Term, c.term+uint64(3*c.faults+2); c.term > 0 && term > most {
		c.t.Errorf("the term went from %d to %d over %d faults", c.term, term, c.faults)
	}
}

// gone tells whether the member was taken out of the grid.
func (m *Member) gone() bool {
	_, ok := m.c.Any().State.Now().Nodes.Get(m.ID)
	return !ok
}

// equal fails the test unless all members have one state at one index.
func (c *Cluster) equal() {
	c.t.Helper()
	digests := func() (map[string]bool, bool) {
		all := make(map[string]bool)
		var index uint64
		for i, m := range c.Running() {
			v := m.State.Now()
			if i > 0 && v.Index != index {
				return nil, false
			}
			index = v.Index
			all[v.Digest()] = true
		}
		return all, true
	}
	var found map[string]bool
	c.Await("one index everywhere", func() bool {
		var same bool
		found, same = digests()
		return same
	})
	if len(found) != 1 {
		c.t.Errorf("states differ at one index: %v", found)
	}
}

// complete fails the test unless every acknowledged write is in every state.
func (c *Cluster) complete() {
	c.t.Helper()
	c.writes.mu.Lock()
	defer c.writes.mu.Unlock()
	for _, m := range c.Running() {
		v, lost := m.State.Now(), 0
		for name, value := range c.writes.acked {
			if string(v.Setting(name)) != value {
				lost++
			}
		}
		if lost > 0 {
			c.t.Errorf("%s has lost %d of %d acknowledged writes", m.Name, lost, len(c.writes.acked))
		}
	}
}

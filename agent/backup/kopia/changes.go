package kopia

import (
	"slices"
	"sync"

	"bcm/agent/backup"
	"bcm/fsm"
)

// mostPaths is how many paths of each kind of change are told.
const mostPaths = 20

// changes gathers what a restore does, from many goroutines.
type changes struct {
	mu    sync.Mutex
	kinds map[fsm.ChangeKind]*backup.Change
}

// add notes what became of a path, or would. Of each kind the first paths are told, in
// the order of names.
func (c *changes) add(kind fsm.ChangeKind, path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = map[fsm.ChangeKind]*backup.Change{}
	}
	k := c.kinds[kind]
	if k == nil {
		k = &backup.Change{Kind: kind}
		c.kinds[kind] = k
	}
	k.Count++
	at, _ := slices.BinarySearch(k.Paths, path)
	if at < mostPaths {
		k.Paths = slices.Insert(k.Paths[:min(len(k.Paths), mostPaths-1)], at, path)
	}
}

// all gives the kinds that there are.
func (c *changes) all() []backup.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []backup.Change
	for _, kind := range fsm.ChangeKinds() {
		if k := c.kinds[kind]; k != nil {
			one := *k
			one.Paths = slices.Clone(k.Paths)
			found = append(found, one)
		}
	}
	return found
}

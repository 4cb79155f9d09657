package kopia

import (
	"sync/atomic"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	"bcm/agent/storage/storagetest"

	"github.com/kopia/kopia/repo/maintenance"
)

// clock is what the storage and the engine go by.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// aged is a repository on a storage that deletes nothing younger than an hour, with
// garbage in it. Both go by the clock.
func aged(t *testing.T, c *clock) (w *world, keep string) {
	t.Helper()
	w = newRepositoryOn(t, storagetest.Start(t, storage.Options{MinAge: time.Hour, Clock: c.now}), Options{now: c.now})
	w.Allow("n1", ns, storage.Read|storage.Write|storage.Delete)
	useless, keep := t.TempDir(), t.TempDir()
	grow(t, useless, 100, 240_000) // whole packs: kopia gives back nothing less
	gone := w.backup(useless)
	grow(t, keep, 100, 21_000)
	w.backup(keep)
	if _, err := w.engine.Forget(t.Context(), w.repo, backup.Retention{}, gone.ID); err != nil {
		t.Fatal(err)
	}
	return w, keep
}

// whole tells that what is to stay is there, for an engine that has nothing in its cache.
func (w *world) whole(keep string) {
	w.t.Helper()
	w.verify()
	fresh := *w
	fresh.engine, fresh.repo.CacheDir = newEngine(w.t, Options{}), w.t.TempDir()
	same(w.t, keep, fresh.restore(fresh.list(backup.Filter{})[0].ID))
}

// The storage tells how old a blob is: an engine without margins of its own frees
// nothing before the minimum age has passed there, and gives the room back after.
func TestPruneFreesRoomOnceTheMinimumAgeHasPassed(t *testing.T) {
	c := &clock{}
	w, keep := aged(t, c)
	size := w.used()
	for _, wait := range []time.Duration{0, 58 * time.Minute} {
		c.advance(wait)
		stats, err := w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone)
		if err != nil || stats.Deleted != 0 || stats.Young == 0 || w.used() < size {
			t.Errorf("before the minimum age: %d bytes became %d: %+v, %v", size, w.used(), stats, err)
		}
	}
	c.advance(3 * time.Minute)
	stats, err := w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone)
	if err != nil || stats.Deleted == 0 || w.used() > size*2/3 {
		t.Errorf("after it: %d bytes became %d: %+v, %v", size, w.used(), stats, err)
	}
	w.whole(keep)
}

// As it is in life: with kopia's own margins, room comes back within days, and never
// on the first.
func TestPruneFreesRoomWithinDays(t *testing.T) {
	c := &clock{}
	w, keep := aged(t, c)
	size := w.used()
	var freed time.Duration
	for passed := time.Duration(0); passed <= 5*24*time.Hour; passed += 12 * time.Hour {
		if stats, err := w.engine.Prune(t.Context(), w.repo, &lease{}, nil); err != nil || stats.Young != 0 {
			t.Fatalf("after %v: %+v, %v", passed, stats, err)
		}
		if freed == 0 && w.used() < size*2/3 {
			freed = passed
		}
		c.advance(12 * time.Hour)
	}
	if freed <= 24*time.Hour {
		t.Errorf("%d bytes became %d after %v", size, w.used(), freed)
	}
	t.Logf("room came back after %v", freed)
	w.whole(keep)
}

package kopia

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bcm/agent/backup"
	"bcm/agent/storage"
	"bcm/agent/storage/storagetest"

	"github.com/kopia/kopia/repo/maintenance"
)

// lease is held until it is lost.
type lease struct{ lost atomic.Bool }

var errTaken = errors.New("another node has it")

func (l *lease) Check() error {
	if l.lost.Load() {
		return errTaken
	}
	return nil
}

// garbage makes a repository in which files of a size are of no use any more, for some
// seconds: kopia tells no less apart.
func garbage(t *testing.T, size int) (w *world, keep string) {
	t.Helper()
	c := &clock{}
	w = newRepositoryOn(t, storagetest.Start(t, storage.Options{MinAge: time.Nanosecond, Clock: c.now}), Options{now: c.now})
	w.Allow("n1", ns, storage.Read|storage.Write|storage.Delete)
	useless, keep := t.TempDir(), t.TempDir()
	grow(t, useless, 100, size)
	gone := w.backup(useless)
	grow(t, keep, 100, 21_000)
	w.backup(keep)
	if _, err := w.engine.Forget(t.Context(), w.repo, backup.Retention{}, gone.ID); err != nil {
		t.Fatal(err)
	}
	c.advance(5 * time.Second)
	return w, keep
}

// Pitfall 8: what keeps two of kopia's maintenances apart is a file on this node.
func TestPitfall08PruneNeedsItsLease(t *testing.T) {
	w, keep := garbage(t, 10_000)
	size := w.used()
	_, err := w.engine.Prune(t.Context(), w.repo, nil, nil)
	want(t, "no lease", err, backup.ErrLeaseLost)
	lost := &lease{}
	lost.lost.Store(true)
	_, err = w.engine.prune(t.Context(), w.repo, lost, nil, maintenance.SafetyNone)
	want(t, "a lost lease", err, backup.ErrLeaseLost)
	if w.used() != size {
		t.Errorf("%d bytes became %d without a lease", size, w.used())
	}
	// One that is lost in the middle: before the first delete.
	middle := &lease{}
	var deletes atomic.Int32
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && !strings.Contains(r.URL.Path, "/s") {
				deletes.Add(1)
			}
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "kopia.maintenance") {
				middle.lost.Store(true)
			}
			next.ServeHTTP(rw, r)
		})
	})
	_, err = w.engine.prune(t.Context(), w.repo, middle, nil, maintenance.SafetyNone)
	want(t, "lost in the middle", err, backup.ErrLeaseLost)
	if deletes.Load() > 0 {
		t.Errorf("%d deletes without a lease", deletes.Load())
	}
	w.Wrap(nil)
	// The storage itself lets nobody delete but the holder.
	writer := w.as("n2", storage.Read|storage.Write)
	_, err = writer.engine.prune(t.Context(), writer.repo, &lease{}, nil, maintenance.SafetyNone)
	if !errors.Is(err, backup.ErrForbidden) && err == nil {
		t.Errorf("one that may not delete: %v", err)
	}
	w.verify()
	same(t, keep, w.restore(w.list(backup.Filter{})[0].ID))
}

func TestPruneFreesRoom(t *testing.T) {
	w, keep := garbage(t, 240_000) // whole packs: kopia gives back nothing less
	size := w.used()
	stats, err := w.engine.Prune(t.Context(), w.repo, &lease{}, nil)
	if err != nil || w.used() < size {
		t.Errorf("what may be of use to a backup that goes on was deleted: %+v, %v", stats, err)
	}
	stats, err = w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone)
	if err != nil || stats.Deleted == 0 || stats.Young != 0 || w.used() > size*2/3 {
		t.Errorf("%d bytes became %d: %+v, %v", size, w.used(), stats, err)
	}
	w.verify()
	fresh := *w
	fresh.engine, fresh.repo.CacheDir = newEngine(t, Options{}), t.TempDir()
	same(t, keep, fresh.restore(fresh.list(backup.Filter{})[0].ID))
	again := w.backup(keep)
	if again.NewBytes > 300_000 {
		t.Errorf("%d bytes were stored again", again.NewBytes)
	}
}

func TestPruneLeavesTheYoung(t *testing.T) {
	w, keep := garbage(t, 10_000)
	w.Wrap(func(next http.Handler) http.Handler { // a storage with a minimum age
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && !strings.Contains(r.URL.Path, "/s") {
				rw.Header().Set("Bcm-Error", "young")
				rw.WriteHeader(http.StatusConflict)
				return
			}
			next.ServeHTTP(rw, r)
		})
	})
	stats, err := w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone)
	if err != nil || stats.Deleted != 0 || stats.Young == 0 {
		t.Errorf("%+v, %v", stats, err)
	}
	w.Wrap(nil)
	w.verify()
	same(t, keep, w.restore(w.list(backup.Filter{})[0].ID))
}

func TestPruneMindsTheClock(t *testing.T) {
	w, _ := garbage(t, 10_000)
	w.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			next.ServeHTTP(rw, r)
		})
	})
	_, err := w.engine.Prune(t.Context(), w.repo, &lease{}, nil)
	want(t, "clocks an hour apart", err, backup.ErrClock)
}

// used returns how many bytes the namespace has.
func (w *world) used() int64 {
	w.t.Helper()
	u, err := w.Store.Usage()
	if err != nil {
		w.t.Fatal(err)
	}
	return u.Used
}

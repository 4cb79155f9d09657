package kopia

import (
	"errors"
	"sync"
	"testing"

	"bcm/agent/backup"
	"bcm/agent/storage"
	"bcm/agent/storage/blob"

	"github.com/kopia/kopia/repo/maintenance"
)

// A pruner that does not know that its lease is gone is stopped by the storage: one
// whose job was interrupted, and one of an earlier attempt.
func TestTheStorageStopsAPrunerWithoutItsLease(t *testing.T) {
	for name, lose := range map[string]func(w *world){
		"interrupted": func(w *world) { w.Allow("n1", ns, storage.Read|storage.Write) },
		"an older fence": func(w *world) {
			w.repo.Fence = backup.Fence{Index: 1}
			w.Fence("n1", ns, storage.Read|storage.Write|storage.Delete, blob.Fence{Index: 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, keep := garbage(t, 240_000)
			size := w.used()
			lose(w)
			_, err := w.engine.prune(t.Context(), w.repo, &lease{}, nil, maintenance.SafetyNone)
			want(t, "a pruner", err, backup.ErrForbidden)
			if w.used() < size {
				t.Errorf("%d bytes became %d without a lease", size, w.used())
			}
			w.repo.Fence = backup.Fence{}
			w.Allow("n1", ns, storage.Read|storage.Write)
			w.verify()
			same(t, keep, w.restore(w.list(backup.Filter{})[0].ID))
		})
	}
}

// A backup that runs beside a prune is whole, also when it needs what the prune
// finds useless.
func TestABackupBesideAPruneStaysWhole(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 100, 240_000)
	gone := w.backup(dir)
	if _, err := w.engine.Forget(t.Context(), w.repo, backup.Retention{}, gone.ID); err != nil {
		t.Fatal(err)
	}
	pruner := w.as("n2", storage.Read|storage.Write|storage.Delete)
	var both sync.WaitGroup
	both.Go(func() {
		for range 4 {
			if _, err := pruner.engine.Prune(t.Context(), pruner.repo, &lease{}, nil); err != nil && !errors.Is(err, backup.ErrUnavailable) {
				t.Errorf("prune: %v", err)
			}
		}
	})
	both.Go(func() { w.backup(dir) })
	both.Wait()
	fresh := *w
	fresh.engine, fresh.repo.CacheDir = newEngine(t, Options{}), t.TempDir()
	fresh.verify()
	same(t, dir, fresh.restore(fresh.list(backup.Filter{})[0].ID))
}

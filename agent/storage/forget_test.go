package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bcm/agent/storage"
	"bcm/agent/storage/blob"
	"bcm/agent/storage/storagetest"
	"bcm/fsm"
)

// misses checks what a storage misses, now and in its next process.
func misses(t *testing.T, s *storagetest.Storage, names ...string) {
	t.Helper()
	for range 2 {
		u, err := s.Store.Usage()
		if lost := s.Store.Lost(ns); err != nil || !slices.Equal(lost, names) || u.Lost != len(names) || u.Damaged != 0 {
			t.Errorf("%v is lost, want %v: %+v %v", lost, names, u, err)
		}
		s.Reopen()
	}
}

// What is given up is missed no more, by copies neither. What is back stays.
func TestGiveUp(t *testing.T) {
	a, b := pair(t, storage.Options{})
	if _, err := b.Copy(t.Context(), a, ns); err != nil {
		t.Fatal(err)
	}
	back, err := os.ReadFile(file(t, a, "p5"))
	place := file(t, a, "p5")
	if err := errors.Join(err, os.Remove(file(t, a, "p4")), os.Remove(place), os.Remove(file(t, b, "p4")), os.Truncate(file(t, a, "p2"), 3)); err != nil {
		t.Fatal(err)
	}
	a.Reopen()
	b.Reopen()
	trim := func(o *fsm.Order) { o.Trim = fsm.TrimBounded }
	if _, err := b.Copy(t.Context(), a, ns, trim); err != nil {
		t.Fatal(err)
	}
	misses(t, b, "p4")
	if err := os.WriteFile(place, back, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := a.Do(t.Context(), fsm.Order{ID: "one", Kind: fsm.ScrubOrder, Role: fsm.RoleStorage, GiveUp: true, Repository: &fsm.RepositoryAccess{Namespace: ns}})
	if err != nil || out.Stats.Deleted != 2 || out.Copy.Lost != 0 {
		t.Fatalf("%+v %+v %v", out.Stats, out.Copy, err)
	}
	misses(t, a)
	if _, err := a.Store.Stat(ns, "p5"); err != nil {
		t.Errorf("what is back: %v", err)
	}
	if q, _ := filepath.Glob(filepath.Join(a.Dir, "quarantine", ns, "p2~*")); len(q) != 1 {
		t.Errorf("in quarantine: %v", q)
	}
	if _, err := b.Copy(t.Context(), a, ns); err != nil {
		t.Fatal(err)
	}
	misses(t, b, "p4") // nothing says that it may go
	if _, err := b.Copy(t.Context(), a, ns, trim); err != nil {
		t.Fatal(err)
	}
	misses(t, b)
}

// Who may delete may delete what is lost; what never was there is missing.
func TestDeleteOfWhatIsLost(t *testing.T) {
	a, _ := pair(t, storage.Options{})
	if err := errors.Join(os.Remove(file(t, a, "p4")), os.Truncate(file(t, a, "p2"), 3)); err != nil {
		t.Fatal(err)
	}
	a.Reopen()
	for _, name := range []string{"p4", "p2"} {
		if err := a.Store.Delete(ns, name, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := a.Store.Delete(ns, name, false); !errors.Is(err, blob.ErrMissing) {
			t.Errorf("%s again: %v", name, err)
		}
	}
	if err := a.Store.Delete(ns, "never", false); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("what never was: %v", err)
	}
	misses(t, a)
}

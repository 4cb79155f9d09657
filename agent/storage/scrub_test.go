package storage_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/storage"
	"bcm/agent/storage/blob"
	"bcm/agent/storage/storagetest"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

func quiet() hclog.Logger { return hclog.NewNullLogger() }

// The corruption drill of the store: bytes flipped, files cut, deleted and put in
// the wrong place; all of it is found, and mended from the other storage.
func TestScrubFindsAllAndRepairMendsAll(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			a, b := pair(t, storage.Options{})
			if _, err := b.Copy(t.Context(), a, ns); err != nil {
				t.Fatal(err)
			}
			whole := all(t, a, time.Time{})
			flip(t, a, "p1")
			if err := errors.Join(
				os.Truncate(file(t, a, "p2"), 100), os.Truncate(file(t, a, "p3"), 3),
				os.Remove(file(t, a, "p4")), os.Rename(file(t, a, "x1"), filepath.Join(filepath.Dir(file(t, a, "p5")), "stray"))); err != nil {
				t.Fatal(err)
			}
			if restart {
				a.Reopen()
			}
			out, err := a.Scrub(t.Context(), ns, "one")
			if err != nil || out.Copy.Found != 5 || out.Copy.Lost != 5 {
				t.Fatalf("the scrub found %+v %v %v", out.Copy, out.Warnings, err)
			}
			if q, _ := filepath.Glob(filepath.Join(a.Dir, "quarantine", ns, "*")); len(q) != 4 {
				t.Errorf("in quarantine: %v", q)
			}
			if _, err := a.Store.Get(ns, "p1"); !errors.Is(err, blob.ErrMissing) {
				t.Errorf("a damaged blob is given: %v", err)
			}
			if restart {
				a.Reopen()
			}
			if u, err := a.Store.Usage(); err != nil || u.Lost != 5 || u.Damaged != 0 {
				t.Errorf("usage %+v %v", u, err)
			}
			out, err = a.Copy(t.Context(), b, ns, func(o *fsm.Order) { o.Repair = true })
			if err != nil || out.Copy.Lost != 0 || out.Stats.Files != 5 {
				t.Fatalf("the repair: %+v %v", out.Copy, err)
			}
			same(t, "after the repair", whole, all(t, a, time.Time{}))
			if out, err := a.Scrub(t.Context(), ns, "two"); err != nil || out.Copy.Found != 0 || len(out.Warnings) > 0 {
				t.Errorf("the next scrub: %+v %v %v", out.Copy, out.Warnings, err)
			}
		})
	}
}

// A repair brings back what was lost and not what was pruned.
func TestRepairBringsNothingPrunedBack(t *testing.T) {
	a, b := pair(t, storage.Options{})
	if _, err := b.Copy(t.Context(), a, ns); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Store.Delete(ns, "p0", false), os.Remove(file(t, a, "p4"))); err != nil {
		t.Fatal(err)
	}
	a.Reopen()
	// What the source has lost is not pruned from the copy either.
	if out, err := b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Trim = fsm.TrimAll }); err != nil || out.Copy.Trimmed != 1 {
		t.Errorf("trimmed %+v %v", out.Copy, err)
	}
	if _, err := a.Copy(t.Context(), b, ns, func(o *fsm.Order) { o.Repair = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Store.Stat(ns, "p0"); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("a pruned blob came back: %v", err)
	}
	if _, err := a.Store.Stat(ns, "p4"); err != nil {
		t.Errorf("a lost blob did not come back: %v", err)
	}
}

func TestRepairThatFindsNothingSaysSo(t *testing.T) {
	a, b := pair(t, storage.Options{})
	if err := os.Remove(file(t, a, "p4")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Scrub(t.Context(), ns, "one"); err != nil {
		t.Fatal(err)
	}
	out, err := a.Copy(t.Context(), b, ns, func(o *fsm.Order) { o.Repair = true })
	if err != nil || out.Copy.Lost != 1 || len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "1 blobs are lost") {
		t.Errorf("%+v %v %v", out.Copy, out.Warnings, err)
	}
	put(t, a, "p4", []byte("stored anew"))
	if lost := a.Store.Lost(ns); len(lost) != 0 {
		t.Errorf("what was stored anew is still lost: %v", lost)
	}
}

// A scrub that was ended goes on where it was, in the next process too.
func TestScrubGoesOnWhereItBrokeOff(t *testing.T) {
	a, _ := pair(t, storage.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := a.Scrub(ctx, ns, "one"); err == nil {
		t.Fatal("a scrub that was cancelled goes on")
	}
	state := filepath.Join(a.Dir, "scrub-"+ns+".json")
	if err := os.WriteFile(state, []byte(`{"run":"one","after":"p5","report":{"blobs":7,"bytes":60006,"found":1,"problem":["p2: missing"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Reopen()
	out, err := a.Scrub(t.Context(), ns, "one")
	if err != nil || out.Stats.Files != 10 || out.Copy.Found != 1 || len(out.Warnings) != 1 {
		t.Errorf("it went on: %+v %+v %v", out.Stats, out.Copy, err)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its state is left over: %v", err)
	}
	if err := os.WriteFile(state, []byte(`{"run":"other","after":"p5"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := a.Scrub(t.Context(), ns, "two"); err != nil || out.Stats.Files != 10 {
		t.Errorf("another run began in the middle: %+v %v", out.Stats, err)
	}
}

// The holder of the lease may replace the engine's note of the last maintenance, and
// what it was can be read for as long as anything deleted.
func TestWhatIsReplacedIsKeptForAWhile(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	opt := storage.Options{KeepDeleted: time.Hour, Clock: func() time.Time { return now }}
	s := storagetest.Start(t, opt)
	const note = "kopia.maintenance"
	write := func(text string) {
		offer := storage.Offer{Namespace: ns, Name: note, Size: int64(len(text)), Sum: sha256.Sum256([]byte(text)), Replace: true}
		if _, err := s.Store.Put(offer, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	text := func(asOf time.Time) string {
		r, err := s.Store.GetAsOf(ns, note, asOf)
		if err != nil {
			return err.Error()
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var at []time.Time
	for _, version := range []string{"one", "two", "three"} {
		write(version)
		at = append(at, now)
		now = now.Add(time.Minute)
	}
	for range 2 { // also after a restart
		if got := text(time.Time{}) + " " + text(at[0]) + " " + text(at[1]) + " " + text(at[2]); got != "three one two three" {
			t.Errorf("%s", got)
		}
		if u, err := s.Store.Usage(); err != nil || u.Used != 11 || u.Namespaces[0].Deleted != 6 || u.Lost != 0 {
			t.Errorf("%+v %v", u, err)
		}
		s.Reopen()
	}
	now = at[2].Add(time.Hour)
	if n, err := s.Store.Reap(); n != 2 || err != nil || text(time.Time{}) != "three" {
		t.Errorf("%d %v %s", n, err, text(time.Time{}))
	}
}

func TestWhatIsDeletedIsKeptForAWhile(t *testing.T) {
	s := storagetest.Start(t, storage.Options{MinAge: time.Nanosecond, KeepDeleted: time.Hour})
	put(t, s, "p1", []byte("old"))
	put(t, s, "kopia.repository", []byte("the key"))
	whole, before := all(t, s, time.Time{}), time.Now()
	for _, name := range []string{"p1", "kopia.repository"} {
		if err := s.Store.Delete(ns, name, false); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "kopia.repository", []byte("another key"))
	for range 2 {
		same(t, "as of before", whole, all(t, s, before))
		if now := all(t, s, time.Time{}); len(now) != 1 || now["kopia.repository"] == whole["kopia.repository"] {
			t.Errorf("now: %v", now)
		}
		u, err := s.Store.Usage()
		if err != nil || u.Used != 21 || u.Namespaces[0].Deleted != 10 || u.Lost != 0 {
			t.Errorf("usage %+v %v", u, err)
		}
		if n, err := s.Store.Reap(); n != 0 || err != nil {
			t.Errorf("reaped %d too soon: %v", n, err)
		}
		s.Reopen()
	}
	offer := storage.Offer{Namespace: ns, Name: "p2", Size: 1, Quota: 21}
	if _, err := s.Store.Put(offer, strings.NewReader("x")); !errors.Is(err, blob.ErrNoRoom) {
		t.Errorf("what is deleted gives room at once: %v", err)
	}
	store := reopened(t, s, storage.Options{KeepDeleted: time.Nanosecond})
	if n, err := store.Reap(); n != 2 || err != nil {
		t.Errorf("reaped %d, %v", n, err)
	}
	if u, err := store.Usage(); err != nil || u.Used != 11 {
		t.Errorf("usage afterwards %+v %v", u, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir, "trash", ns, "*")); len(left) > 0 {
		t.Errorf("left in the trash: %v", left)
	}
}

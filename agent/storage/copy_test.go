package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/storage"
	"bcm/agent/storage/blob"
	"bcm/agent/storage/storagetest"
	"bcm/fsm"
)

const ns = "ns"

// pair starts two storages of one cluster, the first with some blobs.
func pair(t *testing.T, opt storage.Options) (a, b *storagetest.Storage) {
	t.Helper()
	opt.MinAge = time.Nanosecond
	a = storagetest.Start(t, opt)
	b = a.Beside("storage2", opt)
	for i := range 8 {
		put(t, a, fmt.Sprint("p", i), bytes.Repeat([]byte{byte(i)}, 10_000))
	}
	put(t, a, "kopia.repository", []byte("format"))
	put(t, a, "x1", []byte("index"))
	put(t, a, "session", []byte("a mark"))
	return a, b
}

func put(t *testing.T, s *storagetest.Storage, name string, data []byte) {
	t.Helper()
	if _, err := s.Store.Put(storage.Offer{Namespace: ns, Name: name, Size: int64(len(data)), Sum: sha256.Sum256(data)}, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// all gives the blobs of a namespace: name, time of storing and content.
func all(t *testing.T, s *storagetest.Storage, asOf time.Time) map[string]string {
	t.Helper()
	list, err := s.Store.List(ns, "", asOf)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, info := range list {
		r, err := s.Store.GetAsOf(ns, info.Name, asOf)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		found[info.Name] = fmt.Sprintf("%d %x", r.Created.UnixNano(), data)
	}
	return found
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for name, is := range want {
		if got[name] != is {
			t.Errorf("%s: %s is not as it should be", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
}

// file is where a storage keeps a blob.
func file(t *testing.T, s *storagetest.Storage, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir, "blobs", ns, "*", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v %v", name, found, err)
	}
	return found[0]
}

// flip changes one byte of a stored blob.
func flip(t *testing.T, s *storagetest.Storage, name string) {
	t.Helper()
	path := file(t, s, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCopyBringsAllWithItsTimes(t *testing.T) {
	a, b := pair(t, storage.Options{})
	out, err := b.Copy(t.Context(), a, ns)
	if err != nil || out.Copy.Blobs != 10 || out.Stats.Files != 10 || len(out.Warnings) > 0 {
		t.Fatalf("%+v %+v %v", out, out.Copy, err)
	}
	want := all(t, a, time.Time{})
	delete(want, "session")
	same(t, "the copy", want, all(t, b, time.Time{}))

	middle := time.Now()
	put(t, a, "p9", []byte("later"))
	if out, err = b.Copy(t.Context(), a, ns); err != nil || out.Stats.Files != 1 {
		t.Fatalf("the second copy brought %d blobs: %v", out.Stats.Files, err)
	}
	same(t, "the copy as of before", want, all(t, b, middle))
	if out, err = b.Copy(t.Context(), a, ns); err != nil || out.Stats.Files != 0 || out.Copy.Blobs != 11 {
		t.Errorf("a copy of what is there: %+v %v", out.Copy, err)
	}
}

func TestCopyNeedsTheRightToRead(t *testing.T) {
	a, b := pair(t, storage.Options{})
	_, err := b.Copy(t.Context(), a, ns, func(*fsm.Order) { a.Allow(b.ID, ns, 0); a.Allow("other", ns, storage.Read) })
	if !errors.Is(err, blob.ErrForbidden) {
		t.Errorf("without a grant: %v", err)
	}
	if _, err := b.Do(t.Context(), fsm.Order{Kind: fsm.CopyOrder}); err == nil {
		t.Error("an order without a repository is carried out")
	}
	if _, err := b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Repository.Storages = nil }); err == nil {
		t.Error("an order without a source is carried out")
	}
}

func TestCopyGoesOnWhereItBrokeOff(t *testing.T) {
	a, b := pair(t, storage.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	a.Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/p5") {
				cancel(stop)
			}
			h.ServeHTTP(w, r)
		})
	})
	if _, err := b.Copy(ctx, a, ns); !errors.Is(err, stop) {
		t.Fatalf("a copy that was cancelled: %v", err)
	}
	here := len(all(t, b, time.Time{}))
	a.Wrap(nil)
	b.Reopen() // as after a crash
	out, err := b.Copy(t.Context(), a, ns)
	if err != nil || int(out.Stats.Files) != 10-here || out.Copy.Blobs != 10 {
		t.Errorf("%d were here, %d were fetched, %d are here: %v", here, out.Stats.Files, out.Copy.Blobs, err)
	}
}

func TestCopyTakesNothingDamagedAndReplacesNothing(t *testing.T) {
	a, b := pair(t, storage.Options{})
	flip(t, a, "p3")
	out, err := b.Copy(t.Context(), a, ns)
	if !errors.Is(err, blob.ErrDamaged) || out.Copy.Refused != 1 || out.Copy.Blobs != 9 || len(out.Warnings) != 1 {
		t.Fatalf("from a damaged source: %+v %v", out.Copy, err)
	}
	if _, err := b.Store.Stat(ns, "p3"); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("the damaged blob is here: %v", err)
	}

	a, b = pair(t, storage.Options{})
	if _, err := b.Copy(t.Context(), a, ns); err != nil {
		t.Fatal(err)
	}
	want := all(t, b, time.Time{})
	if err := a.Store.Delete(ns, "kopia.repository", false); err != nil {
		t.Fatal(err)
	}
	put(t, a, "kopia.repository", []byte("another key"))
	out, err = b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Trim = fsm.TrimAll })
	if err != nil || out.Copy.Differ != 1 || len(out.Warnings) != 1 {
		t.Errorf("a source with other bytes: %+v %v", out.Copy, err)
	}
	same(t, "the copy", want, all(t, b, time.Time{}))
}

func TestCopyTrimsOnlyWhatItMay(t *testing.T) {
	a, b := pair(t, storage.Options{KeepDeleted: time.Hour})
	if _, err := b.Copy(t.Context(), a, ns); err != nil {
		t.Fatal(err)
	}
	whole := all(t, b, time.Time{})
	before := time.Now()
	for i, trim := range []fsm.Trim{fsm.TrimNone, fsm.TrimBounded} {
		if err := a.Store.Delete(ns, "p0", false); i == 0 && err != nil {
			t.Fatal(err)
		}
		out, err := b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Trim = trim })
		if err != nil || int(out.Copy.Trimmed) != i || int(out.Copy.Extra) != 1-i {
			t.Errorf("trim %q: %+v %v", trim, out.Copy, err)
		}
	}
	for i := 1; i < 6; i++ { // more than a pruning does
		if err := a.Store.Delete(ns, fmt.Sprint("p", i), false); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Trim = fsm.TrimBounded })
	if err != nil || out.Copy.Trimmed != 0 || out.Copy.Extra != 5 || len(out.Warnings) != 1 {
		t.Errorf("a source that lost most: %+v %v", out.Copy, err)
	}
	out, err = b.Copy(t.Context(), a, ns, func(o *fsm.Order) { o.Trim = fsm.TrimAll })
	if err != nil || out.Copy.Trimmed != 5 {
		t.Errorf("when a person confirms: %+v %v", out.Copy, err)
	}
	same(t, "what was trimmed, as of before", whole, all(t, b, before))
}

// Indexes and directories are few bytes beside the data, which is worth nothing
// without them.
func TestCopyKeepsSomeOfEachKind(t *testing.T) {
	for kind, goes := range map[string][]string{"index": {"x1", "x2"}, "directory": {"q1"}, "data": nil} {
		a, b := pair(t, storage.Options{})
		put(t, a, "q1", bytes.Repeat([]byte("d"), 300))
		put(t, a, "q2", bytes.Repeat([]byte("d"), 90))
		put(t, a, "x2", bytes.Repeat([]byte("i"), 40))
		if _, err := b.Copy(t.Context(), a, ns); err != nil {
			t.Fatal(err)
		}
		for _, name := range goes {
			if err := a.Store.Delete(ns, name, false); err != nil {
				t.Fatal(err)
			}
		}
		bounded := func(o *fsm.Order) { o.Trim = fsm.TrimBounded }
		out, err := b.Copy(t.Context(), a, ns, bounded)
		if err != nil || out.Copy.Trimmed != 0 || int(out.Copy.Extra) != len(goes) || len(goes) > 0 && !strings.Contains(out.Warnings[0], kind+" blobs") {
			t.Errorf("%s: %+v %q %v", kind, out.Copy, out.Warnings, err)
		}
		put(t, a, "x3", bytes.Repeat([]byte("i"), 45)) // one that takes the place of two
		put(t, a, "q3", bytes.Repeat([]byte("d"), 300))
		out, err = b.Copy(t.Context(), a, ns, bounded)
		if err != nil || int(out.Copy.Trimmed) != len(goes) || out.Copy.Extra != 0 {
			t.Errorf("%s, replaced: %+v %q %v", kind, out.Copy, out.Warnings, err)
		}
	}
}

func TestCopyIntoTooLittleRoom(t *testing.T) {
	a, b := pair(t, storage.Options{})
	b.Allow("m1", ns, storage.Read)
	b.Quota(ns, 1)
	b.Store = reopened(t, b, storage.Options{KeepFree: 1 << 60})
	out, err := b.Copy(t.Context(), a, ns)
	if !errors.Is(err, blob.ErrNoRoom) || out.Copy.Blobs != 0 {
		t.Errorf("a full disk: %+v %v", out.Copy, err)
	}
}

// reopened opens a storage's directory with other options.
func reopened(t *testing.T, s *storagetest.Storage, opt storage.Options) *storage.Store {
	t.Helper()
	s.Kill()
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(s.Dir, opt, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

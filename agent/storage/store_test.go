package storage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bcm/agent/storage/blob"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

func openStore(t testing.TB, dir string, opt Options) *Store {
	t.Helper()
	s, err := Open(dir, opt, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func offer(ns, name string, data []byte) Offer {
	return Offer{Namespace: ns, Name: name, Size: int64(len(data)), Sum: sha256.Sum256(data)}
}

func put(s *Store, ns, name string, data []byte) error {
	_, err := s.Put(offer(ns, name, data), bytes.NewReader(data))
	return err
}

func mustPut(t testing.TB, s *Store, ns, name string, data []byte) {
	t.Helper()
	if err := put(s, ns, name, data); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, s *Store, ns, name string) []byte {
	t.Helper()
	r, err := s.Get(ns, name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// files returns all regular files below a directory but the lock.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "lock" && d.Name() != "ledger" && d.Name() != "samples" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStoreKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	want := map[string][]byte{"p1": []byte("one"), "p2": {}, "kopia.repository": bytes.Repeat([]byte("x"), 1<<20)}
	for name, data := range want {
		mustPut(t, s, "ns1", name, data)
	}
	mustPut(t, s, "ns2", "p1", []byte("another"))
	before, err := s.Stat("ns1", "p1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Time and size must come from the file itself: copying and touching may not matter.
	for _, f := range files(t, dir) {
		if err := os.Chtimes(f, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	s = openStore(t, dir, Options{})
	for name, data := range want {
		if got := content(t, s, "ns1", name); !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes after a restart, stored %d", name, len(got), len(data))
		}
	}
	after, err := s.Stat("ns1", "p1")
	if err != nil || !after.Created.Equal(before.Created) || after.Sum != before.Sum {
		t.Errorf("after a restart %v, %v; before %v", after, err, before)
	}
	if got := content(t, s, "ns2", "p1"); string(got) != "another" {
		t.Errorf("namespaces are not apart: %q", got)
	}
	u, err := s.Usage()
	if err != nil || len(u.Namespaces) != 2 || u.Namespaces[0].Blobs != 3 || u.Namespaces[0].Used != 1<<20+3 || u.Used != 1<<20+10 {
		t.Errorf("usage %+v, %v", u, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	mustPut(t, s, "ns", "p1", []byte("first"))
	wrong := offer("ns", "p2", []byte("data"))
	wrong.Sum[0]++
	short := offer("ns", "p3", []byte("data"))
	short.Size = 10
	negative := offer("ns", "p4", nil)
	negative.Size = -1
	for name, c := range map[string]struct {
		offer Offer
		want  error
	}{
		"overwrite":        {offer("ns", "p1", []byte("data")), blob.ErrExists},
		"wrong checksum":   {wrong, errChecksum},
		"short body":       {short, io.ErrUnexpectedEOF},
		"negative size":    {negative, blob.ErrInvalid},
		"parent":           {offer("ns", "..", []byte("data")), blob.ErrName},
		"path":             {offer("ns", "a/b", []byte("data")), blob.ErrName},
		"parent namespace": {offer("..", "p", []byte("data")), blob.ErrName},
		"empty namespace":  {offer("", "p", []byte("data")), blob.ErrName},
		"hidden":           {offer("ns", ".p", []byte("data")), blob.ErrName},
		"long":             {offer("ns", strings.Repeat("p", 201), []byte("data")), blob.ErrName},
		"NUL":              {offer("ns", "p\x00", []byte("data")), blob.ErrName},
	} {
		if _, err := s.Put(c.offer, strings.NewReader("data")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("refused blobs left files: %v", got)
	}
	if got := content(t, s, "ns", "p1"); string(got) != "first" {
		t.Errorf("p1 is now %q", got)
	}
}

func TestStoreOneOfManyAtOnceWins(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	var wins atomic.Int32
	var won []byte
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range 16 {
		all.Go(func() {
			data := bytes.Repeat([]byte{byte(i)}, 1<<16)
			<-start
			switch err := put(s, "ns", "p", data); {
			case err == nil:
				wins.Add(1)
				won = data
			case !errors.Is(err, blob.ErrExists):
				t.Errorf("loser: %v", err)
			}
		})
	}
	close(start)
	all.Wait()
	if wins.Load() != 1 || !bytes.Equal(content(t, s, "ns", "p"), won) {
		t.Errorf("%d were told that they stored it", wins.Load())
	}
	if left := files(t, filepath.Join(s.dir, "tmp")); len(left) > 0 {
		t.Errorf("the losers left %v", left)
	}
}

func TestStoreReservesRoomBeforeReading(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	mustPut(t, s, "ns", "p0", make([]byte, 100))
	read, write := io.Pipe()
	first := offer("ns", "p1", make([]byte, 600))
	first.Quota = 1000
	done := make(chan error, 1)
	go func() { _, err := s.Put(first, read); done <- err }()
	if _, err := write.Write(make([]byte, 1)); err != nil { // the first one has its room now
		t.Fatal(err)
	}
	second := offer("ns", "p2", make([]byte, 301))
	second.Quota = 1000
	if _, err := s.Put(second, untouchable{t}); !errors.Is(err, blob.ErrNoRoom) {
		t.Errorf("over the quota by what is being received: %v", err)
	}
	elsewhere := offer("other", "p2", make([]byte, 301))
	elsewhere.Quota = 1000
	if _, err := s.Put(elsewhere, bytes.NewReader(make([]byte, 301))); err != nil {
		t.Errorf("another namespace: %v", err)
	}
	if err := write.CloseWithError(io.ErrUnexpectedEOF); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cut one: %v", err)
	}
	if _, err := s.Put(second, bytes.NewReader(make([]byte, 301))); err != nil {
		t.Errorf("room of a failed one was not given back: %v", err)
	}
	if u, err := s.Usage(); err != nil || u.Namespaces[0].Reserved != 0 || u.Namespaces[0].Used != 401 {
		t.Errorf("usage %+v, %v", u, err)
	}
}

// untouchable is a body that must not be read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read before room was reserved")
	return 0, io.EOF
}

func TestStoreDiskThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		fail error
		want error
	}{
		"full":  {syscall.ENOSPC, blob.ErrNoRoom},
		"other": {syscall.EIO, syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, Options{})
			s.disk = func(w io.Writer) io.Writer { return &failing{w, 100 << 10, c.fail} }
			if err := put(s, "ns", "p", make([]byte, 1<<20)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if left := files(t, dir); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
			s.disk = func(w io.Writer) io.Writer { return w }
			mustPut(t, s, "ns", "p", make([]byte, 1<<20))
		})
	}
}

// failing is a disk that fails after some bytes.
type failing struct {
	w    io.Writer
	left int
	err  error
}

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, f.err
	}
	f.left -= len(p)
	return f.w.Write(p)
}

func TestStoreRealFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("SKIPPED, not tried on a full disk: mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	s := openStore(t, dir, Options{})
	s.disk = func(w io.Writer) io.Writer { // somebody else fills the disk after the room was reserved
		if err := os.WriteFile(filepath.Join(dir, "other"), make([]byte, 3<<20), 0o600); err != nil {
			t.Error(err)
		}
		return w
	}
	if err := put(s, "ns", "p1", make([]byte, 2<<20)); !errors.Is(err, blob.ErrNoRoom) {
		t.Errorf("on a full disk: %v", err)
	}
	s.disk = func(w io.Writer) io.Writer { return w }
	o := offer("ns", "p1", make([]byte, 2<<20))
	if _, err := s.Put(o, untouchable{t}); !errors.Is(err, blob.ErrNoRoom) {
		t.Errorf("with too little free: %v", err)
	}
	if left := files(t, filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if err := os.Remove(filepath.Join(dir, "other")); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, "ns", "p1", make([]byte, 2<<20))
}

func TestStoreKeepsFree(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{KeepFree: 1 << 60})
	if err := put(s, "ns", "p", []byte("x")); !errors.Is(err, blob.ErrNoRoom) {
		t.Errorf("into the reserve: %v", err)
	}
	if u, err := s.Usage(); err != nil || u.Free != 0 || u.Capacity == 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
}

func TestStoreDeletesOnlyTheOld(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{MinAge: time.Hour})
	now := time.Now()
	s.now = func() time.Time { return now }
	mustPut(t, s, "ns", "p1", []byte("data"))
	now = now.Add(59 * time.Minute)
	if err := s.Delete("ns", "p1", false); !errors.Is(err, blob.ErrYoung) {
		t.Errorf("a young one: %v", err)
	}
	mustPut(t, s, "ns", "s1", nil)
	if err := s.Delete("ns", "s1", true); err != nil {
		t.Errorf("one that may go at any age: %v", err)
	}
	now = now.Add(time.Minute)
	if err := s.Delete("ns", "p1", false); err != nil {
		t.Errorf("an old one: %v", err)
	}
	if err := s.Delete("ns", "p1", false); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("one that is gone: %v", err)
	}
	if got := files(t, s.dir); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
	if u, _ := s.Usage(); u.Used != 0 {
		t.Errorf("used %d", u.Used)
	}
}

func TestStoreListsAsItWas(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	now := time.Unix(1_000_000, 0)
	s.now = func() time.Time { return now }
	for i := range 5 {
		mustPut(t, s, "ns", fmt.Sprintf("p%d", 4-i), []byte("data"))
		mustPut(t, s, "ns", fmt.Sprintf("q%d", i), nil)
		now = now.Add(time.Second)
	}
	for _, c := range []struct {
		prefix string
		asOf   time.Time
		want   string
	}{
		{"p", time.Time{}, "p0 p1 p2 p3 p4"},
		{"p", time.Unix(1_000_001, 0), "p3 p4"},
		{"", time.Unix(1_000_000, 999), "p4 q0"},
		{"p1", time.Time{}, "p1"},
		{"x", time.Time{}, ""},
		{"", time.Unix(1, 0), ""},
	} {
		all, err := s.List("ns", c.prefix, c.asOf)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, info := range all {
			names = append(names, info.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("prefix %q as of %v: %q, want %q", c.prefix, c.asOf, got, c.want)
		}
	}
	if all, err := s.List("nothing", "", time.Time{}); err != nil || len(all) != 0 {
		t.Errorf("a namespace that does not exist: %v, %v", all, err)
	}
}

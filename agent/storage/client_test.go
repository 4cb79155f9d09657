package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"bcm/agent/storage/blob"
)

func TestClientAgainstServer(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write}, Grant{Peer: "gc", Namespace: "ns", Rights: Read | Write | Delete})
	c, ctx := w.client("n1", "ns", blob.Options{}), t.Context()
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	info, err := c.Put(ctx, "p1", holding("hello world"), false)
	check("store", err, nil)
	again, err := c.Put(ctx, "p1", holding("hello world"), false)
	check("store the same", err, nil)
	if !again.Created.Equal(info.Created) || again.Size != 11 {
		t.Errorf("stored %v, then %v", info, again)
	}
	_, err = c.Put(ctx, "p1", holding("other"), false)
	check("overwrite", err, blob.ErrExists)
	_, err = c.Put(ctx, "p1", holding("other"), true)
	check("replace a pack", err, blob.ErrExists)
	stat, err := c.Stat(ctx, "p1")
	check("look", err, nil)
	if stat.Size != 11 || !stat.Created.Equal(info.Created) || stat.Sum != info.Sum {
		t.Errorf("stored %v, there is %v", info, stat)
	}
	_, err = c.Stat(ctx, "p2")
	check("look at nothing", err, blob.ErrMissing)
	for _, r := range []struct {
		offset, length int64
		text           string
		err            error
	}{
		{0, -1, "hello world", nil}, {0, 5, "hello", nil}, {6, 5, "world", nil}, {3, 0, "", nil}, {11, 0, "", nil},
		{6, 6, "", blob.ErrRange}, {11, 1, "", blob.ErrRange}, {12, 0, "", blob.ErrRange}, {-1, 3, "", blob.ErrRange},
	} {
		got := holding("left over")
		err := c.Get(ctx, "p1", r.offset, r.length, got)
		check(fmt.Sprint("read ", r.offset, r.length), err, r.err)
		if err == nil && got.String() != r.text {
			t.Errorf("read %d+%d: %q", r.offset, r.length, got)
		}
	}
	check("read nothing", c.Get(ctx, "p2", 0, -1, holding("")), blob.ErrMissing)
	if n, err := c.GetUpTo(ctx, "p1", 6, 100, holding("")); err != nil || n != 5 {
		t.Errorf("read up to: %d, %v", n, err)
	}
	check("delete", c.Delete(ctx, "p1"), blob.ErrForbidden)
	check("bad name", c.Delete(ctx, "../x"), blob.ErrInvalid)
	_, err = c.Put(ctx, "s1", holding(""), false)
	check("mark", err, nil)
	check("take the mark away", c.Delete(ctx, "s1"), nil)
	check("take it away again", c.Delete(ctx, "s1"), nil)
	gc := w.client("gc", "ns", blob.Options{})
	check("delete a young one", gc.Delete(ctx, "p1"), blob.ErrYoung)
	for _, text := range []string{"one", "two"} {
		_, err = gc.Put(ctx, "kopia.maintenance", holding(text), true)
		check("replace", err, nil)
	}
	if got := content(t, w.store, "ns", "kopia.maintenance"); string(got) != "two" {
		t.Errorf("replaced: %q", got)
	}
}

func TestClientWaitsForTheStorage(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	stop := w.serve(listen(t, "127.0.0.1:0"))
	addr := strings.TrimPrefix(w.url, "https://")
	c := w.client("n1", "ns", blob.Options{Wait: time.Minute})
	if _, err := c.Put(t.Context(), "p1", holding("one"), false); err != nil {
		t.Fatal(err)
	}
	stop()
	done := make(chan error, 1)
	go func() {
		_, err := c.Put(t.Context(), "p2", holding("two"), false)
		done <- err
	}()
	if err := w.client("n1", "ns", blob.Options{}).Get(t.Context(), "p1", 0, -1, holding("")); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("one that waits a moment only: %v", err)
	}
	select {
	case err := <-done:
		t.Fatalf("while the storage is away: %v", err)
	default:
	}
	w.serve(listen(t, addr))
	if err := <-done; err != nil {
		t.Errorf("after it came back: %v", err)
	}
	if got := content(t, w.store, "ns", "p2"); string(got) != "two" {
		t.Errorf("stored %q", got)
	}
}

func TestClientTriesEveryAddress(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read})
	dead := listen(t, "127.0.0.1:0")
	_ = dead.Close()
	c, err := blob.NewClient(w.as("n1"), []string{"https://" + dead.Addr().String(), w.url}, "ns",
		blob.Options{MinBackoff: time.Millisecond, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), "p1", 0, -1, holding("")); !errors.Is(err, blob.ErrMissing) {
		t.Errorf("%v", err)
	}
}

func TestClientEndsWithItsContext(t *testing.T) {
	w := newWorld(t, Config{}, Options{}) // no grants: every request is told to come again
	ctx, cancel := context.WithCancelCause(t.Context())
	c := w.client("n1", "ns", blob.Options{Wait: time.Hour})
	done := make(chan error, 1)
	go func() { done <- c.Get(ctx, "p1", 0, -1, holding("")) }()
	cause := errors.New("enough")
	cancel(cause)
	if err := <-done; !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

func TestClientBelievesOnlyWholeAnswers(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	for i := range 100 {
		mustPut(t, w.store, "ns", fmt.Sprintf("p%d", i), []byte(strings.Repeat("data", 1000)))
	}
	var proxy *cutter
	tr := w.as("n1").Transport.(*http.Transport)
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return proxy.wrap(conn), err
	}
	tr.DisableKeepAlives = true
	c, err := blob.NewClient(&http.Client{Transport: tr}, []string{w.url}, "ns", blob.Options{MinBackoff: time.Millisecond, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"listing": func() error {
			n := 0
			err := c.List(t.Context(), "", func(blob.Info) error { n++; return nil })
			if all, listErr := w.store.List("ns", "", time.Time{}); listErr != nil || n != len(all) {
				t.Errorf("%d blobs of %d are listed, %v", n, len(all), listErr)
			}
			return err
		},
		"blob": func() error {
			got := holding("")
			err := c.Get(t.Context(), "p1", 0, -1, got)
			if got.Len() != 4000 {
				t.Errorf("%d bytes", got.Len())
			}
			return err
		},
		"lost answer": func() error {
			_, err := c.Put(t.Context(), "fresh", holding(strings.Repeat("x", 10_000)), false)
			return err
		},
	} {
		proxy = &cutter{cuts: []int{100, 2000, 3000, 3500, 4500}} // bytes that arrive before the line is cut
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// cutter cuts connections after some received bytes, one cut for each.
type cutter struct{ cuts []int }

func (c *cutter) wrap(conn net.Conn) net.Conn {
	if len(c.cuts) == 0 {
		return conn
	}
	n := c.cuts[0]
	c.cuts = c.cuts[1:]
	return &cut{conn, n}
}

type cut struct {
	net.Conn
	left int
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.Join(io.ErrUnexpectedEOF, c.Close())
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

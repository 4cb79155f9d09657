package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type memory struct{ bytes.Buffer }

func (m *memory) Length() int         { return m.Len() }
func (m *memory) Open() io.ReadCloser { return io.NopCloser(bytes.NewReader(m.Bytes())) }

func clientOf(t *testing.T, opt Options, answer http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	opt.MinBackoff = time.Millisecond
	c, err := NewClient(srv.Client(), []string{srv.URL}, "ns", opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientSortsAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		code   string
		want   error
		final  bool
	}{
		"missing":         {404, CodeMissing, ErrMissing, false},
		"a bare 404":      {404, "", ErrInvalid, true}, // some other server: it says nothing about the blob
		"an odd success":  {204, "", ErrInvalid, true},
		"redirect":        {304, "", ErrInvalid, true},
		"forbidden":       {403, CodeForbidden, ErrForbidden, true},
		"a bare 403":      {403, "", ErrForbidden, true},
		"quota":           {507, CodeQuota, ErrNoRoom, true},
		"disk":            {507, CodeFull, ErrNoRoom, true},
		"invalid":         {400, CodeInvalid, ErrInvalid, true},
		"range":           {416, "", ErrRange, false},
		"stale":           {503, CodeStale, ErrUnavailable, false},
		"failed":          {500, CodeFailed, ErrUnavailable, false},
		"proxy":           {502, "", ErrUnavailable, false},
		"too many":        {429, "", ErrUnavailable, false},
		"spoilt on a way": {400, CodeChecksum, ErrUnavailable, false},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int32
			client := clientOf(t, Options{Wait: 20 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				if c.code != "" {
					w.Header().Set(HeaderError, c.code)
				}
				w.WriteHeader(c.status)
			})
			err := client.Get(t.Context(), "p1", 0, -1, &memory{})
			if !errors.Is(err, c.want) || Final(err) != c.final {
				t.Errorf("%v, final %v", err, Final(err))
			}
			if again := tries.Load() > 1; again != errors.Is(c.want, ErrUnavailable) {
				t.Errorf("tried %d times", tries.Load())
			}
		})
	}
}

func TestClientTriesAgainWhatStandsStill(t *testing.T) {
	var tries atomic.Int32
	client := clientOf(t, Options{Stall: 20 * time.Millisecond, Wait: time.Minute}, func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 3 {
			_, _ = w.Write([]byte("par"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte("whole"))
	})
	var got memory
	if err := client.Get(t.Context(), "p1", 0, -1, &got); err != nil || got.String() != "whole" {
		t.Errorf("%q, %v after %d tries", &got, err, tries.Load())
	}
}

func TestClientSendsItsFence(t *testing.T) {
	var seen atomic.Value
	client := clientOf(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get(HeaderFence))
	})
	if err := client.Get(WithFence(t.Context(), Fence{Epoch: 2, Index: 77}), "p1", 0, -1, &memory{}); err != nil || seen.Load() != "2.77" {
		t.Errorf("%v, %v", seen.Load(), err)
	}
}

func TestListingMustBeWhole(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int // -1 for an error
	}{
		"whole":         {`{"name":"p1","size":3,"created":5}` + "\n" + `{"end":true,"count":1}`, 1},
		"empty":         {`{"end":true}`, 0},
		"no end mark":   {`{"name":"p1","size":3}` + "\n", -1},
		"nothing":       {"", -1},
		"cut in a line": {`{"name":"p1","si`, -1},
		"wrong count":   {`{"name":"p1"}` + "\n" + `{"end":true,"count":2}`, -1},
		"evil name":     {`{"name":"../p1"}` + "\n" + `{"end":true,"count":1}`, -1},
		"not JSON":      {"<html>", -1},
	} {
		all, err := readListing(strings.NewReader(c.text))
		if (err != nil) != (c.want < 0) || err == nil && len(all) != c.want {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		urls []string
		ns   string
	}{
		"no URL": {nil, "ns"}, "a path": {[]string{"/x"}, "ns"}, "a scheme": {[]string{"ftp://h"}, "ns"},
		"a namespace": {[]string{"https://h"}, "../x"},
	} {
		if _, err := NewClient(http.DefaultClient, c.urls, c.ns, Options{}); !errors.Is(err, ErrName) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFence(t *testing.T) {
	a, b, c := Fence{Epoch: 1, Index: 9}, Fence{Epoch: 1, Index: 10}, Fence{Epoch: 2, Index: 1}
	if !a.Less(b) || !b.Less(c) || c.Less(a) || a.Less(a) {
		t.Error("fences are out of order")
	}
	for _, f := range []Fence{{}, a, b, c} {
		if got, err := ParseFence(f.String()); err != nil || got != f {
			t.Errorf("%v becomes %v, %v", f, got, err)
		}
	}
	for _, s := range []string{"", "1", "1.", ".1", "-1.1", "1.1.1", "a.b", "99999999999999999999.1"} {
		if f, err := ParseFence(s); !errors.Is(err, ErrName) {
			t.Errorf("%q is %v", s, f)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("p1")
	f.Add("../x")
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil && (strings.ContainsAny(name, "/\\\x00") || name == "." || name == ".." || len(name) > 255) {
			t.Errorf("name %q", name)
		}
		if CheckNamespace(name) == nil && (strings.ContainsAny(name, "/\\\x00.") || strings.ToLower(name) != name) {
			t.Errorf("namespace %q", name)
		}
	})
}

// tattler is content that tells of reads after it was given back.
type tattler struct {
	io.Reader
	returned atomic.Bool
	late     atomic.Int32
	closed   chan struct{}
}

func (b *tattler) Length() int { return 1 << 20 }
func (b *tattler) Open() io.ReadCloser {
	b.Reader = strings.NewReader(strings.Repeat("x", b.Length()))
	return b
}

func (b *tattler) Read(p []byte) (int, error) {
	if b.returned.Load() {
		b.late.Add(1)
	}
	return b.Reader.Read(p)
}

func (b *tattler) Close() error {
	if b.returned.Load() {
		close(b.closed)
	}
	return nil
}

// A storage that refuses early, or dies, ends a request whose content the transport is
// still sending. Kopia uses the memory of a blob again as soon as it is told: an agent
// died of that when its storage was killed.
func TestContentIsNotReadAfterPut(t *testing.T) {
	client := clientOf(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(HeaderError, CodeQuota)
		w.WriteHeader(http.StatusInsufficientStorage)
	})
	body := &tattler{closed: make(chan struct{})}
	asked, release := 0, make(chan struct{})
	ctx := WithPacer(t.Context(), func(_ context.Context, most int) (int, error) {
		if asked++; asked > 2 { // enough has been sent for the headers to be on their way
			<-release
		}
		return most, nil
	})
	if _, err := client.Put(ctx, "p1", body, false); !errors.Is(err, ErrNoRoom) {
		t.Fatal(err)
	}
	body.returned.Store(true)
	close(release)
	<-body.closed
	if n := body.late.Load(); n > 0 {
		t.Errorf("the content was read %d times after it was given back", n)
	}
}

package api

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestArchiveAsTar(t *testing.T) {
	w := newGrownWorld(t)
	rec := w.ask(t, "GET", "/v1/backups/b1/files/archive?path=/d", "")
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/gzip" || !strings.Contains(rec.Header().Get("Content-Disposition"), "d.tar.gz") {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	unpacked, err := gzip.NewReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(unpacked)
	var got []string
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{h.Name, h.FileInfo().Mode().String(), h.Linkname, string(text)}, " "))
		if h.Uid != 7 || h.Gid != 8 || h.ModTime.Nanosecond() != 123 {
			t.Errorf("%+v", h)
		}
	}
	if want := "d/ dtrwxr-xr-x  |d/a.txt -rw-r-----  hello|d/l Lrwxrwxrwx ../a.txt "; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestArchiveAsZip(t *testing.T) {
	w := newGrownWorld(t)
	body := w.ask(t, "GET", "/v1/backups/b1/files/archive?path=/&format=zip", "").Body.Bytes()
	in, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Name+" "+f.Mode().String()+" "+string(text))
		if f.Modified.Unix() != 1769904000 {
			t.Errorf("%s: %v", f.Name, f.Modified)
		}
	}
	if want := "a.txt -rw-r----- hello|l Lrwxrwxrwx ../a.txt"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// An error in the middle is no archive: the one who asks sees the connection break.
func TestABrokenArchiveBreaksTheConnection(t *testing.T) {
	w := newGrownWorld(t)
	server := httptest.NewServer(w.api.Handler())
	defer server.Close()
	for _, format := range []string{"tar.gz", "zip"} {
		res, err := download(t.Context(), w, server, "/broken&format="+format)
		if err == nil { // some of it had come
			_, err = io.ReadAll(res.Body)
			err = errors.Join(err, res.Body.Close())
		}
		if err == nil {
			t.Errorf("%s: it looks whole", format)
		}
	}
}

// Whoever goes away ends the work.
func TestAnArchiveEndsWithItsReader(t *testing.T) {
	w := newGrownWorld(t)
	server := httptest.NewServer(w.api.Handler())
	defer server.Close() // waits for all that goes on
	ctx, cancel := context.WithCancel(t.Context())
	res, err := download(ctx, w, server, "/endless")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	cancel()
	if err := res.Body.Close(); err != nil {
		t.Log(err)
	}
}

func download(ctx context.Context, w *world, server *httptest.Server, query string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/v1/backups/b1/files/archive?path="+query, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	return server.Client().Do(req)
}

func TestBadArchives(t *testing.T) {
	w := newGrownWorld(t)
	for query, status := range map[string]int{"path=/../etc": 422, "path=/d&format=rar": 422, "path=%00": 422, "path=/nothing": 404} {
		if p := problemIn(t, w.ask(t, "GET", "/v1/backups/b1/files/archive?"+query, "")); p.Status != status {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

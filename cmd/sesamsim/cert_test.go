package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair puts a new pair into a directory, under the names a server looks
// for, and returns its fingerprint.
func writePair(t *testing.T, dir string) string {
	t.Helper()
	c, err := selfSigned("a pair")
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sesam.https.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})))
	write(t, filepath.Join(dir, "sesam.https.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	return fingerprint(c)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// served is the fingerprint that a new connection sees.
func (x *sim) served() string {
	x.Helper()
	return x.servedAt(x.url())
}

func (x *sim) servedAt(url string) string {
	x.Helper()
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // what is served is the question
	conn, err := d.DialContext(context.Background(), "tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		x.Fatal(err)
	}
	defer conn.Close()
	return fingerprint(&tls.Certificate{Certificate: [][]byte{conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw}})
}

func TestSelfSignedAnewAtEachStart(t *testing.T) {
	dir := t.TempDir()
	seen := map[string]bool{}
	for range 3 {
		x := begin(t, "--data-dir="+dir)
		seen[x.served()] = true
		if f := x.served(); !seen[f] {
			t.Error("the certificate changes while the server runs")
		}
		x.end()
	}
	if len(seen) != 3 {
		t.Errorf("%d certificates in three starts", len(seen))
	}
}

// TestCertificatePlaces looks for pairs in the order of a real server.
func TestCertificatePlaces(t *testing.T) {
	dir := t.TempDir()
	flag, ini, named, env := filepath.Join(dir, "flag"), filepath.Join(dir, "ini", "ssl"), filepath.Join(dir, "named"), filepath.Join(dir, "env")
	x := begin(t, "--data-dir="+dir)
	own := x.served()
	reload := func(want, where string) {
		t.Helper()
		x.post(controlPath+"reload", "").is(`{"fingerprint":"` + want + `"}`)
		if got := x.served(); got != want {
			t.Errorf("%s: served %s, want %s", where, got, want)
		}
	}
	fEnv := writePair(t, env)
	t.Setenv("SESAM_SSL_CERT", filepath.Join(env, "sesam.https.crt"))
	t.Setenv("SESAM_SSL_KEY", filepath.Join(env, "sesam.https.key"))
	if x.served() != own {
		t.Error("a pair was taken before the reload")
	}
	reload(fEnv, "environment")
	fNamed := writePair(t, named)
	write(t, filepath.Join(dir, "ini", "sm.ini"), "[OTHER]\ngv_ro_ssl=/nowhere\n[PATHES]\n gv_ro_ssl = "+named+"\n")
	reload(fNamed, "sm.ini")
	reload(writePair(t, ini), "ini directory")
	reload(writePair(t, ini), "ini directory, replaced")
	x.get("clients").lists("id", `[0]`) // sessions and connections live on
	x.end()
	fFlag := writePair(t, flag)
	x = begin(t, "--data-dir="+dir, "-z="+filepath.Join(flag, "sesam.https.crt"), "-k="+filepath.Join(flag, "sesam.https.key"))
	if got := x.served(); got != fFlag {
		t.Errorf("flag: served %s, want %s", got, fFlag)
	}
}

// TestBadPair: at a reload the old pair stays, at a start a self-signed one is
// served.
func TestBadPair(t *testing.T) {
	dir := t.TempDir()
	ssl := filepath.Join(dir, "ini", "ssl")
	good := writePair(t, ssl)
	x := begin(t, "--data-dir="+dir)
	key, err := os.ReadFile(filepath.Join(ssl, "sesam.https.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(){
		"no key":    func() { os.Remove(filepath.Join(ssl, "sesam.https.key")) },
		"other key": func() { writePair(t, ssl); write(t, filepath.Join(ssl, "sesam.https.key"), string(key)) },
		"no PEM":    func() { write(t, filepath.Join(ssl, "sesam.https.crt"), "nonsense") },
		"empty files": func() {
			write(t, filepath.Join(ssl, "sesam.https.crt"), "")
			write(t, filepath.Join(ssl, "sesam.https.key"), "")
		},
	} {
		spoil()
		x.post(controlPath+"reload", "").refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
		if x.served() != good {
			t.Errorf("%s: the old certificate is gone", name)
		}
	}
	x.end()
	if x = begin(t, "--data-dir="+dir); x.served() == good {
		t.Error("a pair that is not there is served")
	}
}

// TestNoResumption: a resumed connection would show the certificate of the
// first one, whatever is served by then.
func TestNoResumption(t *testing.T) {
	x := begin(t)
	tr := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(8)}} //nolint:gosec // self-signed
	for range 3 {
		r, err := http.NewRequestWithContext(context.Background(), "GET", x.base+v1, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Error(err)
		}
		resp.Body.Close()
		if resp.TLS.DidResume {
			t.Error("a connection was resumed")
		}
	}
}

func TestOnePortForBoth(t *testing.T) {
	x := begin(t)
	plain := *x
	plain.base = "http" + strings.TrimPrefix(x.base, "https")
	for range 3 {
		x.get("clients").lists("id", `[0]`)
		plain.get("clients").lists("id", `[0]`)
		plain.post("clients/find/", `{"id":0}`).lists("id", `[0]`)
	}
	id := plain.as(nil).post("auth/login", goodLogin).object()["sessionId"].(string)
	x.as(header(sessionHeader, id)).get("clients").lists("id", `[0]`)

	only := begin(t, "--https-only")
	only.get("clients").lists("id", `[0]`)
	only.base = "http" + strings.TrimPrefix(only.base, "https")
	if a, err := only.try("GET", "clients", ""); err == nil {
		t.Errorf("plain http was answered: %d %s", a.status, a.text)
	}
}

// TestConnectionsAreCut: garbage, and connections that say nothing, do not hold
// up the server or its end.
func TestConnectionsAreCut(t *testing.T) {
	x := begin(t)
	address := strings.TrimPrefix(x.url(), "https://")
	var d net.Dialer
	for _, first := range []string{"", "\x16", "\x16\x03\x01garbage garbage", "\x00\x01", "GET", "NONSENSE\r\n\r\n"} {
		conn, err := d.DialContext(context.Background(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(first)); err != nil {
			t.Fatal(err)
		}
	}
	x.get("clients").lists("id", `[0]`)
	silent, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	x.end()
	if err := silent.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a silent connection outlived the server: %v", err)
	}
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error) //nolint:errorlint // of a read, never wrapped
	return ok && t.Timeout()
}

// TestHalfRequests: the first byte may come alone.
func TestHalfRequests(t *testing.T) {
	x := begin(t)
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", strings.TrimPrefix(x.url(), "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A byte at a time is a request all the same.
	for _, b := range []byte("GET /sep/api/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 200 OK") {
		t.Errorf("%v %.80s", err, all)
	}
}

func TestListenFails(t *testing.T) {
	x := begin(t)
	o := defaults(t, "--data-dir="+t.TempDir())
	o.listen = strings.TrimPrefix(x.url(), "https://")
	if _, err := newServer(o, time.Now, nullLogger()); err == nil {
		t.Fatal("two servers on one port")
	}
	// What it took before it failed is free again.
	o.listen = "127.0.0.1:0"
	s, err := newServer(o, time.Now, nullLogger())
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

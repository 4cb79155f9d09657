package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// must returns v, for steps of a test that are not its subject.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newCA returns an authority a week old.
func newCA(t testing.TB, cluster string) *CA {
	t.Helper()
	return must[*CA](t)(NewCA(cluster, time.Now().AddDate(0, 0, -7)))
}

// holderOf returns the holder of a node that the authority admitted.
func holderOf(t testing.TB, ca *CA, kind Kind, id string) *Holder {
	t.Helper()
	h := &Holder{}
	renew(t, h, ca, Identity{Cluster: ca.Cluster(), Kind: kind, ID: id, Roles: []string{"backup-manager"}}, time.Now())
	return h
}

// renew gives the holder a certificate made at the time.
func renew(t testing.TB, h *Holder, ca *CA, id Identity, at time.Time) {
	t.Helper()
	key := must[[]byte](t)(NewKey())
	csr := must[[]byte](t)(NewCSR(key))
	cert := must[[]byte](t)(ca.Sign(csr, id, []string{"grid.example", "127.0.0.1"}, at, AgentLife))
	if err := h.Set(cert, key, ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
}

// forge makes the certificate that somebody with the authority's key, or with
// signer's, could make: Sign's rules do not apply.
func forge(t testing.TB, parent *x509.Certificate, signer *ecdsa.PrivateKey, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		NotBefore:             time.Now().Add(-Backdate),
		NotAfter:              time.Now().Add(AgentLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		URIs:                  []*url.URL{uri(t, "bcm://c1/manager/n1")},
	}
	change(template)
	if parent == nil {
		parent, signer = template, key
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer))
	leaf := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func uri(t testing.TB, s string) *url.URL {
	t.Helper()
	return must[*url.URL](t)(url.Parse(s))
}

func uris(t testing.TB, all ...string) []*url.URL {
	t.Helper()
	var out []*url.URL
	for _, s := range all {
		out = append(out, uri(t, s))
	}
	return out
}

// end is what one side of a connection saw.
type end struct {
	state tls.ConnectionState
	err   error
}

// connect makes one connection over loopback in which both sides say a byte, so
// that each learns whether the other accepted it.
func connect(t testing.TB, server, client *tls.Config) (atServer, atClient end) {
	t.Helper()
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = ln.Close() }()
	done := make(chan end, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			done <- end{err: err}
			return
		}
		done <- talk(tls.Server(conn, server))
	}()
	conn := must[net.Conn](t)(net.Dial("tcp", ln.Addr().String()))
	atClient = talk(tls.Client(conn, client))
	return <-done, atClient
}

func talk(conn *tls.Conn) end {
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return end{err: err}
	}
	if err := conn.Handshake(); err != nil {
		return end{err: err}
	}
	if _, err := conn.Write([]byte("x")); err != nil {
		return end{err: err}
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return end{state: conn.ConnectionState(), err: err}
}

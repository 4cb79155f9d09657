package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPinned(t *testing.T) {
	ca, old := newCA(t, "c1"), newCA(t, "c1")
	for name, bundle := range map[string][]byte{
		"one authority":       ca.CertPEM(),
		"two, while changing": append(old.CertPEM(), ca.CertPEM()...),
	} {
		t.Run(name, func(t *testing.T) {
			key := must[[]byte](t)(NewKey())
			cert := must[[]byte](t)(ca.Sign(must[[]byte](t)(NewCSR(key)), Identity{Cluster: "c1", Kind: Manager, ID: "n1"}, nil, time.Now(), ManagerLife))
			var server Holder
			if err := server.Set(cert, key, bundle); err != nil {
				t.Fatal(err)
			}
			var got []byte
			_, atClient := connect(t, server.HTTPSTLS(), PinnedTLS(must[string](t)(Pin(bundle)), func(b []byte) { got = b }))
			if atClient.err != nil || string(got) != string(bundle) {
				t.Errorf("error %v, got %d of %d bytes of bundle", atClient.err, len(got), len(bundle))
			}
		})
	}
}

func TestPinnedRefuses(t *testing.T) {
	ca, mitm, other := newCA(t, "c1"), newCA(t, "c1"), newCA(t, "c2")
	chain := func(leaf tls.Certificate, behind ...*x509.Certificate) tls.Certificate {
		for _, c := range behind {
			leaf.Certificate = append(leaf.Certificate, c.Raw)
		}
		return leaf
	}
	by := func(signer *CA, all ...string) tls.Certificate {
		return forge(t, signer.signer, signer.key, func(c *x509.Certificate) { c.URIs = uris(t, all...) })
	}
	manager := "bcm://c1/manager/n1"
	expired := forge(t, ca.signer, ca.key, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Minute), time.Now().Add(-time.Minute)
	})
	member := by(ca, manager)
	thief := chain(tls.Certificate{Certificate: slices.Clone(member.Certificate), PrivateKey: mitm.key}, ca.signer)
	for name, c := range map[string]struct {
		shown tls.Certificate
		pin   string
		want  error
	}{
		"man in the middle":               {chain(by(mitm, manager), mitm.signer), ca.Pin(), ErrPin},
		"his certificate, our authority":  {chain(by(mitm, manager), ca.signer), ca.Pin(), ErrPeer},
		"his authority slipped in behind": {chain(by(mitm, manager), ca.signer, mitm.signer), ca.Pin(), ErrPin},
		"his authority slipped in before": {chain(by(mitm, manager), mitm.signer, ca.signer), ca.Pin(), ErrPin},
		"our authority alone":             {tls.Certificate{Certificate: [][]byte{ca.signer.Raw}, PrivateKey: ca.key}, ca.Pin(), ErrPin},
		"no authority":                    {member, ca.Pin(), ErrPin},
		"an agent in the middle":          {chain(by(ca, "bcm://c1/agent/n1"), ca.signer), ca.Pin(), ErrPeer},
		"an old manager":                  {chain(expired, ca.signer), ca.Pin(), ErrPeer},
		"two nodes":                       {chain(by(ca, manager, "bcm://c1/manager/n2"), ca.signer), ca.Pin(), ErrIdentity},
		"a manager of another cluster":    {chain(by(ca, "bcm://c2/manager/n1"), ca.signer), ca.Pin(), ErrPin},
		"pin of a node's certificate":     {chain(by(ca, manager), member.Leaf), pinOf([]*x509.Certificate{member.Leaf}), ErrIdentity},
		"another cluster's token":         {chain(by(ca, manager), ca.signer), other.Pin(), ErrPin},
		"no pin":                          {chain(by(ca, manager), ca.signer), "", ErrPin},
		"a pin in upper case":             {chain(by(ca, manager), ca.signer), strings.ToUpper(ca.Pin()), ErrPin},
	} {
		t.Run(name, func(t *testing.T) {
			called := false
			_, atClient := connect(t, &tls.Config{Certificates: []tls.Certificate{c.shown}}, PinnedTLS(c.pin, func([]byte) { called = true }))
			if !errors.Is(atClient.err, c.want) {
				t.Errorf("client: %v, want %v", atClient.err, c.want)
			}
			if called {
				t.Error("the bundle was handed on")
			}
		})
	}
	// Our certificates are public: to show them takes no key. A handshake does.
	if _, atClient := connect(t, &tls.Config{Certificates: []tls.Certificate{thief}}, PinnedTLS(ca.Pin(), nil)); atClient.err == nil {
		t.Error("a server without the key of its certificate was accepted")
	}
}

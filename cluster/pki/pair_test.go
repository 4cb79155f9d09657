package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// What the authority issues to a server serves HTTPS under its names, and makes
// nobody a member.
func TestNewPair(t *testing.T) {
	ca := newCA(t, "c1")
	p := must[Pair](t)(ca.NewPair([]string{"Sesam-1.example", "10.0.0.7"}, time.Now(), HTTPSLife))
	cert := must[tls.Certificate](t)(tls.X509KeyPair(p.CertPEM, p.KeyPEM()))
	roots := poolOf(ca.bundle)
	for _, host := range []string{"sesam-1.example", "10.0.0.7"} {
		server, client := connect(t, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
			&tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12})
		if server.err != nil || client.err != nil {
			t.Errorf("%s: %v, %v", host, server.err, client.err)
		}
	}
	if _, err := IdentityOf(p.Leaf); !errors.Is(err, ErrIdentity) {
		t.Errorf("it names a member: %v", err)
	}
	holder := holderOf(t, ca, Manager, "m1")
	if _, client := connect(t, holder.ServerTLS(), &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}); client.err == nil {
		t.Error("its holder is let in as a member")
	}
	if shown := fmt.Sprintf("%v %+v %s", p, p, p); strings.Contains(shown, "PRIVATE") || len(shown) > 200 {
		t.Errorf("it shows %q", shown)
	}
	again := must[Pair](t)(ParsePair(p.CertPEM, p.KeyPEM(), "sesam-1.example", time.Now()))
	if again.Fingerprint() != p.Fingerprint() || len(p.Fingerprint()) != 64 || !bytes.Equal(again.KeyPEM(), p.KeyPEM()) {
		t.Error("read back as another")
	}
	if hosts := must[[]string](t)(CertHosts(p.CertPEM)); strings.Join(hosts, " ") != "sesam-1.example 10.0.0.7" {
		t.Errorf("hosts %q", hosts)
	}
	for _, hosts := range [][]string{nil, {"*.example"}, {"a b"}} {
		if _, err := ca.NewPair(hosts, time.Now(), HTTPSLife); !errors.Is(err, ErrIdentity) {
			t.Errorf("%q: %v", hosts, err)
		}
	}
	if _, err := ca.NewPair([]string{"x"}, time.Now().AddDate(20, 0, 0), HTTPSLife); !errors.Is(err, ErrKey) {
		t.Errorf("after the end of the authority: %v", err)
	}
}

// brought is a pair as an operator brings one: a root, an authority below it, and the
// server's own certificate.
type brought struct {
	leaf, middle, root, key string
	signer                  *ecdsa.PrivateKey
}

func bring(t testing.TB, change func(*x509.Certificate)) brought {
	t.Helper()
	var b brought
	var above *x509.Certificate
	var signer *ecdsa.PrivateKey
	make1 := func(name string, isCA bool, with func(*x509.Certificate)) string {
		key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		cert := &x509.Certificate{Subject: pkix.Name{CommonName: name}, SerialNumber: big.NewInt(7), NotBefore: time.Now().Add(-time.Hour),
			NotAfter: time.Now().Add(24 * time.Hour), IsCA: isCA, BasicConstraintsValid: true}
		if isCA {
			cert.KeyUsage = x509.KeyUsageCertSign
		}
		with(cert)
		parent, by := above, signer
		if parent == nil {
			parent, by = cert, key
		}
		der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), by))
		above, signer = must[*x509.Certificate](t)(x509.ParseCertificate(der)), key
		return string(encodeCert(der))
	}
	none := func(*x509.Certificate) {}
	b.root, b.middle = make1("root", true, none), make1("middle", true, none)
	b.leaf = make1("sesam-1", false, func(c *x509.Certificate) {
		c.DNSNames = []string{"sesam-1"}
		change(c)
	})
	b.key, b.signer = string(must[[]byte](t)(encodeKey(signer))), signer
	return b
}

func TestParsePair(t *testing.T) {
	good := bring(t, func(*x509.Certificate) {})
	sec1 := must[[]byte](t)(x509.MarshalECPrivateKey(good.signer))
	params := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	for name, c := range map[string][2]string{
		"whole":          {good.leaf + good.middle + good.root, good.key},
		"without a root": {good.leaf + good.middle, good.key},
		"alone":          {good.leaf, good.key},
		"SEC 1":          {good.leaf, params + string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}))},
		"with text":      {"the server's:\n" + good.leaf, "its key:\n" + good.key},
	} {
		p, err := ParsePair([]byte(c[0]), []byte(c[1]), "sesam-1", time.Now())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := tls.X509KeyPair(p.CertPEM, p.KeyPEM()); err != nil {
			t.Errorf("%s cannot be served: %v", name, err)
		}
	}
}

func TestParsePairRefuses(t *testing.T) {
	good, other := bring(t, func(*x509.Certificate) {}), bring(t, func(*x509.Certificate) {})
	expired := bring(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	early := bring(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })
	named := bring(t, func(c *x509.Certificate) { c.DNSNames = []string{"sesam-2", "sesam-3"} })
	nameless := bring(t, func(c *x509.Certificate) { c.DNSNames = nil })
	client := bring(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	locked := strings.ReplaceAll(good.key, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
	cut := good.leaf[:len(good.leaf)/2]
	for name, c := range map[string]struct {
		cert, key string
		is        error
		says      string
	}{
		"nothing":                  {"", "", ErrChain, "no PEM block"},
		"garbage":                  {"garbage", good.key, ErrChain, "no PEM block"},
		"cut":                      {cut, good.key, ErrChain, "no PEM block"},
		"cut in the chain":         {good.leaf + cut, good.key, ErrChain, "damaged"},
		"a key instead":            {good.key, good.key, ErrChain, "PRIVATE KEY"},
		"odd content":              {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", good.key, ErrChain, "cannot be read"},
		"the root first":           {good.root + good.middle + good.leaf, good.key, ErrChain, "out of order"},
		"a gap":                    {good.leaf + good.root, good.key, ErrChain, "out of order"},
		"of another authority":     {good.leaf + other.middle, good.key, ErrChain, "out of order"},
		"only those who sign":      {good.middle + good.root, good.key, ErrChain, "server's own first"},
		"expired":                  {expired.leaf + expired.middle, expired.key, ErrChain, "expired"},
		"not yet valid":            {early.leaf, early.key, ErrChain, "becomes valid"},
		"another name":             {named.leaf, named.key, ErrChain, "sesam-2, sesam-3"},
		"no name":                  {nameless.leaf, nameless.key, ErrChain, "no name"},
		"for clients":              {client.leaf, client.key, ErrChain, "by a server"},
		"another key":              {good.leaf, other.key, ErrPairKey, "does not belong"},
		"no key":                   {good.leaf, good.leaf, ErrPairKey, "no PEM block"},
		"two keys":                 {good.leaf, good.key + other.key, ErrPairKey, "2 private keys"},
		"a key under a passphrase": {good.leaf, locked, ErrPairKey, "passphrase"},
		"an odd key":               {good.leaf, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ErrPairKey, "neither"},
	} {
		_, err := ParsePair([]byte(c.cert), []byte(c.key), "sesam-1", time.Now())
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), strings.Split(good.key, "\n")[1]) {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}

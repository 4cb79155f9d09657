package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSign(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ca := must[*CA](t)(NewCA("c1", now))
	ca = must[*CA](t)(ParseCA(ca.CertPEM(), ca.KeyPEM())) // as after a restart
	id := Identity{Cluster: "c1", Kind: Manager, ID: "n1", Roles: []string{"cluster-manager", "backup-storage"}}

	// The request asks for names that it is not given.
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	csr := must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		URIs: uris(t, "bcm://c1/manager/boss"), DNSNames: []string{"forged.example"},
	}, key))
	csrPEM := pem.EncodeToMemory(&pem.Block{Type: pemCSR, Bytes: csr})
	sign := func() *x509.Certificate {
		certPEM := must[[]byte](t)(ca.Sign(csrPEM, id, []string{"Grid.example", "10.0.0.1", "::1", "grid.example"}, now, ManagerLife))
		return must[*x509.Certificate](t)(x509.ParseCertificate(must[[]byte](t)(onePEM(certPEM, pemCert))))
	}
	cert := sign()

	if got := must[Identity](t)(IdentityOf(cert)); !reflect.DeepEqual(got, id) {
		t.Errorf("identity is %+v, want %+v", got, id)
	}
	if want := []string{"grid.example"}; !slices.Equal(cert.DNSNames, want) {
		t.Errorf("DNS names %q, want %q", cert.DNSNames, want)
	}
	if got := fmt.Sprint(cert.IPAddresses); got != "[10.0.0.1 ::1]" {
		t.Errorf("IP addresses %s", got)
	}
	if !cert.NotBefore.Equal(now.Add(-Backdate)) || !cert.NotAfter.Equal(now.Add(ManagerLife)) {
		t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
	}
	if cert.IsCA || !key.PublicKey.Equal(cert.PublicKey) {
		t.Error("the certificate is an authority, or of another key")
	}
	if other := sign(); cert.SerialNumber.Cmp(other.SerialNumber) == 0 || cert.SerialNumber.BitLen() < 100 {
		t.Errorf("serials %v and %v are not random", cert.SerialNumber, other.SerialNumber)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertPEM())
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("usage %v: %v", usage, err)
		}
	}
}

func TestSignRefusesRequests(t *testing.T) {
	ca := newCA(t, "c1")
	csrOf := func(key any) []byte {
		der := must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key))
		return pem.EncodeToMemory(&pem.Block{Type: pemCSR, Bytes: der})
	}
	good := must[[]byte](t)(NewCSR(must[[]byte](t)(NewKey())))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// The last bytes of a request are its signature: now it is another's.
	stolen := must[[]byte](t)(onePEM(good, pemCSR))
	stolen[len(stolen)-3] ^= 1
	for name, csr := range map[string][]byte{
		"key Ed25519":          csrOf(ed),
		"key P-384":            csrOf(must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))),
		"signature of another": pem.EncodeToMemory(&pem.Block{Type: pemCSR, Bytes: stolen}),
		"nothing":              nil,
		"not a request":        ca.CertPEM(),
		"two requests":         append(slices.Clone(good), good...),
		"garbage":              pem.EncodeToMemory(&pem.Block{Type: pemCSR, Bytes: []byte("x")}),
	} {
		t.Run(name, func(t *testing.T) {
			cert, err := ca.Sign(csr, Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, nil, time.Now(), AgentLife)
			if !errors.Is(err, ErrKey) || cert != nil {
				t.Errorf("signed %d bytes, error %v", len(cert), err)
			}
		})
	}
}

func TestSignRefusesNames(t *testing.T) {
	ca := newCA(t, "c1")
	csr := must[[]byte](t)(NewCSR(must[[]byte](t)(NewKey())))
	for name, c := range map[string]struct {
		id   Identity
		host string
	}{
		"other cluster":            {Identity{Cluster: "c2", Kind: Agent, ID: "n1"}, "h"},
		"no cluster":               {Identity{Kind: Agent, ID: "n1"}, "h"},
		"no kind":                  {Identity{Cluster: "c1", ID: "n1"}, "h"},
		"kind role":                {Identity{Cluster: "c1", Kind: "role", ID: "n1"}, "h"},
		"no id":                    {Identity{Cluster: "c1", Kind: Agent}, "h"},
		"id with a slash":          {Identity{Cluster: "c1", Kind: Agent, ID: "a/b"}, "h"},
		"id that would be escaped": {Identity{Cluster: "c1", Kind: Agent, ID: "a b"}, "h"},
		"id too long":              {Identity{Cluster: "c1", Kind: Agent, ID: strings.Repeat("a", 64)}, "h"},
		"role twice":               {Identity{Cluster: "c1", Kind: Agent, ID: "n1", Roles: []string{"r", "r"}}, "h"},
		"role with a query":        {Identity{Cluster: "c1", Kind: Agent, ID: "n1", Roles: []string{"r?x"}}, "h"},
		"wildcard host":            {Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, "*.example"},
		"empty host":               {Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, ""},
		"host with port":           {Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, "grid.example:7443"},
		"host with a final dot":    {Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, "grid.example."},
		"host too long":            {Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, strings.Repeat("a.", 127) + "a"},
	} {
		t.Run(name, func(t *testing.T) {
			cert, err := ca.Sign(csr, c.id, []string{c.host}, time.Now(), AgentLife)
			if !errors.Is(err, ErrIdentity) || cert != nil {
				t.Errorf("signed %d bytes, error %v", len(cert), err)
			}
		})
	}
}

func TestSignRefusesTimes(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ca := must[*CA](t)(NewCA("c1", now))
	csr := must[[]byte](t)(NewCSR(must[[]byte](t)(NewKey())))
	for name, c := range map[string]struct {
		now  time.Time
		life time.Duration
	}{
		"no life":                 {now, 0},
		"negative life":           {now, -time.Second},
		"authority expired":       {now.Add(caLife), AgentLife},
		"authority not yet valid": {now.Add(-2 * Backdate), AgentLife},
	} {
		t.Run(name, func(t *testing.T) {
			cert, err := ca.Sign(csr, Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, nil, c.now, c.life)
			if !errors.Is(err, ErrKey) || cert != nil {
				t.Errorf("signed %d bytes, error %v", len(cert), err)
			}
		})
	}
}

func TestCertificateEndsWithItsAuthority(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ca := must[*CA](t)(NewCA("c1", now))
	key := must[[]byte](t)(NewKey())
	cert := must[[]byte](t)(ca.Sign(must[[]byte](t)(NewCSR(key)), Identity{Cluster: "c1", Kind: Agent, ID: "n1"}, nil,
		now.Add(caLife-time.Hour), AgentLife))
	var h Holder
	if err := h.Set(cert, key, ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Certificate().NotAfter, now.Add(caLife); !got.Equal(want) {
		t.Errorf("valid to %v, the authority to %v", got, want)
	}
}

func TestParseCARefuses(t *testing.T) {
	ca, twin, other := newCA(t, "c1"), newCA(t, "c1"), newCA(t, "c2")
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	leaf := forge(t, ca.signer, ca.key, func(*x509.Certificate) {})
	nameless := forge(t, nil, nil, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.URIs = true, x509.KeyUsageCertSign, nil
	})
	damaged := bytes.Replace(ca.CertPEM(), []byte("-----END"), []byte("-----FIN"), 1)
	for name, c := range map[string]struct {
		cert, key []byte
		want      error
	}{
		"key of another":         {ca.CertPEM(), twin.KeyPEM(), ErrKey},
		"two clusters":           {join(ca.CertPEM(), other.CertPEM()), ca.KeyPEM(), ErrIdentity},
		"a node in the bundle":   {join(ca.CertPEM(), encodeCert(leaf.Certificate[0])), ca.KeyPEM(), ErrKey},
		"names no cluster":       {join(ca.CertPEM(), encodeCert(nameless.Certificate[0])), ca.KeyPEM(), ErrIdentity},
		"key in the bundle":      {join(ca.CertPEM(), ca.KeyPEM()), ca.KeyPEM(), ErrKey},
		"damaged block":          {join(ca.CertPEM(), damaged), ca.KeyPEM(), ErrKey},
		"garbage certificate":    {pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: []byte("x")}), ca.KeyPEM(), ErrKey},
		"no bundle":              {nil, ca.KeyPEM(), ErrKey},
		"no key":                 {ca.CertPEM(), nil, ErrKey},
		"garbage instead of key": {ca.CertPEM(), pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: []byte("x")}), ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseCA(c.cert, c.key); !errors.Is(err, c.want) || got != nil {
				t.Errorf("ParseCA = %v, %v, want %v", got, err, c.want)
			}
		})
	}
	both := must[*CA](t)(ParseCA(join(twin.CertPEM(), ca.CertPEM()), ca.KeyPEM()))
	if !both.signer.Equal(ca.signer) {
		t.Error("in a bundle of two, the authority signs with the certificate of the other key")
	}
}

func TestNewCARefusesBadNames(t *testing.T) {
	for _, cluster := range []string{"", "C1", "a.b", "a/b", "-a", "ü", strings.Repeat("a", 64)} {
		if _, err := NewCA(cluster, time.Now()); !errors.Is(err, ErrIdentity) {
			t.Errorf("NewCA(%q): %v", cluster, err)
		}
	}
}

func TestPinCoversWholeBundle(t *testing.T) {
	a, b := newCA(t, "c1"), newCA(t, "c1")
	both := append(a.CertPEM(), b.CertPEM()...)
	pin := must[string](t)(Pin(both))
	sum := sha256.Sum256(append(slices.Clone(a.signer.Raw), b.signer.Raw...))
	if want := hex.EncodeToString(sum[:]); pin != want {
		t.Errorf("pin is %s, want %s", pin, want)
	}
	if pin == a.Pin() || pin == must[string](t)(Pin(append(b.CertPEM(), a.CertPEM()...))) {
		t.Error("the pin does not depend on every certificate and on their order")
	}
	if got := must[*CA](t)(ParseCA(both, a.KeyPEM())).Pin(); got != pin {
		t.Errorf("the authority's pin is %s, the bundle's %s", got, pin)
	}
	if _, err := Pin([]byte("no PEM")); !errors.Is(err, ErrKey) {
		t.Errorf("Pin of no bundle: %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	ca := newCA(t, "c1")
	key := Key(NewSecret())
	numbers := func(b []byte) string { return strings.Trim(fmt.Sprint(b), "[]") }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		out := fmt.Sprintf(verb+" "+verb, ca, key)
		for _, secret := range [][]byte{ca.KeyPEM()[40:80], key[:]} {
			for _, form := range []string{string(secret), numbers(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
				if strings.Contains(out, form) {
					t.Errorf("%s prints a key: %s", verb, out)
				}
			}
		}
	}
}

func TestRenewAt(t *testing.T) {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	to := from.Add(100 * time.Hour)
	for _, c := range []struct {
		r    float64
		want time.Duration
	}{{0, 50 * time.Hour}, {0.5, 65 * time.Hour}, {1, 80 * time.Hour}, {-3, 50 * time.Hour}, {7, 80 * time.Hour}} {
		got := RenewAt(from, to, c.r).Sub(from)
		if d := got - c.want; d < -time.Second || d > time.Second {
			t.Errorf("RenewAt(r=%v) is after %v, want %v", c.r, got, c.want)
		}
	}
}

func FuzzParseCSR(f *testing.F) {
	csr := must[[]byte](f)(NewCSR(must[[]byte](f)(NewKey())))
	f.Add(csr)
	f.Add([]byte("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if key, err := parseCSR(in); (key == nil) == (err == nil) || err != nil && !errors.Is(err, ErrKey) {
			t.Errorf("key %v, error %v", key, err)
		}
	})
}

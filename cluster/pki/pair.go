package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// HTTPSLife is how long a pair is valid that the cluster's authority issues to a
// server: long enough for the server to live through a cluster that is away.
const HTTPSLife = 90 * 24 * time.Hour

var (
	// ErrChain is wrapped when a chain of certificates cannot serve HTTPS. The text
	// says what is wrong and what to do.
	ErrChain = errors.New("unusable certificate")
	// ErrPairKey is wrapped when a key is not that of a certificate.
	ErrPairKey = errors.New("unusable private key")
)

// Pair is what a server needs for HTTPS: a chain of certificates, its own first, and
// the private key. Print it and no key shows.
type Pair struct {
	Leaf    *x509.Certificate
	CertPEM []byte
	keyPEM  []byte
}

// KeyPEM returns the private key, to be sealed.
func (p Pair) KeyPEM() []byte { return slices.Clone(p.keyPEM) }

// Fingerprint is the SHA-256 of the server's own certificate, in lower-case hex.
func (p Pair) Fingerprint() string {
	sum := sha256.Sum256(p.Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// Format names whom the pair is for and shows no key, whatever the verb.
func (p Pair) Format(out fmt.State, _ rune) {
	_, _ = fmt.Fprintf(out, "pair of %s", p.Leaf.Subject)
}

// Hosts returns the names and addresses that the pair is good for.
func (p Pair) Hosts() []string { return hostsIn(p.Leaf) }

func hostsIn(cert *x509.Certificate) []string {
	hosts := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// NewPair makes a key and a certificate with which a server that is no member serves
// HTTPS under the names and addresses. It is good for nothing else: it names no node,
// so that no member ever takes its holder for one. The error wraps [ErrIdentity] or
// [ErrKey].
func (ca *CA) NewPair(hosts []string, now time.Time, life time.Duration) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("make key: %w", err)
	}
	template := &x509.Certificate{
		NotBefore:             now.Add(-Backdate),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if err := addHosts(template, hosts); err != nil {
		return Pair{}, err
	}
	if len(hosts) == 0 {
		return Pair{}, fmt.Errorf("%w: a pair without a name", ErrIdentity)
	}
	template.Subject = pkix.Name{CommonName: hosts[0]} // for people; nothing reads it
	if len(hosts[0]) > 64 {
		template.Subject = pkix.Name{}
	}
	der, err := ca.issue(template, key.Public(), now, life)
	if err != nil {
		return Pair{}, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Pair{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return Pair{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Pair{Leaf: leaf, CertPEM: encodeCert(der), keyPEM: keyPEM}, nil
}

// ParsePair reads a pair that somebody brings for a server that is reached under the
// host name or address, and refuses one that would not do: what cannot be read, a
// chain out of order, a certificate of another time, name or use, a key of another.
// Who has signed the chain does not matter. The error wraps [ErrChain] or
// [ErrPairKey] and never repeats the key.
func ParsePair(certPEM, keyPEM []byte, host string, now time.Time) (Pair, error) {
	chain, err := parseChain(certPEM)
	if err != nil {
		return Pair{}, err
	}
	if err := checkLeaf(chain, host, now); err != nil {
		return Pair{}, err
	}
	p := Pair{Leaf: chain[0], CertPEM: encodeBundle(chain)}
	if p.keyPEM, err = keyOfLeaf(p.Leaf, keyPEM); err != nil {
		return Pair{}, err
	}
	return p, nil
}

// CertHosts returns the names and addresses that the first certificate of a chain is
// good for. The error wraps [ErrChain].
func CertHosts(certPEM []byte) ([]string, error) {
	chain, err := parseChain(certPEM)
	if err != nil {
		return nil, err
	}
	return hostsIn(chain[0]), nil
}

// parseChain reads certificates of which each but the last was signed by the next.
func parseChain(certPEM []byte) ([]*x509.Certificate, error) {
	blocks, err := allPEM(certPEM, pemCert)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChain, err)
	}
	var chain []*x509.Certificate
	for i, der := range blocks {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate %d of %d cannot be read: %w", ErrChain, i+1, len(blocks), err)
		}
		chain = append(chain, cert)
	}
	for i, cert := range chain[:len(chain)-1] {
		if err := cert.CheckSignatureFrom(chain[i+1]); err != nil {
			return nil, fmt.Errorf("%w: the chain is out of order: certificate %d (%s) was not signed by number %d (%s); put the server's own first, then each signer after what it signed",
				ErrChain, i+1, cert.Subject, i+2, chain[i+1].Subject)
		}
	}
	return chain, nil
}

// checkLeaf refuses a certificate that would not do for the host now.
func checkLeaf(chain []*x509.Certificate, host string, now time.Time) error {
	leaf := chain[0]
	if leaf.IsCA && len(chain) > 1 {
		return fmt.Errorf("%w: the first certificate (%s) is an authority's; put the server's own first", ErrChain, leaf.Subject)
	}
	for i, cert := range chain {
		if now.After(cert.NotAfter) {
			return fmt.Errorf("%w: certificate %d (%s) has expired at %s", ErrChain, i+1, cert.Subject, cert.NotAfter.UTC().Format(time.RFC3339))
		}
		if now.Before(cert.NotBefore) {
			return fmt.Errorf("%w: certificate %d (%s) becomes valid only at %s", ErrChain, i+1, cert.Subject, cert.NotBefore.UTC().Format(time.RFC3339))
		}
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("%w: it is for %s, and the server is reached as %s", ErrChain, orNothing(strings.Join(hostsIn(leaf), ", ")), host)
	}
	serves := func(u x509.ExtKeyUsage) bool { return u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny }
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0 && !slices.ContainsFunc(leaf.ExtKeyUsage, serves) {
		return fmt.Errorf("%w: it may not be used by a server (extended key usage)", ErrChain)
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "no name at all (subject alternative names)"
	}
	return s
}

// keyOfLeaf reads the private key of a certificate, and gives it back without what else may
// stand in the text.
func keyOfLeaf(leaf *x509.Certificate, keyPEM []byte) ([]byte, error) {
	var keys []*pem.Block
	for rest := keyPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasSuffix(block.Type, pemKey) {
			keys = append(keys, block)
		}
	}
	switch {
	case len(keys) == 0:
		return nil, fmt.Errorf("%w: there is no PEM block of a private key in it", ErrPairKey)
	case len(keys) > 1:
		return nil, fmt.Errorf("%w: there are %d private keys in it", ErrPairKey, len(keys))
	case strings.HasPrefix(keys[0].Type, "ENCRYPTED") || keys[0].Headers["DEK-Info"] != "":
		return nil, fmt.Errorf("%w: it is protected by a passphrase; take that off first: openssl pkey -in FILE", ErrPairKey)
	}
	key := readKey(keys[0].Bytes)
	if key == nil {
		return nil, fmt.Errorf("%w: it can be read neither as PKCS #8 nor as PKCS #1 or SEC 1", ErrPairKey)
	}
	if public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%w: it does not belong to the certificate of %s", ErrPairKey, leaf.Subject)
	}
	return pem.EncodeToMemory(keys[0]), nil
}

// readKey reads a private key in any of the usual forms; nil when it is in none.
func readKey(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, _ := key.(crypto.Signer)
		return signer
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// caLife is the life of the cluster's authority.
const caLife = 10 * 365 * 24 * time.Hour

// CA is the certificate authority of one cluster. It is immutable and safe for
// concurrent use. It holds the private key: print it and nothing of it shows.
type CA struct {
	cluster string
	signer  *x509.Certificate   // the certificate of key
	bundle  []*x509.Certificate // what members trust, the signer among them
	key     *ecdsa.PrivateKey
	keyPEM  []byte
}

// NewCA makes the authority of the cluster, valid for ten years from now. The
// certificate names the cluster, so that the authority of another is never
// taken for it.
func NewCA(cluster string, now time.Time) (*CA, error) {
	if !validName(cluster) {
		return nil, fmt.Errorf("%w: cluster id %q", ErrIdentity, cluster)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of the authority: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "bcm " + cluster},
		URIs:                  []*url.URL{clusterURI(cluster)},
		NotBefore:             now.Add(-Backdate),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs nodes, never another authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate of the authority: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return ParseCA(encodeCert(der), keyPEM)
}

// ParseCA reads an authority from its bundle and its key. The key must belong
// to a certificate of the bundle, and all of the bundle to one cluster. The
// error wraps [ErrKey] or [ErrIdentity].
func ParseCA(certPEM, keyPEM []byte) (*CA, error) {
	bundle, err := parseBundle(certPEM)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	ca := &CA{bundle: bundle, key: key, keyPEM: slices.Clone(keyPEM)}
	for _, cert := range bundle {
		cluster, err := clusterOf(cert)
		if err != nil {
			return nil, err
		}
		if ca.cluster != "" && ca.cluster != cluster {
			return nil, fmt.Errorf("%w: a bundle of two clusters, %q and %q", ErrIdentity, ca.cluster, cluster)
		}
		ca.cluster = cluster
		if ca.signer == nil && key.PublicKey.Equal(cert.PublicKey) {
			ca.signer = cert
		}
	}
	if ca.signer == nil {
		return nil, fmt.Errorf("%w: the key belongs to no certificate of the authority", ErrKey)
	}
	return ca, nil
}

// Cluster returns the id of the cluster whose authority this is.
func (ca *CA) Cluster() string { return ca.cluster }

// CertPEM returns the bundle: what members trust. It is public.
func (ca *CA) CertPEM() []byte { return encodeBundle(ca.bundle) }

// KeyPEM returns the private key, to be kept sealed.
func (ca *CA) KeyPEM() []byte { return slices.Clone(ca.keyPEM) }

// Pin returns the digest of the bundle as join tokens carry it. See [Pin].
func (ca *CA) Pin() string { return pinOf(ca.bundle) }

// Format names the authority and shows no key, whatever the verb.
func (ca *CA) Format(out fmt.State, _ rune) {
	_, _ = fmt.Fprint(out, "authority of cluster ", ca.cluster)
}

// Sign makes the certificate of a node. From the request it takes the public
// key, after checking that the requester has the private one; every name comes
// from id and hosts (DNS names and IP addresses under which the node serves
// HTTPS), and names in the request are ignored. The certificate is valid from
// [Backdate] before now for life after now, but never longer than the
// authority's own. The error wraps [ErrKey] or [ErrIdentity].
func (ca *CA) Sign(csrPEM []byte, id Identity, hosts []string, now time.Time, life time.Duration) (certPEM []byte, err error) {
	if err := id.Check(); err != nil {
		return nil, err
	}
	if id.Cluster != ca.cluster {
		return nil, fmt.Errorf("%w: cluster %q, and this is the authority of %q", ErrIdentity, id.Cluster, ca.cluster)
	}
	key, err := parseCSR(csrPEM)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: id.ID}, // for people; nothing reads it
		URIs:        id.URIs(),
		NotBefore:   now.Add(-Backdate),
		NotAfter:    now.Add(life),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},

		BasicConstraintsValid: true,
	}
	if err := addHosts(template, hosts); err != nil {
		return nil, err
	}
	der, err := ca.issue(template, key, now, life)
	if err != nil {
		return nil, err
	}
	return encodeCert(der), nil
}

// issue signs a certificate, for no longer than the authority itself lives.
func (ca *CA) issue(template *x509.Certificate, key crypto.PublicKey, now time.Time, life time.Duration) ([]byte, error) {
	if life <= 0 || now.Before(ca.signer.NotBefore) || !now.Before(ca.signer.NotAfter) {
		return nil, fmt.Errorf("%w: no life of %v from %v under an authority valid from %v to %v", ErrKey,
			life, now.UTC(), ca.signer.NotBefore, ca.signer.NotAfter)
	}
	if template.NotAfter.After(ca.signer.NotAfter) {
		template.NotAfter = ca.signer.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.signer, key, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", template.Subject.CommonName, err)
	}
	return der, nil
}

// Pin returns the digest of a bundle: SHA-256 over the DER of all its
// certificates in order, in lower-case hex. It covers the whole bundle because a
// digest of one certificate would let others be slipped in beside it. The error
// wraps [ErrKey].
func Pin(bundlePEM []byte) (string, error) {
	bundle, err := parseBundle(bundlePEM)
	if err != nil {
		return "", err
	}
	return pinOf(bundle), nil
}

func pinOf(bundle []*x509.Certificate) string {
	h := sha256.New()
	for _, cert := range bundle {
		h.Write(cert.Raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func addHosts(template *x509.Certificate, hosts []string) error {
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			if !slices.ContainsFunc(template.IPAddresses, ip.Equal) {
				template.IPAddresses = append(template.IPAddresses, ip)
			}
			continue
		}
		name := strings.ToLower(host)
		if !validHost(name) {
			return fmt.Errorf("%w: %q is neither a DNS name nor an IP address", ErrIdentity, host)
		}
		if !slices.Contains(template.DNSNames, name) {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return nil
}

// validHost accepts lower-case DNS names without a wildcard or a final dot, and
// the underscore that container networks put into names.
func validHost(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !validName(strings.ReplaceAll(label, "_", "-")) {
			return false
		}
	}
	return true
}

func clusterURI(cluster string) *url.URL { return &url.URL{Scheme: uriScheme, Host: cluster} }

// clusterOf reads which cluster's authority a certificate is.
func clusterOf(cert *x509.Certificate) (string, error) {
	if len(cert.URIs) == 1 {
		cluster, ok := strings.CutPrefix(cert.URIs[0].String(), uriScheme+"://")
		if ok && validName(cluster) {
			return cluster, nil
		}
	}
	return "", fmt.Errorf("%w: the authority %q names no cluster", ErrIdentity, cert.Subject)
}

func parseBundle(bundlePEM []byte) ([]*x509.Certificate, error) {
	blocks, err := allPEM(bundlePEM, pemCert)
	if err != nil {
		return nil, err
	}
	bundle := make([]*x509.Certificate, 0, len(blocks))
	for _, der := range blocks {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: authority: %w", ErrKey, err)
		}
		if !isAuthority(cert) {
			return nil, fmt.Errorf("%w: %q in the bundle is not an authority", ErrKey, cert.Subject)
		}
		bundle = append(bundle, cert)
	}
	return bundle, nil
}

func isAuthority(cert *x509.Certificate) bool {
	return cert.BasicConstraintsValid && cert.IsCA && cert.KeyUsage&x509.KeyUsageCertSign != 0
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: der})
}

func encodeBundle(bundle []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, cert := range bundle {
		out.Write(encodeCert(cert.Raw))
	}
	return out.Bytes()
}

func poolOf(bundle []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, cert := range bundle {
		pool.AddCert(cert)
	}
	return pool
}

package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

const (
	// AgentLife is how long an agent's certificate is valid. Short, because
	// refusing to renew is how an agent is shut out that no manager can reach.
	AgentLife = 24 * time.Hour
	// ManagerLife is how long a manager's certificate is valid: longer than an
	// agent's, so that a weekend without a majority does not lock the group out.
	ManagerLife = 72 * time.Hour
	// Backdate is how far before its making a certificate becomes valid, for
	// nodes whose clocks are behind.
	Backdate = 5 * time.Minute
)

// ErrKey is wrapped when a private key, a certificate request or a certificate
// cannot be read or is not of the one kind in use (ECDSA on P-256).
var ErrKey = errors.New("unusable key or certificate")

const (
	pemKey  = "PRIVATE KEY"
	pemCSR  = "CERTIFICATE REQUEST"
	pemCert = "CERTIFICATE"
)

// NewKey makes a node's private key, PKCS #8 in PEM. It is made where it is
// used and never leaves that node.
func NewKey() (keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return encodeKey(key)
}

// NewCSR makes the request for a certificate that proves possession of the key.
// It asks for no name: who the node is, is for the signer to say.
func NewCSR(keyPEM []byte) (csrPEM []byte, err error) {
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("make certificate request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemCSR, Bytes: der}), nil
}

// RenewAt returns when to renew a certificate that is valid from notBefore to
// notAfter: r = 0 is at 50 % of its life, r = 1 at 80 %, and an r beyond these
// counts as the nearer of them. A random r for each certificate keeps nodes that
// joined together from renewing together.
func RenewAt(notBefore, notAfter time.Time, r float64) time.Time {
	r = min(max(r, 0), 1)
	life := notAfter.Sub(notBefore)
	return notBefore.Add(time.Duration(float64(life) * (0.5 + 0.3*r)))
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), nil
}

func parseKey(keyPEM []byte) (*ecdsa.PrivateKey, error) {
	der, err := onePEM(keyPEM, pemKey)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: private key: %w", ErrKey, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the private key is not ECDSA on P-256", ErrKey)
	}
	return key, nil
}

func parseCSR(csrPEM []byte) (*ecdsa.PublicKey, error) {
	der, err := onePEM(csrPEM, pemCSR)
	if err != nil {
		return nil, err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate request: %w", ErrKey, err)
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the requested key is not ECDSA on P-256", ErrKey)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: certificate request: %w", ErrKey, err)
	}
	return key, nil
}

// onePEM returns the content of text that is one PEM block of the type.
func onePEM(text []byte, kind string) ([]byte, error) {
	blocks, err := allPEM(text, kind)
	if err != nil {
		return nil, err
	}
	if len(blocks) != 1 {
		return nil, fmt.Errorf("%w: %d PEM blocks %q instead of one", ErrKey, len(blocks), kind)
	}
	return blocks[0], nil
}

// allPEM returns the contents of the PEM blocks in text, which must all be of
// the type. A block that cannot be read is refused, not skipped: a bundle that
// lost a certificate is another bundle.
func allPEM(text []byte, kind string) ([][]byte, error) {
	var blocks [][]byte
	begins := bytes.Count(text, []byte("-----BEGIN "))
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != kind {
			return nil, fmt.Errorf("%w: PEM block %q where %q is wanted", ErrKey, block.Type, kind)
		}
		blocks = append(blocks, block.Bytes)
		text = rest
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%w: no PEM block %q", ErrKey, kind)
	}
	if len(blocks) != begins {
		return nil, fmt.Errorf("%w: %d of %d PEM blocks %q are damaged", ErrKey, begins-len(blocks), begins, kind)
	}
	return blocks, nil
}

package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrSignature is wrapped when a text was not signed by who it should be.
var ErrSignature = errors.New("signature does not hold")

// Sign signs a text with the key of the certificate held, which it returns beside
// the signature, in DER: whoever has the cluster's certificate authority can check
// both for ever, also when the certificate has ended.
func (h *Holder) Sign(text []byte) (signature, certificate []byte, err error) {
	now := h.held.Load()
	if now == nil {
		return nil, nil, ErrNoIdentity
	}
	key, ok := now.cert.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("%w: it cannot sign", ErrKey)
	}
	sum := sha256.Sum256(text)
	signature, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
	return signature, now.cert.Leaf.Raw, err
}

// Signer tells who signed a text: the holder of a certificate that the authority
// in bundlePEM had issued and that was valid at that moment. The error wraps
// [ErrSignature].
func Signer(bundlePEM, certificate, text, signature []byte, at time.Time) (Identity, error) {
	bundle, err := parseBundle(bundlePEM)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	leaf, err := x509.ParseCertificate(certificate)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: certificate: %w", ErrSignature, err)
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: poolOf(bundle), CurrentTime: at, KeyUsages: usages}); err != nil {
		return Identity{}, fmt.Errorf("%w: certificate: %w", ErrSignature, err)
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	sum := sha256.Sum256(text)
	if !ok || !ecdsa.VerifyASN1(key, sum[:], signature) {
		return Identity{}, fmt.Errorf("%w: the text is another", ErrSignature)
	}
	return IdentityOf(leaf)
}

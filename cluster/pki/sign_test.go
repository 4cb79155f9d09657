package pki

import (
	"errors"
	"testing"
	"time"
)

// What a node signs can be checked by whoever has the authority, also when the
// certificate has ended, and nothing else passes for it.
func TestSignedText(t *testing.T) {
	now := time.Now()
	ca, err := NewCA("grid", now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewCA("grid", now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Sign(csr, Identity{Cluster: "grid", Kind: Agent, ID: "n1"}, nil, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var h Holder
	if _, _, err := h.Sign([]byte("x")); !errors.Is(err, ErrNoIdentity) {
		t.Errorf("signed by nobody: %v", err)
	}
	if err := h.Set(cert, key, ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	sig, der, err := h.Sign([]byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if who, err := Signer(ca.CertPEM(), der, []byte("text"), sig, now); err != nil || who.ID != "n1" {
		t.Errorf("%+v, %v", who, err)
	}
	for name, check := range map[string]func() error{
		"another text":      func() error { _, err := Signer(ca.CertPEM(), der, []byte("texts"), sig, now); return err },
		"another authority": func() error { _, err := Signer(other.CertPEM(), der, []byte("text"), sig, now); return err },
		"another time": func() error {
			_, err := Signer(ca.CertPEM(), der, []byte("text"), sig, now.Add(2*time.Hour))
			return err
		},
		"no certificate": func() error { _, err := Signer(ca.CertPEM(), nil, []byte("text"), sig, now); return err },
		"no signature":   func() error { _, err := Signer(ca.CertPEM(), der, []byte("text"), nil, now); return err },
		"no authority":   func() error { _, err := Signer(nil, der, []byte("text"), sig, now); return err },
	} {
		if err := check(); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

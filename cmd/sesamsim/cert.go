package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

// pair is the certificate in use. It is looked for where a real server looks,
// in the same order; with none to be found a new one is made, so that its
// fingerprint changes with each start.
type pair struct {
	log    hclog.Logger
	places func() ([]place, error) // in order; looked up anew each time
	name   string
	now    atomic.Pointer[tls.Certificate]
}

// place is where a pair may lie. One that was asked for by name must be there.
type place struct {
	certificate, key string
	must             bool
}

// places lists where a pair may lie.
func (o *options) places() ([]place, error) {
	var out []place
	if o.certificate != "" {
		out = append(out, place{o.certificate, o.privateKey, true})
	}
	if o.iniDir != "" {
		out = append(out, inDir(filepath.Join(o.iniDir, "ssl"), false))
		ini, err := readIni(filepath.Join(o.iniDir, "sm.ini"))
		if err != nil {
			return nil, err
		}
		if dir := ini["PATHES"]["gv_ro_ssl"]; dir != "" {
			out = append(out, inDir(dir, false))
		}
	}
	if c, k := os.Getenv("SESAM_SSL_CERT"), os.Getenv("SESAM_SSL_KEY"); c != "" && k != "" {
		out = append(out, place{c, k, true})
	}
	return out, nil
}

func inDir(dir string, must bool) place {
	return place{filepath.Join(dir, "sesam.https.crt"), filepath.Join(dir, "sesam.https.key"), must}
}

// begin takes a pair at the start. One that cannot be used is told and replaced
// by a self-signed one: the server is up, and the change can be seen. Our choice.
func (p *pair) begin() error {
	c, err := p.find()
	if err != nil {
		p.log.Error("the certificate cannot be used; serving a self-signed one", "err", err)
	}
	if c == nil {
		if c, err = selfSigned(p.name); err != nil {
			return err
		}
	}
	p.take(c)
	return nil
}

// reload looks for a pair again, as at the start, except that one which cannot be
// used leaves the old one in service.
func (p *pair) reload() error {
	c, err := p.find()
	if err != nil {
		return err
	}
	if c == nil {
		if c, err = selfSigned(p.name); err != nil {
			return err
		}
	}
	p.take(c)
	return nil
}

func (p *pair) take(c *tls.Certificate) {
	p.now.Store(c)
	p.log.Info("certificate in service", "fingerprint", fingerprint(c))
}

// fingerprint is the SHA-256 of the certificate.
func fingerprint(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// find returns the first pair that lies somewhere, or nil.
func (p *pair) find() (*tls.Certificate, error) {
	places, err := p.places()
	if err != nil {
		return nil, err
	}
	for _, at := range places {
		c, err := at.read()
		if errors.Is(err, fs.ErrNotExist) && !at.must {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.log.Info("certificate found", "file", at.certificate)
		return c, nil
	}
	return nil, nil
}

// read loads a pair; it does not exist only when both files are missing.
func (at place) read() (*tls.Certificate, error) {
	cert, errCert := os.ReadFile(at.certificate)
	key, errKey := os.ReadFile(at.key)
	if err := errors.Join(errCert, errKey); err != nil {
		if errors.Is(errCert, fs.ErrNotExist) && errors.Is(errKey, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", at.certificate, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("half a pair cannot be served: %v", err) //nolint:errorlint // one that is half there is there
	}
	c, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.certificate, err)
	}
	return &c, nil
}

// selfSigned makes a pair for this start.
func selfSigned(name string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	who := pkix.Name{CommonName: name, Organization: []string{"SEP sesam simulator"}}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: who,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},

		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// config serves whatever pair is in service when a connection begins.
func (p *pair) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// A resumed connection would go on showing the old certificate.
		SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return p.now.Load(), nil
		},
	}
}

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"bcm/agent"
	"bcm/fsm"
)

// Where a SEP sesam server looks for its certificate, below its ini directory.
const (
	sesamCertificate = "ini/ssl/sesam.https.crt"
	sesamKey         = "ini/ssl/sesam.https.key"
)

// addSesam plans a simulated SEP sesam server. It keeps its port, its data and its
// certificate, so that the grid finds it again after a restart.
func (g *devGrid) addSesam(name string) (args []string, err error) {
	port, err := pickPort("127.0.0.1", endpoint{})
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(g.o.dir, name)
	if err := writeSesamPair(dir, name); err != nil {
		return nil, err
	}
	return []string{"--listen", net.JoinHostPort("127.0.0.1", port), "--name", name, "--ready-file", filepath.Join(dir, "ready.json"), "--demo"}, nil
}

// writeSesamPair gives a simulated server a certificate that it signs itself.
func writeSesamPair(dir, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		DNSNames: []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, sesamKey)), 0o700); err != nil {
		return err
	}
	return errors.Join(
		agent.WriteFile(filepath.Join(dir, sesamCertificate), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644),
		agent.WriteFile(filepath.Join(dir, sesamKey), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

// sesamFingerprint is that of the certificate which a simulated server has.
func sesamFingerprint(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, sesamCertificate))
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return "", fmt.Errorf("%s holds no certificate", sesamCertificate)
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:]), nil
}

// registerSesam makes the simulated servers nodes of the grid.
func (g *devGrid) registerSesam(ctx context.Context) error {
	for _, m := range g.state.Members {
		if m.Kind != "sesam" || m.ID != "" {
			continue
		}
		var s devFileSesam
		err := poll(ctx, devStartLimit, func(context.Context) (err error) {
			s, err = m.readySesam(g.o.dir)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		fingerprint, err := sesamFingerprint(m.dir(g.o.dir))
		if err != nil {
			return err
		}
		var node struct{ ID string }
		err = g.api.Ask(ctx, http.MethodPost, "/v1/nodes", map[string]any{"name": m.Name, "roles": []string{fsm.RoleSesam}, "address": s.URL,
			"user": s.Admin, "password": s.Password, "fingerprint": fingerprint, "passthrough": true}, &node)
		if err != nil {
			return fmt.Errorf("adding %s: %w", m.Name, err)
		}
		m.ID = node.ID
	}
	return nil
}

// readySesam reads what a simulated server says of itself.
func (m *devMember) readySesam(grid string) (devFileSesam, error) {
	var s devFileSesam
	data, err := os.ReadFile(filepath.Join(m.dir(grid), "ready.json"))
	if err != nil {
		return s, err
	}
	err = json.Unmarshal(data, &s)
	s.Name, s.ID, s.PID = m.Name, m.ID, m.PID
	return s, err
}

package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bcm/agent"
	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// foundingFile keeps the first entry of a new cluster until it is committed, so
// that a founding that was interrupted goes on with the same identity.
const foundingFile = "founding.cbor"

// found makes everything that a new cluster begins with, in the directory alone.
// It returns the first administrator's password when it was made here.
func found(c config, at endpoints, id *agent.Identity) (password string, err error) {
	clusterID := pki.NewID()
	now := time.Now()
	ca, err := pki.NewCA(clusterID, now)
	if err != nil {
		return "", err
	}
	csr, err := id.Request()
	if err != nil {
		return "", err
	}
	self := pki.Identity{Cluster: clusterID, Kind: pki.Manager, ID: id.ID(), Roles: []string{fsm.RoleManager}}
	cert, err := ca.Sign(csr, self, hostsOf(at), now, pki.ManagerLife)
	if err != nil {
		return "", err
	}
	row, err := certificateRow(cert, id.ID(), self.Roles)
	if err != nil {
		return "", err
	}
	password, made, err := firstPassword(c.AdminPassword)
	if err != nil {
		return "", err
	}
	s := newSecrets()
	key, err := s.key()
	if err != nil {
		return "", err
	}
	first := fsm.InitCluster{
		Cluster:       clusterID,
		CACertificate: ca.CertPEM(),
		CAKey:         pki.Seal(key, "setting/"+fsm.CAKey, ca.KeyPEM()),
		Admin:         fsm.CreateUser{ID: pki.NewID(), Name: devAdmin, Groups: []string{fsm.Superusers}, Password: pki.HashPassword(password)},
		Manager:       newNode(c, at, id, []string{fsm.RoleManager}),
		Certificate:   row,
	}
	data, err := fsm.Encode(first)
	if err != nil {
		return "", err
	}
	// The name plate comes last: with it, the directory is a member's.
	err = errors.Join(
		id.Accept(clusterID, cert, ca.CertPEM(), nil),
		s.save(c.DataDir),
		agent.WriteFile(filepath.Join(c.DataDir, foundingFile), data, 0o600),
	)
	if err == nil {
		err = cluster.Create(c.DataDir, cluster.Plate{Cluster: clusterID, ID: id.ID(), Name: id.Name()})
	}
	if !made {
		password = ""
	}
	return password, err
}

// unfounded reads the first entry of a cluster whose founding is not over; nil
// when there is none.
func unfounded(dir string) (*fsm.InitCluster, error) {
	data, err := os.ReadFile(filepath.Join(dir, foundingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first := new(fsm.InitCluster)
	if err := fsm.Decode(data, first); err != nil {
		return nil, fmt.Errorf("%s: %w", foundingFile, err)
	}
	return first, nil
}

// firstPassword reads the first administrator's password, or makes one.
func firstPassword(file string) (password string, made bool, err error) {
	if file == "" {
		return pki.NewBearer(""), true, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", false, fmt.Errorf("the first administrator's password: %w", err)
	}
	password = strings.TrimSpace(string(data))
	if err := pki.CheckPolicy(password, devAdmin); err != nil {
		return "", false, usageError{fmt.Errorf("the first administrator's password in %s: %w", file, err)}
	}
	return password, false, nil
}

// hostsOf lists the names under which people reach the HTTPS port.
func hostsOf(at endpoints) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	for _, e := range []endpoint{at.API, at.Member} {
		hosts = append(hosts, hostOf(e.Advertise))
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// newNode is what this member says of itself when it is admitted.
func newNode(c config, at endpoints, id *agent.Identity, roles []string) fsm.NewNode {
	return fsm.NewNode{
		ID: id.ID(), Name: id.Name(), Roles: roles, Site: c.Site, Labels: c.Labels,
		Addresses: at.addresses(), Version: version, Understands: fsm.Version, Slots: c.Slots,
	}
}

// addresses is what others are told of the endpoints.
func (e endpoints) addresses() fsm.Addresses {
	return fsm.Addresses{API: e.API.Advertise, Member: e.Member.Advertise, Gossip: e.Gossip.Advertise,
		Storage: e.Storage.Advertise, Metrics: e.Metrics.Advertise}
}

// certificateRow is how the state keeps a certificate.
func certificateRow(certPEM []byte, node string, roles []string) (fsm.Certificate, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil {
		return fsm.Certificate{}, errors.New("the certificate is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fsm.Certificate{}, err
	}
	key := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return fsm.Certificate{Meta: fsm.Meta{ID: cert.SerialNumber.Text(16)}, Node: node, Roles: roles,
		NotBefore: fsm.At(cert.NotBefore), NotAfter: fsm.At(cert.NotAfter), Key: key[:], PEM: certPEM}, nil
}

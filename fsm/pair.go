package fsm

import (
	"fmt"
	"slices"
	"time"
)

// PairState is how the HTTPS certificate of a server is, as far as the cluster has
// given it one.
type PairState struct {
	Certificate string `cbor:"certificate,omitempty"` // id of the one that it serves
	Failures    int    `cbor:"failures,omitempty"`    // to install the next one, in a row
	RetryAt     Time   `cbor:"retry_at,omitempty"`    // when it may be renewed again by itself
	Error       string `cbor:"error,omitempty"`       // of the last try
}

// Uncertifiable tells why the server cannot be given another HTTPS certificate; ""
// when it can.
func (s *Server) Uncertifiable() string {
	if s.Via == "" {
		return "no agent on its host is known; run one there with the role " + RoleSesam + ", and name it as the node that the server is reached through (via)"
	}
	return s.Lacks[CanCertificates]
}

// RenewAt is when the certificate of a server should be replaced: when two thirds of
// its life have passed. Zero is for one that cannot be renewed by itself.
func (c *Certificate) RenewAt() Time {
	if c.Kind != HTTPSCertificate || c.Imported {
		return 0
	}
	return c.NotBefore + (c.NotAfter-c.NotBefore)/3*2
}

// RenewRoom is how many servers may be given a certificate at a time.
func (t *tables) RenewRoom() int {
	return max(1, t.Servers.Len()*t.RenewalRule().Percent/100)
}

// Certifying is how many servers are being given a certificate, those left out that
// wait for the agent on their host.
func (t *tables) Certifying() (n int) {
	for _, j := range t.Jobs.Walk("certify", false, nil) {
		if j.Status.Live() {
			n++
		}
	}
	return n
}

// InstallPair gives a server an HTTPS certificate with its key, and orders the agent
// on the server's host to install both. The key is kept, sealed, until that is done.
type InstallPair struct {
	Job         string      `cbor:"job"`
	Certificate Certificate `cbor:"certificate"`      // Node is the server
	Renews      string      `cbor:"renews,omitempty"` // id of the one that it follows by itself, in a wave
}

func (c *InstallPair) apply(tx *Tx) (string, error) {
	cert := c.Certificate
	node, s, err := tx.server(cert.Node)
	if err != nil {
		return "", err
	}
	if err := newRow(&tx.Certificates, "certificate", cert.ID); err != nil {
		return "", err
	}
	if err := newRow(&tx.Jobs, "job", c.Job); err != nil {
		return "", err
	}
	switch why := s.Uncertifiable(); {
	case why != "":
		return "", Errorf(Conflict, "server %s cannot be given a certificate: %s", node.Name, why)
	case tx.Jobs.Count("certify", s.ID) > 0:
		return "", Errorf(Conflict, "server %s is being given another certificate", node.Name)
	case c.Renews != "" && c.Renews != s.Pair.Certificate:
		return "", Errorf(Conflict, "server %s has certificate %q, not %q", node.Name, s.Pair.Certificate, c.Renews)
	case c.Renews != "" && tx.Certifying() >= tx.RenewRoom():
		return "", Errorf(Conflict, "%d servers are being given certificates, which is as many as may be at a time", tx.Certifying())
	case len(cert.PEM) == 0 || len(cert.Sealed) == 0 || !isFingerprint(cert.Fingerprint):
		return "", invalidField("certificate", "a certificate with its key and fingerprint is needed")
	case cert.NotAfter <= tx.At:
		return "", invalidField("certificate", "it has ended at %s", cert.NotAfter)
	}
	tx.dropPairs(s.ID, s.Pair.Certificate) // those that could not be installed
	cert.Kind, cert.InstalledAt, cert.Error = HTTPSCertificate, 0, ""
	put(tx, &tx.Certificates, &cert)
	put(tx, &tx.Jobs, &Job{Meta: Meta{ID: c.Job}, Run: Run{Status: Queued}, Kind: CertifyJob, By: tx.By, Server: s.ID, Certificate: cert.ID})
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("certificate %s, until %s", cert.ID, cert.NotAfter)
	return cert.ID, nil
}

// certified records how an order to give a server a certificate has ended. From then
// on the server is known by the new one.
func (tx *Tx) certified(j *Job) {
	if j.Kind != CertifyJob {
		return
	}
	node, old, err := tx.server(j.Server)
	is, ok := tx.Certificates.Get(j.Certificate)
	if err != nil || !ok {
		return // the server was removed in the meantime
	}
	s, cert := *old, *is
	cert.Sealed = nil
	if j.Status == Succeeded || j.Status == Warning {
		s.Fingerprint, s.Pair = cert.Fingerprint, PairState{Certificate: cert.ID}
		cert.InstalledAt = tx.At
		n := *node
		n.NotAfter = cert.NotAfter
		put(tx, &tx.Nodes, &n)
		tx.dropPairs(s.ID, cert.ID)
	} else {
		s.Pair.Failures++
		s.Pair.RetryAt = tx.At.Add(pairPause(s.Pair.Failures))
		s.Pair.Error, cert.Error = j.Error, j.Error
	}
	put(tx, &tx.Servers, &s)
	put(tx, &tx.Certificates, &cert)
}

// pairPause is how long a server is left alone after so many failures in a row.
func pairPause(failures int) time.Duration {
	return min(time.Hour<<min(failures-1, 5), day)
}

// dropPairs forgets the certificates of a server but one.
func (tx *Tx) dropPairs(server, keep string) {
	for _, c := range slices.Collect(tx.Certificates.By("node", server)) {
		if c.ID != keep {
			drop(tx, &tx.Certificates, c.ID)
		}
	}
}

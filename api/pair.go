package api

import (
	"crypto/sha256"
	"errors"
	"net"
	"strings"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// PairInput is an HTTPS certificate that a SEP sesam server is to be given.
type PairInput struct {
	Node        string   `json:"node" doc:"Id or name of the server"`
	Certificate string   `json:"certificate,omitempty" doc:"In PEM, with the chain after the server's own; without it the cluster's CA issues one"`
	Key         string   `json:"key,omitempty" doc:"The private key of the certificate, in PEM"`
	Hosts       []string `json:"hosts,omitempty" doc:"Of one that is issued: names and addresses that it is good for beside the one under which the server is reached"`
}

// createPair gives a server an HTTPS certificate: one that is brought with its key,
// or a new one of the cluster's CA.
func createPair(c *call, in *PairInput) (Certificate, error) {
	n, s, err := c.serverNamed(in.Node)
	if err != nil {
		return Certificate{}, err
	}
	row := fsm.Certificate{Meta: fsm.Meta{ID: pki.NewID()}, Node: n.ID}
	switch {
	case (in.Certificate == "") != (in.Key == ""):
		return Certificate{}, invalid("key", "a certificate that is brought comes with its private key; leave both out to have one issued")
	case in.Certificate == "":
		err = c.issuePair(c.view, &row, append([]string{reachedAs(s)}, in.Hosts...))
	case len(in.Hosts) > 0:
		err = invalid("hosts", "a certificate that is brought has its names already")
	default:
		row.Imported = true
		err = c.importPair(&row, in, reachedAs(s))
	}
	if err != nil {
		return Certificate{}, err
	}
	return c.installPair(row)
}

// rotateCertificate gives a server a new certificate of the cluster's CA, for the
// names that the old one had.
func rotateCertificate(c *call) (Certificate, error) {
	old, err := find(&c.view.Certificates, "certificate", c.param("certificate"))
	switch {
	case err != nil:
		return Certificate{}, err
	case old.Kind != fsm.HTTPSCertificate:
		return Certificate{}, fsm.Errorf(fsm.Conflict, "node %s makes its own key and renews its certificate by itself, long before it ends; to shut it out, revoke it", nodeName(c.view, old.Node))
	case old.Imported:
		return Certificate{}, fsm.Errorf(fsm.Conflict, "this certificate of server %s was brought by somebody; import the next one, or have one issued", nodeName(c.view, old.Node))
	}
	row := fsm.Certificate{Meta: fsm.Meta{ID: pki.NewID()}, Node: old.Node}
	if err := c.nextPair(c.view, &row, old); err != nil {
		return Certificate{}, err
	}
	return c.installPair(row)
}

func (c *call) installPair(row fsm.Certificate) (Certificate, error) {
	result, err := c.apply(&fsm.InstallPair{Job: pki.NewID(), Certificate: row})
	if err != nil {
		return Certificate{}, err
	}
	is, err := made(&c.view.Certificates, "certificate", result.ID)
	if err != nil {
		return Certificate{}, err
	}
	return showCertificate(c.API, c.view, is), nil
}

// serverNamed finds a SEP sesam server.
func (c *call) serverNamed(ref string) (*fsm.Node, *fsm.Server, error) {
	n, ok := c.view.Nodes.Find(ref)
	if !ok {
		return nil, nil, invalid("node", "no node %q", ref)
	}
	s, ok := c.view.Servers.Get(n.ID)
	if !ok {
		return nil, nil, invalid("node", "%s is not a SEP sesam server; other nodes make their own keys and renew their certificates by themselves", n.Name)
	}
	return n, s, nil
}

// reachedAs is the name or address under which a server is reached.
func reachedAs(s *fsm.Server) string {
	address := strings.TrimPrefix(s.Address, "https://")
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

// RenewPair signs the certificate with which a server is renewed.
func (a *API) RenewPair(v *fsm.View, cmd *fsm.InstallPair) error {
	old, err := find(&v.Certificates, "certificate", cmd.Renews)
	if err != nil {
		return err
	}
	return a.nextPair(v, &cmd.Certificate, old)
}

// nextPair issues a certificate for the names that an old one has, and the one under
// which the server is reached now.
func (a *API) nextPair(v *fsm.View, row, old *fsm.Certificate) error {
	hosts, err := pki.CertHosts(old.PEM)
	if err != nil {
		return err
	}
	if s, ok := v.Servers.Get(row.Node); ok {
		hosts = append([]string{reachedAs(s)}, hosts...)
	}
	return a.issuePair(v, row, hosts)
}

// issuePair makes a key and has the cluster's CA sign a certificate for it.
func (a *API) issuePair(v *fsm.View, row *fsm.Certificate, hosts []string) error {
	ca, err := a.authority(v)
	if err != nil {
		return err
	}
	p, err := ca.NewPair(hosts, a.Now(), pki.HTTPSLife)
	if errors.Is(err, pki.ErrIdentity) {
		return invalid("hosts", "%v", err)
	}
	if err != nil {
		return err
	}
	a.sealPair(row, p)
	return nil
}

// importPair takes a certificate that somebody brings, when it would do.
func (c *call) importPair(row *fsm.Certificate, in *PairInput, host string) error {
	p, err := pki.ParsePair([]byte(in.Certificate), []byte(in.Key), host, c.Now())
	switch {
	case errors.Is(err, pki.ErrChain):
		return invalid("certificate", "%v", err)
	case errors.Is(err, pki.ErrPairKey):
		return invalid("key", "%v", err)
	case err != nil:
		return err
	}
	c.sealPair(row, p)
	return nil
}

// sealPair completes the row of a certificate; its key is for one place alone.
func (a *API) sealPair(row *fsm.Certificate, p pki.Pair) {
	key := sha256.Sum256(p.Leaf.RawSubjectPublicKeyInfo)
	row.Kind, row.PEM, row.Fingerprint, row.Key = fsm.HTTPSCertificate, p.CertPEM, p.Fingerprint(), key[:]
	row.NotBefore, row.NotAfter = fsm.At(p.Leaf.NotBefore), fsm.At(p.Leaf.NotAfter)
	row.Sealed = pki.Seal(a.Key, "pair/"+row.ID, p.KeyPEM())
}

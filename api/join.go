package api

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"slices"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// JoinRequest is a node that asks to be let in.
type JoinRequest struct {
	Token string   `json:"token" doc:"A join token"`
	CSR   string   `json:"csr" doc:"A request for a certificate, in PEM, for a key that stays on the node"`
	Node  JoinNode `json:"node"`
}

// JoinNode is what a node says of itself.
type JoinNode struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Roles       []string          `json:"roles"`
	Site        string            `json:"site,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Addresses   Addresses         `json:"addresses,omitzero"`
	Version     string            `json:"version"`
	Understands int               `json:"understands" doc:"Version of the log that its program understands"`
	Slots       int               `json:"slots,omitempty" doc:"Runs that it takes at once; 0 lets the cluster choose"`
}

// Joined is what a node gets that is let in.
type Joined struct {
	Node        string    `json:"node" doc:"Id"`
	Cluster     string    `json:"cluster" doc:"Id"`
	Certificate string    `json:"certificate" doc:"PEM"`
	CA          string    `json:"ca" doc:"PEM"`
	Managers    []Manager `json:"managers"`
	GossipKey   []byte    `json:"gossip_key"`
	ClusterKey  []byte    `json:"cluster_key,omitempty" doc:"For managers alone"`
}

// Manager is where a manager is found.
type Manager struct {
	ID     string `json:"id"`
	API    string `json:"api"`
	Member string `json:"member"`
	Gossip string `json:"gossip"`
}

// join lets a node in that has a token. Asked again with the same token and key,
// it gives the same certificate.
func join(c *call, in *JoinRequest) (Joined, error) {
	if !c.gate.join(c.gin.ClientIP()) {
		return Joined{}, fsm.Errorf(fsm.Exhausted, "too many nodes ask to join from there; ask again in a moment")
	}
	token, err := pki.ParseToken(in.Token)
	if err != nil {
		return Joined{}, invalid("token", "%v", err)
	}
	if err := in.Node.check(token); err != nil {
		return Joined{}, err
	}
	v, err := c.knowsToken(token)
	if err != nil {
		return Joined{}, err
	}
	key, err := keyOf([]byte(in.CSR))
	if err != nil {
		return Joined{}, invalid("csr", "%v", err)
	}
	cert, err := c.sign(v, []byte(in.CSR), in.Node.identity(v), in.Node.hosts())
	if err != nil {
		return Joined{}, err
	}
	n := in.Node
	result, err := c.applyAs("join", &fsm.JoinNode{Token: token.ID, Secret: token.Hash(), Key: key, Certificate: cert,
		Node: fsm.NewNode{ID: n.ID, Name: n.Name, Roles: n.Roles, Site: n.Site, Labels: n.Labels,
			Addresses: fsm.Addresses(n.Addresses), Version: n.Version, Understands: n.Understands, Slots: n.Slots}})
	if err != nil {
		return Joined{}, err
	}
	return c.welcome(result.ID)
}

// check refuses what a node may not say of itself before anything is signed.
func (n *JoinNode) check(token pki.Token) error {
	if contains(n.Roles, fsm.RoleManager) != token.Manager {
		return fsm.Errorf(fsm.Denied, "the join token is not for roles %v", n.Roles)
	}
	for field, address := range map[string]string{"api": n.Addresses.API, "member": n.Addresses.Member,
		"gossip": n.Addresses.Gossip, "storage": n.Addresses.Storage, "metrics": n.Addresses.Metrics} {
		if address == "" {
			continue
		}
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			return invalid("node.addresses."+field, "%q is not host:port", address)
		}
	}
	return nil
}

func (n *JoinNode) identity(v *fsm.View) pki.Identity {
	return identityOf(v, n.ID, n.Roles)
}

// identityOf is how the certificate of a node names it.
func identityOf(v *fsm.View, node string, roles []string) pki.Identity {
	kind := pki.Agent
	if slices.Contains(roles, fsm.RoleManager) {
		kind = pki.Manager
	}
	return pki.Identity{Cluster: string(v.Setting(fsm.ClusterID)), Kind: kind, ID: node, Roles: slices.Sorted(slices.Values(roles))}
}

// hosts are the names that the certificate of a node is good for towards those
// who know it by one: people, at a manager.
func (n *JoinNode) hosts() []string {
	return hostsOf(n.Roles, fsm.Addresses(n.Addresses))
}

func hostsOf(roles []string, at fsm.Addresses) []string {
	if !slices.Contains(roles, fsm.RoleManager) {
		return nil
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, address := range []string{at.API, at.Member} {
		if host, _, err := net.SplitHostPort(address); err == nil {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// knowsToken gives a view in which the token is known; it may have been made a
// moment ago, by another manager.
func (c *call) knowsToken(token pki.Token) (*fsm.View, error) {
	known := func(v *fsm.View) bool {
		t, ok := v.Tokens.Get(token.ID)
		return ok && t.Kind == fsm.JoinToken && pki.EqualHash(t.Hash, token.Hash())
	}
	if known(c.view) {
		return c.view, nil
	}
	if c.gate.second(c.gin.ClientIP()) {
		if v, err := c.settled(secondTimeout); err == nil && known(v) {
			return v, nil
		}
	}
	return nil, fsm.Errorf(fsm.Unauthorized, "this join token is not known here; make a new one: bcm token create")
}

// keyOf gives the SHA-256 of the public key of a request for a certificate.
func keyOf(csr []byte) ([]byte, error) {
	block, _ := pem.Decode(csr)
	if block == nil {
		return nil, errors.New("is not PEM")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, errors.New("is no request for a certificate")
	}
	sum := sha256.Sum256(request.RawSubjectPublicKeyInfo)
	return sum[:], nil
}

// sign makes a certificate with the cluster's CA, and the row that the state
// keeps of it.
func (a *API) sign(v *fsm.View, csr []byte, id pki.Identity, hosts []string) (fsm.Certificate, error) {
	ca, err := a.authority(v)
	if err != nil {
		return fsm.Certificate{}, err
	}
	life := pki.AgentLife
	if id.Kind == pki.Manager {
		life = pki.ManagerLife
	}
	signed, err := ca.Sign(csr, id, hosts, a.Now(), life)
	if err != nil {
		return fsm.Certificate{}, fsm.Errorf(fsm.Invalid, "no certificate can be made of this: %v", err)
	}
	return rowOf(signed, id)
}

// authority opens the cluster's CA.
func (a *API) authority(v *fsm.View) (*pki.CA, error) {
	key, err := pki.Open(a.Key, "setting/"+fsm.CAKey, v.Setting(fsm.CAKey))
	if err != nil {
		return nil, err
	}
	return pki.ParseCA(v.Setting(fsm.CACertificate), key)
}

func rowOf(signed []byte, id pki.Identity) (fsm.Certificate, error) {
	block, _ := pem.Decode(signed)
	if block == nil {
		return fsm.Certificate{}, errors.New("a certificate was made that is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fsm.Certificate{}, err
	}
	key := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return fsm.Certificate{Meta: fsm.Meta{ID: cert.SerialNumber.Text(16)}, Node: id.ID, Roles: id.Roles,
		NotBefore: fsm.At(cert.NotBefore), NotAfter: fsm.At(cert.NotAfter), Key: key[:], PEM: signed}, nil
}

// welcome is the answer to a node whose certificate is in the state.
func (c *call) welcome(serial string) (Joined, error) {
	cert, err := made(&c.view.Certificates, "certificate", serial)
	if err != nil {
		return Joined{}, err
	}
	out := Joined{Node: cert.Node, Cluster: string(c.view.Setting(fsm.ClusterID)), Certificate: string(cert.PEM),
		CA: string(c.view.Setting(fsm.CACertificate)), Managers: []Manager{}, GossipKey: c.GossipKey}
	for n := range c.view.Nodes.By("role", fsm.RoleManager) {
		if n.ID != cert.Node {
			out.Managers = append(out.Managers, Manager{n.ID, n.Addresses.API, n.Addresses.Member, n.Addresses.Gossip})
		}
	}
	if contains(cert.Roles, fsm.RoleManager) {
		out.ClusterKey = c.Key[:]
	}
	return out, nil
}

// Renew signs the next certificate of a node that is a member, for the roles
// that it may have. It is how nodes, and the manager itself, stay members.
func (a *API) Renew(ctx context.Context, node string, csr []byte) (cert, ca []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	v, err := a.Cluster.View(ctx, fsm.Local())
	if err != nil {
		return nil, nil, err
	}
	n, ok := v.Nodes.Get(node)
	if !ok {
		return nil, nil, fsm.Errorf(fsm.Denied, "node %s is not a member of the grid, or was removed from it", node)
	}
	row, err := a.sign(v, csr, identityOf(v, n.ID, n.Allowed), hostsOf(n.Roles, n.Addresses))
	if err != nil {
		return nil, nil, err
	}
	if _, err := a.Cluster.Apply(ctx, "node:"+n.ID, &fsm.IssueCertificate{Certificate: row}); err != nil {
		return nil, nil, err
	}
	return row.PEM, v.Setting(fsm.CACertificate), nil
}

const renewTimeout = 10 * time.Second

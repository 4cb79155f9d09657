package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ErrIdentity is wrapped when a certificate or an [Identity] does not say in
// the one accepted form who its holder is.
var ErrIdentity = errors.New("not a valid node identity")

// Kind is what a node is to the cluster: one that serves it or one that asks.
type Kind string

const (
	// Agent is a node that dials managers and storage, never the raft group.
	Agent Kind = "agent"
	// Manager is a node of the raft group.
	Manager Kind = "manager"
)

const (
	uriScheme = "bcm"
	uriRole   = "role"
)

// Identity is who a node is and which roles it may have.
type Identity struct {
	Cluster string   // cluster id
	Kind    Kind     // Agent or Manager
	ID      string   // node id
	Roles   []string // the roles it may have, each once, in the certificate's order
}

// HasRole tells whether the node may have the role.
func (id Identity) HasRole(role string) bool { return slices.Contains(id.Roles, role) }

// URIs returns the identity as the URIs of a certificate. Only what [Identity.Check]
// accepts can be read back by [IdentityOf].
func (id Identity) URIs() []*url.URL {
	uris := make([]*url.URL, 0, 1+len(id.Roles))
	uris = append(uris, identityURI(id.Cluster, string(id.Kind), id.ID))
	for _, role := range id.Roles {
		uris = append(uris, identityURI(id.Cluster, uriRole, role))
	}
	return uris
}

// Check refuses an identity that no certificate may carry: an unknown kind, a
// name that is not 1 to 63 characters a-z, 0-9 and '-', a role named twice. The
// error wraps [ErrIdentity].
func (id Identity) Check() error {
	if id.Kind != Agent && id.Kind != Manager {
		return fmt.Errorf("%w: kind %q is neither %s nor %s", ErrIdentity, id.Kind, Agent, Manager)
	}
	if !validName(id.Cluster) {
		return fmt.Errorf("%w: cluster id %q", ErrIdentity, id.Cluster)
	}
	if !validName(id.ID) {
		return fmt.Errorf("%w: node id %q", ErrIdentity, id.ID)
	}
	for i, role := range id.Roles {
		if !validName(role) {
			return fmt.Errorf("%w: role %q", ErrIdentity, role)
		}
		if slices.Contains(id.Roles[:i], role) {
			return fmt.Errorf("%w: role %q is named twice", ErrIdentity, role)
		}
	}
	return nil
}

// IdentityOf reads who a certificate is for. It does not verify the
// certificate. It is strict, for what two readers understand differently is how
// one of them is deceived: every URI must be in one of the two forms that this
// package writes, exactly one names a node, and all are of one cluster. The
// error wraps [ErrIdentity].
func IdentityOf(cert *x509.Certificate) (Identity, error) {
	var id Identity
	for _, uri := range cert.URIs {
		cluster, what, name, err := splitURI(uri)
		if err != nil {
			return Identity{}, err
		}
		if id.Cluster != "" && id.Cluster != cluster {
			return Identity{}, fmt.Errorf("%w: URIs of two clusters, %q and %q", ErrIdentity, id.Cluster, cluster)
		}
		id.Cluster = cluster
		switch {
		case what == uriRole:
			id.Roles = append(id.Roles, name)
		case id.ID != "":
			return Identity{}, fmt.Errorf("%w: URIs of two nodes, %q and %q", ErrIdentity, id.ID, name)
		default:
			id.Kind, id.ID = Kind(what), name
		}
	}
	if id.ID == "" {
		return Identity{}, fmt.Errorf("%w: no URI names a node", ErrIdentity)
	}
	if err := id.Check(); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// PeerOf reads who is at the other end of a connection that a [Holder]'s
// configuration has accepted. The error wraps [ErrIdentity].
func PeerOf(state tls.ConnectionState) (Identity, error) {
	if len(state.PeerCertificates) == 0 {
		return Identity{}, fmt.Errorf("%w: the peer showed no certificate", ErrIdentity)
	}
	return IdentityOf(state.PeerCertificates[0])
}

func identityURI(cluster, what, name string) *url.URL {
	return &url.URL{Scheme: uriScheme, Host: cluster, Path: "/" + what + "/" + name}
}

// splitURI takes bcm://cluster/what/name apart. The parts are names, in which
// nothing is ever escaped: a user, a port, a query or an escape in the URI is
// therefore a character that no name has.
func splitURI(uri *url.URL) (cluster, what, name string, err error) {
	whole := uri.String()
	rest, ok := strings.CutPrefix(whole, uriScheme+"://")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || !validName(parts[0]) || !validName(parts[1]) || !validName(parts[2]) {
		return "", "", "", fmt.Errorf("%w: URI %q", ErrIdentity, whole)
	}
	return parts[0], parts[1], parts[2], nil
}

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// ErrPeer is wrapped when the other end of a connection proved an identity, but
// not one that this connection may be with: another cluster, another node, an
// agent where a manager must be, a protocol that was not agreed.
var ErrPeer = errors.New("connection refused to this peer")

// ErrNoIdentity is returned while a [Holder] holds nothing yet.
var ErrNoIdentity = errors.New("this node has no certificate yet")

// Holder is the identity that a node shows in its connections and checks its
// peers against. It can be swapped at any time: every handshake uses what is
// held at that moment, so that a renewal needs no restart, and connections that
// stand are left alone. The zero Holder is ready for [Holder.Set]. Its methods
// are safe for concurrent use; a Holder must not be copied.
type Holder struct {
	// Verify, when set, has the last word on a peer in [Holder.ServerTLS] and
	// [Holder.ClientTLS]: membership, revocation. It is called in every
	// handshake, possibly many at a time, once the certificate is verified but
	// before the peer has proved to own its key: it must only answer, not act.
	// To be set before the first handshake.
	Verify func(Identity, *x509.Certificate) error

	held atomic.Pointer[held]
}

// held is one state of a Holder. It is never modified.
type held struct {
	id     Identity
	cert   tls.Certificate
	bundle []*x509.Certificate
	roots  *x509.CertPool
}

// Set swaps the identity: one certificate, its key, and the bundle that it and
// all peers are verified against. It refuses what does not belong together, and
// another node than the one held. It accepts an expired certificate, since a
// node that comes back late holds one and has to start in order to renew it. On
// an error, which wraps [ErrKey] or [ErrIdentity], nothing is changed.
func (h *Holder) Set(certPEM, keyPEM, bundlePEM []byte) error {
	next, err := newHeld(certPEM, keyPEM, bundlePEM)
	if err != nil {
		return err
	}
	for {
		now := h.held.Load()
		if now != nil && (now.id.Cluster != next.id.Cluster || now.id.Kind != next.id.Kind || now.id.ID != next.id.ID) {
			return fmt.Errorf("%w: a certificate of %s %s in cluster %s cannot replace that of %s %s in cluster %s", ErrIdentity,
				next.id.Kind, next.id.ID, next.id.Cluster, now.id.Kind, now.id.ID, now.id.Cluster)
		}
		if h.held.CompareAndSwap(now, next) {
			return nil
		}
	}
}

func newHeld(certPEM, keyPEM, bundlePEM []byte) (*held, error) {
	der, err := onePEM(certPEM, pemCert)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrKey, err)
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%w: the certificate is of another key", ErrKey)
	}
	bundle, err := parseBundle(bundlePEM)
	if err != nil {
		return nil, err
	}
	id, err := IdentityOf(leaf)
	if err != nil {
		return nil, err
	}
	roots := poolOf(bundle)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: leaf.NotAfter}); err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrKey, err)
	}
	cert := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	return &held{id: id, cert: cert, bundle: bundle, roots: roots}, nil
}

// Certificate returns the certificate held, nil while there is none. It must not
// be modified.
func (h *Holder) Certificate() *x509.Certificate {
	if now := h.held.Load(); now != nil {
		return now.cert.Leaf
	}
	return nil
}

// Identity returns who the node is, the zero Identity while there is no certificate.
func (h *Holder) Identity() Identity {
	now := h.held.Load()
	if now == nil {
		return Identity{}
	}
	id := now.id
	id.Roles = slices.Clone(id.Roles)
	return id
}

// Bundle returns what peers are verified against, in PEM, nil while there is no
// certificate.
func (h *Holder) Bundle() []byte {
	if now := h.held.Load(); now != nil {
		return encodeBundle(now.bundle)
	}
	return nil
}

// ServerTLS is for a port where nodes speak to this one: TLS 1.3, a client
// certificate of this cluster, and one of the protocols, the first agreed one in
// the order given; with no protocols given, none is asked for. It admits agents
// and managers alike: who may use which protocol is for the caller to decide,
// from [PeerOf] and the agreed protocol.
func (h *Holder) ServerTLS(alpn ...string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             alpn,
		ClientAuth:             tls.RequireAnyClientCert, // verified below, against the bundle of the moment
		SessionTicketsDisabled: true,                     // a resumed session would outlive a renewal of trust
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return h.shown()
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			if _, err := h.verify(state, x509.ExtKeyUsageClientAuth); err != nil {
				return err
			}
			return checkProtocol(state, len(alpn) > 0)
		},
	}
}

// ClientTLS is for dialling a node: TLS 1.3, this node's certificate shown, and
// the protocol agreed (none is asked for when alpn is empty). The peer must be
// the node expectID. An empty expectID stands for any manager, and for no agent:
// what is meant for the managers must not reach a node that took one's address.
// Host names are not compared.
func (h *Holder) ClientTLS(alpn string, expectID string) *tls.Config {
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS13,
		// The identity is the URI, not the host name; VerifyConnection verifies.
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return h.shown()
		},
		VerifyConnection: func(state tls.ConnectionState) error {
			id, err := h.verify(state, x509.ExtKeyUsageServerAuth)
			if err != nil {
				return err
			}
			if expectID == "" && id.Kind != Manager {
				return fmt.Errorf("%w: %s %s is not a manager", ErrPeer, id.Kind, id.ID)
			}
			if expectID != "" && id.ID != expectID {
				return fmt.Errorf("%w: it is %s %s, not %s", ErrPeer, id.Kind, id.ID, expectID)
			}
			return checkProtocol(state, alpn != "")
		},
	}
	if alpn != "" {
		cfg.NextProtos = []string{alpn}
	}
	return cfg
}

// HTTPSTLS is for the port that people and joining nodes dial: TLS 1.2 or newer,
// no client certificate, HTTP/2 or HTTP/1.1. It shows the bundle behind the
// certificate, which [PinnedTLS] needs.
func (h *Holder) HTTPSTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			now := h.held.Load()
			if now == nil {
				return nil, ErrNoIdentity
			}
			cert := now.cert
			cert.Certificate = slices.Clone(cert.Certificate)
			for _, ca := range now.bundle {
				cert.Certificate = append(cert.Certificate, ca.Raw)
			}
			return &cert, nil
		},
	}
}

func (h *Holder) shown() (*tls.Certificate, error) {
	now := h.held.Load()
	if now == nil {
		return nil, ErrNoIdentity
	}
	return &now.cert, nil
}

// verify decides whether the peer is a node of this cluster.
func (h *Holder) verify(state tls.ConnectionState, usage x509.ExtKeyUsage) (Identity, error) {
	now := h.held.Load()
	if now == nil {
		return Identity{}, ErrNoIdentity
	}
	id, err := PeerOf(state)
	if err != nil {
		return Identity{}, err
	}
	leaf := state.PeerCertificates[0]
	if err := verifyLeaf(leaf, now.roots, usage); err != nil {
		return Identity{}, err
	}
	if id.Cluster != now.id.Cluster {
		return Identity{}, fmt.Errorf("%w: it belongs to cluster %s, not %s", ErrPeer, id.Cluster, now.id.Cluster)
	}
	if h.Verify != nil {
		if err := h.Verify(id, leaf); err != nil {
			return Identity{}, fmt.Errorf("%s %s: %w", id.Kind, id.ID, err)
		}
	}
	return id, nil
}

func verifyLeaf(leaf *x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage) error {
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}})
	if err != nil {
		return fmt.Errorf("%w: its certificate: %w", ErrPeer, err)
	}
	return nil
}

// checkProtocol closes a gap in the TLS package: when one side offers no
// protocol at all, the handshake succeeds without one.
func checkProtocol(state tls.ConnectionState, wanted bool) error {
	if wanted && state.NegotiatedProtocol == "" {
		return fmt.Errorf("%w: no protocol was agreed", ErrPeer)
	}
	return nil
}

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// ErrPin is wrapped when a server's bundle is not the one that a join token was
// made for: the wrong cluster, an old token, or somebody in between.
var ErrPin = errors.New("the server's authority does not match the pin")

// PinnedTLS is for a node that has a join token and no certificate yet. It
// dials a manager's HTTPS port and completes a handshake only when the whole
// bundle shown has the digest pin (see [Pin]) and has signed the server's
// certificate, which must be a manager's: any agent could show the same bundle.
// Host names are not compared.
//
// got, when not nil, is called in the handshake with the bundle in PEM. The
// bundle is then known to be the right one; that the server is, only once the
// handshake has succeeded. Errors wrap [ErrPin], [ErrPeer] or [ErrIdentity].
func PinnedTLS(pin string, got func(bundlePEM []byte)) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2", "http/1.1"},
		// No authority is known yet but the pin; VerifyConnection verifies.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			bundle, err := verifyPinned(state, pin)
			if err != nil {
				return err
			}
			if got != nil {
				got(encodeBundle(bundle))
			}
			return nil
		},
	}
}

func verifyPinned(state tls.ConnectionState, pin string) ([]*x509.Certificate, error) {
	if len(state.PeerCertificates) < 2 {
		return nil, fmt.Errorf("%w: it shows no authority at all", ErrPin)
	}
	bundle := state.PeerCertificates[1:]
	if shown := pinOf(bundle); shown != pin {
		return nil, fmt.Errorf("%w: it is %s, the pin is %s", ErrPin, shown, pin)
	}
	id, err := PeerOf(state)
	if err != nil {
		return nil, err
	}
	for _, ca := range bundle {
		cluster, err := clusterOf(ca)
		if err != nil {
			return nil, err
		}
		if cluster != id.Cluster || !isAuthority(ca) {
			return nil, fmt.Errorf("%w: %q is not an authority of cluster %s", ErrPin, ca.Subject, id.Cluster)
		}
	}
	if err := verifyLeaf(state.PeerCertificates[0], poolOf(bundle), x509.ExtKeyUsageServerAuth); err != nil {
		return nil, err
	}
	if id.Kind != Manager {
		return nil, fmt.Errorf("%w: %s %s is not a manager", ErrPeer, id.Kind, id.ID)
	}
	return bundle, nil
}

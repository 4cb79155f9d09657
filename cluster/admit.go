package cluster

import (
	"crypto/x509"
	"slices"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// admits tells why a peer may not use a protocol of the members' port. The
// certificate was verified before: what is asked here is what a certificate
// cannot say.
//
// A member that is late, or has only just joined, does not know everybody yet,
// and must nevertheless listen to a leader that it has never heard of. So who
// is unknown here is let in by a certificate of a manager; who was removed is
// not.
func (n *Node) admits(peer pki.Identity, cert *x509.Certificate, alpn string) error {
	if alpn != ALPNAgent && !isManager(peer) {
		return fsm.Errorf(fsm.Denied, "%s %s is not a manager and may not use %s", peer.Kind, peer.ID, alpn)
	}
	v := n.state.Now()
	if removed(v, peer.ID) {
		return fsm.Errorf(fsm.Denied, "node %s was removed from the grid", peer.ID)
	}
	if c, ok := v.Certificates.Get(serial(cert)); ok && c.RevokedAt != 0 {
		return fsm.Errorf(fsm.Denied, "certificate %s of node %s was revoked", serial(cert), peer.ID)
	}
	if member, ok := v.Nodes.Get(peer.ID); ok && alpn != ALPNAgent && !member.Has(fsm.RoleManager) {
		return fsm.Errorf(fsm.Denied, "node %s is no manager any longer", peer.ID)
	}
	return nil
}

// known refuses a manager that the state does not name: for calls that change
// the state, which are served by a leader, whose state is not late.
func (n *Node) known(peer pki.Identity, cert *x509.Certificate) error {
	if err := n.admits(peer, cert, ALPNRPC); err != nil {
		return err
	}
	return n.state.Now().Admits(peer.ID, serial(cert))
}

// removed tells whether a node was a member and is none any longer: its
// certificates are still there, and revoked.
func removed(v *fsm.View, id string) bool {
	if _, ok := v.Nodes.Get(id); ok {
		return false
	}
	for c := range v.Certificates.By("node", id) {
		if c.RevokedAt != 0 {
			return true
		}
	}
	return false
}

// serial is the id of a certificate in the state.
func serial(cert *x509.Certificate) string { return cert.SerialNumber.Text(16) }

// addresses are where the member with that id may be: as the state says, then
// as gossip says. The one who answers there must prove to be it.
func (n *Node) addresses(id string) []string {
	var addrs []string
	if m, ok := n.state.Now().Nodes.Get(id); ok && m.Addresses.Member != "" {
		addrs = append(addrs, m.Addresses.Member)
	}
	if hint := n.gossip.address(id); hint != "" && !slices.Contains(addrs, hint) {
		addrs = append(addrs, hint)
	}
	return addrs
}

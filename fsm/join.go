package fsm

import (
	"bytes"
	"fmt"
)

// JoinNode admits a node by a token. Done twice with the same key and token it
// admits once, and both times gives the id of the same certificate.
type JoinNode struct {
	Token       string      `cbor:"token"`  // id of the token
	Secret      []byte      `cbor:"secret"` // SHA-256 of its secret
	Key         []byte      `cbor:"key"`    // SHA-256 of the public key in the request
	Node        NewNode     `cbor:"node"`
	Certificate Certificate `cbor:"certificate"`
}

func (c *JoinNode) apply(tx *Tx) (string, error) {
	t, err := tx.joinToken(c.Token, c.Secret)
	if err != nil {
		return "", err
	}
	for cert := range tx.Certificates.By("key", string(c.Key)) {
		if cert.Token == t.ID && cert.RevokedAt == 0 {
			return cert.ID, nil // asked again
		}
	}
	if t.Revoked || t.ExpiresAt <= tx.At {
		return "", Errorf(Unauthorized, "join token %s has expired or was revoked; make a new one: bcm token create", t.ID)
	}
	if t.Used >= t.Uses {
		return "", Errorf(Unauthorized, "join token %s has been used %d times, as often as it may; make a new one: bcm token create", t.ID, t.Uses)
	}
	if err := checkRoles(c.Node.Roles, t.Roles); err != nil {
		return "", Errorf(Denied, "join token %s: %v", t.ID, err)
	}
	c.Certificate.Token, c.Certificate.Key = t.ID, c.Key
	if err := c.enter(tx); err != nil {
		return "", err
	}
	n := *t
	n.Used++
	put(tx, &tx.Tokens, &n)
	tx.detail = fmt.Sprintf("roles %v by token %s", c.Node.Roles, t.ID)
	return c.Certificate.ID, nil
}

// enter admits a new node, or gives one that is a member a new certificate: it
// was away for longer than its old one lived. That it is the same node is shown
// by its key.
func (c *JoinNode) enter(tx *Tx) error {
	old, ok := tx.Nodes.Get(c.Node.ID)
	if !ok {
		return c.Node.admit(tx, c.Certificate)
	}
	last, ok := tx.Certificates.Get(old.Certificate)
	if !ok || len(c.Key) == 0 || !bytes.Equal(last.Key, c.Key) {
		return Errorf(Conflict, "node %s is a member already and has another key; remove it first, or join with an empty directory", old.Name)
	}
	if err := checkRoles(c.Node.Roles, old.Allowed); err != nil {
		return Errorf(Denied, "node %s: %v", old.Name, err)
	}
	n := *old
	n.Addresses, n.Version, n.Understands = c.Node.Addresses, c.Node.Version, c.Node.Understands
	n.Certificate, n.NotAfter = c.Certificate.ID, c.Certificate.NotAfter
	put(tx, &tx.Nodes, &n)
	cert := c.Certificate
	cert.Node = n.ID
	if err := newRow(&tx.Certificates, "certificate", cert.ID); err != nil {
		return err
	}
	put(tx, &tx.Certificates, &cert)
	return nil
}

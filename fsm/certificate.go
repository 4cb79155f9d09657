package fsm

import "time"

// CertificateKind tells what a certificate is for.
type CertificateKind string

// The kinds of certificates.
const (
	MemberCertificate CertificateKind = ""      // a member's, whose key never leaves it
	HTTPSCertificate  CertificateKind = "https" // that a SEP sesam server shows; see [InstallPair]
)

// Certificate is one that the cluster's CA has issued to a member, or one with
// which a SEP sesam server serves HTTPS.
type Certificate struct {
	Meta               // ID is of a member's the serial number, in hexadecimal
	Node      string   `cbor:"node"`
	Roles     []string `cbor:"roles"`
	NotBefore Time     `cbor:"not_before"`
	NotAfter  Time     `cbor:"not_after"`
	Key       []byte   `cbor:"key"`             // SHA-256 of the public key
	Token     string   `cbor:"token,omitempty"` // the join token it was got with, of a first one
	PEM       []byte   `cbor:"pem"`
	RevokedAt Time     `cbor:"revoked_at"`

	// Of HTTPS alone:
	Kind        CertificateKind `cbor:"kind,omitempty"`
	Sealed      []byte          `cbor:"sealed,omitempty"`   // the private key, sealed under "pair/ID", until it is installed
	Imported    bool            `cbor:"imported,omitempty"` // somebody brought it; else the cluster's CA issued it
	Fingerprint string          `cbor:"fingerprint,omitempty"`
	InstalledAt Time            `cbor:"installed_at,omitempty"`
	Error       string          `cbor:"error,omitempty"` // why it could not be installed
}

var certificates = define(schema[Certificate]{
	name: "certificates",
	meta: func(c *Certificate) *Meta { return &c.Meta },
	indexes: []indexDef[Certificate]{
		byText("node", func(c *Certificate) *string { return &c.Node }, nil),
		byEach("key", func(c *Certificate, emit func(string)) { emit(string(c.Key)) }),
		byNumber("not_after", func(c *Certificate) *Time { return &c.NotAfter }, nil),
	},
	texts: func(c *Certificate, emit func(string)) { emit(c.Node) },
})

// IssueCertificate records a member's next certificate, and forgets those of it
// that have expired.
type IssueCertificate struct {
	Certificate Certificate `cbor:"certificate"`
}

func (c *IssueCertificate) apply(tx *Tx) (string, error) {
	old, err := tx.reporting(c.Certificate.Node)
	if err != nil {
		return "", err
	}
	if err := newRow(&tx.Certificates, "certificate", c.Certificate.ID); err != nil {
		return "", err
	}
	cert := c.Certificate
	put(tx, &tx.Certificates, &cert)
	n := *old
	n.Certificate, n.NotAfter = cert.ID, cert.NotAfter
	put(tx, &tx.Nodes, &n)
	tx.forgetCertificates(&n)
	return cert.ID, nil
}

// keepRevoked is how long after its end a revoked certificate is remembered:
// longer than one that has ended may still be renewed with.
const keepRevoked = 8 * 24 * time.Hour

// forgetCertificates drops the certificates of a node that have ended, and a few
// that ended long ago, of nodes that are gone.
func (tx *Tx) forgetCertificates(n *Node) {
	var old []string
	for c := range tx.Certificates.By("node", n.ID) {
		if c.NotAfter < tx.At && c.RevokedAt == 0 && c.ID != n.Certificate {
			old = append(old, c.ID)
		}
	}
	mine := len(old)
	for _, c := range tx.Certificates.Walk("not_after", false, nil) {
		if len(old)-mine == 16 || c.NotAfter.Add(keepRevoked) >= tx.At {
			break
		}
		if n, ok := tx.Nodes.Get(c.Node); !ok || n.Certificate != c.ID {
			old = append(old, c.ID)
		}
	}
	for _, id := range old {
		drop(tx, &tx.Certificates, id)
	}
}

// RevokeCertificate makes a certificate worthless at once: managers ask the
// state at each call.
type RevokeCertificate struct {
	ID string `cbor:"id"`
}

func (c *RevokeCertificate) apply(tx *Tx) (string, error) {
	old, ok := tx.Certificates.Get(c.ID)
	if !ok {
		return "", notFound("certificate", c.ID)
	}
	if old.RevokedAt != 0 {
		return old.ID, nil
	}
	if old.Kind == HTTPSCertificate {
		return "", Errorf(Conflict, "nobody asks whether the certificate of a server is revoked; give the server another one: rotate it")
	}
	n := *old
	n.RevokedAt = tx.At
	put(tx, &tx.Certificates, &n)
	return n.ID, nil
}

// Admits tells why the holder of a certificate may not speak for a node, nil
// when it may.
func (v *View) Admits(node, serial string) error {
	if _, ok := v.Nodes.Get(node); !ok {
		return Errorf(Denied, "node %s is not a member of the grid, or was removed from it", node)
	}
	if c, ok := v.Certificates.Get(serial); ok && c.RevokedAt != 0 {
		return Errorf(Denied, "certificate %s of node %s was revoked", serial, node)
	}
	return nil
}

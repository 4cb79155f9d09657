package api

import (
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Certificate is one of a member, whose id is the serial number in hexadecimal, or
// one with which a SEP sesam server serves HTTPS. Keys are never shown.
type Certificate struct {
	Meta
	Kind      string     `json:"kind" doc:"member or https"`
	Status    string     `json:"status" doc:"active, installing, failed, replaced, revoked or expired"`
	Node      string     `json:"node" doc:"Name"`
	Roles     []string   `json:"roles"`
	NotBefore time.Time  `json:"not_before"`
	NotAfter  time.Time  `json:"not_after"`
	RevokedAt *time.Time `json:"revoked_at"`
	Current   bool       `json:"current" doc:"The newest one of its node, or the one that its server serves"`
	PEM       string     `json:"pem"`

	Fingerprint string     `json:"fingerprint,omitempty" doc:"Of https: SHA-256, in hexadecimal"`
	Imported    bool       `json:"imported,omitempty" doc:"Of https: somebody brought it; otherwise the cluster's CA issued it, and it is renewed in time"`
	RenewAt     *time.Time `json:"renew_at,omitempty" doc:"Of https: when it is renewed"`
	InstalledAt *time.Time `json:"installed_at,omitempty" doc:"Of https: when the server was seen to serve it"`
	Error       string     `json:"error,omitempty" doc:"Of https: why it could not be installed"`
}

// CA is the cluster's certificate authority.
type CA struct {
	Cluster string `json:"cluster" doc:"Id"`
	PEM     string `json:"pem" doc:"What members and people trust"`
	Pin     string `json:"pin" doc:"SHA-256 of the whole bundle, as join tokens have it"`
}

func certificateMeta(c *fsm.Certificate) *fsm.Meta { return &c.Meta }

func showCertificate(a *API, v *fsm.View, c *fsm.Certificate) Certificate {
	out := Certificate{Meta: metaOf(&c.Meta), Kind: certificateKind(c), Node: nodeName(v, c.Node), Roles: some(c.Roles), NotBefore: c.NotBefore.Time(),
		NotAfter: c.NotAfter.Time(), RevokedAt: moment(c.RevokedAt), Current: isCurrent(v, c), PEM: string(c.PEM),
		Fingerprint: c.Fingerprint, Imported: c.Imported, RenewAt: moment(c.RenewAt()), InstalledAt: moment(c.InstalledAt), Error: c.Error}
	switch {
	case c.RevokedAt != 0:
		out.Status = "revoked"
	case c.Error != "":
		out.Status = "failed"
	case c.Kind == fsm.HTTPSCertificate && c.InstalledAt == 0:
		out.Status = "installing"
	case c.NotAfter.Time().Before(a.Now()):
		out.Status = "expired"
	case !out.Current:
		out.Status = "replaced"
	default:
		out.Status = "active"
	}
	return out
}

func certificateKind(c *fsm.Certificate) string {
	if c.Kind == fsm.MemberCertificate {
		return "member"
	}
	return string(c.Kind)
}

// isCurrent tells whether a certificate is the one in use.
func isCurrent(v *fsm.View, c *fsm.Certificate) bool {
	if s, ok := v.Servers.Get(c.Node); ok {
		return s.Pair.Certificate == c.ID
	}
	n, ok := v.Nodes.Get(c.Node)
	return ok && n.Certificate == c.ID
}

func certificateListing() listing[fsm.Certificate, Certificate] {
	return listing[fsm.Certificate, Certificate]{
		table: func(v *fsm.View) *fsm.Table[fsm.Certificate] { return &v.Certificates },
		meta:  certificateMeta,
		show:  showCertificate,
		sort:  "not_after",
		filters: []filter[fsm.Certificate]{
			ofNode("node", func(c *fsm.Certificate, key string) bool { return c.Node == key }),
			{name: "kind", says: "What it is for", known: []string{"member", "https"}, has: func(c *fsm.Certificate, key string) bool { return certificateKind(c) == key }},
			yesNo("revoked", "Only revoked certificates, or only the others", func(c *fsm.Certificate) bool { return c.RevokedAt != 0 }),
		},
		orders: []order[fsm.Certificate]{
			byTime("not_after", "not_after", func(c *fsm.Certificate) fsm.Time { return c.NotAfter }),
			shownAs("node", func(v *fsm.View, c *fsm.Certificate) string { return nodeName(v, c.Node) }),
			shownAs("kind", func(_ *fsm.View, c *fsm.Certificate) string { return certificateKind(c) }),
			byCreation("", certificateMeta),
			byChange(certificateMeta),
		},
		texts: func(v *fsm.View, q string) func(c *fsm.Certificate) bool {
			nodes := nodesLike(v, q)
			return func(c *fsm.Certificate) bool { return nodes[c.Node] }
		},
	}
}

func getCertificate(c *call) (Certificate, error) {
	row, err := find(&c.view.Certificates, "certificate", c.param("certificate"))
	if err != nil {
		return Certificate{}, err
	}
	return showCertificate(c.API, c.view, row), nil
}

func revokeCertificate(c *call) (Certificate, error) {
	row, err := find(&c.view.Certificates, "certificate", c.param("certificate"))
	if err != nil {
		return Certificate{}, err
	}
	result, err := c.apply(&fsm.RevokeCertificate{ID: row.ID})
	if err != nil {
		return Certificate{}, err
	}
	if row, err = made(&c.view.Certificates, "certificate", result.ID); err != nil {
		return Certificate{}, err
	}
	return showCertificate(c.API, c.view, row), nil
}

func getCA(c *call) (CA, error) {
	bundle := c.view.Setting(fsm.CACertificate)
	if bundle == nil {
		return CA{}, fsm.Errorf(fsm.Unavailable, "the cluster has not begun")
	}
	pin, err := pki.Pin(bundle)
	if err != nil {
		return CA{}, err
	}
	return CA{Cluster: string(c.view.Setting(fsm.ClusterID)), PEM: string(bundle), Pin: pin}, nil
}

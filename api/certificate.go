package api

import (
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Certificate is one that the cluster's CA has issued. Its id is the serial
// number in hexadecimal.
type Certificate struct {
	Meta
	Node      string     `json:"node" doc:"Name"`
	Roles     []string   `json:"roles"`
	NotBefore time.Time  `json:"not_before"`
	NotAfter  time.Time  `json:"not_after"`
	RevokedAt *time.Time `json:"revoked_at"`
	Current   bool       `json:"current" doc:"The newest one of its node"`
	PEM       string     `json:"pem"`
}

// CA is the cluster's certificate authority.
type CA struct {
	Cluster string `json:"cluster" doc:"Id"`
	PEM     string `json:"pem" doc:"What members and people trust"`
	Pin     string `json:"pin" doc:"SHA-256 of the whole bundle, as join tokens have it"`
}

func certificateMeta(c *fsm.Certificate) *fsm.Meta { return &c.Meta }

func showCertificate(_ *API, v *fsm.View, c *fsm.Certificate) Certificate {
	n, ok := v.Nodes.Get(c.Node)
	return Certificate{Meta: metaOf(&c.Meta), Node: nodeName(v, c.Node), Roles: some(c.Roles), NotBefore: c.NotBefore.Time(),
		NotAfter: c.NotAfter.Time(), RevokedAt: moment(c.RevokedAt), Current: ok && n.Certificate == c.ID, PEM: string(c.PEM)}
}

func certificateListing() listing[fsm.Certificate, Certificate] {
	return listing[fsm.Certificate, Certificate]{
		table: func(v *fsm.View) *fsm.Table[fsm.Certificate] { return &v.Certificates },
		meta:  certificateMeta,
		show:  showCertificate,
		sort:  "not_after",
		filters: []filter[fsm.Certificate]{
			ofNode("node", func(c *fsm.Certificate, key string) bool { return c.Node == key }),
			yesNo("revoked", "Only revoked certificates, or only the others", func(c *fsm.Certificate) bool { return c.RevokedAt != 0 }),
		},
		orders: []order[fsm.Certificate]{
			byTime("not_after", "not_after", func(c *fsm.Certificate) fsm.Time { return c.NotAfter }),
			shownAs("node", func(v *fsm.View, c *fsm.Certificate) string { return nodeName(v, c.Node) }),
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

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"reflect"
	"testing"
)

func TestIdentityOf(t *testing.T) {
	for name, c := range map[string]struct {
		uris []string
		want Identity
	}{
		"agent without roles": {
			[]string{"bcm://c1/agent/n1"},
			Identity{Cluster: "c1", Kind: Agent, ID: "n1"},
		},
		"roles in order, wherever the node stands": {
			[]string{"bcm://c1/role/b", "bcm://c1/manager/n1", "bcm://c1/role/a"},
			Identity{Cluster: "c1", Kind: Manager, ID: "n1", Roles: []string{"b", "a"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := IdentityOf(&x509.Certificate{URIs: uris(t, c.uris...)})
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestIdentityOfRefuses(t *testing.T) {
	for name, all := range map[string][]string{
		"no URI":             {},
		"only roles":         {"bcm://c1/role/a"},
		"two nodes":          {"bcm://c1/agent/n1", "bcm://c1/agent/n2"},
		"the same twice":     {"bcm://c1/agent/n1", "bcm://c1/agent/n1"},
		"agent and manager":  {"bcm://c1/agent/n1", "bcm://c1/manager/n1"},
		"role twice":         {"bcm://c1/agent/n1", "bcm://c1/role/a", "bcm://c1/role/a"},
		"role of another":    {"bcm://c1/agent/n1", "bcm://c2/role/a"},
		"other scheme":       {"spiffe://c1/agent/n1"},
		"other scheme too":   {"bcm://c1/agent/n1", "spiffe://c1/agent/n1"},
		"authority's URI":    {"bcm://c1"},
		"unknown kind":       {"bcm://c1/boss/n1"},
		"upper-case kind":    {"bcm://c1/Manager/n1"},
		"upper-case cluster": {"bcm://C1/agent/n1"},
		"empty cluster":      {"bcm:///agent/n1"},
		"empty id":           {"bcm://c1/agent/"},
		"longer path":        {"bcm://c1/agent/n1/n2"},
		"final slash":        {"bcm://c1/agent/n1/"},
		"escaped":            {"bcm://c1/agent/n%31"},
		"escaped slash":      {"bcm://c1/agent/n1%2fn2"},
		"dots":               {"bcm://c1/agent/../n1"},
		"user":               {"bcm://boss@c1/agent/n1"},
		"port":               {"bcm://c1:1/agent/n1"},
		"query":              {"bcm://c1/agent/n1?x"},
		"empty query":        {"bcm://c1/agent/n1?"},
		"fragment":           {"bcm://c1/agent/n1#x"},
		"opaque":             {"bcm:c1/agent/n1"},
		"newline":            {"bcm://c1/agent/n1%0a"},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := IdentityOf(&x509.Certificate{URIs: uris(t, all...)})
			if !errors.Is(err, ErrIdentity) || !reflect.DeepEqual(id, Identity{}) {
				t.Errorf("%q is %+v, %v", all, id, err)
			}
		})
	}
	if _, err := PeerOf(tls.ConnectionState{}); !errors.Is(err, ErrIdentity) {
		t.Errorf("a peer without a certificate: %v", err)
	}
}

func TestHasRole(t *testing.T) {
	id := Identity{Roles: []string{"backup-manager"}}
	if !id.HasRole("backup-manager") || id.HasRole("backup") || id.HasRole("") {
		t.Error("roles are not compared whole")
	}
}

// FuzzIdentityOf holds that what is accepted is exactly what is written.
func FuzzIdentityOf(f *testing.F) {
	f.Add("bcm://c1/agent/n1", "bcm://c1/role/backup-manager")
	f.Add("bcm://c1/manager/n1", "bcm://c2/role/r")
	f.Add("bcm://c1/agent/n%31?", "bcm://c1/agent/n1#")
	f.Fuzz(func(t *testing.T, a, b string) {
		cert := &x509.Certificate{}
		for _, s := range []string{a, b} {
			if u, err := url.Parse(s); err == nil {
				cert.URIs = append(cert.URIs, u)
			}
		}
		id, err := IdentityOf(cert)
		if err != nil {
			return
		}
		written := make(map[string]bool)
		for _, u := range id.URIs() {
			written[u.String()] = true
		}
		for _, u := range cert.URIs {
			if !written[u.String()] {
				t.Errorf("%q was read as %+v", u, id)
			}
		}
		if len(written) != len(cert.URIs) {
			t.Errorf("%d URIs were read as %d", len(cert.URIs), len(written))
		}
	})
}

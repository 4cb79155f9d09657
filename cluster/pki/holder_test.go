package pki

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

const alpn = "bcm-test/1"

func TestHandshake(t *testing.T) {
	ca := newCA(t, "c1")
	manager, agent := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2")
	for name, c := range map[string]struct {
		server, client *Holder
		alpn, expect   string
	}{
		"agent to any manager":  {manager, agent, alpn, ""},
		"agent to this manager": {manager, agent, alpn, "n1"},
		"manager to this agent": {agent, manager, alpn, "n2"},
		"without a protocol":    {manager, agent, "", ""},
		"manager to itself":     {manager, manager, alpn, "n1"},
	} {
		t.Run(name, func(t *testing.T) {
			atServer, atClient := connect(t, c.server.ServerTLS("other/1", alpn), c.client.ClientTLS(c.alpn, c.expect))
			if c.alpn == "" {
				atServer, atClient = connect(t, c.server.ServerTLS(), c.client.ClientTLS("", c.expect))
			}
			if atServer.err != nil || atClient.err != nil {
				t.Fatalf("server: %v, client: %v", atServer.err, atClient.err)
			}
			for _, end := range []struct {
				at   tls.ConnectionState
				peer *Holder
			}{{atServer.state, c.client}, {atClient.state, c.server}} {
				id := must[Identity](t)(PeerOf(end.at))
				if want := end.peer.Identity(); id.ID != want.ID || id.Kind != want.Kind || !slices.Equal(id.Roles, want.Roles) {
					t.Errorf("peer is %+v, want %+v", id, want)
				}
				if end.at.Version != tls.VersionTLS13 || end.at.NegotiatedProtocol != c.alpn || end.at.DidResume {
					t.Errorf("version %x, protocol %q, resumed %v", end.at.Version, end.at.NegotiatedProtocol, end.at.DidResume)
				}
			}
		})
	}
}

// strangers are certificates that no node may be accepted with, as a server or
// as a client, by a node of cluster c1 under the authority.
func strangers(t *testing.T, ca *CA) map[string]tls.Certificate {
	twin, other := newCA(t, "c1"), newCA(t, "c2")
	node := forge(t, ca.signer, ca.key, func(*x509.Certificate) {})
	forgery := func(change func(*x509.Certificate)) tls.Certificate { return forge(t, ca.signer, ca.key, change) }
	names := func(all ...string) tls.Certificate {
		return forgery(func(c *x509.Certificate) { c.URIs = uris(t, all...) })
	}
	out := map[string]tls.Certificate{
		"foreign authority, same cluster id": forge(t, twin.signer, twin.key, func(*x509.Certificate) {}),
		"foreign authority of another":       forge(t, other.signer, other.key, func(c *x509.Certificate) { c.URIs = uris(t, "bcm://c2/manager/n1") }),
		"signed by itself":                   forge(t, nil, nil, func(*x509.Certificate) {}),
		"cluster of another":                 names("bcm://c2/manager/n1"),
		"no URI":                             names(),
		"two nodes":                          names("bcm://c1/manager/n1", "bcm://c1/agent/n2"),
		"role of another cluster":            names("bcm://c1/manager/n1", "bcm://c2/role/r"),
		"other scheme":                       names("spiffe://c1/manager/n1"),
		"expired": forgery(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Minute), time.Now().Add(-time.Minute)
		}),
		"not yet valid": forgery(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }),
		"for signing code": forgery(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}),
		"the authority itself": {Certificate: [][]byte{ca.signer.Raw}, PrivateKey: ca.key},
	}
	// A node that plays authority, its own certificate shown behind its work.
	nodeKey, ok := node.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatal("forge made another kind of key")
	}
	child := forge(t, node.Leaf, nodeKey, func(*x509.Certificate) {})
	child.Certificate = append(child.Certificate, node.Leaf.Raw)
	out["signed by a node"] = child
	return out
}

func TestServerRefusesStrangers(t *testing.T) {
	ca := newCA(t, "c1")
	server := holderOf(t, ca, Manager, "n9")
	for name, cert := range strangers(t, ca) {
		t.Run(name, func(t *testing.T) {
			atServer, atClient := connect(t, server.ServerTLS(alpn), &tls.Config{
				InsecureSkipVerify: true, NextProtos: []string{alpn}, Certificates: []tls.Certificate{cert},
			})
			if !errors.Is(atServer.err, ErrPeer) && !errors.Is(atServer.err, ErrIdentity) {
				t.Errorf("server: %v", atServer.err)
			}
			if atClient.err == nil {
				t.Error("the client was answered")
			}
		})
	}
}

func TestClientRefusesStrangers(t *testing.T) {
	ca := newCA(t, "c1")
	client := holderOf(t, ca, Agent, "n9")
	for name, cert := range strangers(t, ca) {
		t.Run(name, func(t *testing.T) {
			atServer, atClient := connect(t, &tls.Config{
				NextProtos: []string{alpn}, Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert,
			}, client.ClientTLS(alpn, "n1"))
			if !errors.Is(atClient.err, ErrPeer) && !errors.Is(atClient.err, ErrIdentity) {
				t.Errorf("client: %v", atClient.err)
			}
			if atServer.err == nil || len(atServer.state.PeerCertificates) > 0 {
				t.Error("the client showed itself to the stranger")
			}
		})
	}
}

func TestServerRefusesConnections(t *testing.T) {
	ca := newCA(t, "c1")
	server, client := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2")
	with := func(change func(*tls.Config)) *tls.Config {
		cfg := client.ClientTLS(alpn, "")
		change(cfg)
		return cfg
	}
	for name, c := range map[string]struct {
		client *tls.Config
		want   error // nil for errors of the TLS package, which have no names
	}{
		"TLS 1.2":        {with(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }), nil},
		"no certificate": {with(func(c *tls.Config) { c.GetClientCertificate = nil }), nil},
		"other protocol": {with(func(c *tls.Config) { c.NextProtos = []string{"other/1"} }), nil},
		"no protocol":    {with(func(c *tls.Config) { c.NextProtos, c.VerifyConnection = nil, nil }), ErrPeer},
	} {
		t.Run(name, func(t *testing.T) {
			atServer, _ := connect(t, server.ServerTLS(alpn), c.client)
			if atServer.err == nil || c.want != nil && !errors.Is(atServer.err, c.want) {
				t.Errorf("server: %v, want %v", atServer.err, c.want)
			}
		})
	}
}

func TestClientRefusesConnections(t *testing.T) {
	ca := newCA(t, "c1")
	manager, agent, client := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2"), holderOf(t, ca, Agent, "n3")
	old := manager.ServerTLS(alpn)
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for name, c := range map[string]struct {
		server *tls.Config
		expect string
		want   error
	}{
		"another manager":            {manager.ServerTLS(alpn), "n2", ErrPeer},
		"an agent where any manager": {agent.ServerTLS(alpn), "", ErrPeer},
		"a prefix of the id":         {manager.ServerTLS(alpn), "n", ErrPeer},
		"a server without protocols": {manager.ServerTLS(), "", ErrPeer},
		"TLS 1.2":                    {old, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, atClient := connect(t, c.server, client.ClientTLS(alpn, c.expect))
			if atClient.err == nil || c.want != nil && !errors.Is(atClient.err, c.want) {
				t.Errorf("client: %v, want %v", atClient.err, c.want)
			}
		})
	}
}

func TestVerifyHasTheLastWord(t *testing.T) {
	ca := newCA(t, "c1")
	revoked := errors.New("revoked")
	judge := func(id Identity, cert *x509.Certificate) error {
		if id.ID == "n2" && cert.SerialNumber != nil {
			return revoked
		}
		return nil
	}
	n1, n2 := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Manager, "n2")
	n1.Verify = judge
	if atServer, _ := connect(t, n1.ServerTLS(alpn), n2.ClientTLS(alpn, "")); !errors.Is(atServer.err, revoked) {
		t.Errorf("as a server: %v", atServer.err)
	}
	if _, atClient := connect(t, n2.ServerTLS(alpn), n1.ClientTLS(alpn, "")); !errors.Is(atClient.err, revoked) {
		t.Errorf("as a client: %v", atClient.err)
	}
	if atServer, _ := connect(t, n1.ServerTLS(alpn), n1.ClientTLS(alpn, "")); atServer.err != nil {
		t.Errorf("a member: %v", atServer.err)
	}
}

func TestRenewalNeedsNoRestart(t *testing.T) {
	ca := newCA(t, "c1")
	server, client := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2")
	serverTLS, clientTLS, https := server.ServerTLS(alpn), client.ClientTLS(alpn, ""), server.HTTPSTLS()

	renew(t, client, ca, client.Identity(), time.Now().Add(-2*AgentLife))
	if atServer, _ := connect(t, serverTLS, clientTLS); !errors.Is(atServer.err, ErrPeer) {
		t.Fatalf("an expired client: %v", atServer.err)
	}
	renew(t, client, ca, client.Identity(), time.Now())
	renew(t, server, ca, server.Identity(), time.Now())
	atServer, atClient := connect(t, serverTLS, clientTLS)
	if atServer.err != nil || atClient.err != nil {
		t.Fatalf("after renewal, server: %v, client: %v", atServer.err, atClient.err)
	}
	if !atClient.state.PeerCertificates[0].Equal(server.Certificate()) || !atServer.state.PeerCertificates[0].Equal(client.Certificate()) {
		t.Error("a side did not show what it holds now")
	}
	if _, atClient := connect(t, https, PinnedTLS(ca.Pin(), nil)); atClient.err != nil ||
		!atClient.state.PeerCertificates[0].Equal(server.Certificate()) {
		t.Errorf("HTTPS does not show what is held now: %v", atClient.err)
	}
}

func TestSetRefuses(t *testing.T) {
	ca, twin := newCA(t, "c1"), newCA(t, "c1")
	var h Holder
	if h.Certificate() != nil || h.Bundle() != nil || h.Identity().ID != "" {
		t.Error("a new holder holds something")
	}
	if atServer, _ := connect(t, h.ServerTLS(), holderOf(t, ca, Agent, "n2").ClientTLS("", "")); !errors.Is(atServer.err, ErrNoIdentity) {
		t.Errorf("a handshake with nothing held: %v", atServer.err)
	}
	key, otherKey := must[[]byte](t)(NewKey()), must[[]byte](t)(NewKey())
	sign := func(ca *CA, kind Kind, id string) []byte {
		return must[[]byte](t)(ca.Sign(must[[]byte](t)(NewCSR(key)), Identity{Cluster: "c1", Kind: kind, ID: id}, nil, time.Now(), AgentLife))
	}
	cert := sign(ca, Agent, "n1")
	if err := h.Set(cert, key, ca.CertPEM()); err != nil {
		t.Fatal(err)
	}
	held := h.Certificate()
	for name, c := range map[string]struct {
		cert, key, bundle []byte
		want              error
	}{
		"key of another":          {cert, otherKey, ca.CertPEM(), ErrKey},
		"bundle of another":       {cert, key, twin.CertPEM(), ErrKey},
		"no bundle":               {cert, key, nil, ErrKey},
		"no certificate":          {nil, key, ca.CertPEM(), ErrKey},
		"no key":                  {cert, nil, ca.CertPEM(), ErrKey},
		"a chain":                 {append(slices.Clone(cert), ca.CertPEM()...), key, ca.CertPEM(), ErrKey},
		"the authority's own":     {ca.CertPEM(), ca.KeyPEM(), ca.CertPEM(), ErrIdentity},
		"another node":            {sign(ca, Agent, "n2"), key, ca.CertPEM(), ErrIdentity},
		"the node as a manager":   {sign(ca, Manager, "n1"), key, ca.CertPEM(), ErrIdentity},
		"garbage for certificate": {[]byte("x"), key, ca.CertPEM(), ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			if err := h.Set(c.cert, c.key, c.bundle); !errors.Is(err, c.want) {
				t.Errorf("Set: %v, want %v", err, c.want)
			}
			if h.Certificate() != held {
				t.Error("a refused Set changed what is held")
			}
		})
	}
}

func TestHTTPS(t *testing.T) {
	ca := newCA(t, "c1")
	server := holderOf(t, ca, Manager, "n1")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.Bundle())
	unasked := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.Error("the server asked for a client certificate")
		return &tls.Certificate{}, nil
	}
	for name, c := range map[string]struct {
		client *tls.Config
		ok     bool
	}{
		"TLS 1.3":      {&tls.Config{RootCAs: roots, ServerName: "grid.example", GetClientCertificate: unasked}, true},
		"TLS 1.2":      {&tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MaxVersion: tls.VersionTLS12, GetClientCertificate: unasked}, true},
		"TLS 1.1":      {&tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"another host": {&tls.Config{RootCAs: roots, ServerName: "other.example"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, atClient := connect(t, server.HTTPSTLS(), c.client); (atClient.err == nil) != c.ok {
				t.Errorf("client: %v", atClient.err)
			}
		})
	}

	var none Holder
	if atServer, _ := connect(t, none.HTTPSTLS(), PinnedTLS(ca.Pin(), nil)); !errors.Is(atServer.err, ErrNoIdentity) {
		t.Errorf("HTTPS with nothing held: %v", atServer.err)
	}
}

// TestHTTPProtocols sees net/http speak through the configurations, whose
// protocol lists it reads.
func TestHTTPProtocols(t *testing.T) {
	ca := newCA(t, "c1")
	server, client := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2")
	for name, c := range map[string]struct {
		server, client *tls.Config
		want           string
	}{
		"people and joining nodes": {server.HTTPSTLS(), PinnedTLS(ca.Pin(), nil), "HTTP/2.0"},
		"between nodes":            {server.ServerTLS("http/1.1"), client.ClientTLS("http/1.1", "n1"), "HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
			web := &http.Server{
				TLSConfig:         c.server,
				ReadHeaderTimeout: time.Minute,
				Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Proto)) }),
			}
			done := make(chan error, 1)
			go func() { done <- web.ServeTLS(ln, "", "") }()
			dialler := &http.Client{Transport: &http.Transport{TLSClientConfig: c.client, ForceAttemptHTTP2: c.want == "HTTP/2.0"}}
			res := must[*http.Response](t)(dialler.Get("https://" + ln.Addr().String()))
			said := must[[]byte](t)(io.ReadAll(res.Body))
			_ = res.Body.Close()
			if string(said) != c.want {
				t.Errorf("it speaks %s, want %s", said, c.want)
			}
			dialler.CloseIdleConnections()
			if err := web.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	}
}

func TestHolderIsConcurrent(t *testing.T) {
	ca := newCA(t, "c1")
	server, client := holderOf(t, ca, Manager, "n1"), holderOf(t, ca, Agent, "n2")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				renew(t, server, ca, server.Identity(), time.Now())
				if atServer, atClient := connect(t, server.ServerTLS(alpn), client.ClientTLS(alpn, "n1")); atServer.err != nil || atClient.err != nil {
					t.Errorf("server: %v, client: %v", atServer.err, atClient.err)
				}
			}
		})
	}
	all.Wait()
}

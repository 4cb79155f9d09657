package pki_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"bcm/cluster/pki"
)

// A node is admitted: a manager makes a token, the node makes a key and a
// request, the authority signs, and the two then know each other by certificate.
func Example() {
	now := time.Now()
	ca, err := pki.NewCA("c1", now)
	if err != nil {
		fmt.Println(err)
		return
	}
	manager, err := admit(ca, pki.Identity{Cluster: "c1", Kind: pki.Manager, ID: "n1", Roles: []string{"cluster-manager"}}, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	// What an administrator is shown, and what the state keeps of it.
	token := pki.NewToken(false, ca.Pin())
	kept := token.Hash()

	// What the node gives back, having dialled with pki.PinnedTLS(shown.Pin, …).
	shown, err := pki.ParseToken(token.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("token accepted:", pki.EqualHash(shown.Hash(), kept))
	agent, err := admit(ca, pki.Identity{Cluster: "c1", Kind: pki.Agent, ID: "n2", Roles: []string{"backup-manager"}}, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	here, there := net.Pipe()
	server := tls.Server(there, manager.ServerTLS("bcm-agent/1"))
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	client := tls.Client(here, agent.ClientTLS("bcm-agent/1", "n1"))
	if err := client.Handshake(); err != nil {
		fmt.Println(err)
		return
	}
	if err := <-done; err != nil {
		fmt.Println(err)
		return
	}
	peer, err := pki.PeerOf(server.ConnectionState())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("the manager sees %s %s of cluster %s, which may be %v\n", peer.Kind, peer.ID, peer.Cluster, peer.Roles)
	// Output:
	// token accepted: true
	// the manager sees agent n2 of cluster c1, which may be [backup-manager]
}

func admit(ca *pki.CA, id pki.Identity, now time.Time) (*pki.Holder, error) {
	key, err := pki.NewKey()
	if err != nil {
		return nil, err
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		return nil, err
	}
	cert, err := ca.Sign(csr, id, nil, now, pki.AgentLife)
	if err != nil {
		return nil, err
	}
	node := &pki.Holder{}
	return node, node.Set(cert, key, ca.CertPEM())
}

func ExampleSeal() {
	key := pki.Key(pki.NewSecret())
	sealed := pki.Seal(key, "repository/r1", []byte("its password"))

	plain, err := pki.Open(key, "repository/r1", sealed)
	fmt.Println(string(plain), err)
	_, err = pki.Open(key, "repository/r2", sealed) // copied to another row
	fmt.Println(err)
	fmt.Println(key)
	// Output:
	// its password <nil>
	// sealed value does not open: wrong key, wrong place or damaged
	// key(hidden)
}

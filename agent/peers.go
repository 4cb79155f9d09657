package agent

import (
	"net"
	"net/http"
	"sync"
	"time"

	"bcm/cluster/pki"
)

// Peers is how a node speaks to others: by its identity, over one pool of
// connections for each of them. Its methods are safe for concurrent use.
type Peers struct {
	identity *pki.Holder

	mu      sync.Mutex
	clients map[string]*http.Client // by node id
}

// NewPeers returns the peers of the node that the identity is of.
func NewPeers(identity *pki.Holder) *Peers {
	return &Peers{identity: identity, clients: map[string]*http.Client{}}
}

// Client returns the client that speaks to one node and to no other: whoever took
// its address would have to be that node.
func (p *Peers) Client(node string) *http.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[node]; c != nil {
		return c
	}
	c := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:     p.identity.ClientTLS("http/1.1", node),
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     time.Minute, // shorter than the storage's
			MaxIdleConnsPerHost: 16,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.clients[node] = c
	return c
}

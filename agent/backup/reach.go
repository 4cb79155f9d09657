package backup

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Reach makes repositories of what the state says about where they are. Clients
// to storages are kept, one for each, so that connections and open repositories
// are used again.
type Reach struct {
	identity *pki.Holder
	cache    string
	clients  *clients
}

type clients struct {
	mu sync.Mutex
	of map[fsm.Peer]*http.Client
}

// NewReach shows identity to storages and keeps copies of what was read in cache.
func NewReach(identity *pki.Holder, cache string) Reach {
	return Reach{identity, cache, &clients{of: make(map[fsm.Peer]*http.Client)}}
}

// Repo is the repository that a names, on the first of its storages.
func (r Reach) Repo(a fsm.RepositoryAccess) (Repo, error) {
	if len(a.Storages) == 0 {
		return Repo{}, errors.New("no storage of the repository can be reached: none has an address")
	}
	if a.Password == "" {
		return Repo{}, errors.New("the repository's password was not given")
	}
	first := a.Storages[0]
	return Repo{Namespace: a.Namespace, URLs: []string{"https://" + first.Address}, HTTP: r.client(first),
		Password: a.Password, CacheDir: r.cache}, nil
}

// client speaks to the storage at the peer's address, once it has proved to be
// that node.
func (r Reach) client(p fsm.Peer) *http.Client {
	r.clients.mu.Lock()
	defer r.clients.mu.Unlock()
	if c := r.clients.of[p]; c != nil {
		return c
	}
	c := &http.Client{Transport: &http.Transport{
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// A configuration for each connection: certificates are renewed.
			d := tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: r.identity.ClientTLS("http/1.1", p.ID)}
			return d.DialContext(ctx, network, addr)
		},
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // blobs are encrypted
	}}
	r.clients.of[p] = c
	return c
}

const dialTimeout = 10 * time.Second

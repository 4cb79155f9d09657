package backup

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// errNowhere is returned for a repository that no storage is named for.
var errNowhere = errors.New("no storage has the repository")

// Reach is how a node gets at repositories: by its identity, over one pool of
// connections for each storage. It must be made by [NewReach]; its copies are the same.
type Reach struct {
	identity *pki.Holder
	cacheDir string
	pool     *pool
}

type pool struct {
	mu      sync.Mutex
	clients map[string]*http.Client // by the storage's node id
}

// NewReach returns the reach of the node that the identity is of. What is read may be
// kept in the directory; none when it is empty.
func NewReach(identity *pki.Holder, cacheDir string) Reach {
	return Reach{identity: identity, cacheDir: cacheDir, pool: &pool{clients: map[string]*http.Client{}}}
}

// Repo returns the repository that an order or a manager names. Its password must be
// open. Of several storages the first counts.
func (r Reach) Repo(a fsm.RepositoryAccess) (Repo, error) {
	if a.Password == "" {
		return Repo{}, fmt.Errorf("repository %s: %w: its password was not handed over", a.Namespace, ErrWrongKey)
	}
	if len(a.Storages) == 0 || a.Storages[0].Address == "" || a.Storages[0].ID == "" {
		return Repo{}, fmt.Errorf("repository %s: %w", a.Namespace, errNowhere)
	}
	at := a.Storages[0]
	return Repo{
		Namespace: a.Namespace, URLs: []string{"https://" + at.Address}, HTTP: r.client(at.ID),
		Password: a.Password, CacheDir: r.cacheDir,
	}, nil
}

// client returns the client that speaks to one storage and to no other: whoever took
// its address would have to be that node.
func (r Reach) client(storage string) *http.Client {
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	if c := r.pool.clients[storage]; c != nil {
		return c
	}
	c := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:     r.identity.ClientTLS("http/1.1", storage),
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     time.Minute, // shorter than the storage's
			MaxIdleConnsPerHost: 16,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r.pool.clients[storage] = c
	return c
}

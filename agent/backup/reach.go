package backup

import (
	"errors"
	"fmt"

	"bcm/agent"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// errNowhere is returned for a repository that no storage is named for.
var errNowhere = errors.New("no storage has the repository")

// Reach is how a node gets at repositories. It must be made by [NewReach]; its
// copies are the same.
type Reach struct {
	peers    *agent.Peers
	cacheDir string
}

// NewReach returns the reach of the node that the identity is of. What is read may be
// kept in the directory; none when it is empty.
func NewReach(identity *pki.Holder, cacheDir string) Reach {
	return Reach{peers: agent.NewPeers(identity), cacheDir: cacheDir}
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
	repo := Repo{
		Namespace: a.Namespace, URLs: []string{"https://" + at.Address}, HTTP: r.peers.Client(at.ID),
		Password: a.Password, CacheDir: r.cacheDir,
	}
	if !a.AsOf.IsZero() {
		repo.AsOf = a.AsOf.Time()
	}
	return repo, nil
}

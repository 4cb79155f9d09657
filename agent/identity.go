package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Identity is who a node is, kept in a directory:
//
//	node.json         its id, its name, its cluster, where managers were last
//	key.pem           its private key, which never leaves it
//	certificate.pem   what the cluster has given it
//	ca.pem            what it trusts
//
// The key stays the node's for the life of the directory: by it the cluster
// knows a node again that was away for longer than its certificate lives. The
// methods are safe for concurrent use.
type Identity struct {
	// Holder is what the node shows in connections. It holds nothing until the
	// node is admitted.
	Holder *pki.Holder

	dir string
	key []byte

	mu   sync.Mutex
	file nodeFile
}

// nodeFile is node.json.
type nodeFile struct {
	Format   int        `json:"format"`
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Cluster  string     `json:"cluster,omitempty"` // "" until admitted
	Managers []fsm.Peer `json:"managers,omitempty"`
}

const nodeFormat = 1

// ErrExpired is wrapped when a node's certificate has ended while it was away.
var ErrExpired = errors.New("the node's certificate has expired")

// OpenIdentity reads the identity in the directory, or makes a new one for a node
// of that name that is not admitted anywhere yet. Once a node is admitted, its
// name stays what it is; "" changes none.
func OpenIdentity(dir, name string) (*Identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	i := &Identity{Holder: &pki.Holder{}, dir: dir}
	data, err := os.ReadFile(i.path("node.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return i, i.make(name)
	}
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if err := json.Unmarshal(data, &i.file); err != nil {
		return nil, fmt.Errorf("identity: %s: %w", i.path("node.json"), err)
	}
	if i.file.Format > nodeFormat {
		return nil, fmt.Errorf("identity: %s was written by a newer version of bcm (format %d, this one knows %d); install that version",
			dir, i.file.Format, nodeFormat)
	}
	if i.file.Cluster == "" && name != "" && name != i.file.Name {
		i.file.Name = name
		if err := i.save(); err != nil {
			return nil, err
		}
	}
	return i, i.load()
}

// make gives a new node its id and its key.
func (i *Identity) make(name string) error {
	key, err := pki.NewKey()
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	if err := WriteFile(i.path("key.pem"), key, 0o600); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	i.key, i.file = key, nodeFile{Format: nodeFormat, ID: pki.NewID(), Name: name}
	return i.save()
}

// load reads the key, and the certificate when there is one.
func (i *Identity) load() error {
	var err error
	if i.key, err = os.ReadFile(i.path("key.pem")); err != nil {
		return fmt.Errorf("identity: the key of node %s is gone: %w; remove %s and join anew", i.file.ID, err, i.dir)
	}
	if i.file.Cluster == "" {
		return nil
	}
	cert, err := os.ReadFile(i.path("certificate.pem"))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	ca, err := os.ReadFile(i.path("ca.pem"))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return i.hold(cert, ca, i.file.Cluster)
}

// hold shows a certificate from now on, once it is known to be this node's.
func (i *Identity) hold(cert, ca []byte, cluster string) error {
	trial := &pki.Holder{}
	if err := trial.Set(cert, i.key, ca); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	if id := trial.Identity(); id.ID != i.file.ID || id.Cluster != cluster {
		return fmt.Errorf("identity: the certificate is of node %s in cluster %s, this is node %s in cluster %s; is %s the directory of another node?",
			id.ID, id.Cluster, i.file.ID, cluster, i.dir)
	}
	if err := i.Holder.Set(cert, i.key, ca); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return nil
}

func (i *Identity) path(name string) string { return filepath.Join(i.dir, name) }

func (i *Identity) save() error {
	data, err := json.MarshalIndent(i.file, "", "  ")
	if err == nil {
		err = WriteFile(i.path("node.json"), append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return nil
}

// ID is the node's, for life.
func (i *Identity) ID() string { return i.file.ID }

// Name is the one that the node has joined with, or will.
func (i *Identity) Name() string { return i.file.Name }

// Key is the node's private key, in PEM.
func (i *Identity) Key() []byte { return slices.Clone(i.key) }

// Cluster is the one that the node belongs to, "" until it is admitted.
func (i *Identity) Cluster() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.file.Cluster
}

// Managers is where managers were last.
func (i *Identity) Managers() []fsm.Peer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.file.Managers)
}

// Usable tells whether the node can speak to its cluster without a token: nil,
// an error that wraps [ErrExpired], or [pki.ErrNoIdentity] before it is admitted.
func (i *Identity) Usable(now time.Time) error {
	cert := i.Holder.Certificate()
	if cert == nil {
		return pki.ErrNoIdentity
	}
	if !now.Before(cert.NotAfter) {
		return fmt.Errorf("%w at %s", ErrExpired, cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// Request is what the cluster signs.
func (i *Identity) Request() ([]byte, error) { return pki.NewCSR(i.key) }

// Accept takes what the cluster has given: a certificate of this node, what to
// trust, and where managers are (nil: as before). It is on disk, or refused as a
// whole. A node stays in its cluster.
func (i *Identity) Accept(cluster string, cert, ca []byte, managers []fsm.Peer) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.file.Cluster != "" && i.file.Cluster != cluster {
		return fmt.Errorf("identity: %s belongs to cluster %s and cannot join cluster %s; take another data directory", i.dir, i.file.Cluster, cluster)
	}
	if err := i.hold(cert, ca, cluster); err != nil {
		return err
	}
	if err := errors.Join(WriteFile(i.path("ca.pem"), ca, 0o644), WriteFile(i.path("certificate.pem"), cert, 0o644)); err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	i.file.Cluster = cluster
	if managers != nil {
		i.file.Managers = managers
	}
	return i.save()
}

// SetManagers keeps where managers are, for the next start.
func (i *Identity) SetManagers(managers []fsm.Peer) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(managers) == 0 || slices.Equal(managers, i.file.Managers) {
		return nil
	}
	i.file.Managers = slices.Clone(managers)
	return i.save()
}

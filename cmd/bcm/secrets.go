package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"bcm/agent"
	"bcm/cluster/pki"
)

// secrets are what all managers of a cluster share and nobody else has. They lie
// in a file that its owner alone can read; with them and a snapshot a cluster can
// be brought back, and whoever has both can read all that it has stored.
type secrets struct {
	ClusterKey []byte   `json:"cluster_key"`
	GossipKeys [][]byte `json:"gossip_keys"`
	Seeds      []string `json:"seeds,omitempty"` // where gossip began
	// The CA as the state has it, its key sealed: with them a manager that was
	// away for longer than its certificate lives can make itself a new one.
	CACertificate []byte `json:"ca_certificate,omitempty"`
	CAKey         []byte `json:"ca_key,omitempty"`
}

const secretsFile = "secrets.json"

func newSecrets() secrets {
	key, gossip := pki.NewSecret(), pki.NewSecret()
	return secrets{ClusterKey: key[:], GossipKeys: [][]byte{gossip[:]}}
}

// key is the cluster key, which seals what is secret in the state.
func (s secrets) key() (pki.Key, error) {
	var k pki.Key
	if len(s.ClusterKey) != len(k) {
		return k, fmt.Errorf("%s: the cluster key has %d bytes, not %d", secretsFile, len(s.ClusterKey), len(k))
	}
	copy(k[:], s.ClusterKey)
	return k, nil
}

func (s secrets) save(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return agent.WriteFile(filepath.Join(dir, secretsFile), append(data, '\n'), 0o600)
}

func loadSecrets(dir string) (secrets, error) {
	var s secrets
	data, err := os.ReadFile(filepath.Join(dir, secretsFile))
	if err != nil {
		return s, fmt.Errorf("the cluster's secrets: %w; copy the file from another manager", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", secretsFile, err)
	}
	return s, nil
}

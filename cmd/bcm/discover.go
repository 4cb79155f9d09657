package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"bcm/cluster"
)

// discover finds managers by gossip where the node was given the key to it.
func (n *node) discover(ctx context.Context) ([]string, error) {
	g := n.cfg.Gossip
	if g.KeyFile == "" {
		return nil, nil
	}
	clusterID, key, err := readGossipKey(g.KeyFile)
	if err != nil {
		return nil, err
	}
	if len(g.Seeds) == 0 {
		return nil, usageError{errors.New("--gossip: a gossip key needs an address to begin with (host:7445)")}
	}
	return cluster.Discover(ctx, clusterID, key, g.Seeds, n.log.Named("gossip"))
}

// readGossipKey reads a file that `bcm operator gossip keys` wrote: the id of the
// cluster, a space, and the key in base64.
func readGossipKey(path string) (clusterID string, key []byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("gossip key: %w", err)
	}
	clusterID, text, ok := strings.Cut(strings.TrimSpace(string(data)), " ")
	if ok {
		key, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	}
	if !ok || err != nil || len(key) != 32 {
		return "", nil, usageError{fmt.Errorf("gossip key: %s does not hold a cluster's id and a key of 32 bytes in base64", path)}
	}
	return clusterID, key, nil
}

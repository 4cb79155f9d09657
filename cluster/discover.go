package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/memberlist"

	"bcm/cluster/pki"
)

const discoverEvery = time.Second

// Discover finds managers by gossip for one who is no member: it listens in on
// the ring of the cluster for a moment and returns the addresses of the HTTPS
// APIs that managers name there. It goes on until there is at least one, or ctx
// ends. What it finds is a hint: whoever has the key can put anything there, and
// only a certificate or the pin of a token shows who answers.
func Discover(ctx context.Context, clusterID string, key []byte, seeds []string, log hclog.Logger) ([]string, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("gossip: a key has 32 bytes, this one has %d", len(key))
	}
	if len(seeds) == 0 {
		return nil, errors.New("gossip: an address to begin with is needed")
	}
	c := memberlist.DefaultLANConfig()
	c.Name = "seeker-" + pki.NewID() // members let no such name into their ring
	c.Label, c.SecretKey = clusterID, key
	c.BindPort = 0
	c.EnableCompression = false
	c.TCPTimeout = 3 * time.Second
	c.Logger, c.LogOutput = log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}), nil
	ring, err := memberlist.Create(c)
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	found, err := listen(ctx, ring, seeds, log)
	return found, errors.Join(err, ring.Shutdown())
}

func listen(ctx context.Context, ring *memberlist.Memberlist, seeds []string, log hclog.Logger) ([]string, error) {
	tick := time.NewTicker(discoverEvery)
	defer tick.Stop()
	for {
		_, err := ring.Join(seeds)
		if found := apisOf(ring); len(found) > 0 {
			return found, nil
		}
		log.Warn("no manager found by gossip yet; trying again", "seeds", seeds, "error", err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(errors.New("gossip: no manager was found; are the key and the cluster's id right?"), err, ctx.Err())
		}
	}
}

// apisOf are the APIs of managers that the ring names.
func apisOf(ring *memberlist.Memberlist) []string {
	var found []string
	for _, n := range ring.Members() {
		if m, err := decodeMeta(n.Meta); err == nil && m.Manager && m.API != "" {
			found = append(found, m.API)
		}
	}
	return found
}

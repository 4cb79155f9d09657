package cluster

import (
	"errors"
	"fmt"
	"net"
	"time"

	"bcm/cluster/pki"
)

// The two ways to keep the log.
const (
	WAL  = "wal"  // segments with checksums; the default
	Bolt = "bolt" // a B+tree in one file
)

// Config says who a member is, where it listens and how patient it is. Take
// [DefaultConfig] and fill in the rest.
type Config struct {
	DataDir string // exists, and holds what [Create] wrote
	ID      string // node id
	Name    string // for people
	Cluster string // cluster id

	Bind            string // host:port of the members' port
	Advertise       string // where others find it; Bind when empty
	API             string // where people find the HTTPS API of this member; told by gossip
	GossipBind      string // host:port, UDP and TCP
	GossipAdvertise string
	GossipKeys      [][]byte // 32 bytes each; the first encrypts, all decrypt
	Seeds           []string // gossip addresses to begin with; the state knows the rest

	Key      pki.Key     // opens sealed values
	Identity *pki.Holder // who the member is to others

	LogStore string // [WAL] or [Bolt]
	Reserve  int64  // bytes that stay free: with less, writes are refused

	Heartbeat   time.Duration // without a word of the leader for so long, a follower asks for votes
	Election    time.Duration // a candidate tries again after so long
	LeaderLease time.Duration // a leader that reaches no majority for so long steps down

	StableFor   time.Duration // a new manager votes once it has kept up for so long
	NodeTimeout time.Duration // a node not heard of for so long is offline
	Timeout     time.Duration // of a call whose context has no deadline

	SnapshotInterval  time.Duration // how often the log is looked at
	SnapshotThreshold uint64        // entries that are worth a snapshot
	TrailingLogs      uint64        // entries kept behind a snapshot for followers that are late

	Network Network // of the operating system, when zero

	// Free tells the free bytes of a directory's disk. For tests.
	Free func(dir string) (int64, error)
	// Fault is asked before each access to the log and to the vote, whose error
	// becomes that of the access. For tests; nil asks nobody.
	Fault func(op string) error
}

// DefaultConfig returns the settings for a local network.
func DefaultConfig() Config {
	return Config{
		LogStore:          WAL,
		Reserve:           256 << 20,
		Heartbeat:         300 * time.Millisecond,
		Election:          300 * time.Millisecond,
		LeaderLease:       150 * time.Millisecond,
		StableFor:         10 * time.Second,
		NodeTimeout:       9 * time.Second,
		Timeout:           10 * time.Second,
		SnapshotInterval:  30 * time.Second,
		SnapshotThreshold: 16384,
		TrailingLogs:      10240,
		Free:              freeBytes,
	}
}

// Validate names everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(c.DataDir != "", "a data directory is needed")
	need(c.ID != "" && c.Name != "" && c.Cluster != "", "id, name and cluster are needed")
	need(c.Identity != nil, "an identity is needed")
	need(c.LogStore == WAL || c.LogStore == Bolt, "log store %q is neither %s nor %s", c.LogStore, WAL, Bolt)
	need(len(c.GossipKeys) > 0, "a gossip key is needed")
	for i, k := range c.GossipKeys {
		need(len(k) == 32, "gossip key %d has %d bytes, 32 are needed", i+1, len(k))
	}
	for _, addr := range []string{c.Bind, c.GossipBind} {
		_, _, err := net.SplitHostPort(addr)
		need(err == nil, "address to listen on: %v", err)
	}
	need(c.Heartbeat >= 5*time.Millisecond && c.Election >= 5*time.Millisecond && c.LeaderLease >= 5*time.Millisecond,
		"heartbeat, election and lease must be at least 5ms")
	need(c.LeaderLease <= c.Heartbeat, "the leader's lease %v is longer than the heartbeat %v", c.LeaderLease, c.Heartbeat)
	need(c.Election >= c.Heartbeat, "the election timeout %v is shorter than the heartbeat %v", c.Election, c.Heartbeat)
	need(c.NodeTimeout > 0 && c.StableFor >= 0 && c.Timeout > 0, "timeouts must be positive")
	need(c.Reserve >= 0, "the disk reserve must not be negative")
	need(c.Free != nil, "a way to measure free space is needed")
	return errors.Join(errs...)
}

// advertised is the address that others are told, which may differ from the one
// listened on in its host, its port, or both; a port of 0 became a real one.
func advertised(want string, listening net.Addr) (string, error) {
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return "", err
	}
	if want != "" {
		wantHost, wantPort, err := net.SplitHostPort(want)
		if err != nil {
			return "", fmt.Errorf("address to advertise: %w", err)
		}
		if wantHost != "" {
			host = wantHost
		}
		if wantPort != "0" {
			port = wantPort
		}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "", fmt.Errorf("listening on all addresses (%s): the address to advertise must be given", listening)
	}
	return net.JoinHostPort(host, port), nil
}

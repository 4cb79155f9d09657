package clustertest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Cluster is a cluster under test. It belongs to one bubble.
type Cluster struct {
	ID        string
	Net       *Net
	Members   []*Member
	Plans     map[string]cluster.Plan
	Configure func(*cluster.Config) // changes what is not to be as in production
	LogLevel  hclog.Level

	t         *testing.T
	dir       string
	ca        *pki.CA
	key       pki.Key
	gossipKey [32]byte
	secret    [32]byte // of the join token
	writes    ledger
	life      sync.RWMutex // of members: which Node, and whether it runs
	faults    int          // done to it
	lame      bool         // it accepts no writes at the end, on purpose
	term      uint64       // when it had settled first
}

const joinTokenID = "join"

// Run runs a test on a cluster of n managers that has settled, in a bubble of
// its own. Options change the cluster before it starts. Afterwards, the
// invariants are checked and the cluster is stopped. It takes one processor, for
// the reason that the package's comment gives.
func Run(t *testing.T, n int, test func(t *testing.T, c *Cluster), options ...func(*Cluster)) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		c := New(t, options...)
		for range n {
			c.Add()
		}
		c.Settle()
		c.term = c.Leader().Status().Term
		test(t, c)
	})
}

// New makes a cluster without members, to be called in a bubble.
func New(t *testing.T, options ...func(*Cluster)) *Cluster {
	t.Helper()
	c := &Cluster{ID: pki.NewID(), Net: newNet(1), t: t, key: pki.NewSecret(), gossipKey: pki.NewSecret(),
		secret: pki.NewSecret(), dir: t.TempDir(), LogLevel: hclog.Off}
	var err error
	if c.ca, err = pki.NewCA(c.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		o(c)
	}
	t.Cleanup(func() {
		for _, m := range c.Members {
			m.Kill()
		}
		time.Sleep(time.Minute) // libraries end what they have begun by time-outs
	})
	t.Cleanup(func() {
		if !t.Failed() && !c.lame {
			c.Check()
		}
	})
	return c
}

// Add brings a new manager in. The first begins the cluster, the others join.
func (c *Cluster) Add() *Member {
	c.t.Helper()
	m := c.newMember()
	if len(c.Members) > 1 {
		c.admit(m.newNode(), m.cert)
	}
	m.Start()
	if len(c.Members) == 1 {
		c.begin(m)
	}
	return m
}

// begin gives the cluster its identity and the token by which others join.
func (c *Cluster) begin(m *Member) {
	c.t.Helper()
	ctx := context.Background()
	first := fsm.InitCluster{
		Cluster: c.ID, CACertificate: c.ca.CertPEM(), CAKey: pki.Seal(c.key, "setting/ca.key", c.ca.KeyPEM()),
		Admin:   fsm.CreateUser{ID: pki.NewID(), Name: "admin", Groups: []string{"Superusers"}, Password: "none"},
		Manager: m.newNode(), Certificate: m.cert,
	}
	if err := m.Bootstrap(ctx, first); err != nil {
		c.t.Fatalf("bootstrap: %v", err)
	}
	hash := sha256.Sum256(c.secret[:])
	_, err := m.Apply(ctx, "system:test", &fsm.CreateToken{ID: joinTokenID, Kind: fsm.JoinToken, Hash: hash[:], Roles: fsm.Roles(),
		Uses: fsm.MaxJoinUses, TTL: fsm.MaxJoinTTL})
	if err != nil {
		c.t.Fatalf("join token: %v", err)
	}
}

// admit lets a node into the grid.
func (c *Cluster) admit(n fsm.NewNode, cert fsm.Certificate) {
	c.t.Helper()
	hash, key := sha256.Sum256(c.secret[:]), sha256.Sum256([]byte(n.ID))
	_, err := c.Any().Apply(context.Background(), "system:join", &fsm.JoinNode{Token: joinTokenID, Secret: hash[:], Key: key[:],
		Node: n, Certificate: cert})
	if err != nil {
		c.t.Fatalf("admit %s: %v", n.Name, err)
	}
}

// AddNode admits a node that is no manager and returns its id. It says nothing
// by itself: call Seen or Orders on a member in its name.
func (c *Cluster) AddNode(name, role string) string {
	c.t.Helper()
	id := pki.NewID()
	cert := c.certify(&pki.Holder{}, pki.Identity{Cluster: c.ID, Kind: pki.Agent, ID: id, Roles: []string{role}})
	c.admit(fsm.NewNode{ID: id, Name: name, Roles: []string{role}, Version: "test", Understands: fsm.Version}, cert)
	return id
}

// Any is the first member that runs.
func (c *Cluster) Any() *Member {
	for _, m := range c.Members {
		if m.Up() {
			return m
		}
	}
	c.t.Fatal("no member runs")
	return nil
}

// Running are the members that run.
func (c *Cluster) Running() []*Member {
	var up []*Member
	for _, m := range c.Members {
		if m.Up() {
			up = append(up, m)
		}
	}
	return up
}

// Leader is the member that leads the newest term, nil for none.
func (c *Cluster) Leader() *Member {
	var leader *Member
	var term uint64
	for _, m := range c.Running() {
		if s := m.Status(); s.IsLeader && s.Term > term {
			leader, term = m, s.Term
		}
	}
	return leader
}

// Follower is a member that runs and does not lead.
func (c *Cluster) Follower() *Member {
	leader := c.Leader()
	for _, m := range c.Running() {
		if m != leader {
			return m
		}
	}
	c.t.Fatal("no follower runs")
	return nil
}

// Await waits until ok holds; after a minute the test fails.
func (c *Cluster) Await(what string, ok func() bool) {
	c.t.Helper()
	end := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(end) {
			c.t.Fatalf("%s: not within a minute; %s", what, c.describe())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Settle waits until one member leads, all that run have votes as far as there
// should be votes, and all have the same state and the same log: who has a vote
// stands in the log only, and a leader counts it before the others know.
func (c *Cluster) Settle() {
	c.t.Helper()
	c.Await("settle", func() bool {
		leader := c.Leader()
		if leader == nil {
			return false
		}
		voters, s := 0, leader.Status()
		for _, m := range s.Members {
			if m.Voter {
				voters++
			}
		}
		up := c.Running()
		if voters < len(c.Members)-(len(c.Members)+1)%2 && len(up) == len(c.Members) {
			return false
		}
		for _, m := range up {
			own := m.Status()
			if own.AppliedIndex != s.AppliedIndex || own.LastIndex != s.LastIndex || own.Leader != leader.ID {
				return false
			}
		}
		return s.CommitIndex == s.LastIndex
	})
}

func (c *Cluster) describe() string {
	text := ""
	for _, m := range c.Running() {
		s := m.Status()
		text += fmt.Sprintf("\n  %s: term %d, leader %q, index %d, members %+v", m.Name, s.Term, s.LeaderName, s.AppliedIndex, s.Members)
	}
	return text
}

// Partition cuts the links between the members given and all others.
func (c *Cluster) Partition(side ...*Member) {
	c.faults++
	in := make(map[*Member]bool)
	for _, m := range side {
		in[m] = true
	}
	for _, a := range c.Members {
		for _, b := range c.Members {
			if in[a] != in[b] {
				c.Net.Cut(a.Host, b.Host)
			}
		}
	}
}

// Heal brings all links back.
func (c *Cluster) Heal() { c.Net.Heal() }

package cluster

import (
	"io"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/memberlist"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// says is a delegate that tells whatever it is given.
type says struct {
	*gossip
	data []byte
}

func (s says) NodeMeta(int) []byte { return s.data }

// stranger joins the ring of a member from outside, with what it has, and
// observes no rule. It returns what joining said.
func stranger(t *testing.T, n *Node, label, name string, key, data []byte) error {
	t.Helper()
	cfg := n.cfg
	cfg.GossipBind, cfg.GossipAdvertise = "127.0.0.1:0", ""
	network, err := newGossipNet(cfg, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	c := memberlist.DefaultLANConfig()
	c.Name, c.Label, c.SecretKey, c.Transport, c.Delegate = name, label, key, network, says{data: data}
	c.LogOutput = io.Discard
	ring, err := memberlist.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ring.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	_, err = ring.Join([]string{n.GossipAddress()})
	return err
}

func inRing(n *Node, name string) bool {
	for _, m := range n.gossip.ring.Members() {
		if m.Name == name {
			return true
		}
	}
	return false
}

// Gossip is a hint, and even that not from everybody.
func TestGossipKeepsStrangersOut(t *testing.T) {
	w := newWorld(t)
	n, _ := w.lone(t)
	member := pki.NewID()
	w.admit(t, n, member, fsm.RoleStorage)
	before := n.state.Now().Digest()
	honest, err := meta{Member: "10.0.0.9:7444"}.encode()
	if err != nil {
		t.Fatal(err)
	}
	boast, err := meta{Manager: true, Member: "10.0.0.9:7444"}.encode()
	if err != nil {
		t.Fatal(err)
	}
	other := pki.NewSecret()
	unknown := pki.NewID()
	if err := stranger(t, n, w.id, member, other[:], honest); err == nil {
		t.Error("one with another key joined")
	}
	if err := stranger(t, n, "another-cluster", member, w.gossip[:], honest); err == nil {
		t.Error("one of another cluster with the same key joined")
	}
	for what, s := range map[string]struct {
		name string
		data []byte
	}{
		"an unknown id":                   {unknown, honest},
		"a storage that claims to manage": {member, boast},
		"what cannot be read":             {member, []byte("\xff\xff")},
		"an address that is none":         {member, mustMeta(t, meta{Member: "nowhere"})},
	} {
		if err := stranger(t, n, w.id, s.name, w.gossip[:], s.data); err != nil {
			t.Logf("%s: %v", what, err) // it may learn who is there; that is no influence
		}
		if inRing(n, s.name) {
			t.Errorf("%s is in the ring", what)
		}
	}
	if err := stranger(t, n, w.id, member, w.gossip[:], honest); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the member is in the ring", func() bool { return inRing(n, member) })
	if inRing(n, unknown) {
		t.Error("the stranger came in later")
	}
	if got := n.addresses(member); len(got) != 1 || got[0] != "10.0.0.9:7444" {
		t.Errorf("the member is found at %v", got)
	}
	if n.state.Now().Digest() != before {
		t.Error("gossip has changed the state")
	}
}

func mustMeta(t *testing.T, m meta) []byte {
	t.Helper()
	data, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestMetaIsSmall(t *testing.T) {
	long := make([]byte, 300)
	for i := range long {
		long[i] = 'a'
	}
	if _, err := (meta{Member: string(long) + ":1", API: string(long) + ":2"}).encode(); err == nil {
		t.Error("a meta over which memberlist would panic was made")
	}
	if _, err := decodeMeta(make([]byte, maxMeta+1)); err == nil {
		t.Error("a meta that is too long was read")
	}
	if g := (&gossip{meta: make([]byte, maxMeta)}); len(g.NodeMeta(memberlist.MetaMaxSize)) != maxMeta {
		t.Error("the meta was cut")
	}
}

func FuzzMeta(f *testing.F) {
	seed, err := meta{Manager: true, Member: "10.0.0.1:7444", API: "m.example:7443", Version: 1}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	f.Add([]byte{0xa1, 0x61, 'm', 0xf5})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeMeta(data)
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", m, err)
		}
		if back, err := decodeMeta(again); err != nil || back != m {
			t.Fatalf("%+v became %+v, %v", m, back, err)
		}
	})
}

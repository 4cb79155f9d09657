package cluster

import (
	"fmt"
	"net"

	"github.com/hashicorp/memberlist"

	"bcm/fsm"
)

// meta is what a member says of itself by gossip. It is a hint for finding it:
// no right and no role follows from it.
type meta struct {
	Manager bool   `cbor:"m,omitempty"`
	Member  string `cbor:"p,omitempty"` // members' port, host:port
	API     string `cbor:"a,omitempty"` // HTTPS, host:port
	Version int    `cbor:"v"`           // log version that it understands
}

// maxMeta leaves room below memberlist's limit, beyond which it panics.
const maxMeta = 400

func (m meta) encode() ([]byte, error) {
	data, err := fsm.Encode(m)
	if err != nil {
		return nil, err
	}
	if len(data) > min(maxMeta, memberlist.MetaMaxSize) {
		return nil, fmt.Errorf("what this member tells by gossip takes %d bytes, %d are allowed: its addresses are too long",
			len(data), maxMeta)
	}
	return data, nil
}

func decodeMeta(data []byte) (meta, error) {
	if len(data) > maxMeta {
		return meta{}, fmt.Errorf("meta of %d bytes", len(data))
	}
	var m meta
	if err := fsm.Decode(data, &m); err != nil {
		return meta{}, fmt.Errorf("meta cannot be read: %w", err)
	}
	for _, addr := range []string{m.Member, m.API} {
		if addr == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return meta{}, fmt.Errorf("meta: %w", err)
		}
	}
	return m, nil
}

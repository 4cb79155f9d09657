package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// MirrorKind is a kind of object of a SEP sesam server.
type MirrorKind string

// The kinds of objects that the cluster knows of servers.
const (
	ServerUser      MirrorKind = "user"
	ServerGroup     MirrorKind = "group"
	ServerACL       MirrorKind = "acl"
	ServerClient    MirrorKind = "client"
	ServerTask      MirrorKind = "task"
	ServerSchedule  MirrorKind = "schedule"
	ServerDatastore MirrorKind = "datastore"
	ServerResult    MirrorKind = "result"
)

// MirrorKinds lists the kinds.
func MirrorKinds() []MirrorKind {
	return []MirrorKind{ServerUser, ServerGroup, ServerACL, ServerClient, ServerTask, ServerSchedule, ServerDatastore, ServerResult}
}

// Facts are what the cluster keeps in step of an object of a server. Two objects
// are the same to it when their facts are.
type Facts struct {
	Enabled bool     `cbor:"enabled"`
	Groups  []string `cbor:"groups,omitempty"` // of a user: names as on the server, sorted
	Comment string   `cbor:"comment,omitempty"`
	Rights  []string `cbor:"rights,omitempty"` // of an access list: "GROUP/name allow", sorted
}

// differs names the facts that are not the same.
func (f *Facts) differs(g *Facts) (fields []string) {
	if f.Enabled != g.Enabled {
		fields = append(fields, "enabled")
	}
	if !slices.Equal(f.Groups, g.Groups) {
		fields = append(fields, "groups")
	}
	if f.Comment != g.Comment {
		fields = append(fields, "comment")
	}
	if !slices.Equal(f.Rights, g.Rights) {
		fields = append(fields, "rights")
	}
	return fields
}

// Observed is one object as a server has it.
type Observed struct {
	Name   string `cbor:"name"`
	Remote string `cbor:"remote,omitempty"` // its id there
	State  string `cbor:"state,omitempty"`  // in the words of the cluster, of kinds that have one
	Parent string `cbor:"parent,omitempty"` // the name of what it belongs to: of a task its client, of a result its task
	At     Time   `cbor:"at,omitempty"`     // of a result: when it began
	Facts  Facts  `cbor:"facts,omitzero"`
	Doc    []byte `cbor:"doc,omitempty"` // as the server shows it, in JSON, without secrets
}

// Mirror is an object of a SEP sesam server as it was seen last. It stays while the
// server cannot be reached.
type Mirror struct {
	Meta
	Server string     `cbor:"server"` // id
	Kind   MirrorKind `cbor:"kind"`
	Observed
	Ours bool `cbor:"ours,omitempty"` // the cluster wanted it, and it was as the cluster wanted it
}

var mirrors = define(schema[Mirror]{
	name:  "mirrors",
	meta:  func(m *Mirror) *Meta { return &m.Meta },
	label: func(m *Mirror) *string { return &m.Name },
	indexes: []indexDef[Mirror]{
		byText("server", func(m *Mirror) *string { return &m.Server }, nil),
		byText("kind", func(m *Mirror) *string { return (*string)(&m.Kind) }, nil),
		byEach("place", func(m *Mirror, emit func(string)) { emit(placeOf(m.Server, m.Kind)) }),
	},
	texts: func(m *Mirror, emit func(string)) {
		emit(m.State)
		emit(m.Parent)
		emit(m.Facts.Comment)
	},
	share: func(m *Mirror, p *pool) { p.text(&m.Server, (*string)(&m.Kind), &m.State, &m.Parent) },
})

func placeOf(server string, kind MirrorKind) string { return server + "/" + string(kind) }

// MirrorID is the id of an object of a server.
func MirrorID(server string, kind MirrorKind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return server + "." + string(kind) + "." + hex.EncodeToString(sum[:12])
}

// Mirrored gives what is known of one kind of a server's objects.
func (t *tables) Mirrored(server string, kind MirrorKind) []*Mirror {
	return slices.Collect(t.Mirrors.By("place", placeOf(server, kind)))
}

// Mirror finds one object of a server by its name.
func (t *tables) Mirror(server string, kind MirrorKind, name string) (*Mirror, bool) {
	return t.Mirrors.Get(MirrorID(server, kind, name))
}

// Bounds on what is kept of a server.
const (
	maxMirrors    = 50_000 // objects
	maxMirrorDoc  = 4 << 10
	maxMirrorName = 512
)

// ObserveObjects is the node that looks after a server telling which of its objects
// of one kind have changed.
type ObserveObjects struct {
	Server  string     `cbor:"server"`
	Kind    MirrorKind `cbor:"kind"`
	Whole   bool       `cbor:"whole,omitempty"` // there are no others but those of Keep
	Objects []Observed `cbor:"objects,omitempty"`
	Gone    []string   `cbor:"gone,omitempty"` // names
	Keep    []string   `cbor:"keep,omitempty"` // names of those that are told next, when all are too many to be told at once
}

func (c *ObserveObjects) apply(tx *Tx) (string, error) {
	if !slices.Contains(MirrorKinds(), c.Kind) {
		return "", notOneOf("kind", c.Kind, MirrorKinds())
	}
	node, s, err := tx.carried(c.Server)
	if err != nil {
		return "", err
	}
	here := make(map[string]bool, len(c.Objects))
	for i := range c.Objects {
		o := &c.Objects[i]
		if o.Name == "" || len(o.Name) > maxMirrorName {
			continue // it could not be shown, nor found again
		}
		if len(o.Doc) > maxMirrorDoc {
			o.Doc = nil
		}
		here[tx.mirror(s, c.Kind, o)] = true
	}
	for _, name := range c.Gone {
		drop(tx, &tx.Mirrors, MirrorID(s.ID, c.Kind, name))
	}
	if c.Whole {
		for _, name := range c.Keep {
			here[MirrorID(s.ID, c.Kind, name)] = true
		}
		for _, m := range tx.Mirrored(s.ID, c.Kind) {
			if !here[m.ID] {
				drop(tx, &tx.Mirrors, m.ID)
			}
		}
	}
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	return s.ID, nil
}

// mirror puts an object as it was seen, and tells its id. One that is as it was is
// left alone.
func (tx *Tx) mirror(s *Server, kind MirrorKind, o *Observed) (id string) {
	id = MirrorID(s.ID, kind, o.Name)
	m := Mirror{Meta: Meta{ID: id}, Server: s.ID, Kind: kind, Observed: *o}
	if old, ok := tx.Mirrors.Get(id); ok {
		if m.Meta, m.Ours = old.Meta, old.Ours; bytes.Equal(encode(&m), encode(old)) {
			return id
		}
	} else if tx.Mirrors.Count("server", s.ID) >= maxMirrors {
		return id
	}
	put(tx, &tx.Mirrors, &m)
	return id
}

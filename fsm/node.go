package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Roles of nodes.
const (
	RoleManager       = "cluster-manager"
	RoleBackupManager = "backup-manager"
	RoleStorage       = "backup-storage"
	RoleSesam         = "sesam-server"
)

// Roles lists all roles there are.
func Roles() []string { return []string{RoleManager, RoleBackupManager, RoleStorage, RoleSesam} }

// NodeStatus is what is observed of a node.
type NodeStatus string

// The states of a node.
const (
	Joining  NodeStatus = "joining" // admitted, not heard of yet
	Online   NodeStatus = "online"
	Degraded NodeStatus = "degraded" // online, and something is wrong with it
	Offline  NodeStatus = "offline"
	Left     NodeStatus = "left" // said goodbye
)

// NodeMode is what is wanted of a node.
type NodeMode string

// The modes of a node.
const (
	Active      NodeMode = "active"
	Draining    NodeMode = "draining"    // finishes what it runs, gets nothing new
	Maintenance NodeMode = "maintenance" // runs nothing, alarms are quiet
)

// Node is a member of the grid.
type Node struct {
	Meta
	Name        string            `cbor:"name"`
	Roles       []string          `cbor:"roles"`   // what it does
	Allowed     []string          `cbor:"allowed"` // what its certificate lets it do
	Status      NodeStatus        `cbor:"status"`
	Reason      string            `cbor:"reason,omitempty"` // why it is degraded
	Mode        NodeMode          `cbor:"mode"`
	Drained     bool              `cbor:"drained,omitempty"` // it drains, and has nothing left
	Site        string            `cbor:"site,omitempty"`
	Labels      map[string]string `cbor:"labels,omitempty"`
	Addresses   Addresses         `cbor:"addresses"`
	Version     string            `cbor:"version"`
	Understands int               `cbor:"understands"` // the log version of its program
	LastSeen    Time              `cbor:"last_seen"`
	Capacity    Capacity          `cbor:"capacity"`
	Slots       int               `cbor:"slots"`              // runs it takes at once
	Parallel    int               `cbor:"parallel,omitempty"` // backups that write to it at once; 0 is without end
	Certificate string            `cbor:"certificate"`
	NotAfter    Time              `cbor:"not_after"` // end of its certificate
}

// Addresses are where the parts of a node listen, each as host:port; "" for a
// part that it does not have.
type Addresses struct {
	API     string `cbor:"api,omitempty"`    // HTTPS API and console
	Member  string `cbor:"member,omitempty"` // mTLS between members
	Gossip  string `cbor:"gossip,omitempty"`
	Storage string `cbor:"storage,omitempty"` // blob service
	Metrics string `cbor:"metrics,omitempty"` // of an agent
}

// Capacity of a storage node, in bytes.
type Capacity struct {
	Total int64 `cbor:"total,omitempty"`
	Used  int64 `cbor:"used,omitempty"` // by blobs
	Free  int64 `cbor:"free,omitempty"`
	Grows int64 `cbor:"grows,omitempty"` // a day, lately
	Lost  int64 `cbor:"lost,omitempty"`  // blobs that are damaged or missing
}

// FullIn tells in how many days a storage is full when it goes on as lately; ok is
// false when it is not filling up.
func (c Capacity) FullIn() (days int64, ok bool) {
	if c.Grows <= 0 {
		return 0, false
	}
	return c.Free / c.Grows, true
}

var nodes = define(schema[Node]{
	name:  "nodes",
	meta:  func(n *Node) *Meta { return &n.Meta },
	label: func(n *Node) *string { return &n.Name },
	indexes: []indexDef[Node]{
		byEach("role", func(n *Node, emit func(string)) {
			for _, r := range n.Roles {
				emit(r)
			}
		}),
		byText("status", func(n *Node) *string { return (*string)(&n.Status) }, nil),
	},
	texts: func(n *Node, emit func(string)) {
		emit(n.Site)
		emit(n.Addresses.API)
		emit(n.Addresses.Member)
		emit(n.Addresses.Storage)
		emit(n.Version)
		for k, v := range n.Labels {
			emit(k)
			emit(v)
		}
	},
})

// Has tells whether the node has the role.
func (n *Node) Has(role string) bool { return slices.Contains(n.Roles, role) }

// Does tells whether the node can do orders of the role: those of its roles, and, as
// a manager, those for SEP sesam servers.
func (n *Node) Does(role string) bool {
	return n.Certificate != "" && (n.Has(role) || role == RoleSesam && n.Has(RoleManager))
}

// Ready tells whether the node can be given new work in the role.
func (n *Node) Ready(role string) bool { return n.Has(role) && n.Mode == Active && n.Up() }

// Up tells whether the node answers.
func (n *Node) Up() bool { return n.Status == Online || n.Status == Degraded }

// Address is where people find the node: the first of its addresses there is.
func (n *Node) Address() string {
	for _, a := range []string{n.Addresses.API, n.Addresses.Storage, n.Addresses.Member, n.Addresses.Metrics} {
		if a != "" {
			return a
		}
	}
	return ""
}

// NewNode is what a node says of itself when it joins.
type NewNode struct {
	ID          string            `cbor:"id"`
	Name        string            `cbor:"name"`
	Roles       []string          `cbor:"roles"`
	Site        string            `cbor:"site,omitempty"`
	Labels      map[string]string `cbor:"labels,omitempty"`
	Addresses   Addresses         `cbor:"addresses"`
	Version     string            `cbor:"version"`
	Understands int               `cbor:"understands"`
	Slots       int               `cbor:"slots"`
}

// check refuses what a node may not say of itself.
func (n *NewNode) check() error {
	if err := checkName(n.Name); err != nil {
		return err
	}
	if err := checkRoles(n.Roles, Roles()); err != nil {
		return err
	}
	if n.Slots < 0 || n.Slots > 1024 {
		return invalidField("slots", "must lie between 0 (the default) and 1024")
	}
	return checkLabels(n.Labels)
}

func checkRoles(roles, allowed []string) error {
	if len(roles) == 0 {
		return invalidField("roles", "at least one is needed of %s", strings.Join(allowed, ", "))
	}
	for _, r := range roles {
		if !slices.Contains(allowed, r) {
			return notOneOf("roles", r, allowed)
		}
	}
	return nil
}

// admit makes the row of a node and of its certificate.
func (n *NewNode) admit(tx *Tx, c Certificate) error {
	if err := n.check(); err != nil {
		return err
	}
	if err := newRow(&tx.Nodes, "node", n.ID); err != nil {
		return err
	}
	if err := unused(&tx.Nodes, "node", n.ID, n.Name); err != nil {
		return err
	}
	roles := sorted(n.Roles)
	slots := n.Slots
	if slots == 0 {
		slots = DefaultSlots
	}
	put(tx, &tx.Nodes, &Node{
		Meta: Meta{ID: n.ID}, Name: n.Name, Roles: roles, Allowed: roles, Status: Joining, Mode: Active,
		Site: n.Site, Labels: n.Labels, Addresses: n.Addresses, Version: n.Version, Understands: n.Understands,
		Slots: slots, Certificate: c.ID, NotAfter: c.NotAfter,
	})
	c.Node = n.ID
	if err := newRow(&tx.Certificates, "certificate", c.ID); err != nil {
		return err
	}
	put(tx, &tx.Certificates, &c)
	return nil
}

// DefaultSlots is how many runs a backup manager takes at once when it does not
// say.
const DefaultSlots = 2

// MarkNode records what was observed of a node. It is guarded by the state that
// the observer saw.
type MarkNode struct {
	ID       string     `cbor:"id"`
	From     NodeStatus `cbor:"from"`
	To       NodeStatus `cbor:"to"`
	Reason   string     `cbor:"reason,omitempty"`
	LastSeen Time       `cbor:"last_seen"`
}

func (c *MarkNode) apply(tx *Tx) (string, error) {
	if !slices.Contains([]NodeStatus{Joining, Online, Degraded, Offline, Left}, c.To) {
		return "", invalidField("to", "%q is not a status", c.To)
	}
	old, ok := tx.Nodes.Get(c.ID)
	if !ok {
		return "", notFound("node", c.ID)
	}
	if old.Status != c.From {
		return "", Errorf(Conflict, "node %s is %s, not %s", old.Name, old.Status, c.From)
	}
	n := *old
	n.Status, n.Reason, n.LastSeen = c.To, c.Reason, max(c.LastSeen, old.LastSeen)
	put(tx, &tx.Nodes, &n)
	tx.detail = fmt.Sprintf("%s → %s", c.From, c.To)
	return n.ID, nil
}

// ReportNode is a node telling how it is, when that differs from what is known.
type ReportNode struct {
	ID          string    `cbor:"id"`
	Addresses   Addresses `cbor:"addresses"`
	Version     string    `cbor:"version"`
	Understands int       `cbor:"understands"`
	Capacity    Capacity  `cbor:"capacity"`
	Slots       int       `cbor:"slots"`
}

func (c *ReportNode) apply(tx *Tx) (string, error) {
	old, err := tx.reporting(c.ID)
	if err != nil {
		return "", err
	}
	n := *old
	n.Addresses, n.Version, n.Understands, n.Capacity = c.Addresses, c.Version, c.Understands, c.Capacity
	if c.Slots > 0 && c.Slots <= 1024 {
		n.Slots = c.Slots
	}
	put(tx, &tx.Nodes, &n)
	return n.ID, nil
}

// reporting finds the node that id names and refuses when another node speaks
// in its name.
func (tx *Tx) reporting(id string) (*Node, error) {
	n, ok := tx.Nodes.Get(id)
	if !ok {
		return nil, notFound("node", id)
	}
	if by := tx.node(); by != "" && by != id {
		return nil, Errorf(Denied, "node %s may not speak for node %s", by, id)
	}
	return n, nil
}

// LeaveNode is a node saying goodbye.
type LeaveNode struct {
	ID string `cbor:"id"`
}

func (c *LeaveNode) apply(tx *Tx) (string, error) {
	old, err := tx.reporting(c.ID)
	if err != nil {
		return "", err
	}
	n := *old
	n.Status = Left
	put(tx, &tx.Nodes, &n)
	return n.ID, nil
}

// UpdateNode changes what is wanted of a node.
type UpdateNode struct {
	ID      string                 `cbor:"id"`
	IfIndex uint64                 `cbor:"if_index,omitempty"`
	Mode    Opt[NodeMode]          `cbor:"mode,omitempty"`
	Roles   Opt[[]string]          `cbor:"roles,omitempty"`
	Site    Opt[string]            `cbor:"site,omitempty"`
	Labels  Opt[map[string]string] `cbor:"labels,omitempty"`

	Parallel Opt[int] `cbor:"parallel,omitempty"`
}

func (c *UpdateNode) apply(tx *Tx) (string, error) {
	old, ok := tx.Nodes.Get(c.ID)
	if !ok {
		return "", notFound("node", c.ID)
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	n := *old
	set(&n.Mode, c.Mode)
	set(&n.Site, c.Site)
	set(&n.Labels, c.Labels)
	set(&n.Parallel, c.Parallel)
	if err := checkParallel(n.Parallel); err != nil {
		return "", err
	}
	if !slices.Contains([]NodeMode{Active, Draining, Maintenance}, n.Mode) {
		return "", invalidField("mode", "%q is not one of active, draining, maintenance", n.Mode)
	}
	if err := checkLabels(n.Labels); err != nil {
		return "", err
	}
	if c.Roles != nil {
		if err := checkRoles(*c.Roles, old.Allowed); err != nil {
			return "", err
		}
		if old.Has(RoleManager) != slices.Contains(*c.Roles, RoleManager) {
			return "", invalidField("roles", "a manager stays one until it is removed from the cluster")
		}
		if n := tx.Repositories.Count("storage", old.ID); n > 0 && !slices.Contains(*c.Roles, RoleStorage) {
			return "", Errorf(Conflict, "node %s keeps the data of %d repositories and stays a storage", old.Name, n)
		}
		n.Roles = sorted(*c.Roles)
	}
	if n.Mode != old.Mode {
		n.Drained = false
		tx.detail = fmt.Sprintf("mode %s → %s", old.Mode, n.Mode)
	}
	put(tx, &tx.Nodes, &n)
	return n.ID, nil
}

// RemoveNode takes a node out of the grid for good; its certificates are
// revoked. Force is needed while the node is online, or holds the only complete
// copy of a repository's data.
type RemoveNode struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
	Force   bool   `cbor:"force,omitempty"`
}

func (c *RemoveNode) apply(tx *Tx) (string, error) {
	n, ok := tx.Nodes.Get(c.ID)
	if !ok {
		return "", notFound("node", c.ID)
	}
	if err := fresh(&n.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if !c.Force && n.Up() && n.Certificate != "" {
		return "", Errorf(Conflict, "node %s is %s; stop it first, or force its removal", n.Name, n.Status)
	}
	if err := tx.keepOnlyCopies(n); err != nil && !c.Force {
		return "", err
	}
	if err := tx.dropServer(n, c.Force); err != nil {
		return "", err
	}
	if n.Has(RoleManager) && tx.Nodes.Count("role", RoleManager) == 1 {
		return "", Errorf(Conflict, "node %s is the only manager; the cluster would be gone", n.Name)
	}
	for _, cert := range slices.Collect(tx.Certificates.By("node", n.ID)) {
		revoked := *cert
		revoked.RevokedAt = tx.At
		put(tx, &tx.Certificates, &revoked)
	}
	tx.object = Object{}
	drop(tx, &tx.Nodes, n.ID)
	return n.ID, nil
}

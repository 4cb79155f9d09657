package fsm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ClusterMode tells who is the master of the users, groups and access lists of a
// SEP sesam server.
type ClusterMode string

// The cluster modes.
const (
	Standalone ClusterMode = "standalone" // the server itself; it is seen, and left as it is
	Managed    ClusterMode = "managed"    // the cluster
)

// DriftPolicy tells what becomes of what differs on a managed server though the
// cluster has not changed.
type DriftPolicy string

// The policies.
const (
	Repair     DriftPolicy = "repair" // it is made again as the cluster wants it
	ReportOnly DriftPolicy = "report" // it is shown, and left to a person
	Adopt      DriftPolicy = "adopt"  // the cluster takes it over
)

// Server is a SEP sesam server that belongs to the grid: where it is, how the
// cluster enters it, and how far the two are in step. Its id is that of its node.
type Server struct {
	Meta
	Address     string      `cbor:"address"`           // https://host:port
	Account     string      `cbor:"account"`           // of the cluster on the server
	Password    []byte      `cbor:"password"`          // of the account, sealed under "server/ID"
	Fingerprint string      `cbor:"fingerprint"`       // SHA-256 of the certificate that is trusted, in hexadecimal
	Via         string      `cbor:"via,omitempty"`     // id of the node that reaches it; "" means any manager
	Carrier     string      `cbor:"carrier,omitempty"` // id of the node that looks after it now
	Mode        ClusterMode `cbor:"mode"`              // who is the master
	Policy      DriftPolicy `cbor:"policy"`            // what becomes of drift
	PassThrough bool        `cbor:"passthrough"`       // its own clients may reach it through the cluster
	Error       string      `cbor:"error,omitempty"`   // why the last look at it failed
	Sync        SyncState   `cbor:"sync"`              // of a managed one
	Pair        PairState   `cbor:"pair,omitzero"`     // how its HTTPS certificate is

	// Lacks says of each capability that the server does not have why it is missing.
	Lacks map[string]string `cbor:"lacks,omitempty"`
}

// SyncState is how far a managed server is in step with the cluster.
type SyncState struct {
	Reached  uint64 `cbor:"reached,omitempty"`  // the revision to which it was brought
	At       Time   `cbor:"at,omitempty"`       // when
	Failures int    `cbor:"failures,omitempty"` // in a row
	RetryAt  Time   `cbor:"retry_at,omitempty"` // after a failure
	Error    string `cbor:"error,omitempty"`    // of the last try
	Drift    []Step `cbor:"drift,omitempty"`    // what was found to differ and is left to a person
}

// Capabilities of servers, for [Server.Lacks].
const (
	CanUsers       = "users"        // lists and changes users
	CanGroups      = "groups"       // lists and changes groups
	CanACLs        = "acls"         // lists and changes access lists
	CanClusterMode = "cluster-mode" // can be told that it is managed

	CanCertificates = "certificates" // can be given another HTTPS certificate
)

var servers = define(schema[Server]{
	name: "servers",
	meta: func(s *Server) *Meta { return &s.Meta },
	indexes: []indexDef[Server]{
		byText("carrier", func(s *Server) *string { return &s.Carrier }, nil),
		byText("mode", func(s *Server) *string { return (*string)(&s.Mode) }, nil),
	},
})

// Reachable tells whether the last look at the server went well.
func (s *Server) Reachable() bool { return s.Error == "" && s.Carrier != "" }

// AddServer makes a SEP sesam server a node of the grid.
type AddServer struct {
	ID          string            `cbor:"id"`
	Name        string            `cbor:"name"`
	Address     string            `cbor:"address"`
	Account     string            `cbor:"account"`
	Password    []byte            `cbor:"password"` // sealed
	Fingerprint string            `cbor:"fingerprint"`
	Via         string            `cbor:"via,omitempty"` // id or name
	Site        string            `cbor:"site,omitempty"`
	Labels      map[string]string `cbor:"labels,omitempty"`
	PassThrough bool              `cbor:"passthrough,omitempty"`
}

func (c *AddServer) apply(tx *Tx) (string, error) {
	node := NewNode{ID: c.ID, Name: c.Name, Roles: []string{RoleSesam}, Site: c.Site, Labels: c.Labels}
	if err := node.check(); err != nil {
		return "", err
	}
	if err := newRow(&tx.Nodes, "node", c.ID); err != nil {
		return "", err
	}
	if err := unused(&tx.Nodes, "node", c.ID, c.Name); err != nil {
		return "", err
	}
	s := &Server{Meta: Meta{ID: c.ID}, Address: c.Address, Account: c.Account, Password: c.Password,
		Fingerprint: c.Fingerprint, Mode: Standalone, Policy: Repair, PassThrough: c.PassThrough}
	if err := tx.checkServer(s, c.Via); err != nil {
		return "", err
	}
	put(tx, &tx.Nodes, &Node{Meta: Meta{ID: c.ID}, Name: c.Name, Roles: node.Roles, Allowed: node.Roles, Status: Joining,
		Mode: Active, Site: c.Site, Labels: c.Labels, Addresses: Addresses{API: hostOf(c.Address)}})
	put(tx, &tx.Servers, s)
	return c.ID, nil
}

// hostOf is the host and port of an address.
func hostOf(address string) string { return strings.TrimPrefix(address, "https://") }

// checkServer refuses a registration that could not work, and finds the node that
// it goes through.
func (tx *Tx) checkServer(s *Server, via string) error {
	host, ok := strings.CutPrefix(s.Address, "https://")
	if !ok || host == "" || len(host) > 255 || strings.ContainsAny(host, "/?#@ \\") {
		return invalidField("address", "%q is not of the form https://host:port", s.Address)
	}
	if s.Account == "" || len(s.Account) > 255 {
		return invalidField("user", "the account on the server is needed, with at most 255 bytes")
	}
	if len(s.Password) == 0 {
		return invalidField("password", "the password of the account is needed")
	}
	if !isFingerprint(s.Fingerprint) {
		return invalidField("fingerprint", "must be the SHA-256 of the server's certificate: 64 hexadecimal digits")
	}
	for other := range tx.Servers.All() {
		if other.ID != s.ID && other.Address == s.Address {
			return &Error{Code: Conflict, Message: "the server at " + s.Address + " belongs to the grid already",
				Fields: []FieldError{{"address", "is taken"}}}
		}
	}
	if via == "" {
		s.Via = ""
		return nil
	}
	n, found := tx.Nodes.Find(via)
	if !found || !n.Does(RoleSesam) {
		return invalidField("via", "no node %q that could reach the server: it needs an agent with the role %s", via, RoleSesam)
	}
	s.Via = n.ID
	return nil
}

// isFingerprint tells whether a text is a SHA-256 in hexadecimal.
func isFingerprint(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// UpdateServer changes how a server is reached, and who is its master.
type UpdateServer struct {
	ID          string           `cbor:"id"`
	IfIndex     uint64           `cbor:"if_index,omitempty"` // of its node
	Address     Opt[string]      `cbor:"address,omitempty"`
	Account     Opt[string]      `cbor:"account,omitempty"`
	Password    Opt[[]byte]      `cbor:"password,omitempty"` // sealed
	Fingerprint Opt[string]      `cbor:"fingerprint,omitempty"`
	Via         Opt[string]      `cbor:"via,omitempty"`
	Mode        Opt[ClusterMode] `cbor:"mode,omitempty"`
	Policy      Opt[DriftPolicy] `cbor:"policy,omitempty"`
	PassThrough Opt[bool]        `cbor:"passthrough,omitempty"`
	TakeOver    bool             `cbor:"take_over,omitempty"` // users and groups that only the server has become the cluster's
}

func (c *UpdateServer) apply(tx *Tx) (string, error) {
	node, old, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if err := fresh(&node.Meta, c.IfIndex); err != nil {
		return "", err
	}
	s := *old
	via := s.Via
	set(&s.Address, c.Address)
	set(&s.Account, c.Account)
	set(&s.Password, c.Password)
	set(&s.Fingerprint, c.Fingerprint)
	set(&s.Policy, c.Policy)
	set(&s.PassThrough, c.PassThrough)
	set(&s.Mode, c.Mode)
	set(&via, c.Via)
	if err := tx.checkServer(&s, via); err != nil {
		return "", err
	}
	if !slices.Contains([]ClusterMode{Standalone, Managed}, s.Mode) {
		return "", notOneOf("cluster_mode", s.Mode, []ClusterMode{Standalone, Managed})
	}
	if !slices.Contains([]DriftPolicy{Repair, ReportOnly, Adopt}, s.Policy) {
		return "", notOneOf("drift_policy", s.Policy, []DriftPolicy{Repair, ReportOnly, Adopt})
	}
	if s.Mode != old.Mode {
		if err := c.changeMode(tx, old, &s); err != nil {
			return "", err
		}
		tx.detail = fmt.Sprintf("cluster mode %s → %s", old.Mode, s.Mode)
	}
	n := *node
	if s.Fingerprint != old.Fingerprint {
		if tx.Jobs.Count("certify", s.ID) > 0 {
			return "", Errorf(Conflict, "server %s is being given another certificate; trust no other until that has ended", node.Name)
		}
		tx.dropPairs(s.ID, "") // it has one from elsewhere
		s.Pair, n.NotAfter = PairState{}, 0
	}
	put(tx, &tx.Servers, &s)
	n.Addresses.API = hostOf(s.Address)
	put(tx, &tx.Nodes, &n)
	return n.ID, nil
}

// changeMode makes the cluster the server's master, or gives that back. Who does
// it decides about users.
func (c *UpdateServer) changeMode(tx *Tx, old, s *Server) error {
	if by := tx.user(); by != nil {
		if err := tx.Access(by).Need(UsersWrite, "server "+c.ID); err != nil {
			return err
		}
	}
	s.Sync = SyncState{}
	if s.Mode == Standalone {
		return nil
	}
	if !old.Reachable() {
		return Errorf(Conflict, "what the server has is not known at this time (%s): it can be managed once it is reached", reasonOf(old))
	}
	if c.TakeOver {
		return tx.takeOver(s)
	}
	return nil
}

func reasonOf(s *Server) string {
	if s.Error != "" {
		return s.Error
	}
	return "nobody has looked at it yet"
}

// server finds a server with its node.
func (tx *Tx) server(id string) (*Node, *Server, error) {
	n, ok := tx.Nodes.Get(id)
	if !ok {
		return nil, nil, notFound("node", id)
	}
	s, ok := tx.Servers.Get(id)
	if !ok {
		return nil, nil, Errorf(Conflict, "node %s is not a SEP sesam server that was added to the grid", n.Name)
	}
	return n, s, nil
}

// dropServer forgets a server together with what is known of it.
func (tx *Tx) dropServer(n *Node, force bool) error {
	s, ok := tx.Servers.Get(n.ID)
	if !ok {
		return nil
	}
	if s.Mode == Managed && !force {
		return Errorf(Conflict, "the cluster is the master of server %s; make it standalone first, or force its removal", n.Name)
	}
	for _, m := range slices.Collect(tx.Mirrors.By("server", s.ID)) {
		drop(tx, &tx.Mirrors, m.ID)
	}
	tx.dropPairs(s.ID, "")
	drop(tx, &tx.Servers, s.ID)
	return nil
}

// CarryServer gives a server to the node that is to look after it.
type CarryServer struct {
	ID   string `cbor:"id"`
	From string `cbor:"from,omitempty"`
	To   string `cbor:"to,omitempty"` // "" when there is none
}

func (c *CarryServer) apply(tx *Tx) (string, error) {
	node, old, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if old.Carrier != c.From {
		return "", Errorf(Conflict, "server %s is looked after by %q, not %q", node.Name, old.Carrier, c.From)
	}
	s := *old
	if s.Carrier = c.To; c.To == "" {
		s.Error = "no node that could reach it is online"
		tx.markServer(node, Offline, s.Error)
	}
	put(tx, &tx.Servers, &s)
	return s.ID, nil
}

// ObserveServer is the node that looks after a server telling how that is, when
// that has changed.
type ObserveServer struct {
	ID      string            `cbor:"id"`
	Release string            `cbor:"release,omitempty"`
	Lacks   map[string]string `cbor:"lacks,omitempty"`
	Error   string            `cbor:"error,omitempty"` // why it could not be looked at
}

func (c *ObserveServer) apply(tx *Tx) (string, error) {
	node, old, err := tx.carried(c.ID)
	if err != nil {
		return "", err
	}
	s := *old
	if s.Error = truncate(c.Error, maxMessage); c.Error == "" {
		s.Lacks = maps.Clone(c.Lacks)
	}
	status := Online
	if s.Error != "" {
		status = Offline
	}
	n := *node
	if c.Release != "" {
		n.Version = truncate(c.Release, maxName)
	}
	tx.markServer(&n, status, s.Error)
	put(tx, &tx.Servers, &s)
	return s.ID, nil
}

// markServer records what is observed of a server in its node.
func (tx *Tx) markServer(old *Node, status NodeStatus, reason string) {
	n := *old
	if n.Status, n.Reason = status, reason; status == Online {
		n.LastSeen = tx.At
	}
	put(tx, &tx.Nodes, &n)
}

// carried finds a server, and refuses a node that does not look after it.
func (tx *Tx) carried(id string) (*Node, *Server, error) {
	n, s, err := tx.server(id)
	if err != nil {
		return nil, nil, err
	}
	if by := tx.node(); by != s.Carrier {
		return nil, nil, Errorf(Conflict, "server %s is looked after by node %q, not %q", n.Name, s.Carrier, by)
	}
	return n, s, nil
}

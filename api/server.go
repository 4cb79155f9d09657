package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Servers asks SEP sesam servers, before they belong to the grid.
type Servers interface {
	// Probe gives the certificate that the server at an address of the form
	// https://host:port shows. It sends the server nothing.
	Probe(ctx context.Context, address string) (ServerCertificate, error)
	// Plain gives what carries requests to a server as they are.
	Plain(to fsm.ServerAccess) http.RoundTripper
	// Account gives what carries requests to a server in a session of the account.
	Account(to fsm.ServerAccess) http.RoundTripper
}

// ServerCertificate is what a server shows of itself before it is trusted.
type ServerCertificate struct {
	Fingerprint string    `json:"fingerprint" doc:"SHA-256, in hexadecimal"`
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	NotAfter    time.Time `json:"not_after"`
}

// SesamServer is what a SEP sesam server has beside what all nodes have.
type SesamServer struct {
	Address     string            `json:"address" doc:"https://host:port"`
	User        string            `json:"user" doc:"The account of the cluster on the server"`
	Fingerprint string            `json:"fingerprint" doc:"SHA-256 of the certificate that is trusted"`
	Via         string            `json:"via" doc:"Name of the node that it is reached through; empty for any manager"`
	Carrier     string            `json:"carrier" doc:"Name of the node that looks after it now"`
	DriftPolicy string            `json:"drift_policy" doc:"What becomes of what differs though the cluster has not changed: repair, report or adopt"`
	PassThrough bool              `json:"passthrough" doc:"Its own clients may reach it through the cluster"`
	Error       string            `json:"error" doc:"Why the last look at it failed"`
	Lacks       map[string]string `json:"lacks" doc:"Capabilities that it does not have, with the reason"`
}

// ServerInput is a SEP sesam server that is to belong to the grid.
type ServerInput struct {
	Name        string            `json:"name"`
	Roles       []string          `json:"roles" doc:"sesam-server; nodes of other roles join by themselves"`
	Address     string            `json:"address" doc:"https://host:port"`
	User        string            `json:"user" doc:"An account on the server with all rights"`
	Password    string            `json:"password"`
	Fingerprint string            `json:"fingerprint,omitempty" doc:"Of the certificate that is trusted; without it the answer says which one the server shows"`
	Via         string            `json:"via,omitempty" doc:"Id or name of the node that it is reached through; otherwise any manager"`
	Site        string            `json:"site,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	PassThrough bool              `json:"passthrough,omitempty" doc:"Its own clients may reach it through the cluster"`
}

// ServerChange is what should become different in a SEP sesam server.
type ServerChange struct {
	ClusterMode *string `json:"cluster_mode,omitempty" doc:"Of a sesam-server: standalone or managed"`
	TakeOver    *bool   `json:"take_over,omitempty" doc:"With cluster_mode managed: users and groups that only the server has become the cluster's; otherwise they are disabled there"`
	DriftPolicy *string `json:"drift_policy,omitempty" doc:"Of a sesam-server: repair, report or adopt"`
	PassThrough *bool   `json:"passthrough,omitempty" doc:"Of a sesam-server: its own clients may reach it through the cluster"`
	Address     *string `json:"address,omitempty" doc:"Of a sesam-server: https://host:port"`
	User        *string `json:"user,omitempty" doc:"Of a sesam-server: the account of the cluster on it"`
	Password    *string `json:"password,omitempty" doc:"Of a sesam-server: of the account"`
	Fingerprint *string `json:"fingerprint,omitempty" doc:"Of a sesam-server: of the certificate that is trusted"`
	Via         *string `json:"via,omitempty" doc:"Of a sesam-server: id or name of the node that it is reached through; empty for any manager"`
}

// any tells whether anything is to become different.
func (s *ServerChange) any() bool { return *s != ServerChange{} }

func showServer(v *fsm.View, id string) (*string, *SesamServer) {
	s, ok := v.Servers.Get(id)
	if !ok {
		return nil, nil
	}
	mode := string(s.Mode)
	out := &SesamServer{Address: s.Address, User: s.Account, Fingerprint: s.Fingerprint, DriftPolicy: string(s.Policy), PassThrough: s.PassThrough,
		Error: s.Error, Lacks: labelsOf(s.Lacks)}
	if s.Via != "" {
		out.Via = nodeName(v, s.Via)
	}
	if s.Carrier != "" {
		out.Carrier = nodeName(v, s.Carrier)
	}
	return &mode, out
}

// addNode makes a SEP sesam server a node of the grid. Its certificate must be
// trusted by a person first: without a fingerprint the refusal says what is shown.
func addNode(c *call, in *ServerInput) (Node, error) {
	if !slices.Equal(in.Roles, []string{fsm.RoleSesam}) {
		return Node{}, invalid("roles", "only a %s is added; nodes of other roles join with a token", fsm.RoleSesam)
	}
	if in.Fingerprint == "" {
		return Node{}, c.untrusted(in.Address)
	}
	id := pki.NewID()
	result, err := c.apply(&fsm.AddServer{ID: id, Name: in.Name, Address: in.Address, Account: in.User, Password: c.sealed("server/"+id, in.Password),
		Fingerprint: in.Fingerprint, Via: in.Via, Site: in.Site, Labels: in.Labels, PassThrough: in.PassThrough})
	if err != nil {
		return Node{}, err
	}
	return c.showNode(result.ID)
}

// ProbeInput is a server to be asked.
type ProbeInput struct {
	Address string `json:"address" doc:"https://host:port"`
}

// probeServer asks a server for its certificate, and sends it nothing.
func probeServer(c *call, in *ProbeInput) (ServerCertificate, error) {
	if c.Servers == nil {
		return ServerCertificate{}, fsm.Errorf(fsm.Unavailable, "this manager cannot ask servers")
	}
	cert, err := c.Servers.Probe(c.ctx(), in.Address)
	if err != nil {
		return ServerCertificate{}, invalid("address", "%v", err)
	}
	return cert, nil
}

// sealed seals a secret for its place in the state; nothing stays nothing.
func (c *call) sealed(place, secret string) []byte {
	if secret == "" {
		return nil
	}
	return pki.Seal(c.Key, place, []byte(secret))
}

// untrusted is the refusal of a server whose certificate nobody has trusted yet.
func (c *call) untrusted(address string) error {
	cert, err := probeServer(c, &ProbeInput{address})
	if fsm.CodeOf(err) == fsm.Unavailable {
		return invalid("fingerprint", "is needed: the SHA-256 of the server's certificate")
	}
	if err != nil {
		return err
	}
	return invalid("fingerprint", "the server shows a certificate of %s, issued by %s, that ends at %s; to trust it, send fingerprint %s",
		cert.Subject, cert.Issuer, cert.NotAfter.UTC().Format(time.RFC3339), cert.Fingerprint)
}

// updateServer changes a SEP sesam server.
func updateServer(c *call, in *ServerChange) (Node, error) {
	id, index, err := target(c, &c.view.Nodes, "node", nodeID)
	if err != nil {
		return Node{}, err
	}
	cmd := &fsm.UpdateServer{ID: id, IfIndex: index, Address: in.Address, Account: in.User, Fingerprint: in.Fingerprint, Via: in.Via,
		Mode: cast[fsm.ClusterMode](in.ClusterMode), Policy: cast[fsm.DriftPolicy](in.DriftPolicy), PassThrough: in.PassThrough,
		TakeOver: in.TakeOver != nil && *in.TakeOver}
	if in.Password != nil {
		sealed := c.sealed("server/"+id, *in.Password)
		cmd.Password = &sealed
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Node{}, err
	}
	return c.showNode(result.ID)
}

// secret seals a user's new password for the servers that are managed, if there are
// any: the state keeps it only as long as one of them waits for it.
func (c *call) secret(user, password string) []byte {
	if c.view.Servers.Count("mode", string(fsm.Managed)) == 0 {
		return nil
	}
	return c.sealed("secret/"+user, password)
}

// ServerObject is an object of a SEP sesam server as it was seen last.
type ServerObject struct {
	Meta
	Kind    string         `json:"kind" doc:"user, group, acl, client, task, schedule, datastore or result"`
	Name    string         `json:"name"`
	Remote  string         `json:"remote_id" doc:"Its id on the server"`
	Status  string         `json:"status" doc:"In the words of the cluster"`
	Parent  string         `json:"parent" doc:"Of a task its client, of a result its task"`
	At      *time.Time     `json:"at" doc:"Of a result: when it began"`
	Enabled bool           `json:"enabled"`
	Groups  []string       `json:"groups" doc:"Of a user"`
	Rights  []string       `json:"rights" doc:"Of an access list: who may"`
	Comment string         `json:"comment"`
	Stale   bool           `json:"stale" doc:"The server cannot be reached: this is how it was when it could be"`
	Shown   map[string]any `json:"shown" doc:"As the server shows it, without secrets"`
}

func showServerObject(_ *API, v *fsm.View, m *fsm.Mirror) ServerObject {
	out := ServerObject{Meta: metaOf(&m.Meta), Kind: string(m.Kind), Name: m.Name, Remote: m.Remote, Status: m.State, Parent: m.Parent,
		At: moment(m.At), Enabled: m.Facts.Enabled, Groups: some(m.Facts.Groups), Rights: some(m.Facts.Rights), Comment: m.Facts.Comment,
		Stale: stale(v, m.Server), Shown: document(m.Doc)}
	return out
}

// stale tells whether what is known of a server may have changed since.
func stale(v *fsm.View, server string) bool {
	s, ok := v.Servers.Get(server)
	return !ok || !s.Reachable()
}

func serverObjects() listing[fsm.Mirror, ServerObject] {
	return listing[fsm.Mirror, ServerObject]{
		table: func(v *fsm.View) *fsm.Table[fsm.Mirror] { return &v.Mirrors },
		meta:  mirrorMeta,
		show:  showServerObject,
		sort:  "name",
		within: func(c *call) ([]pick[fsm.Mirror], error) {
			n, err := find(&c.view.Nodes, "node", c.param("node"))
			if err != nil {
				return nil, err
			}
			if _, ok := c.view.Servers.Get(n.ID); !ok {
				return nil, fsm.Errorf(fsm.Conflict, "node %s is not a SEP sesam server", n.Name)
			}
			return []pick[fsm.Mirror]{{filter[fsm.Mirror]{index: "server", has: func(m *fsm.Mirror, key string) bool { return m.Server == key }}, []string{n.ID}}}, nil
		},
		filters: []filter[fsm.Mirror]{
			{name: "kind", says: "What it is", known: words(fsm.MirrorKinds()), index: "kind", has: func(m *fsm.Mirror, key string) bool { return string(m.Kind) == key }},
			{name: "status", says: "In the words of the cluster", has: func(m *fsm.Mirror, key string) bool { return m.State == key }},
			yesNo("enabled", "Only enabled or only disabled ones", func(m *fsm.Mirror) bool { return m.Facts.Enabled }),
		},
		orders: []order[fsm.Mirror]{
			byName("name", func(m *fsm.Mirror) string { return m.Name }),
			byName("kind", func(m *fsm.Mirror) string { return string(m.Kind) }),
			byName("status", func(m *fsm.Mirror) string { return m.State }),
			byName("parent", func(m *fsm.Mirror) string { return m.Parent }),
			byTime("at", "", func(m *fsm.Mirror) fsm.Time { return m.At }),
			byChange(mirrorMeta),
		},
	}
}

func mirrorMeta(m *fsm.Mirror) *fsm.Meta { return &m.Meta }

// LaunchInput is a task of a SEP sesam server that is to be run there.
type LaunchInput struct {
	Task  string `json:"task" doc:"Its name on the server"`
	Level string `json:"level,omitempty" doc:"full (unless said otherwise), incremental, differential or copy"`
}

// startTask has a server run one of its tasks.
func startTask(c *call, in *LaunchInput) (Job, error) {
	s, err := c.serverOf(c.param("node"))
	if err != nil {
		return Job{}, err
	}
	result, err := c.apply(&fsm.CreateLaunch{ID: pki.NewID(), Server: s.ID, Task: in.Task, Level: fsm.Level(in.Level)})
	if err != nil {
		return Job{}, err
	}
	j, err := made(&c.view.Jobs, "job", result.ID)
	if err != nil {
		return Job{}, err
	}
	return showJob(c.API, c.view, j), nil
}

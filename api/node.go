package api

import (
	"time"

	"bcm/fsm"
)

// Node is a member of the grid.
type Node struct {
	Meta
	Name        string            `json:"name"`
	Roles       []string          `json:"roles" doc:"What it does: cluster-manager, backup-manager, backup-storage, sesam-server"`
	Allowed     []string          `json:"allowed_roles" doc:"What its certificate lets it do"`
	Status      string            `json:"status" doc:"What is observed: joining, online, degraded, offline or left"`
	Reason      string            `json:"reason" doc:"Why it is degraded"`
	Mode        string            `json:"mode" doc:"What is wanted: active, draining or maintenance"`
	Drained     bool              `json:"drained" doc:"It drains, and has nothing left: it runs nothing, answers for nobody and keeps no data"`
	ClusterMode *string           `json:"cluster_mode" doc:"Of a sesam-server: standalone or managed"`
	Site        string            `json:"site"`
	Labels      map[string]string `json:"labels"`
	Address     string            `json:"address" doc:"Where people find it"`
	Addresses   Addresses         `json:"addresses"`
	Version     string            `json:"version" doc:"Of its program"`
	LastSeen    *time.Time        `json:"last_seen" doc:"When it was heard of, as of its last change of status"`
	Capacity    Capacity          `json:"capacity"`
	Slots       int               `json:"slots" doc:"Runs that it takes at once"`
	Running     int               `json:"running" doc:"Runs that it has"`
	Parallel    int               `json:"parallel" doc:"Of a storage: how many backups may write to it at once; 0 is without end"`
	NotAfter    *time.Time        `json:"certificate_not_after"`
	Server      *SesamServer      `json:"server,omitempty" doc:"Of a SEP sesam server"`
}

// Addresses are where the parts of a node listen, as host:port.
type Addresses struct {
	API     string `json:"api,omitempty"`
	Member  string `json:"member,omitempty"`
	Gossip  string `json:"gossip,omitempty"`
	Storage string `json:"storage,omitempty"`
	Metrics string `json:"metrics,omitempty"`
}

// Capacity is how much a storage node can keep, in bytes.
type Capacity struct {
	Total int64 `json:"total"`
	Used  int64 `json:"used" doc:"By blobs"`
	Free  int64 `json:"free"`
	Grows int64 `json:"grows,omitempty" doc:"By how much less is free each day, lately"`
	Full  int64 `json:"full_in_days,omitempty" doc:"When it goes on like that"`
	Lost  int64 `json:"lost,omitempty" doc:"Blobs that are damaged or missing"`
}

func showCapacity(c fsm.Capacity) Capacity {
	out := Capacity{Total: c.Total, Used: c.Used, Free: c.Free, Grows: c.Grows, Lost: c.Lost}
	if days, ok := c.FullIn(); ok {
		out.Full = max(1, days)
	}
	return out
}

// NodeChange is what should become different in a node.
type NodeChange struct {
	Mode   *string            `json:"mode,omitempty" doc:"active, draining or maintenance"`
	Roles  *[]string          `json:"roles,omitempty"`
	Site   *string            `json:"site,omitempty"`
	Labels *map[string]string `json:"labels,omitempty"`

	Parallel *int `json:"parallel,omitempty" doc:"Of a storage: how many backups may write to it at once; 0 is without end"`

	ServerChange
}

func nodeMeta(n *fsm.Node) *fsm.Meta { return &n.Meta }
func nodeID(n *fsm.Node) string      { return n.ID }

func showNode(_ *API, v *fsm.View, n *fsm.Node) Node {
	mode, server := showServer(v, n.ID)
	return Node{
		ClusterMode: mode, Server: server,
		Meta: metaOf(&n.Meta), Name: n.Name, Roles: some(n.Roles), Allowed: some(n.Allowed),
		Status: string(n.Status), Reason: n.Reason, Mode: string(n.Mode), Drained: v.Drained(n), Site: n.Site, Labels: labelsOf(n.Labels),
		Address: n.Address(), Addresses: Addresses(n.Addresses), Version: n.Version, LastSeen: moment(n.LastSeen),
		Capacity: showCapacity(n.Capacity), Slots: n.Slots, Parallel: n.Parallel,
		Running:  v.Backups.Count("active", n.ID) + v.Jobs.Count("active", n.ID),
		NotAfter: moment(n.NotAfter),
	}
}

func nodeStatuses() []string {
	return words([]fsm.NodeStatus{fsm.Joining, fsm.Online, fsm.Degraded, fsm.Offline, fsm.Left})
}

func nodeListing() listing[fsm.Node, Node] {
	return listing[fsm.Node, Node]{
		table: func(v *fsm.View) *fsm.Table[fsm.Node] { return &v.Nodes },
		meta:  nodeMeta,
		show:  showNode,
		sort:  "name",
		filters: []filter[fsm.Node]{
			{name: "status", says: "What is observed", known: nodeStatuses(), index: "status",
				has: func(n *fsm.Node, key string) bool { return string(n.Status) == key }},
			{name: "role", says: "What it does", known: fsm.Roles(), index: "role",
				has: func(n *fsm.Node, key string) bool { return n.Has(key) }},
			{name: "mode", says: "What is wanted", known: words([]fsm.NodeMode{fsm.Active, fsm.Draining, fsm.Maintenance}),
				has: func(n *fsm.Node, key string) bool { return string(n.Mode) == key }},
			{name: "site", says: "Where it stands", has: func(n *fsm.Node, key string) bool { return n.Site == key }},
		},
		orders: []order[fsm.Node]{
			byName("name", func(n *fsm.Node) string { return n.Name }),
			byNumber("status", func(n *fsm.Node) int64 { return severity(nodeSeverities(), n.Status) }),
			byName("mode", func(n *fsm.Node) string { return string(n.Mode) }),
			byName("site", func(n *fsm.Node) string { return n.Site }),
			byName("address", func(n *fsm.Node) string { return n.Address() }),
			byName("version", func(n *fsm.Node) string { return n.Version }),
			byNumber("used", func(n *fsm.Node) int64 { return n.Capacity.Used }),
			byTime("last_seen", "", func(n *fsm.Node) fsm.Time { return n.LastSeen }),
			byTime("certificate_not_after", "", func(n *fsm.Node) fsm.Time { return n.NotAfter }),
			byCreation("", nodeMeta),
			byChange(nodeMeta),
		},
	}
}

func (c *call) showNode(id string) (Node, error) {
	n, err := made(&c.view.Nodes, "node", id)
	if err != nil {
		return Node{}, err
	}
	return showNode(c.API, c.view, n), nil
}

func getNode(c *call) (Node, error) {
	n, err := find(&c.view.Nodes, "node", c.param("node"))
	if err != nil {
		return Node{}, err
	}
	return showNode(c.API, c.view, n), nil
}

func updateNode(c *call, in *NodeChange) (Node, error) {
	if in.any() {
		if in.Mode != nil || in.Roles != nil || in.Site != nil || in.Labels != nil || in.Parallel != nil {
			return Node{}, invalid("mode", "what is wanted of a node and how its server is entered are changed one after the other")
		}
		return updateServer(c, &in.ServerChange)
	}
	return c.changeNode(&fsm.UpdateNode{Mode: cast[fsm.NodeMode](in.Mode), Roles: in.Roles, Site: in.Site, Labels: in.Labels,
		Parallel: in.Parallel})
}

// drainNode lets a node finish what it runs and gives it nothing new.
func drainNode(c *call) (Node, error) {
	mode := fsm.Draining
	return c.changeNode(&fsm.UpdateNode{Mode: &mode})
}

func (c *call) changeNode(cmd *fsm.UpdateNode) (Node, error) {
	id, index, err := target(c, &c.view.Nodes, "node", nodeID)
	if err != nil {
		return Node{}, err
	}
	cmd.ID, cmd.IfIndex = id, index
	result, err := c.apply(cmd)
	if err != nil {
		return Node{}, err
	}
	return c.showNode(result.ID)
}

func removeNode(c *call) error {
	force, err := c.yes("force")
	if err != nil {
		return err
	}
	id, index, err := target(c, &c.view.Nodes, "node", nodeID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveNode{ID: id, IfIndex: index, Force: force})
	return err
}

// yes reads a parameter that is true or false; given without a value it is true.
func (c *call) yes(name string) (bool, error) {
	if !c.query.Has(name) {
		return false, nil
	}
	switch value := c.query.Get(name); value {
	case "", "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, invalid(name, "%q is neither true nor false", value)
	}
}

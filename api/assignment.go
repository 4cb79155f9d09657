package api

import (
	"time"

	"bcm/fsm"
)

// Assignment says which nodes answer for a client's data.
type Assignment struct {
	Meta
	Client     string         `json:"client" doc:"Name"`
	Repository string         `json:"repository" doc:"Name"`
	Managers   []string       `json:"managers" doc:"Names of backup managers, the preferred first"`
	Storages   []string       `json:"storages" doc:"Names of storage nodes, the one written to first"`
	Nodes      []AssignedNode `json:"nodes" doc:"The same with what each of them is to the client, and how it is"`
	Copies     int            `json:"copies" doc:"On how many storages the data should lie"`
	Complete   int            `json:"complete" doc:"On how many storages all of it lies"`
}

// AssignedNode is what a node is to a client.
type AssignedNode struct {
	Node     string `json:"node" doc:"Name"`
	Role     string `json:"role" doc:"backup-manager or backup-storage"`
	As       string `json:"as" doc:"preferred or stand-in, of a backup manager; primary, which is written to, or copy, of a storage"`
	Status   string `json:"status" doc:"What is observed of the node; removed when there is none any more"`
	Mode     string `json:"mode" doc:"What is wanted of it"`
	Complete *bool  `json:"complete" doc:"Of a storage: whether it has all that was stored"`
}

func assignmentMeta(a *fsm.Assignment) *fsm.Meta { return &a.Meta }

func showAssignment(_ *API, v *fsm.View, a *fsm.Assignment) Assignment {
	out := Assignment{Meta: metaOf(&a.Meta), Client: clientName(v, a.ID), Managers: nodeNames(v, a.Managers),
		Storages: nodeNames(v, a.Storages), Nodes: []AssignedNode{}}
	for place, id := range a.Managers {
		out.Nodes = append(out.Nodes, assignedNode(v, id, fsm.RoleBackupManager, place))
	}
	c, ok := v.Clients.Get(a.ID)
	if !ok {
		return out
	}
	out.Repository, out.Copies = repositoryName(v, c.Repository), v.WantedCopies(c.Repository)
	r, ok := v.Repositories.Get(c.Repository)
	for place, id := range a.Storages {
		n := assignedNode(v, id, fsm.RoleStorage, place)
		complete := ok && v.Complete(r, id)
		if n.Complete = &complete; complete {
			out.Complete++
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

func assignedNode(v *fsm.View, id, role string, place int) AssignedNode {
	out := AssignedNode{Node: id, Role: role, As: fsm.AsOf(role, place), Status: "removed"}
	if n, ok := v.Nodes.Get(id); ok {
		out.Node, out.Status, out.Mode = n.Name, string(n.Status), string(n.Mode)
	}
	return out
}

func assignmentListing() listing[fsm.Assignment, Assignment] {
	return listing[fsm.Assignment, Assignment]{
		table: func(v *fsm.View) *fsm.Table[fsm.Assignment] { return &v.Assignments },
		meta:  assignmentMeta,
		show:  showAssignment,
		sort:  "client",
		filters: []filter[fsm.Assignment]{
			ofClient("", func(a *fsm.Assignment, key string) bool { return a.ID == key }),
			ofNode("node", func(a *fsm.Assignment, key string) bool {
				return contains(a.Managers, key) || contains(a.Storages, key)
			}),
		},
		orders: []order[fsm.Assignment]{
			shownAs("client", func(v *fsm.View, a *fsm.Assignment) string { return clientName(v, a.ID) }),
			byCreation("", assignmentMeta),
			byChange(assignmentMeta),
		},
		texts: func(v *fsm.View, q string) func(a *fsm.Assignment) bool {
			clients, nodes := clientsLike(v, q), nodesLike(v, q)
			return func(a *fsm.Assignment) bool {
				for _, id := range append(append([]string{}, a.Managers...), a.Storages...) {
					if nodes[id] {
						return true
					}
				}
				return clients[a.ID]
			}
		},
	}
}

// ExplainInput names whose nodes are to be explained.
type ExplainInput struct {
	Client string `json:"client" doc:"Name or id"`
}

// PlacementExplanation says of all nodes why they answer for a client, or do not.
type PlacementExplanation struct {
	Client    string    `json:"client" doc:"Name"`
	Copies    int       `json:"copies" doc:"On how many storages its data should lie"`
	Placement Placement `json:"placement" doc:"Where its data may be handled and kept"`
	Nodes     []Verdict `json:"nodes" doc:"Each node once for each of the two roles, backup-manager and backup-storage"`
}

// Verdict says why a node would be chosen for a client now, or would not.
type Verdict struct {
	Node   string `json:"node" doc:"Name"`
	Role   string `json:"role" doc:"In which it might answer for the client"`
	Chosen bool   `json:"chosen"`
	As     string `json:"as" doc:"What it is to the client; empty when it is not chosen"`
	Reason string `json:"reason" doc:"chosen, leaving, role, mode, status, full, constraint, domain, settled or score"`
	Detail string `json:"detail" doc:"The same for people"`
}

func explainAssignment(c *call, in *ExplainInput) (PlacementExplanation, error) {
	client, ok := c.view.Clients.Find(in.Client)
	if !ok {
		return PlacementExplanation{}, invalid("client", "no client %q", in.Client)
	}
	if err := c.mustSee(c.view.GuardsOf(client)); err != nil {
		return PlacementExplanation{}, err
	}
	out := PlacementExplanation{Client: client.Name, Copies: c.view.WantedCopies(client.Repository),
		Placement: showPlacement(&client.Placement), Nodes: []Verdict{}}
	for _, v := range c.view.Choosing(time.Now()).Explain(client) {
		out.Nodes = append(out.Nodes, Verdict{Node: nodeName(c.view, v.Node), Role: v.Role, Chosen: v.As != "",
			As: v.As, Reason: v.Reason, Detail: v.Detail})
	}
	return out, nil
}

// Impact is what depends on a node: what stands still, or is lost, when it dies.
type Impact struct {
	Node          string       `json:"node" doc:"Name"`
	Clients       []string     `json:"clients" doc:"Names of those that it answers for"`
	WithoutRunner []string     `json:"without_runner" doc:"Names of clients with a task that no other node could run now"`
	Waiting       []string     `json:"waiting" doc:"Names of clients whose data is written here: their backups wait until a complete copy takes its place, or the node is back"`
	OnlyCopies    []OnlyCopies `json:"only_copies" doc:"Repositories of which it has the only complete copy: their data is lost with it"`
	Backups       []string     `json:"backups" doc:"Ids of those at work on it"`
	Jobs          []string     `json:"jobs" doc:"Ids of the restores and other jobs at work on it"`
}

// OnlyCopies is a repository that would be lost.
type OnlyCopies struct {
	Repository string   `json:"repository" doc:"Name"`
	Clients    []string `json:"clients" doc:"Names of those whose data it has"`
}

func nodeImpact(c *call) (Impact, error) {
	n, err := find(&c.view.Nodes, "node", c.param("node"))
	if err != nil {
		return Impact{}, err
	}
	names := func(ids []string) []string {
		names := make([]string, 0, len(ids))
		for _, client := range visible(c, &c.view.Clients, ids) {
			names = append(names, client.Name)
		}
		return names
	}
	i := c.view.Impact(n)
	out := Impact{Node: n.Name, Clients: names(i.Clients), WithoutRunner: names(i.Stranded), Waiting: names(i.Waiting),
		OnlyCopies: []OnlyCopies{}, Backups: []string{}, Jobs: []string{}}
	for _, r := range visible(c, &c.view.Repositories, i.Only) {
		out.OnlyCopies = append(out.OnlyCopies, OnlyCopies{Repository: r.Name, Clients: c.showRepository(r).Clients})
	}
	for _, b := range visible(c, &c.view.Backups, i.Backups) {
		out.Backups = append(out.Backups, b.ID)
	}
	for _, j := range visible(c, &c.view.Jobs, i.Jobs) {
		out.Jobs = append(out.Jobs, j.ID)
	}
	return out, nil
}

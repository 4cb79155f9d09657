package api

import "bcm/fsm"

// Repository is one namespace on storage nodes, with one encryption password,
// within which equal data is kept once.
type Repository struct {
	Meta
	Name     string   `json:"name"`
	Quota    int64    `json:"quota" doc:"Bytes on each storage; 0 means without"`
	Storages []string `json:"storages" doc:"Names of the nodes that keep the data; the first is written to"`
	Clients  []string `json:"clients" doc:"Names of the clients whose data it keeps"`
	Filled   bool     `json:"filled" doc:"A backup was begun in it"`
}

// RepositoryChange is what should become different in a repository.
type RepositoryChange struct {
	Name  *string `json:"name,omitempty"`
	Quota *int64  `json:"quota,omitempty"`
}

func repositoryMeta(r *fsm.Repository) *fsm.Meta { return &r.Meta }
func repositoryID(r *fsm.Repository) string      { return r.ID }

func repositoryName(v *fsm.View, id string) string {
	return nameIn(&v.Repositories, id, func(r *fsm.Repository) string { return r.Name })
}

func showRepository(_ *API, v *fsm.View, r *fsm.Repository) Repository {
	out := Repository{Meta: metaOf(&r.Meta), Name: r.Name, Quota: r.Quota, Storages: nodeNames(v, r.Storages),
		Clients: []string{}, Filled: r.Filled}
	for c := range v.Clients.By("repository", r.ID) {
		out.Clients = append(out.Clients, c.Name)
	}
	return out
}

func repositoryListing() listing[fsm.Repository, Repository] {
	return listing[fsm.Repository, Repository]{
		table: func(v *fsm.View) *fsm.Table[fsm.Repository] { return &v.Repositories },
		meta:  repositoryMeta,
		show:  showRepository,
		sort:  "name",
		filters: []filter[fsm.Repository]{
			ofNode("storage", func(r *fsm.Repository, key string) bool { return contains(r.Storages, key) }),
		},
		orders: []order[fsm.Repository]{
			byName("name", func(r *fsm.Repository) string { return r.Name }),
			byNumber("quota", func(r *fsm.Repository) int64 { return r.Quota }),
			byCreation("", repositoryMeta),
			byChange(repositoryMeta),
		},
		texts: func(v *fsm.View, q string) func(r *fsm.Repository) bool {
			nodes := nodesLike(v, q)
			return func(r *fsm.Repository) bool {
				for _, id := range r.Storages {
					if nodes[id] {
						return true
					}
				}
				return false
			}
		},
	}
}

func getRepository(c *call) (Repository, error) {
	r, err := find(&c.view.Repositories, "repository", c.param("repository"))
	if err != nil {
		return Repository{}, err
	}
	return showRepository(c.API, c.view, r), nil
}

func updateRepository(c *call, in *RepositoryChange) (Repository, error) {
	id, index, err := target(c, &c.view.Repositories, "repository", repositoryID)
	if err != nil {
		return Repository{}, err
	}
	result, err := c.apply(&fsm.UpdateRepository{ID: id, IfIndex: index, Name: in.Name, Quota: in.Quota})
	if err != nil {
		return Repository{}, err
	}
	r, err := made(&c.view.Repositories, "repository", result.ID)
	if err != nil {
		return Repository{}, err
	}
	return showRepository(c.API, c.view, r), nil
}

// Assignment says which nodes answer for a client's data.
type Assignment struct {
	Meta
	Client     string   `json:"client" doc:"Name"`
	Repository string   `json:"repository" doc:"Name"`
	Managers   []string `json:"managers" doc:"Names of backup managers, the preferred first"`
	Storages   []string `json:"storages" doc:"Names of storage nodes, the one written to first"`
}

func assignmentMeta(a *fsm.Assignment) *fsm.Meta { return &a.Meta }

func showAssignment(_ *API, v *fsm.View, a *fsm.Assignment) Assignment {
	out := Assignment{Meta: metaOf(&a.Meta), Client: clientName(v, a.ID), Managers: nodeNames(v, a.Managers),
		Storages: nodeNames(v, a.Storages)}
	if c, ok := v.Clients.Get(a.ID); ok {
		out.Repository = repositoryName(v, c.Repository)
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

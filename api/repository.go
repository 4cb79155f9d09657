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
	Copies   []Copy   `json:"copies" doc:"What each of the storages has, in their order"`
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
		Clients: []string{}, Filled: r.Filled, Copies: []Copy{}}
	for c := range v.Clients.By("repository", r.ID) {
		out.Clients = append(out.Clients, c.Name)
	}
	for _, id := range r.Storages {
		out.Copies = append(out.Copies, showCopy(v, r, id))
	}
	return out
}

func repositoryListing() listing[fsm.Repository, Repository] {
	return listing[fsm.Repository, Repository]{
		table: func(v *fsm.View) *fsm.Table[fsm.Repository] { return &v.Repositories },
		meta:  repositoryMeta,
		show:  showRepository,
		veil:  veilRepository,
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

// veilRepository leaves out the clients that access lists hide.
func veilRepository(c *call, r *fsm.Repository, shown *Repository) {
	shown.Clients = []string{}
	for client := range c.view.Clients.By("repository", r.ID) {
		if c.sees(client) {
			shown.Clients = append(shown.Clients, client.Name)
		}
	}
}

func (c *call) showRepository(r *fsm.Repository) Repository {
	l := repositoryListing()
	return l.shown(c, r)
}

func getRepository(c *call) (Repository, error) {
	r, err := seen(c, &c.view.Repositories, "repository")
	if err != nil {
		return Repository{}, err
	}
	return c.showRepository(r), nil
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
	return c.showRepository(r), nil
}

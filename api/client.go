package api

import (
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Client is a machine or data source to be protected.
type Client struct {
	Meta
	Name       string            `json:"name"`
	Address    string            `json:"address"`
	Labels     map[string]string `json:"labels"`
	Repository string            `json:"repository" doc:"Name of where its data is kept"`
	Copies     int               `json:"copies" doc:"On how many storages its data should lie"`
	Placement  Placement         `json:"placement" doc:"Where its data may be handled and kept"`
	Parallel   int               `json:"parallel" doc:"How many backups of it are at work at once; 0 is without end"`
	Origin
}

// ClientInput is a client to be made. It gets a repository of its own, unless it
// shares another's.
type ClientInput struct {
	Name       string            `json:"name"`
	Address    string            `json:"address,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Repository string            `json:"repository,omitempty" doc:"Id or name of a repository to share: who can read one of its clients can read all"`
	Quota      int64             `json:"quota,omitempty" doc:"Of the client's own repository, in bytes on each storage; 0 means without"`
	Copies     *int              `json:"copies,omitempty" doc:"On how many storages its data should lie, at most 8; otherwise 1"`
	Placement  PlacementChange   `json:"placement,omitempty" doc:"Where its data may be handled and kept"`
	Parallel   int               `json:"parallel,omitempty" doc:"How many backups of it are at work at once; 0 is without end"`
}

// ClientChange is what should become different in a client.
type ClientChange struct {
	Name    *string            `json:"name,omitempty"`
	Address *string            `json:"address,omitempty"`
	Labels  *map[string]string `json:"labels,omitempty"`

	Copies    *int            `json:"copies,omitempty" doc:"On how many storages its data should lie, at most 8"`
	Placement PlacementChange `json:"placement,omitempty" doc:"What is given of it replaces what is there"`
	Parallel  *int            `json:"parallel,omitempty"`
}

func clientMeta(c *fsm.Client) *fsm.Meta { return &c.Meta }
func clientID(c *fsm.Client) string      { return c.ID }

func showClient(_ *API, v *fsm.View, c *fsm.Client) Client {
	return Client{Meta: metaOf(&c.Meta), Name: c.Name, Address: c.Address, Labels: labelsOf(c.Labels),
		Repository: repositoryName(v, c.Repository), Copies: c.WantedCopies(), Placement: showPlacement(&c.Placement),
		Parallel: c.Parallel, Origin: originOf(v, c.ID)}
}

func clientListing() listing[fsm.Client, Client] {
	return listing[fsm.Client, Client]{
		table:   func(v *fsm.View) *fsm.Table[fsm.Client] { return &v.Clients },
		meta:    clientMeta,
		show:    showClient,
		sort:    "name",
		foreign: foreign(fsm.ServerClient, foreignClient),
		filters: []filter[fsm.Client]{
			{name: "repository", says: "Only of the repository, by id or name", index: "repository",
				key: func(v *fsm.View, value string) (string, error) {
					r, ok := v.Repositories.Find(value)
					if !ok {
						return "", invalid("repository", "no repository %q", value)
					}
					return r.ID, nil
				},
				has: func(c *fsm.Client, key string) bool { return c.Repository == key }},
			byOrigin(clientMeta),
		},
		orders: []order[fsm.Client]{
			byName("name", func(c *fsm.Client) string { return c.Name }),
			byName("address", func(c *fsm.Client) string { return c.Address }),
			byCreation("", clientMeta),
			byChange(clientMeta),
		},
	}
}

func (c *call) showClient(id string) (Client, error) {
	row, err := made(&c.view.Clients, "client", id)
	if err != nil {
		return Client{}, err
	}
	return showClient(c.API, c.view, row), nil
}

func getClient(c *call) (Client, error) {
	if row := seenOnServer(c, "client", fsm.ServerClient, foreignClient); row != nil {
		return showClient(c.API, c.view, row), nil
	}
	row, err := seen(c, &c.view.Clients, "client")
	if err != nil {
		return Client{}, err
	}
	return showClient(c.API, c.view, row), nil
}

func createClient(c *call, in *ClientInput) (Client, error) {
	if in.Repository != "" && in.Quota != 0 {
		return Client{}, invalid("quota", "belongs to a repository; PATCH /v1/repositories/%s sets it", in.Repository)
	}
	cmd := &fsm.CreateClient{ID: pki.NewID(), Name: in.Name, Address: in.Address, Labels: in.Labels, Share: in.Repository,
		Parallel: in.Parallel}
	if err := in.wishes(cmd); err != nil {
		return Client{}, err
	}
	if in.Repository == "" {
		id := pki.NewID()
		password := pki.NewBearer("")
		cmd.Repository = fsm.NewRepository{ID: id, Quota: in.Quota,
			Password: pki.Seal(c.Key, "repository/"+id, []byte(password))}
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Client{}, err
	}
	return c.showClient(result.ID)
}

func updateClient(c *call, in *ClientChange) (Client, error) {
	id, index, err := target(c, &c.view.Clients, "client", clientID)
	if err != nil {
		return Client{}, err
	}
	if err := checkCopies(in.Copies); err != nil {
		return Client{}, err
	}
	result, err := c.apply(&fsm.UpdateClient{ID: id, IfIndex: index, Name: in.Name, Address: in.Address, Labels: in.Labels,
		Copies: in.Copies, Placement: in.Placement.command(), Parallel: in.Parallel})
	if err != nil {
		return Client{}, err
	}
	return c.showClient(result.ID)
}

func removeClient(c *call) error {
	id, index, err := target(c, &c.view.Clients, "client", clientID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveClient{ID: id, IfIndex: index})
	return err
}

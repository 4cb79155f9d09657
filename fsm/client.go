package fsm

// Client is a machine or data source to be protected.
type Client struct {
	Meta
	Name       string            `cbor:"name"`
	Address    string            `cbor:"address,omitempty"`
	Labels     map[string]string `cbor:"labels,omitempty"`
	Repository string            `cbor:"repository"`       // id
	Copies     int               `cbor:"copies,omitempty"` // storages that its data is wanted on; 0 means one
	Placement  Placement         `cbor:"placement,omitzero"`
	Parallel   int               `cbor:"parallel,omitempty"` // backups of it at work at once; 0 is without end
}

var clients = define(schema[Client]{
	name:  "clients",
	meta:  func(c *Client) *Meta { return &c.Meta },
	label: func(c *Client) *string { return &c.Name },
	indexes: []indexDef[Client]{
		byText("repository", func(c *Client) *string { return &c.Repository }, nil),
	},
	texts: func(c *Client, emit func(string)) {
		emit(c.Address)
		for k, v := range c.Labels {
			emit(k)
			emit(v)
		}
	},
})

// CreateClient makes a client together with a repository of its own, or in one
// that it shares with others: clients of one repository are deduplicated
// against each other, and who can read one can read all.
type CreateClient struct {
	ID         string            `cbor:"id"`
	Name       string            `cbor:"name"`
	Address    string            `cbor:"address,omitempty"`
	Labels     map[string]string `cbor:"labels,omitempty"`
	Share      string            `cbor:"share,omitempty"` // id or name of an existing repository
	Repository NewRepository     `cbor:"repository"`      // used when Share is empty
	Copies     int               `cbor:"copies,omitempty"`
	Placement  Placement         `cbor:"placement,omitzero"`
	Parallel   int               `cbor:"parallel,omitempty"`
}

func (c *CreateClient) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Clients, "client", c.ID); err != nil {
		return "", err
	}
	row := &Client{Meta: Meta{ID: c.ID}, Name: c.Name, Address: c.Address, Labels: c.Labels,
		Copies: c.Copies, Placement: c.Placement, Parallel: c.Parallel}
	if err := tx.checkClient(row); err != nil {
		return "", err
	}
	tx.about("clients", c.ID, c.Name)
	if c.Share != "" {
		r, ok := tx.Repositories.Find(c.Share)
		if !ok {
			return "", invalidField("repository", "no repository %q", c.Share)
		}
		if err := tx.let(tx.GuardsWithin(r.ID)...); err != nil {
			return "", err
		}
		row.Repository = r.ID
	} else {
		if err := c.Repository.create(tx, c.Name); err != nil {
			return "", err
		}
		row.Repository = c.Repository.ID
	}
	put(tx, &tx.Clients, row)
	return c.ID, nil
}

func (tx *Tx) checkClient(c *Client) error {
	if err := checkName(c.Name); err != nil {
		return err
	}
	if err := checkLabels(c.Labels); err != nil {
		return err
	}
	if err := checkText("address", c.Address, 255); err != nil {
		return err
	}
	if err := checkCopies(c.Copies); err != nil {
		return err
	}
	if err := c.Placement.check(); err != nil {
		return err
	}
	if err := checkParallel(c.Parallel); err != nil {
		return err
	}
	return unused(&tx.Clients, "client", c.ID, c.Name)
}

// checkParallel bounds how many backups may be at work at once.
func checkParallel(n int) error {
	if n < 0 || n > 10_000 {
		return invalidField("parallel", "lies between 0, which is without end, and 10000")
	}
	return nil
}

// UpdateClient changes a client.
type UpdateClient struct {
	ID        string                 `cbor:"id"`
	IfIndex   uint64                 `cbor:"if_index,omitempty"`
	Name      Opt[string]            `cbor:"name,omitempty"`
	Address   Opt[string]            `cbor:"address,omitempty"`
	Labels    Opt[map[string]string] `cbor:"labels,omitempty"`
	Copies    Opt[int]               `cbor:"copies,omitempty"`
	Placement PlacementChange        `cbor:"placement,omitzero"`
	Parallel  Opt[int]               `cbor:"parallel,omitempty"`
}

func (c *UpdateClient) apply(tx *Tx) (string, error) {
	old, ok := tx.Clients.Get(c.ID)
	if !ok {
		return "", notFound("client", c.ID)
	}
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return "", err
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	n := *old
	set(&n.Name, c.Name)
	set(&n.Address, c.Address)
	set(&n.Labels, c.Labels)
	set(&n.Copies, c.Copies)
	n.Placement = c.Placement.Of(n.Placement)
	set(&n.Parallel, c.Parallel)
	if err := tx.checkClient(&n); err != nil {
		return "", err
	}
	put(tx, &tx.Clients, &n)
	return n.ID, nil
}

// RemoveClient removes a client that nothing refers to: no task, and no backup
// that is still kept.
type RemoveClient struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveClient) apply(tx *Tx) (string, error) {
	row, ok := tx.Clients.Get(c.ID)
	if !ok {
		return "", notFound("client", c.ID)
	}
	if err := tx.let(tx.GuardsOf(row)...); err != nil {
		return "", err
	}
	if err := fresh(&row.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if n := tx.Tasks.Count("client", c.ID); n > 0 {
		return "", Errorf(Conflict, "client %s has tasks (%d); remove them first", row.Name, n)
	}
	for b := range tx.Backups.By("client", c.ID) {
		if b.Status != Deleted {
			return "", Errorf(Conflict, "client %s has backups; delete them first", row.Name)
		}
	}
	drop(tx, &tx.Clients, row.ID)
	tx.unlist(Object{Noun: clients.name, ID: row.ID})
	drop(tx, &tx.Assignments, row.ID)
	if r, ok := tx.Repositories.Get(row.Repository); ok && !r.Filled && tx.Clients.Count("repository", r.ID) == 0 {
		drop(tx, &tx.Repositories, r.ID) // nothing was ever stored
		tx.unlist(Object{Noun: repositories.name, ID: r.ID})
	}
	return row.ID, nil
}

package fsm

// Repository is one namespace on storage nodes, one encryption password and one
// deduplication domain.
type Repository struct {
	Meta              // ID is the namespace
	Name     string   `cbor:"name"`
	Password []byte   `cbor:"password"`           // sealed under "repository/ID"
	Quota    int64    `cbor:"quota,omitempty"`    // bytes on each storage; 0 means without
	Storages []string `cbor:"storages,omitempty"` // ids of the nodes that keep the data; the first is written to, the others hold copies
	Filled   bool     `cbor:"filled,omitempty"`   // a backup was begun in it: the first of its storages stays

	ForgottenAt Time `cbor:"forgotten_at,omitempty"` // when a snapshot was last taken out
	PrunedAt    Time `cbor:"pruned_at,omitempty"`    // when room was last given back
	VerifiedAt  Time `cbor:"verified_at,omitempty"`  // when all of it was last verified and found whole
}

var repositories = define(schema[Repository]{
	name:  "repositories",
	meta:  func(r *Repository) *Meta { return &r.Meta },
	label: func(r *Repository) *string { return &r.Name },
	indexes: []indexDef[Repository]{
		byEach("storage", func(r *Repository, emit func(string)) {
			for _, s := range r.Storages {
				emit(s)
			}
		}),
	},
})

// NewRepository is what a repository begins with.
type NewRepository struct {
	ID       string `cbor:"id"`
	Password []byte `cbor:"password"` // sealed
	Quota    int64  `cbor:"quota,omitempty"`
}

// create makes a repository that bears the name of its client.
func (n *NewRepository) create(tx *Tx, name string) error {
	if err := newRow(&tx.Repositories, "repository", n.ID); err != nil {
		return err
	}
	if len(n.Password) == 0 {
		return invalidField("password", "a repository needs one")
	}
	if n.Quota < 0 {
		return invalidField("quota", "must not be negative")
	}
	if err := unused(&tx.Repositories, "repository", n.ID, name); err != nil {
		name = truncate(name, maxName-len(n.ID)-1) + "-" + n.ID // left behind by a client of that name
	}
	put(tx, &tx.Repositories, &Repository{Meta: Meta{ID: n.ID}, Name: name, Password: n.Password, Quota: n.Quota})
	return nil
}

// UpdateRepository changes a repository.
type UpdateRepository struct {
	ID      string      `cbor:"id"`
	IfIndex uint64      `cbor:"if_index,omitempty"`
	Quota   Opt[int64]  `cbor:"quota,omitempty"`
	Name    Opt[string] `cbor:"name,omitempty"`
}

func (c *UpdateRepository) apply(tx *Tx) (string, error) {
	old, ok := tx.Repositories.Get(c.ID)
	if !ok {
		return "", notFound("repository", c.ID)
	}
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return "", err
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	n := *old
	set(&n.Quota, c.Quota)
	set(&n.Name, c.Name)
	if n.Quota < 0 {
		return "", invalidField("quota", "must not be negative")
	}
	if err := checkName(n.Name); err != nil {
		return "", err
	}
	if err := unused(&tx.Repositories, "repository", n.ID, n.Name); err != nil {
		return "", err
	}
	put(tx, &tx.Repositories, &n)
	return n.ID, nil
}

// lookAfter records in the repository what a job that went well did for it.
func (tx *Tx) lookAfter(j *Job) {
	old, ok := tx.Repositories.Get(j.Repository)
	if !ok {
		return
	}
	r := *old
	switch {
	case j.Kind == ForgetJob:
		r.ForgottenAt = tx.At
	case j.Kind == PruneJob:
		r.PrunedAt = tx.At
	case j.Kind == VerifyJob && j.Backup == "":
		r.VerifiedAt = tx.At
	default:
		return
	}
	put(tx, &tx.Repositories, &r)
}

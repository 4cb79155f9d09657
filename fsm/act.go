package fsm

// Some acts change the managers' group, or the whole state at once, and no row of
// it. Their commands change nothing: they write who did it into the audit trail,
// after it was done.

// TransferLeadership records that the leadership was handed over.
type TransferLeadership struct {
	To string `cbor:"to,omitempty"` // id of the manager that was named; "" when the cluster chose
}

func (c *TransferLeadership) apply(tx *Tx) (string, error) {
	if c.To == "" {
		tx.aboutCluster()
		tx.detail = "the cluster chose the manager"
		return "", nil
	}
	tx.aboutMember(c.To)
	return c.To, nil
}

// RemoveMember records that a manager was taken out of the group.
type RemoveMember struct {
	ID string `cbor:"id"`
}

func (c *RemoveMember) apply(tx *Tx) (string, error) {
	if c.ID == "" {
		return "", invalidField("id", "must not be empty")
	}
	tx.aboutMember(c.ID)
	return c.ID, nil
}

// RestoreSnapshot records that the whole state was replaced by one that was kept.
// Who asked for it may not be a user of that state, and so does not stand as the
// author of the entry.
type RestoreSnapshot struct {
	User string `cbor:"user"` // name
}

func (c *RestoreSnapshot) apply(tx *Tx) (string, error) {
	tx.aboutCluster()
	tx.detail = "asked for by user " + c.User
	return tx.object.ID, nil
}

func (tx *Tx) aboutCluster() {
	if s, ok := tx.Settings.Get(ClusterID); ok {
		tx.about("cluster", string(s.Value), "")
	}
}

func (tx *Tx) aboutMember(id string) {
	name := ""
	if n, ok := tx.Nodes.Get(id); ok {
		name = n.Name
	}
	tx.about("nodes", id, name)
}

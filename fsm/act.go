package fsm

// Some acts change the managers' group, the whole state at once or a SEP sesam
// server, and no row of the state. Their commands change nothing: they write who did
// it into the audit trail.

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

// CallServer records that somebody sends a SEP sesam server a request that may change
// something there, under the account of the cluster. It comes before the request:
// what could not be recorded is not sent.
type CallServer struct {
	ID     string `cbor:"id"`
	Method string `cbor:"method"`
	Path   string `cbor:"path"` // without the query
}

func (c *CallServer) apply(tx *Tx) (string, error) {
	node, _, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if by := tx.user(); by != nil {
		if err := tx.Access(by).NeedAccount(node.Name); err != nil {
			return "", err
		}
	}
	tx.about(nodes.name, node.ID, node.Name)
	tx.detail = c.Method + " " + c.Path
	return node.ID, nil
}

// NeedAccount refuses who may not act on a server as the cluster's account there:
// that account may change the server's users too.
func (a Access) NeedAccount(server string) error {
	if err := a.Need(NodesWrite, "node "+server); err != nil {
		return err
	}
	return a.Need(UsersWrite, "node "+server+" (the account of the cluster there may change users too)")
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

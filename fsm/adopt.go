package fsm

import "fmt"

// takeOver makes users and groups that only the server has the cluster's own. They
// have no password here: who they are is proved at the server until they get one.
// Groups come without rights in the cluster.
func (tx *Tx) takeOver(s *Server) error {
	node, ok := tx.Nodes.Get(s.ID)
	if !ok {
		return notFound("node", s.ID)
	}
	for _, m := range tx.Mirrored(s.ID, ServerGroup) {
		if _, known := tx.Groups.Find(m.Name); known || s.Spared(m.Kind, m.Name) || checkName(m.Name) != nil {
			continue
		}
		put(tx, &tx.Groups, &Group{Meta: Meta{ID: m.ID}, Name: m.Name, Description: truncate(m.Facts.Comment, 255), Origin: node.Name})
	}
	for _, m := range tx.Mirrored(s.ID, ServerUser) {
		if _, known := tx.Users.Find(m.Name); known || s.Spared(m.Kind, m.Name) || checkName(m.Name) != nil {
			continue
		}
		u := &User{Meta: Meta{ID: m.ID}, Name: m.Name, FullName: truncate(m.Facts.Comment, 255), Groups: tx.groupsHere(m.Facts.Groups),
			Enabled: m.Facts.Enabled, Origin: node.Name, Password: NoPassword}
		if err := tx.outranks(u); err != nil {
			return err
		}
		put(tx, &tx.Users, u)
	}
	return nil
}

// NoPassword is the hash of a user who has no password: one that was hashed once and
// that nobody knows. To try one takes as long as with any other user.
const NoPassword = "$argon2id$v=19$m=19456,t=2,p=1$cuucm405Kqq6ThKnhb6xsQ$Ily7gVCboOkB3bZd7147mqzd1ksVhl2amlBPKFCbNG0" //nolint:gosec // opens nothing

// groupsHere gives the ids of groups that are named as servers have them. Those that
// the cluster does not know are left out.
func (t *tables) groupsHere(names []string) []string {
	var ids []string
	for _, name := range names {
		if g, ok := t.Groups.Find(name); ok {
			ids = append(ids, g.ID)
			continue
		}
		for id, there := range serverGroups {
			if there == name {
				ids = append(ids, id)
			}
		}
	}
	return sorted(ids)
}

// AdoptDrift has the cluster take over what was changed on a server: the users and
// groups that are new there, and how those that it knows are there. What is missing
// on the server is left to a person: nobody is removed because one server forgot
// them.
type AdoptDrift struct {
	ID       string `cbor:"id"`
	Revision uint64 `cbor:"revision"` // that the one who decides has seen
}

func (c *AdoptDrift) apply(tx *Tx) (string, error) {
	node, s, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if s.Mode != Managed || s.Policy != Adopt || c.Revision != tx.Revision() {
		return "", Errorf(Conflict, "server %s is %s with the policy %s, at revision %d", node.Name, s.Mode, s.Policy, tx.Revision())
	}
	adopted := 0
	for _, step := range tx.Differences(s) {
		if step.Do == ChangeStep && step.Kind == ServerUser && tx.adoptUser(&step) {
			adopted++
		}
	}
	if err := tx.takeOver(s); err != nil {
		return "", err
	}
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("%d users are as on the server now", adopted)
	return s.ID, nil
}

// adoptUser makes a user as the server has it, unless nobody would be left who may
// do everything.
func (tx *Tx) adoptUser(step *Step) bool {
	old, ok := tx.Users.Get(step.User)
	if !ok || step.Was == nil {
		return false
	}
	u := *old
	u.Enabled, u.FullName, u.Groups = step.Was.Enabled, truncate(step.Was.Comment, 255), tx.groupsHere(step.Was.Groups)
	if old.superuser() && !u.superuser() && tx.keepsSuperuser(old.ID) != nil {
		return false
	}
	put(tx, &tx.Users, &u)
	if !u.Enabled {
		tx.endSessions(u.ID, "")
	}
	return true
}

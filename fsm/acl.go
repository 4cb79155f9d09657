package fsm

import "slices"

// ACL is the access list of one object. An object without one is open to whoever has
// the right by a group; one with a list only to those of them that stand on it, and
// to groups of a high rank.
type ACL struct {
	Meta              // ID is noun/object
	Noun     string   `cbor:"noun"`   // of the object: clients, tasks or repositories
	Object   string   `cbor:"object"` // id
	UserIDs  []string `cbor:"users,omitempty"`
	GroupIDs []string `cbor:"groups,omitempty"`
}

// Unbarred is the rank from which no access list leaves anybody out.
const Unbarred = 80

var acls = define(schema[ACL]{
	name: "acls",
	meta: func(a *ACL) *Meta { return &a.Meta },
})

// Listable names the nouns whose objects may have an access list.
func Listable() []string { return []string{clients.name, tasks.name, repositories.name} }

// NamedObject finds an object that may have an access list, by id or name.
func (t *tables) NamedObject(noun, ref string) (Object, error) {
	o := Object{Noun: noun}
	switch noun {
	case clients.name:
		if row, ok := t.Clients.Find(ref); ok {
			o.ID, o.Name = row.ID, row.Name
		}
	case tasks.name:
		if row, ok := t.Tasks.Find(ref); ok {
			o.ID, o.Name = row.ID, row.Name
		}
	case repositories.name:
		if row, ok := t.Repositories.Find(ref); ok {
			o.ID, o.Name = row.ID, row.Name
		}
	default:
		return o, notOneOf("kind", noun, Listable())
	}
	if o.ID == "" {
		return o, notFound(noun[:len(noun)-1], ref)
	}
	return o, nil
}

// ACL gives the access list of an object, if it has one.
func (t *tables) ACL(o Object) (*ACL, bool) { return t.ACLs.Get(o.Noun + "/" + o.ID) }

// Bars gives the first access list of the objects that leaves the user out; nil when
// none does.
func (t *tables) Bars(u *User, objects ...Object) *ACL {
	if t.ACLs.Len() == 0 || t.Access(u).Rank >= Unbarred {
		return nil
	}
	for _, o := range objects {
		if a, ok := t.ACL(o); ok && !a.lets(u) {
			return a
		}
	}
	return nil
}

func (a *ACL) lets(u *User) bool {
	return slices.Contains(a.UserIDs, u.ID) || slices.ContainsFunc(u.Groups, func(g string) bool { return slices.Contains(a.GroupIDs, g) })
}

// Barred is the refusal of somebody whom an access list leaves out.
func (t *tables) Barred(u *User, a *ACL) error {
	name := a.Object
	if o, err := t.NamedObject(a.Noun, a.Object); err == nil {
		name = o.Name
	}
	return Errorf(Denied, "user %s does not stand on the access list of %s/%s", u.Name, a.Noun, name)
}

// let refuses a user whom an access list of the objects leaves out.
func (tx *Tx) let(objects ...Object) error {
	if by := tx.user(); by != nil {
		if a := tx.Bars(by, objects...); a != nil {
			return tx.Barred(by, a)
		}
	}
	return nil
}

// PutACL gives an object an access list, in place of the one that it has.
type PutACL struct {
	Noun    string   `cbor:"noun"`
	Object  string   `cbor:"object"` // id or name
	IfIndex uint64   `cbor:"if_index,omitempty"`
	Users   []string `cbor:"users,omitempty"`  // ids or names
	Groups  []string `cbor:"groups,omitempty"` // likewise
}

func (c *PutACL) apply(tx *Tx) (string, error) {
	o, err := tx.NamedObject(c.Noun, c.Object)
	if err != nil {
		return "", err
	}
	if err := tx.mayList(o, c.IfIndex); err != nil {
		return "", err
	}
	a := &ACL{Meta: Meta{ID: o.Noun + "/" + o.ID}, Noun: o.Noun, Object: o.ID}
	for _, ref := range c.Users {
		u, ok := tx.Users.Find(ref)
		if !ok {
			return "", invalidField("users", "no user %q", ref)
		}
		a.UserIDs = append(a.UserIDs, u.ID)
	}
	for _, ref := range c.Groups {
		g, ok := tx.Groups.Find(ref)
		if !ok {
			return "", invalidField("groups", "no group %q", ref)
		}
		a.GroupIDs = append(a.GroupIDs, g.ID)
	}
	a.UserIDs, a.GroupIDs = sorted(a.UserIDs), sorted(a.GroupIDs)
	tx.object = Object{Noun: acls.name, ID: a.ID, Name: o.Name}
	put(tx, &tx.ACLs, a)
	return a.ID, nil
}

// mayList refuses to change the access list of an object that is not as it was seen,
// or that leaves out who asks.
func (tx *Tx) mayList(o Object, ifIndex uint64) error {
	if err := tx.let(o); err != nil {
		return err
	}
	if a, ok := tx.ACL(o); ok {
		return fresh(&a.Meta, ifIndex)
	}
	if ifIndex != 0 {
		return Errorf(Precondition, "%s/%s has no access list any more; read it again", o.Noun, o.Name)
	}
	return nil
}

// RemoveACL opens an object to all who have the right by a group.
type RemoveACL struct {
	Noun    string `cbor:"noun"`
	Object  string `cbor:"object"` // id or name
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveACL) apply(tx *Tx) (string, error) {
	o, err := tx.NamedObject(c.Noun, c.Object)
	if err != nil {
		return "", err
	}
	a, ok := tx.ACL(o)
	if !ok {
		return "", Errorf(NotFound, "%s/%s has no access list", o.Noun, o.Name)
	}
	if err := tx.mayList(o, c.IfIndex); err != nil {
		return "", err
	}
	tx.object = Object{Noun: acls.name, ID: a.ID, Name: o.Name}
	drop(tx, &tx.ACLs, a.ID)
	return a.ID, nil
}

// unlist drops the access list of an object that is removed.
func (tx *Tx) unlist(o Object) { drop(tx, &tx.ACLs, o.Noun+"/"+o.ID) }

package fsm

import (
	"errors"
	"fmt"
	"slices"
)

// OriginCluster is the origin of users and groups that were made here.
const OriginCluster = "cluster"

// User is a person, or a program that acts like one.
type User struct {
	Meta
	Name     string   `cbor:"name"`
	FullName string   `cbor:"full_name,omitempty"`
	Email    string   `cbor:"email,omitempty"`
	Groups   []string `cbor:"groups"` // ids
	Enabled  bool     `cbor:"enabled"`
	Origin   string   `cbor:"origin"`
	Password string   `cbor:"password"` // argon2id, in the PHC form
}

var users = define(schema[User]{
	name:  "users",
	meta:  func(u *User) *Meta { return &u.Meta },
	label: func(u *User) *string { return &u.Name },
	indexes: []indexDef[User]{
		byEach("group", func(u *User, emit func(string)) {
			for _, g := range u.Groups {
				emit(g)
			}
		}),
	},
	texts: func(u *User, emit func(string)) {
		emit(u.FullName)
		emit(u.Email)
	},
})

// CreateUser makes a user. Groups are given by id or name.
type CreateUser struct {
	ID       string   `cbor:"id"`
	Name     string   `cbor:"name"`
	FullName string   `cbor:"full_name,omitempty"`
	Email    string   `cbor:"email,omitempty"`
	Groups   []string `cbor:"groups"`
	Disabled bool     `cbor:"disabled,omitempty"`
	Password string   `cbor:"password"`         // hashed
	Secret   []byte   `cbor:"secret,omitempty"` // the password for managed servers, sealed under "secret/ID"
}

func (c *CreateUser) apply(tx *Tx) (string, error) {
	if err := checkName(c.Name); err != nil {
		return "", err
	}
	if err := newRow(&tx.Users, "user", c.ID); err != nil {
		return "", err
	}
	if err := unused(&tx.Users, "user", c.ID, c.Name); err != nil {
		return "", err
	}
	ids, err := tx.groupIDs(c.Groups)
	if err != nil {
		return "", err
	}
	if err := errors.Join(checkText("full_name", c.FullName, 255), checkText("email", c.Email, 255)); err != nil {
		return "", err
	}
	u := &User{Meta: Meta{ID: c.ID}, Name: c.Name, FullName: c.FullName, Email: c.Email,
		Groups: ids, Enabled: !c.Disabled, Origin: OriginCluster, Password: c.Password}
	if err := tx.outranks(u); err != nil {
		return "", err
	}
	put(tx, &tx.Users, u)
	tx.spread(u.ID, c.Secret)
	return u.ID, nil
}

// groupIDs resolves groups given by id or name.
func (tx *Tx) groupIDs(refs []string) ([]string, error) {
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		g, ok := tx.Groups.Find(ref)
		if !ok {
			return nil, invalidField("groups", "no group %q", ref)
		}
		ids = append(ids, g.ID)
	}
	return sorted(ids), nil
}

// outranks refuses a person's act on a user who stands above them, or would
// after it. What the system itself does is not refused.
func (tx *Tx) outranks(u *User) error {
	by := tx.user()
	if by == nil {
		return nil
	}
	enabled := *u
	enabled.Enabled = true // a disabled user keeps the rank
	mine, theirs := tx.Access(by), tx.Access(&enabled)
	if theirs.Rank > mine.Rank {
		return Errorf(Denied, "user %s has a rank of %d and may not act on, or raise anyone to, a rank of %d",
			by.Name, mine.Rank, theirs.Rank)
	}
	for _, r := range theirs.Rights {
		if !mine.May(r) {
			return Errorf(Denied, "user %s lacks the right %s and may not give it to anyone", by.Name, r)
		}
	}
	return nil
}

// keepsSuperuser refuses a change after which nobody enabled could do everything.
func (tx *Tx) keepsSuperuser(without string) error {
	for u := range tx.Users.By("group", superusersID) {
		if u.Enabled && u.ID != without {
			return nil
		}
	}
	return Errorf(Conflict, "this is the last enabled superuser; make another one first")
}

const superusersID = "superusers"

func (u *User) superuser() bool { return u.Enabled && slices.Contains(u.Groups, superusersID) }

// UpdateUser changes a user. Absent fields stay as they are.
type UpdateUser struct {
	ID       string        `cbor:"id"`
	IfIndex  uint64        `cbor:"if_index,omitempty"`
	FullName Opt[string]   `cbor:"full_name,omitempty"`
	Email    Opt[string]   `cbor:"email,omitempty"`
	Groups   Opt[[]string] `cbor:"groups,omitempty"`
	Enabled  Opt[bool]     `cbor:"enabled,omitempty"`
	Password Opt[string]   `cbor:"password,omitempty"` // hashed
	Secret   []byte        `cbor:"secret,omitempty"`   // as in [CreateUser]
}

func (c *UpdateUser) apply(tx *Tx) (string, error) {
	old, ok := tx.Users.Get(c.ID)
	if !ok {
		return "", notFound("user", c.ID)
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if err := tx.outranks(old); err != nil {
		return "", err
	}
	u := *old
	set(&u.FullName, c.FullName)
	set(&u.Email, c.Email)
	set(&u.Enabled, c.Enabled)
	set(&u.Password, c.Password)
	if err := errors.Join(checkText("full_name", u.FullName, 255), checkText("email", u.Email, 255)); err != nil {
		return "", err
	}
	if c.Groups != nil {
		ids, err := tx.groupIDs(*c.Groups)
		if err != nil {
			return "", err
		}
		u.Groups = ids
	}
	if err := tx.outranks(&u); err != nil {
		return "", err
	}
	if old.superuser() && !u.superuser() {
		if err := tx.keepsSuperuser(old.ID); err != nil {
			return "", err
		}
	}
	put(tx, &tx.Users, &u)
	if c.Password != nil {
		tx.spread(u.ID, c.Secret)
	}
	if c.Password != nil || !slices.Equal(old.Groups, u.Groups) || !u.Enabled {
		tx.endSessions(u.ID, "")
	}
	tx.detail = c.says(old, &u)
	return u.ID, nil
}

func (c *UpdateUser) says(old, u *User) string {
	switch {
	case old.Enabled && !u.Enabled:
		return "disabled"
	case !old.Enabled && u.Enabled:
		return "enabled"
	case c.Password != nil:
		return "password"
	case c.Groups != nil:
		return fmt.Sprintf("groups %v → %v", old.Groups, u.Groups)
	}
	return ""
}

// ChangePassword is a user changing their own; the door has checked the old one.
type ChangePassword struct {
	ID       string `cbor:"id"`
	Password string `cbor:"password"`         // hashed
	Session  string `cbor:"session"`          // the one that stays
	Secret   []byte `cbor:"secret,omitempty"` // as in [CreateUser]
}

func (c *ChangePassword) apply(tx *Tx) (string, error) {
	by := tx.user()
	if by == nil || by.ID != c.ID {
		return "", Errorf(Denied, "a user may change no other's password this way")
	}
	u := *by
	u.Password = c.Password
	put(tx, &tx.Users, &u)
	tx.spread(u.ID, c.Secret)
	tx.endSessions(u.ID, c.Session)
	tx.detail = "password"
	return u.ID, nil
}

// RemoveUser removes a user with all sessions and tokens.
type RemoveUser struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveUser) apply(tx *Tx) (string, error) {
	u, ok := tx.Users.Get(c.ID)
	if !ok {
		return "", notFound("user", c.ID)
	}
	if err := fresh(&u.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if err := tx.outranks(u); err != nil {
		return "", err
	}
	if u.superuser() {
		if err := tx.keepsSuperuser(u.ID); err != nil {
			return "", err
		}
	}
	drop(tx, &tx.Users, u.ID)
	drop(tx, &tx.Passwords, u.ID)
	var held []string
	for t := range tx.Tokens.By("user", u.ID) {
		held = append(held, t.ID)
	}
	for _, id := range held {
		drop(tx, &tx.Tokens, id)
	}
	return u.ID, nil
}

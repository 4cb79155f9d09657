package api

import (
	"strconv"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// User is a person, or a program that acts like one.
type User struct {
	Meta
	Name     string   `json:"name"`
	FullName string   `json:"full_name"`
	Email    string   `json:"email"`
	Groups   []string `json:"groups" doc:"Names"`
	Enabled  bool     `json:"enabled"`
	Origins  []string `json:"origins" doc:"All that know a user of that name: cluster, and SEP sesam servers"`
	Origin
}

// UserInput is a user to be made.
type UserInput struct {
	Name     string   `json:"name"`
	FullName string   `json:"full_name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Password string   `json:"password" doc:"At least 12 characters"`
	Groups   []string `json:"groups,omitempty" doc:"Ids or names"`
	Enabled  *bool    `json:"enabled,omitempty" doc:"True unless said otherwise"`
}

// UserChange is what should become different in a user.
type UserChange struct {
	FullName *string   `json:"full_name,omitempty"`
	Email    *string   `json:"email,omitempty"`
	Password *string   `json:"password,omitempty" doc:"Ends all sessions of the user"`
	Groups   *[]string `json:"groups,omitempty" doc:"Ids or names"`
	Enabled  *bool     `json:"enabled,omitempty"`
}

func userMeta(u *fsm.User) *fsm.Meta { return &u.Meta }
func userID(u *fsm.User) string      { return u.ID }

func showUser(_ *API, v *fsm.View, u *fsm.User) User {
	return User{Meta: metaOf(&u.Meta), Name: u.Name, FullName: u.FullName, Email: u.Email,
		Groups: groupNames(v, u.Groups), Enabled: u.Enabled, Origins: originsOf(v, fsm.ServerUser, u.Name, ours(v, u.ID)), Origin: userOrigin(v, u)}
}

func userListing() listing[fsm.User, User] {
	return listing[fsm.User, User]{
		table:   func(v *fsm.View) *fsm.Table[fsm.User] { return &v.Users },
		meta:    userMeta,
		show:    showUser,
		foreign: foreign(fsm.ServerUser, foreignUser),
		sort:    "name",
		filters: []filter[fsm.User]{
			yesNo("enabled", "Only enabled or only disabled users", func(u *fsm.User) bool { return u.Enabled }),
			{name: "group", says: "Only members of the group, by id or name", index: "group",
				key: func(v *fsm.View, value string) (string, error) {
					g, ok := v.Groups.Find(value)
					if !ok {
						return "", invalid("group", "no group %q", value)
					}
					return g.ID, nil
				},
				has: func(u *fsm.User, key string) bool { return contains(u.Groups, key) }},
			byOrigin(userMeta),
		},
		orders: []order[fsm.User]{
			byName("name", func(u *fsm.User) string { return u.Name }),
			byName("full_name", func(u *fsm.User) string { return u.FullName }),
			byName("email", func(u *fsm.User) string { return u.Email }),
			byNumber("enabled", func(u *fsm.User) int64 { return bit(u.Enabled) }),
			byName("origin", func(u *fsm.User) string { return u.Origin }),
			byCreation("", userMeta),
			byChange(userMeta),
		},
		texts: func(v *fsm.View, q string) func(u *fsm.User) bool {
			groups := matching(&v.Groups, q, func(g *fsm.Group) string { return g.ID }, func(g *fsm.Group) string { return g.Name })
			return func(u *fsm.User) bool {
				for _, g := range u.Groups {
					if groups[g] {
						return true
					}
				}
				return false
			}
		},
	}
}

// ours tells whether a user is one of the cluster's, and not only seen on a server.
func ours(v *fsm.View, id string) bool {
	_, ok := v.Users.Get(id)
	return ok
}

// userOrigin tells where a user comes from: one that was taken over from a server is
// the cluster's by now.
func userOrigin(v *fsm.View, u *fsm.User) Origin {
	if ours(v, u.ID) {
		return Origin{Origin: u.Origin}
	}
	return originOf(v, u.ID)
}

func (c *call) showUser(id string) (User, error) {
	u, err := made(&c.view.Users, "user", id)
	if err != nil {
		return User{}, err
	}
	return showUser(c.API, c.view, u), nil
}

func getUser(c *call) (User, error) {
	if _, own := c.view.Users.Get(c.param("user")); !own {
		if u := seenOnServer(c, "user", fsm.ServerUser, foreignUser); u != nil {
			return showUser(c.API, c.view, u), nil
		}
	}
	u, err := find(&c.view.Users, "user", c.param("user"))
	if err != nil {
		return User{}, err
	}
	return showUser(c.API, c.view, u), nil
}

func createUser(c *call, in *UserInput) (User, error) {
	hash, err := c.hashed(in.Password, in.Name)
	if err != nil {
		return User{}, err
	}
	id := pki.NewID()
	result, err := c.apply(&fsm.CreateUser{ID: id, Name: in.Name, FullName: in.FullName, Email: in.Email,
		Groups: in.Groups, Disabled: in.Enabled != nil && !*in.Enabled, Password: hash, Secret: c.secret(id, in.Password)})
	if err != nil {
		return User{}, err
	}
	return c.showUser(result.ID)
}

func updateUser(c *call, in *UserChange) (User, error) {
	id, index, err := target(c, &c.view.Users, "user", userID)
	if err != nil {
		return User{}, err
	}
	cmd := &fsm.UpdateUser{ID: id, IfIndex: index, FullName: in.FullName, Email: in.Email, Groups: in.Groups, Enabled: in.Enabled}
	if in.Password != nil {
		hash, err := c.hashed(*in.Password, userName(c.view, id))
		if err != nil {
			return User{}, err
		}
		cmd.Password, cmd.Secret = &hash, c.secret(id, *in.Password)
	}
	result, err := c.apply(cmd)
	if err != nil {
		return User{}, err
	}
	return c.showUser(result.ID)
}

func removeUser(c *call) error {
	id, index, err := target(c, &c.view.Users, "user", userID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveUser{ID: id, IfIndex: index})
	return err
}

// hashed checks a new password and hashes it.
func (c *call) hashed(password, user string) (string, error) {
	if len(password) > maxPassword {
		return "", invalid("password", "must have at most %d bytes", maxPassword)
	}
	if err := pki.CheckPolicy(password, user); err != nil {
		return "", invalid("password", "%v", err)
	}
	var hash string
	err := c.gate.hash(c.ctx(), func() { hash = pki.HashPassword(password) })
	return hash, err
}

// yesNo is a filter for what is true or false.
func yesNo[T any](name, says string, is func(*T) bool) filter[T] {
	return filter[T]{name: name, says: says, known: []string{"true", "false"},
		has: func(row *T, key string) bool { return strconv.FormatBool(is(row)) == key }}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// sessionLife is how long a session lasts, whatever happens in it.
const sessionLife = 12 * time.Hour

// Login is who wants to log in.
type Login struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// LoggedIn is a session that has begun. The same token is set as a cookie.
type LoggedIn struct {
	Token     string    `json:"token" doc:"For Authorization: Bearer"`
	ExpiresAt time.Time `json:"expires_at"`
	User      User      `json:"user"`
}

// Me is who asks, and what they may.
type Me struct {
	User      User       `json:"user"`
	Groups    []string   `json:"groups" doc:"Names"`
	Rights    []string   `json:"rights" doc:"* stands for all"`
	Rank      int        `json:"rank"`
	ExpiresAt *time.Time `json:"expires_at" doc:"When the session or token ends"`
	ServedBy  string     `json:"served_by" doc:"Name of the manager that answers"`
	Version   string     `json:"version" doc:"Of its program"`
}

// PasswordChange is a user's change of the own password.
type PasswordChange struct {
	Old string `json:"old_password"`
	New string `json:"new_password" doc:"At least 12 characters"`
}

// nobody is what the password of an unknown user is compared with, so that it
// takes as long as for a known one.
var nobody = sync.OnceValue(func() string { return pki.HashPassword(pki.NewBearer("")) })

// login begins a session. Which of name and password was wrong is not told.
func login(c *call, in *Login) (LoggedIn, error) {
	address := c.gin.ClientIP()
	user, err := c.try(in)
	switch {
	case fsm.CodeOf(err) == fsm.Exhausted:
		c.metrics.login("limited")
		return LoggedIn{}, err
	case err != nil:
		return LoggedIn{}, err
	case user == nil:
		c.metrics.login("refused")
		c.log.Info("login refused", "user", in.Name, "from", address)
		return LoggedIn{}, wrongLogin()
	}
	c.metrics.login("ok")
	return c.beginSession(user, address)
}

// try gives the user whose name and password these are, or nil, within the
// limits on trying.
func (c *call) try(in *Login) (*fsm.User, error) {
	from := network(c.gin.ClientIP())
	if wait := c.Cluster.TryLogin(c.ctx(), in.Name, from); wait > 0 {
		c.gin.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return nil, fsm.Errorf(fsm.Exhausted, "too many passwords were tried; wait %v", max(wait.Round(time.Second), time.Second))
	}
	if len(in.Password) > maxPassword {
		c.Cluster.TellLogin(c.ctx(), in.Name, from, false)
		return nil, nil
	}
	view, err := c.settled(callTimeout)
	if err != nil {
		return nil, err
	}
	user, err := c.prove(view, in)
	if err != nil {
		return nil, err
	}
	c.Cluster.TellLogin(c.ctx(), in.Name, from, user != nil)
	return user, nil
}

func wrongLogin() error {
	return fsm.Errorf(fsm.Unauthorized, "the name or the password is wrong, or the user is disabled")
}

// prove gives the user whose name and password these are, or nil.
func (c *call) prove(view *fsm.View, in *Login) (*fsm.User, error) {
	var user *fsm.User
	hash := nobody()
	for u := range view.Users.By(fsm.NameIndex, in.Name) {
		user = u
	}
	if user != nil && user.Password != "" {
		hash = user.Password
	}
	var right bool
	var bad error
	if err := c.gate.hash(c.ctx(), func() { right, _, bad = pki.CheckPassword(hash, in.Password) }); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	if user == nil || user.Password == "" || !right || !user.Enabled {
		return nil, nil
	}
	return user, nil
}

func (c *call) beginSession(user *fsm.User, address string) (LoggedIn, error) {
	token := pki.NewBearer(pki.BearerSession)
	result, err := c.applyAs("login", &fsm.CreateSession{
		ID: pki.NewID(), User: user.ID, Hash: pki.HashSecret(token), From: address, TTL: sessionLife,
	})
	if err != nil {
		return LoggedIn{}, err
	}
	session, err := made(&c.view.Tokens, "session", result.ID)
	if err != nil {
		return LoggedIn{}, err
	}
	c.setCookie(token, int(sessionLife.Seconds()))
	return LoggedIn{Token: token, ExpiresAt: session.ExpiresAt.Time(), User: showUser(c.API, c.view, user)}, nil
}

func (c *call) setCookie(value string, seconds int) {
	http.SetCookie(c.gin.Writer, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// logout ends the session that asks.
func logout(c *call) error {
	if c.token.Kind != fsm.Session {
		return fsm.Errorf(fsm.Conflict, "an API token has no session to end; DELETE /v1/api-tokens/%s revokes it", c.token.ID)
	}
	c.setCookie("", -1)
	_, err := c.apply(&fsm.EndSession{ID: c.token.ID})
	return err
}

func me(c *call) (Me, error) {
	return Me{User: showUser(c.API, c.view, c.user), Groups: groupNames(c.view, c.access.Groups),
		Rights: words(c.access.Rights), Rank: c.access.Rank, ExpiresAt: moment(c.token.ExpiresAt),
		ServedBy: c.Name, Version: c.Version}, nil
}

// changePassword sets the own password. All other sessions of the user end.
func changePassword(c *call, in *PasswordChange) error {
	user, err := c.try(&Login{Name: c.user.Name, Password: in.Old})
	if err != nil {
		return err
	}
	if user == nil {
		return invalid("old_password", "is wrong")
	}
	hash, err := c.hashed(in.New, c.user.Name)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.ChangePassword{ID: c.user.ID, Password: hash, Session: c.token.ID,
		Secret: c.secret(c.user.ID, in.New)})
	return err
}

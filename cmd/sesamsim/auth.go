package main

import (
	"net"
	"net/http"
	"strings"
)

const sessionHeader = "X-SEP-Session"

func authRoutes() []route {
	return []route{
		{http.MethodPost, v2 + "auth/login", open, (*call).login},
		{http.MethodGet, v2 + "auth/logout", open, (*call).logout},
		{http.MethodPost, v1 + "server/login", open, (*call).loginOld},
	}
}

// login answers a session: a bare string up to 5.1, an object from 5.2 on. Any
// type of login is taken for a classic one.
func (c *call) login() (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	name, ok1 := asText(body["username"])
	secret, ok2 := asText(body["secret"])
	if !ok1 || !ok2 {
		return nil, badRequest("username and secret are needed")
	}
	id, err := c.admit(name, secret)
	if err != nil {
		return nil, err
	}
	if c.opt.release.bareLogin {
		return id, nil
	}
	return map[string]any{"sessionId": id}, nil
}

// loginOld is the login of the first interface: ["user","password"], answered
// by the session as plain text.
func (c *call) loginOld() (any, error) {
	l, err := c.elements()
	if err != nil {
		return nil, err
	}
	if len(l) != 2 {
		return nil, badRequest("a list of user and password is needed")
	}
	name, ok1 := asText(l[0])
	secret, ok2 := asText(l[1])
	if !ok1 || !ok2 {
		return nil, badRequest("a list of user and password is needed")
	}
	id, err := c.admit(name, secret)
	if err != nil {
		return nil, err
	}
	return raw{"text/plain;charset=UTF-8", id}, nil
}

// logout needs no valid session: one that is over already is as good.
func (c *call) logout() (any, error) {
	c.gate.close(sessionOf(c.r))
	return nil, nil
}

// sessionOf reads the header; some clients send the quotes of the login answer
// along.
func sessionOf(r *http.Request) string {
	return strings.Trim(strings.TrimSpace(r.Header.Get(sessionHeader)), `"`)
}

func (s *server) admit(name, secret string) (string, error) {
	found, err := s.verify(name, secret)
	if err != nil {
		return "", err
	}
	return s.gate.open(found, s.now()), nil
}

// verify checks a name and a password: the server's own users first, then the
// directories. All that fails is told alike, but a locked account is told as
// one, since 5.2 does so in its console too.
func (s *server) verify(name, secret string) (session, error) {
	var u row
	if err := s.state.view(s.now(), func(t *tx) error { u = t.named("users", name); return nil }); err != nil {
		return session{}, err
	}
	if u == nil {
		if found, ok := s.directory(name, secret); ok {
			return found, nil
		}
		s.gate.failed(name)
		return session{}, unauthorized("the user or the password is wrong")
	}
	if u.yes("locked") {
		return session{}, unauthorized("the account is locked")
	}
	if !u.yes("enabled") || !s.gate.fits(name, secret, u.text("hash")) {
		return session{}, s.missed(name)
	}
	s.gate.succeeded(name)
	return session{user: u.num("id"), made: u.num("made"), name: name}, nil
}

// missed counts a failed login and locks the account when it was one too many.
func (s *server) missed(name string) error {
	n := s.gate.failed(name)
	if s.opt.lockAfter == 0 || n < s.opt.lockAfter {
		return unauthorized("the user or the password is wrong")
	}
	if err := s.lock(name, true); err != nil {
		return err
	}
	return unauthorized("the account is locked")
}

// lock locks or unlocks an account.
func (s *server) lock(name string, locked bool) error {
	if !locked {
		s.gate.succeeded(name)
	} else {
		s.gate.expire(name)
	}
	return s.state.change(s.now(), func(t *tx) error {
		r := t.named("users", name)
		if r == nil {
			return absent("users", name)
		}
		r = r.clone()
		r["locked"] = locked
		t.put(t.s.resource("users"), r)
		return nil
	})
}

// identify finds out who makes a request: by session, by Basic, or, when local
// access is free, by being local.
func (s *server) identify(r *http.Request) (identity, error) {
	var found session
	known := false
	if id := sessionOf(r); id != "" {
		found, known = s.gate.use(id, s.now())
	}
	if name, secret, ok := r.BasicAuth(); ok && !known {
		var err error
		if found, err = s.verify(name, secret); err != nil {
			return identity{}, err
		}
		known = true
	}
	if !known && s.local(r) {
		return identity{id: -1, name: "local", rank: superuser}, nil
	}
	if !known {
		return identity{}, unauthorized("a session or credentials are needed")
	}
	return s.identity(found)
}

// local says whether a request comes from this host and needs no credentials
// for it.
func (s *server) local(r *http.Request) bool {
	if !s.opt.localAccess {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// identity is what a session's user is now: removed, disabled and locked users
// have no session any more.
func (s *server) identity(found session) (who identity, err error) {
	err = s.state.view(s.now(), func(t *tx) error {
		who = identity{id: found.user, name: found.name, groups: found.groups}
		if found.user >= 0 {
			u := t.byID("users", found.user)
			if u == nil || u.num("made") != found.made || !u.yes("enabled") || u.yes("locked") {
				return unauthorized("the user of this session cannot log in any more")
			}
			who.name, who.groups = u.text("name"), u.ids("groups")
		}
		who.rank = t.rankOf(who.groups)
		if found.user >= 0 && who.name == s.opt.admin {
			who.rank = superuser // it always is one, whatever its groups
		}
		return nil
	})
	return who, err
}

package fsm

import (
	"crypto/subtle"
	"slices"
	"time"
)

// TokenKind tells what a token is good for.
type TokenKind string

// The kinds of tokens.
const (
	JoinToken TokenKind = "join"    // admits nodes
	APIToken  TokenKind = "api"     // speaks for a user, for automation
	Session   TokenKind = "session" // speaks for a user who has logged in
)

// Token is a secret that somebody holds. The state knows its SHA-256 alone.
type Token struct {
	Meta
	Kind      TokenKind `cbor:"kind"`
	Name      string    `cbor:"name,omitempty"` // what it is for, as its maker says
	Hash      []byte    `cbor:"hash"`
	User      string    `cbor:"user,omitempty"`  // id of the user it speaks for
	Roles     []string  `cbor:"roles,omitempty"` // that a node may join with
	Uses      int       `cbor:"uses,omitempty"`  // how many nodes may join
	Used      int       `cbor:"used,omitempty"`  // how many have
	ExpiresAt Time      `cbor:"expires_at"`
	Revoked   bool      `cbor:"revoked,omitempty"`
	SeenAt    Time      `cbor:"seen_at,omitempty"` // when a session was last used, give or take [SeeEvery]
}

// Bounds on tokens.
const (
	MaxJoinTTL  = 24 * time.Hour
	MaxJoinUses = 10_000

	SessionIdle = 30 * time.Minute // a session that is not used for so long has ended
	SeeEvery    = 5 * time.Minute  // how often its use is recorded
)

var tokens = define(schema[Token]{
	name: "tokens",
	meta: func(t *Token) *Meta { return &t.Meta },
	indexes: []indexDef[Token]{
		byEach("hash", func(t *Token, emit func(string)) { emit(string(t.Hash)) }),
		byText("kind", func(t *Token) *string { return (*string)(&t.Kind) }, nil),
		byText("user", func(t *Token) *string { return &t.User }, func(t *Token) bool { return t.User != "" }),
		byNumber("expires", func(t *Token) *Time { return &t.ExpiresAt }, nil),
	},
	texts: func(t *Token, emit func(string)) {
		emit(t.Name)
		for _, r := range t.Roles {
			emit(r)
		}
	},
})

// joinToken finds a join token and checks its secret. It tells a stranger no
// more than that the token is not good.
func (t *tables) joinToken(id string, hash []byte) (*Token, error) {
	row, ok := t.Tokens.Get(id)
	if !ok || row.Kind != JoinToken || subtle.ConstantTimeCompare(row.Hash, hash) != 1 {
		return nil, Errorf(Unauthorized, "this join token is not known here; make a new one: bcm token create")
	}
	return row, nil
}

// Bearer finds the token with that hash which speaks for a user, and the user.
// It refuses what has expired by now, was revoked or belongs to a disabled user.
func (v *View) Bearer(hash []byte, now Time) (*Token, *User, error) {
	for t := range v.Tokens.By("hash", string(hash)) {
		u, ok := v.Users.Get(t.User)
		switch {
		case t.Kind == JoinToken || !ok:
		case t.Revoked || t.ExpiresAt != 0 && t.ExpiresAt <= now:
			return nil, nil, Errorf(Unauthorized, "the session or token has ended; log in again")
		case !u.Enabled:
			return nil, nil, Errorf(Unauthorized, "user %s is disabled", u.Name)
		default:
			return t, u, nil
		}
	}
	return nil, nil, Errorf(Unauthorized, "the token is not known; log in again")
}

// LastUse is when a session is known to have been used last.
func (t *Token) LastUse() Time { return max(t.CreatedAt, t.SeenAt) }

// CreateToken makes a join token or an API token.
type CreateToken struct {
	ID    string        `cbor:"id"`
	Kind  TokenKind     `cbor:"kind"`
	Name  string        `cbor:"name,omitempty"`
	Hash  []byte        `cbor:"hash"`
	User  string        `cbor:"user,omitempty"` // of an API token: its id; "" means who asks
	Roles []string      `cbor:"roles,omitempty"`
	Uses  int           `cbor:"uses,omitempty"`
	TTL   time.Duration `cbor:"ttl"` // of an API token, 0 means without end
}

func (c *CreateToken) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Tokens, "token", c.ID); err != nil {
		return "", err
	}
	if err := tx.newHash(c.Hash); err != nil {
		return "", err
	}
	if err := checkText("name", c.Name, maxName); err != nil {
		return "", err
	}
	t := &Token{Meta: Meta{ID: c.ID}, Kind: c.Kind, Name: c.Name, Hash: c.Hash, User: c.User}
	if c.TTL != 0 {
		t.ExpiresAt = tx.At.Add(c.TTL)
	}
	switch c.Kind {
	case JoinToken:
		if err := c.checkJoin(tx); err != nil {
			return "", err
		}
		t.User, t.Roles, t.Uses = "", sorted(c.Roles), c.Uses
	case APIToken:
		if err := c.bindUser(tx, t); err != nil {
			return "", err
		}
	default:
		return "", invalidField("kind", "%q is not one of join, api", c.Kind)
	}
	put(tx, &tx.Tokens, t)
	tx.forgetExpired()
	return t.ID, nil
}

// newHash refuses a secret that another token has, or none.
func (tx *Tx) newHash(hash []byte) error {
	if len(hash) == 0 {
		return invalidField("hash", "must not be empty")
	}
	for t := range tx.Tokens.By("hash", string(hash)) {
		return Errorf(Conflict, "token %s has the same secret", t.ID)
	}
	return nil
}

// checkJoin bounds a join token. One that admits managers gives away the secrets
// of the cluster, and needs the right to change the cluster itself.
func (c *CreateToken) checkJoin(tx *Tx) error {
	if err := checkRoles(c.Roles, Roles()); err != nil {
		return err
	}
	if by := tx.user(); by != nil && slices.Contains(c.Roles, RoleManager) {
		if err := tx.Access(by).Need(ClusterWrite, "a token that admits managers"); err != nil {
			return err
		}
	}
	if c.TTL < time.Minute || c.TTL > MaxJoinTTL {
		return invalidField("ttl", "must lie between 1m and %v", MaxJoinTTL)
	}
	if c.Uses < 1 || c.Uses > MaxJoinUses {
		return invalidField("uses", "must lie between 1 and %d", MaxJoinUses)
	}
	return nil
}

// bindUser makes the token speak for who asks, or for a user of lower rank.
func (c *CreateToken) bindUser(tx *Tx, t *Token) error {
	if c.TTL < 0 {
		return invalidField("ttl", "must not be negative")
	}
	by := tx.user()
	if t.User == "" && by != nil {
		t.User = by.ID
	}
	u, ok := tx.Users.Get(t.User)
	if !ok {
		return notFound("user", t.User)
	}
	return tx.outranks(u)
}

// RevokeToken ends a token at once.
type RevokeToken struct {
	ID string `cbor:"id"`
}

func (c *RevokeToken) apply(tx *Tx) (string, error) {
	t, ok := tx.Tokens.Get(c.ID)
	if !ok {
		return "", notFound("token", c.ID)
	}
	if u, ok := tx.Users.Get(t.User); ok {
		if err := tx.outranks(u); err != nil {
			return "", err
		}
	}
	n := *t
	n.Revoked = true
	put(tx, &tx.Tokens, &n)
	return n.ID, nil
}

// CreateSession records that a user has proved who they are.
type CreateSession struct {
	ID   string        `cbor:"id"`
	User string        `cbor:"user"` // id
	Hash []byte        `cbor:"hash"`
	From string        `cbor:"from"` // network address, for the audit trail
	TTL  time.Duration `cbor:"ttl"`
}

func (c *CreateSession) apply(tx *Tx) (string, error) {
	u, ok := tx.Users.Get(c.User)
	if !ok || !u.Enabled {
		return "", Errorf(Unauthorized, "user does not exist or is disabled")
	}
	if err := newRow(&tx.Tokens, "session", c.ID); err != nil {
		return "", err
	}
	if err := tx.newHash(c.Hash); err != nil {
		return "", err
	}
	if c.TTL <= 0 || c.TTL > 24*time.Hour {
		return "", invalidField("ttl", "must lie between 0 and 24h")
	}
	put(tx, &tx.Tokens, &Token{Meta: Meta{ID: c.ID}, Kind: Session, Hash: c.Hash, User: u.ID, ExpiresAt: tx.At.Add(c.TTL)})
	tx.object = Object{"users", u.ID, u.Name}
	tx.detail = "from " + c.From
	tx.forgetExpired()
	return c.ID, nil
}

// SeeSession records that a session is in use. What is recorded already is not
// recorded again.
type SeeSession struct {
	ID string `cbor:"id"`
}

func (c *SeeSession) apply(tx *Tx) (string, error) {
	t, ok := tx.Tokens.Get(c.ID)
	if !ok || t.Kind != Session {
		return "", notFound("session", c.ID)
	}
	if tx.At.Sub(t.LastUse()) < SeeEvery {
		return t.ID, nil
	}
	n := *t
	n.SeenAt = tx.At
	put(tx, &tx.Tokens, &n)
	return n.ID, nil
}

// EndSession logs a user out. Users may end their own sessions.
type EndSession struct {
	ID string `cbor:"id"`
}

func (c *EndSession) apply(tx *Tx) (string, error) {
	t, ok := tx.Tokens.Get(c.ID)
	if !ok || t.Kind != Session {
		return "", notFound("session", c.ID)
	}
	if by := tx.user(); by != nil && by.ID != t.User {
		return "", Errorf(Denied, "the session belongs to another user")
	}
	drop(tx, &tx.Tokens, t.ID)
	return c.ID, nil
}

// keepExpired is how long a token that has ended can still be looked at.
const keepExpired = 24 * time.Hour

// forgetExpired drops tokens that ended long ago, a few at a time.
func (tx *Tx) forgetExpired() {
	var old []string
	for key, t := range tx.Tokens.Walk("expires", false, &Place{Key: TimeKey(1)}) {
		if len(old) == 16 || key >= TimeKey(tx.At.Add(-keepExpired)) {
			break
		}
		old = append(old, t.ID)
	}
	for _, id := range old {
		drop(tx, &tx.Tokens, id)
	}
}

// endSessions drops all sessions of a user but one.
func (tx *Tx) endSessions(user, but string) {
	var old []string
	for t := range tx.Tokens.By("user", user) {
		if t.Kind == Session && t.ID != but {
			old = append(old, t.ID)
		}
	}
	for _, id := range old {
		drop(tx, &tx.Tokens, id)
	}
}

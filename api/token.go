package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// JoinToken admits nodes. Its secret is shown once, when it is made.
type JoinToken struct {
	Meta
	Name      string    `json:"name" doc:"What it is for"`
	Roles     []string  `json:"roles" doc:"That a node may join with"`
	Uses      int       `json:"uses" doc:"How many nodes may join with it"`
	Used      int       `json:"used" doc:"How many have"`
	ExpiresAt time.Time `json:"expires_at"`
	Revoked   bool      `json:"revoked"`
}

// JoinTokenInput is a join token to be made.
type JoinTokenInput struct {
	Name  string   `json:"name,omitempty" doc:"What it is for"`
	Roles []string `json:"roles" doc:"That a node may join with"`
	TTL   string   `json:"ttl,omitempty" doc:"1h unless said otherwise, at most 24h" example:"1h"`
	Uses  *int     `json:"uses,omitempty" doc:"1 unless said otherwise"`
}

// MadeJoinToken is a join token with its secret.
type MadeJoinToken struct {
	JoinToken
	Token   string `json:"token" doc:"Shown this once"`
	Command string `json:"command" doc:"What to type on the node"`
}

// APIToken speaks for a user, for automation. Its secret is shown once, when it
// is made.
type APIToken struct {
	Meta
	Name      string     `json:"name" doc:"What it is for"`
	User      string     `json:"user" doc:"Name of who it speaks for"`
	ExpiresAt *time.Time `json:"expires_at" doc:"Null when it does not end by itself"`
	Revoked   bool       `json:"revoked"`
}

// APITokenInput is an API token to be made.
type APITokenInput struct {
	Name string `json:"name,omitempty" doc:"What it is for"`
	TTL  string `json:"ttl,omitempty" doc:"How long it lasts, such as 720h; without end unless said otherwise"`
	User string `json:"user,omitempty" doc:"Id or name of who it speaks for; otherwise who asks"`
}

// MadeAPIToken is an API token with its secret.
type MadeAPIToken struct {
	APIToken
	Token string `json:"token" doc:"Shown this once"`
}

func tokenMeta(t *fsm.Token) *fsm.Meta { return &t.Meta }

func showJoinToken(_ *API, _ *fsm.View, t *fsm.Token) JoinToken {
	return JoinToken{Meta: metaOf(&t.Meta), Name: t.Name, Roles: some(t.Roles), Uses: t.Uses, Used: t.Used,
		ExpiresAt: t.ExpiresAt.Time(), Revoked: t.Revoked}
}

func showAPIToken(_ *API, v *fsm.View, t *fsm.Token) APIToken {
	return APIToken{Meta: metaOf(&t.Meta), Name: t.Name, User: userName(v, t.User), ExpiresAt: moment(t.ExpiresAt), Revoked: t.Revoked}
}

func tokensOf(kind fsm.TokenKind) func(*call) ([]pick[fsm.Token], error) {
	return func(*call) ([]pick[fsm.Token], error) {
		return only(filter[fsm.Token]{index: "kind", has: func(t *fsm.Token, key string) bool { return string(t.Kind) == key }},
			string(kind)), nil
	}
}

func tokenOrders() []order[fsm.Token] {
	return []order[fsm.Token]{
		byName("name", func(t *fsm.Token) string { return t.Name }),
		byTime("expires_at", "", func(t *fsm.Token) fsm.Time { return t.ExpiresAt }),
		byCreation("", tokenMeta),
		byChange(tokenMeta),
	}
}

func tokenTable(v *fsm.View) *fsm.Table[fsm.Token] { return &v.Tokens }

func revokedFilter() filter[fsm.Token] {
	return yesNo("revoked", "Only revoked tokens, or only the others", func(t *fsm.Token) bool { return t.Revoked })
}

func joinTokenListing() listing[fsm.Token, JoinToken] {
	return listing[fsm.Token, JoinToken]{table: tokenTable, meta: tokenMeta, show: showJoinToken, sort: "-created_at",
		filters: []filter[fsm.Token]{
			{name: "role", says: "Only those good for the role", known: fsm.Roles(),
				has: func(t *fsm.Token, key string) bool { return contains(t.Roles, key) }},
			revokedFilter(),
		},
		orders: tokenOrders(), within: tokensOf(fsm.JoinToken)}
}

func apiTokenListing() listing[fsm.Token, APIToken] {
	return listing[fsm.Token, APIToken]{table: tokenTable, meta: tokenMeta, show: showAPIToken, sort: "-created_at",
		filters: []filter[fsm.Token]{
			{name: "user", says: "Only those that speak for the user, by id or name", index: "user",
				key: func(v *fsm.View, value string) (string, error) {
					u, ok := v.Users.Find(value)
					if !ok {
						return "", invalid("user", "no user %q", value)
					}
					return u.ID, nil
				},
				has: func(t *fsm.Token, key string) bool { return t.User == key }},
			revokedFilter(),
		},
		orders: append(tokenOrders(), shownAs("user", func(v *fsm.View, t *fsm.Token) string { return userName(v, t.User) })),
		within: tokensOf(fsm.APIToken),
		texts: func(v *fsm.View, q string) func(t *fsm.Token) bool {
			users := matching(&v.Users, q, userID, func(u *fsm.User) string { return u.Name })
			return func(t *fsm.Token) bool { return users[t.User] }
		}}
}

// secretOf gives the secret of a token that the cluster makes: a function of its
// id that needs the cluster key. So the same request asked again is answered
// with the same secret, though nothing but its hash is kept.
func (a *API) secretOf(kind fsm.TokenKind, id string) string {
	mac := hmac.New(sha256.New, a.Key[:])
	mac.Write([]byte("token/" + string(kind) + "/" + id))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)))
}

func createJoinToken(c *call, in *JoinTokenInput) (MadeJoinToken, error) {
	ttl, err := duration("ttl", in.TTL, time.Hour)
	if err != nil {
		return MadeJoinToken{}, err
	}
	uses := 1
	if in.Uses != nil {
		uses = *in.Uses
	}
	id := pki.NewID()
	result, err := c.apply(&fsm.CreateToken{ID: id, Kind: fsm.JoinToken, Name: in.Name, Roles: in.Roles, Uses: uses, TTL: ttl,
		Hash: pki.HashSecret(c.secretOf(fsm.JoinToken, id))})
	if err != nil {
		return MadeJoinToken{}, err
	}
	row, err := made(&c.view.Tokens, "token", result.ID)
	if err != nil {
		return MadeJoinToken{}, err
	}
	pin, err := pki.Pin(c.view.Setting(fsm.CACertificate))
	if err != nil {
		return MadeJoinToken{}, err
	}
	token := pki.Token{Manager: contains(row.Roles, fsm.RoleManager), ID: row.ID, Secret: c.secretOf(fsm.JoinToken, row.ID), Pin: pin}
	return MadeJoinToken{JoinToken: showJoinToken(c.API, c.view, row), Token: token.String(),
		Command: c.joinCommand(row.Roles, token)}, nil
}

// joinCommand is what to type on a node that is to join.
func (c *call) joinCommand(roles []string, token pki.Token) string {
	words := []string{token.String()}
	for n := range c.view.Nodes.By("role", fsm.RoleManager) {
		if n.Addresses.API != "" && len(words) <= 3 {
			words = append(words, n.Addresses.API)
		}
	}
	if len(words) == 1 {
		words = append(words, c.gin.Request.Host)
	}
	if token.Manager {
		return "bcm manager --join " + strings.Join(words, ",")
	}
	return "bcm agent --roles " + strings.Join(roles, ",") + " --join " + strings.Join(words, ",")
}

func createAPIToken(c *call, in *APITokenInput) (MadeAPIToken, error) {
	ttl, err := duration("ttl", in.TTL, 0)
	if err != nil {
		return MadeAPIToken{}, err
	}
	user := ""
	if in.User != "" {
		u, ok := c.view.Users.Find(in.User)
		if !ok {
			return MadeAPIToken{}, invalid("user", "no user %q", in.User)
		}
		user = u.ID
	}
	id := pki.NewID()
	result, err := c.apply(&fsm.CreateToken{ID: id, Kind: fsm.APIToken, Name: in.Name, User: user, TTL: ttl,
		Hash: pki.HashSecret(pki.BearerAPI + c.secretOf(fsm.APIToken, id))})
	if err != nil {
		return MadeAPIToken{}, err
	}
	row, err := made(&c.view.Tokens, "token", result.ID)
	if err != nil {
		return MadeAPIToken{}, err
	}
	return MadeAPIToken{APIToken: showAPIToken(c.API, c.view, row), Token: pki.BearerAPI + c.secretOf(fsm.APIToken, row.ID)}, nil
}

// revokeToken ends a token of one of the kinds at once.
func revokeToken(kinds ...fsm.TokenKind) func(*call) error {
	return func(c *call) error {
		id := c.param("token")
		if t, ok := c.view.Tokens.Get(id); !ok || !slices.Contains(kinds, t.Kind) {
			return fsm.Errorf(fsm.NotFound, "no token %q", id)
		}
		_, err := c.apply(&fsm.RevokeToken{ID: id})
		return err
	}
}

// duration reads a duration, or gives the one for when there is none.
func duration(field, s string, otherwise time.Duration) (time.Duration, error) {
	if s == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, invalid(field, "%q is not a duration such as 90m or 24h", s)
	}
	return d, nil
}

package pki

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// TokenPrefix begins every join token, and no address: it tells the two apart
// where either may be given.
const TokenPrefix = "bcm1-"

const (
	// BearerAPI begins the tokens that programs use.
	BearerAPI = "bcmt_"
	// BearerSession begins the tokens of sessions.
	BearerSession = "bcms_"
)

// ErrToken is wrapped when a text is not a join token.
var ErrToken = errors.New("not a join token")

// Token is a join token: the right to be given one certificate, and the digest
// by which the joining node knows the cluster before it shows that right.
type Token struct {
	Manager bool   // admits a manager, else an agent
	ID      string // public; names the row in the state
	Secret  string // 256 bits; the state keeps only [Token.Hash]
	Pin     string // digest of the authority's bundle, see [Pin]
}

// NewToken makes a token with a new id and secret.
func NewToken(manager bool, pin string) Token {
	secret := NewSecret()
	return Token{Manager: manager, ID: NewID(), Secret: text.EncodeToString(secret[:]), Pin: pin}
}

// ParseToken reads the text that [Token.String] writes, with space around it
// ignored. It accepts exactly one text for each token. The error wraps
// [ErrToken], says what is wrong and never repeats the text, which may hold most
// of a secret.
func ParseToken(s string) (Token, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), TokenPrefix)
	if !ok {
		return Token{}, fmt.Errorf("%w: it does not begin with %q", ErrToken, TokenPrefix)
	}
	parts := strings.Split(rest, "-")
	if len(parts) != 4 {
		return Token{}, fmt.Errorf("%w: it has %d parts instead of 5; was it copied whole?", ErrToken, 1+len(parts))
	}
	t := Token{Manager: parts[0] == "m", ID: parts[1], Secret: parts[2], Pin: parts[3]}
	if parts[0] != "m" && parts[0] != "a" {
		return Token{}, fmt.Errorf("%w: its second part is neither a (agent) nor m (manager)", ErrToken)
	}
	if !isText(t.ID, idBytes) {
		return Token{}, fmt.Errorf("%w: its id is damaged; was it copied whole, in lower case?", ErrToken)
	}
	if !isText(t.Secret, secretBytes) {
		return Token{}, fmt.Errorf("%w: its secret is damaged; was it copied whole, in lower case?", ErrToken)
	}
	if digest, err := hex.DecodeString(t.Pin); err != nil || len(digest) != sha256.Size || strings.ToLower(t.Pin) != t.Pin {
		return Token{}, fmt.Errorf("%w: its pin is damaged; was it copied whole, in lower case?", ErrToken)
	}
	return t, nil
}

// isText tells whether s is what text encodes n bytes to, bit for bit.
func isText(s string, n int) bool {
	b, err := text.DecodeString(s)
	return err == nil && len(b) == n && text.EncodeToString(b) == s
}

// String returns the token as it is handed out, with its secret.
func (t Token) String() string {
	kind := "a"
	if t.Manager {
		kind = "m"
	}
	return TokenPrefix + strings.Join([]string{kind, t.ID, t.Secret, t.Pin}, "-")
}

// Hash returns what the state keeps of the token.
func (t Token) Hash() []byte { return HashSecret(t.Secret) }

// NewBearer makes a random token of 256 bits with a prefix that tells people and
// secret scanners what they have found: [BearerAPI] or [BearerSession].
func NewBearer(prefix string) string {
	secret := NewSecret()
	return prefix + text.EncodeToString(secret[:])
}

// HashSecret returns what the state keeps of a join token's secret or of a
// bearer token: its SHA-256. That is for random secrets, of which nobody can
// guess a preimage; a password goes through [HashPassword].
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// EqualHash compares two hashes in a time that does not depend on where they
// differ. An empty hash equals nothing, not even another empty one.
func EqualHash(a, b []byte) bool {
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}

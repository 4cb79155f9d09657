package pki

import (
	"crypto/rand"
	"encoding/base32"
)

// text is the alphabet of everything this package makes for people to copy:
// lower case, no padding, no 0 or 1 to be taken for a letter.
var text = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	idBytes     = 16
	secretBytes = 32
)

// NewID returns a random id of 128 bits as 26 characters a-z and 2-7.
func NewID() string {
	var b [idBytes]byte
	mustRead(b[:])
	return text.EncodeToString(b[:])
}

// NewSecret returns 256 random bits: a [Key], a gossip key.
func NewSecret() [32]byte {
	var b [secretBytes]byte
	mustRead(b[:])
	return b
}

// mustRead fills b. crypto/rand ends the process rather than fail, so there is
// no error to hand on.
func mustRead(b []byte) { _, _ = rand.Read(b) }

// validName tells whether s can stand in an identity URI as it is: 1 to 63
// characters a-z, 0-9 and '-', not beginning with '-'. Nothing in it needs
// escaping, so that two different URIs are never the same identity.
func validName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

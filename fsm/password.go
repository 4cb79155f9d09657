package fsm

import (
	"slices"
	"time"
)

// Password is a user's new password on its way to the servers that do not have it
// yet. What the cluster itself knows of a password is its hash, of which a server
// can make nothing. The row goes when all have it, or when its time is over.
type Password struct {
	Meta             // ID is that of the user
	Sealed  []byte   `cbor:"sealed"`  // under "secret/ID"
	Waiting []string `cbor:"waiting"` // ids of servers, sorted
	Expires Time     `cbor:"expires"`
}

// KeepPasswords is how long a password waits for servers that cannot be reached.
// One that comes back later needs the user to set a password again.
const KeepPasswords = 24 * time.Hour

var passwords = define(schema[Password]{
	name: "passwords",
	meta: func(p *Password) *Meta { return &p.Meta },
	indexes: []indexDef[Password]{
		byNumber("expires", func(p *Password) *Time { return &p.Expires }, nil),
		// the passwords that each server is still to get
		byEach("waiting", func(p *Password, emit func(string)) {
			for _, server := range p.Waiting {
				emit(server)
			}
		}),
	},
})

// spread sends a user's new password to all managed servers. Sealed may be empty:
// then those that still wait get none.
func (tx *Tx) spread(user string, sealed []byte) {
	p := &Password{Meta: Meta{ID: user}, Sealed: sealed, Expires: tx.At.Add(KeepPasswords)}
	for s := range tx.Servers.By("mode", string(Managed)) {
		p.Waiting = append(p.Waiting, s.ID)
	}
	if len(sealed) == 0 || len(p.Waiting) == 0 {
		drop(tx, &tx.Passwords, user)
		return
	}
	put(tx, &tx.Passwords, p)
}

// delivered notes that a server has the password that was sealed like that.
func (tx *Tx) delivered(user, server string, sealed []byte) {
	old, ok := tx.Passwords.Get(user)
	if !ok || !slices.Equal(old.Sealed, sealed) {
		return // it was changed again in the meantime
	}
	p := *old
	p.Waiting = slices.DeleteFunc(slices.Clone(p.Waiting), func(id string) bool { return id == server })
	if len(p.Waiting) == 0 {
		drop(tx, &tx.Passwords, user)
		return
	}
	put(tx, &tx.Passwords, &p)
}

// ExpirePassword ends the wait for servers that were not reached in time.
type ExpirePassword struct {
	ID string `cbor:"id"` // of the user
}

func (c *ExpirePassword) apply(tx *Tx) (string, error) {
	p, ok := tx.Passwords.Get(c.ID)
	if !ok {
		return "", notFound("password", c.ID)
	}
	if p.Expires > tx.At {
		return "", Errorf(Conflict, "the password waits until %s", p.Expires)
	}
	drop(tx, &tx.Passwords, c.ID)
	return c.ID, nil
}

package fsm

import (
	"fmt"
	"strings"
)

// RefuseLogins records the logins that were refused within a minute. They come in
// one entry: who tries passwords must not be able to write to the log at will.
type RefuseLogins struct {
	Tries []RefusedTries `cbor:"tries"`
	More  int            `cbor:"more,omitempty"` // that are in none of Tries
}

// RefusedTries are refused logins as one user, from one network.
type RefusedTries struct {
	User    string `cbor:"user,omitempty"` // id; "" for names that nobody has: one of them may be a password
	From    string `cbor:"from"`
	Wrong   int    `cbor:"wrong,omitempty"`
	Limited int    `cbor:"limited,omitempty"` // not looked at, since there had been too many
}

// maxRefusedTries bounds what one entry says.
const maxRefusedTries = 100

func (c *RefuseLogins) apply(tx *Tx) (string, error) {
	if len(c.Tries) == 0 || len(c.Tries) > maxRefusedTries {
		return "", invalidField("tries", "must have 1 to %d rows", maxRefusedTries)
	}
	var says []string
	one := c.Tries[0].User
	for _, t := range c.Tries {
		name := "unknown names"
		if u, ok := tx.Users.Get(t.User); ok {
			name = u.Name
		}
		if t.User != one {
			one = ""
		}
		says = append(says, fmt.Sprintf("%s from %s: %d wrong, %d put off", name, t.From, t.Wrong, t.Limited))
	}
	if c.More > 0 {
		says = append(says, fmt.Sprintf("%d others", c.More))
	}
	if u, ok := tx.Users.Get(one); ok {
		tx.about(tx.Users.Name(), u.ID, u.Name)
	}
	tx.detail = strings.Join(says, "; ")
	return "", nil
}

package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// session is what a login gives. It lives while it is used; it does not survive
// the process.
type session struct {
	id     string
	user   int64 // -1: from a directory
	made   int64 // when that user was made, since ids come back
	name   string
	groups []int64 // of a user from a directory
	used   time.Time
}

// gate keeps sessions, counts failed logins, and remembers which passwords were
// found right, since with Basic each request brings one.
type gate struct {
	mu       sync.Mutex
	ttl      time.Duration
	sessions map[string]*session
	failures map[string]int
	right    map[[sha256.Size]byte]string // a MAC of name and password → the hash it fitted
	key      []byte
}

func newGate(ttl time.Duration) *gate {
	g := &gate{ttl: ttl, sessions: map[string]*session{}, failures: map[string]int{}, right: map[[sha256.Size]byte]string{}, key: make([]byte, 32)}
	rand.Read(g.key) //nolint:errcheck // it never fails, see its documentation
	return g
}

func (g *gate) open(s session, now time.Time) string {
	b := make([]byte, 16)
	rand.Read(b) //nolint:errcheck // it never fails, see its documentation
	s.id, s.used = hex.EncodeToString(b), now
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, old := range g.sessions {
		if g.dead(old, now) {
			delete(g.sessions, id)
		}
	}
	g.sessions[s.id] = &s
	return s.id
}

func (g *gate) dead(s *session, now time.Time) bool { return now.Sub(s.used) > g.ttl }

// use finds a live session and keeps it alive.
func (g *gate) use(id string, now time.Time) (session, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s == nil {
		return session{}, false
	}
	if g.dead(s, now) {
		delete(g.sessions, id)
		return session{}, false
	}
	s.used = now
	return *s, true
}

func (g *gate) close(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, id)
}

// expire ends the sessions of one user, or all when name is empty, and says how
// many there were.
func (g *gate) expire(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for id, s := range g.sessions {
		if name == "" || s.name == name {
			delete(g.sessions, id)
			n++
		}
	}
	return n
}

func (g *gate) live(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, s := range g.sessions {
		if !g.dead(s, now) {
			n++
		}
	}
	return n
}

// failed counts a rejected login and returns how many there were in a row.
func (g *gate) failed(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures[name]++
	return g.failures[name]
}

func (g *gate) succeeded(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.failures, name)
}

// fits verifies a password, the slow way once.
func (g *gate) fits(name, password, hash string) bool {
	m := hmac.New(sha256.New, g.key)
	m.Write([]byte(name + "\x00" + password))
	var mac [sha256.Size]byte
	copy(mac[:], m.Sum(nil))
	g.mu.Lock()
	known := hash != "" && g.right[mac] == hash
	g.mu.Unlock()
	if known {
		return true
	}
	if !verifies(hash, password) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.right) > 10_000 {
		clear(g.right)
	}
	g.right[mac] = hash
	return true
}

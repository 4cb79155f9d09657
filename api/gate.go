package api

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bcm/fsm"
)

// gate bounds what strangers can make a manager do. Nothing it does locks
// anybody out for good: limits fade by themselves, and an address from which a
// user has logged in is not slowed down by what others try.
type gate struct {
	now   func() time.Time
	slots chan struct{} // hashes that run
	queue chan struct{} // hashes that run or wait

	mu       sync.Mutex
	logins   map[string]*rate.Limiter // by address
	accounts map[string]*rate.Limiter // by user name
	seconds  map[string]*rate.Limiter // by address: tokens looked for at the leader
	joins    map[string]*rate.Limiter // by address
	tries    map[try]*tried
}

// try is one account as tried from one network.
type try struct{ account, from string }

type tried struct {
	failures int
	until    time.Time // nothing is tried before
	known    bool      // a login has succeeded
	last     time.Time
}

// The limits.
const (
	hashesAtOnce = 2
	hashesQueued = 16
	freeFailures = 5                // before waiting begins
	longestWait  = time.Minute      // it doubles up to this
	forgetTries  = 30 * time.Minute // after the last
	maxTracked   = 20_000           // addresses, accounts and tries each
	maxPassword  = 1024
)

func newGate(now func() time.Time) *gate {
	return &gate{
		now:      now,
		slots:    make(chan struct{}, hashesAtOnce),
		queue:    make(chan struct{}, hashesAtOnce+hashesQueued),
		logins:   make(map[string]*rate.Limiter),
		accounts: make(map[string]*rate.Limiter),
		seconds:  make(map[string]*rate.Limiter),
		joins:    make(map[string]*rate.Limiter),
		tries:    make(map[try]*tried),
	}
}

// hash runs do, which hashes a password, when its turn has come.
func (g *gate) hash(ctx context.Context, do func()) error {
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return fsm.Errorf(fsm.Exhausted, "too many passwords are being checked; ask again in a moment")
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	do()
	return nil
}

// network is what addresses are grouped by: one IPv4 address, or the /64 that a
// site of IPv6 has.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// login asks whether a login may be tried now, before anything is hashed, and
// otherwise how long to wait.
func (g *gate) login(account, address string) (wait time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, from := g.now(), network(address)
	if !limiter(g.logins, from, 2, 30).AllowN(now, 1) {
		return time.Second, false
	}
	t := g.tries[try{account, from}]
	if t != nil && now.Before(t.until) {
		return t.until.Sub(now), false
	}
	if t != nil && t.known {
		return 0, true
	}
	if !limiter(g.accounts, account, 5, 50).AllowN(now, 1) {
		return time.Second, false
	}
	return 0, true
}

// loggedIn notes how a login went. Failures from one network make it wait,
// longer each time.
func (g *gate) loggedIn(account, address string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.forget(now)
	key := try{account, network(address)}
	t := g.tries[key]
	if t == nil {
		t = &tried{}
		g.tries[key] = t
	}
	t.last = now
	if ok {
		t.failures, t.until, t.known = 0, time.Time{}, true
		return
	}
	if t.failures++; t.failures >= freeFailures {
		wait := longestWait
		if doubled := t.failures - freeFailures; doubled < 6 {
			wait = min(wait, time.Second<<doubled)
		}
		t.until = now.Add(wait)
	}
}

// forget drops what is old, and everything when there is too much of it.
func (g *gate) forget(now time.Time) {
	if len(g.tries) < maxTracked {
		if len(g.tries)%256 != 0 {
			return
		}
	}
	for key, t := range g.tries {
		if now.Sub(t.last) > forgetTries {
			delete(g.tries, key)
		}
	}
	if len(g.tries) >= maxTracked {
		clear(g.tries)
	}
}

// second asks whether a token that is not known here may be looked for at the
// leader.
func (g *gate) second(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return limiter(g.seconds, network(address), 5, 20).AllowN(g.now(), 1)
}

// join asks whether a node may try to join now.
func (g *gate) join(address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return limiter(g.joins, network(address), 50, 500).AllowN(g.now(), 1)
}

// limiter gives the bucket of a key. When there are too many, all begin anew.
func limiter(all map[string]*rate.Limiter, key string, each rate.Limit, burst int) *rate.Limiter {
	l, ok := all[key]
	if !ok {
		if len(all) >= maxTracked {
			clear(all)
		}
		l = rate.NewLimiter(each, burst)
		all[key] = l
	}
	return l
}

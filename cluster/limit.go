package cluster

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limit bounds how often passwords are tried. Nothing it does locks anybody out
// for good: limits fade by themselves, and a network from which a user has logged
// in is not slowed down by what others try.
type limit struct {
	mu       sync.Mutex
	networks map[string]*rate.Limiter
	accounts map[string]*rate.Limiter // by user name
	tries    map[login]*tried
	refused  map[login]*refused // since they were told last
	more     int                // refused beyond what there is room for
}

// login is an account as tried from one network.
type login struct {
	Account string `cbor:"account"`
	From    string `cbor:"from"`
}

type tried struct {
	failures int
	until    time.Time // nothing is tried before
	known    bool      // a login has succeeded
	last     time.Time
}

// refused counts logins that were refused.
type refused struct{ wrong, limited int }

// The limits.
const (
	freeFailures = 5                // before waiting begins
	longestWait  = time.Minute      // it doubles up to this
	forgetTries  = 30 * time.Minute // after the last
	maxTracked   = 20_000           // networks, accounts and tries each
	maxRefused   = 50               // rows of what is told of refused logins
)

func newLimit() *limit {
	return &limit{networks: make(map[string]*rate.Limiter), accounts: make(map[string]*rate.Limiter),
		tries: make(map[login]*tried), refused: make(map[login]*refused)}
}

// try tells how long to wait before a login may be tried; zero when it may be
// now.
func (l *limit) try(who login, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait = l.wait(who, now); wait > 0 {
		if r := l.tally(who); r != nil {
			r.limited++
		}
	}
	return wait
}

func (l *limit) wait(who login, now time.Time) time.Duration {
	if !bucket(l.networks, who.From, 2, 30).AllowN(now, 1) {
		return time.Second
	}
	t := l.tries[who]
	if t != nil && now.Before(t.until) {
		return t.until.Sub(now)
	}
	if t != nil && t.known || bucket(l.accounts, who.Account, 5, 50).AllowN(now, 1) {
		return 0
	}
	return time.Second
}

// tell notes how a login went. Failures from one network make it wait, longer
// each time.
func (l *limit) tell(who login, ok bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	t := l.tries[who]
	if t == nil {
		t = &tried{}
		l.tries[who] = t
	}
	t.last = now
	if ok {
		t.failures, t.until, t.known = 0, time.Time{}, true
		return
	}
	if r := l.tally(who); r != nil {
		r.wrong++
	}
	if t.failures++; t.failures >= freeFailures {
		wait := longestWait
		if doubled := t.failures - freeFailures; doubled < 6 {
			wait = min(wait, time.Second<<doubled)
		}
		t.until = now.Add(wait)
	}
}

// tally is where the refused logins of who are counted, nil when there is no
// room; they are counted among the others then.
func (l *limit) tally(who login) *refused {
	r := l.refused[who]
	if r == nil {
		if len(l.refused) >= maxRefused {
			l.more++
			return nil
		}
		r = &refused{}
		l.refused[who] = r
	}
	return r
}

// take gives the refused logins that were not told yet, and forgets them.
func (l *limit) take() (all map[login]*refused, more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, more = l.refused, l.more
	l.refused, l.more = make(map[login]*refused), 0
	return all, more
}

// forget drops what is old, and everything when there is too much of it.
func (l *limit) forget(now time.Time) {
	if n := len(l.tries); n < maxTracked && n%256 != 0 {
		return
	}
	for who, t := range l.tries {
		if now.Sub(t.last) > forgetTries {
			delete(l.tries, who)
		}
	}
	if len(l.tries) >= maxTracked {
		clear(l.tries)
	}
}

// bucket gives the bucket of a key. When there are too many, all begin anew.
func bucket(all map[string]*rate.Limiter, key string, each rate.Limit, burst int) *rate.Limiter {
	b, ok := all[key]
	if !ok {
		if len(all) >= maxTracked {
			clear(all)
		}
		b = rate.NewLimiter(each, burst)
		all[key] = b
	}
	return b
}

package api

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bcm/fsm"
)

// gate bounds what strangers can make a manager do, beside trying passwords: the
// cluster counts those. Nothing it does locks anybody out for good.
type gate struct {
	now   func() time.Time
	slots chan struct{} // hashes that run
	queue chan struct{} // hashes that run or wait

	mu      sync.Mutex
	seconds map[string]*rate.Limiter // by address: tokens looked for at the leader
	joins   map[string]*rate.Limiter // by address
}

// The limits.
const (
	hashesAtOnce = 2
	hashesQueued = 16
	maxTracked   = 20_000 // addresses
	maxPassword  = 1024
)

func newGate(now func() time.Time) *gate {
	return &gate{
		now:     now,
		slots:   make(chan struct{}, hashesAtOnce),
		queue:   make(chan struct{}, hashesAtOnce+hashesQueued),
		seconds: make(map[string]*rate.Limiter),
		joins:   make(map[string]*rate.Limiter),
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

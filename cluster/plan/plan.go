package plan

import (
	"crypto/sha256"
	"encoding/base32"
	"hash/fnv"
	"strings"
	"time"

	"bcm/fsm"
)

// Func is a plan: what to do now, and when to look again if nothing changes
// before. The zero time means that only a change can give it something to do.
type Func = func(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time)

// All gives the plans by the names under which their commands stand in the log.
func All() map[string]Func {
	return map[string]Func{
		"assign":   assignChanged(),
		"certify":  Certify,
		"copy":     Copy,
		"drain":    Drain,
		"fail":     Fail,
		"maintain": Maintain,
		"place":    Place,
		"retain":   Retain,
		"schedule": Schedule,
		"scrub":    Scrub,
		"sync":     syncChanged(),
	}
}

// idOf makes the id of an object from what it is for, so that two leaders make
// the same one. It looks like the ids that are drawn.
func idOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// hash spreads ids evenly.
func hash(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

// earlier gives the earlier of two moments, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

package cluster

import (
	"fmt"
	"testing"
	"time"
)

// Trying passwords makes one wait, longer each time, and from there alone.
func TestLoginsAreSlowedDown(t *testing.T) {
	l, now := newLimit(), time.Unix(0, 0)
	try := func(account, from string) time.Duration {
		who := login{account, from}
		wait := l.try(who, now)
		if wait == 0 {
			l.tell(who, false, now)
		}
		return wait
	}
	for i := range freeFailures {
		if try("ada", "10.0.0.1") != 0 {
			t.Fatalf("failure %d is not free", i+1)
		}
	}
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if wait := try("ada", "10.0.0.1"); wait != want {
			t.Fatalf("wait %v, want %v", wait, want)
		}
		now = now.Add(want)
		if try("ada", "10.0.0.1") != 0 {
			t.Fatalf("not let through after %v", want)
		}
	}
	if try("ada", "10.0.0.2") != 0 {
		t.Error("a stranger locks the user out elsewhere")
	}
	now = now.Add(time.Hour)
	l.tell(login{"ada", "10.0.0.9"}, true, now)
	for i := range 200 {
		try("ada", fmt.Sprint("192.0.2.", i%10))
	}
	if l.try(login{"ada", "10.0.0.9"}, now) != 0 {
		t.Error("strangers lock the user out where the user is known")
	}
	limited := 0
	for range 100 {
		if try("someone", "10.0.0.3") > 0 {
			limited++
		}
	}
	if limited < 60 {
		t.Errorf("of 100 logins at once from one network only %d were put off", limited)
	}
}

// What is remembered of strangers has bounds.
func TestLimitIsBounded(t *testing.T) {
	l, now := newLimit(), time.Unix(0, 0)
	for i := range maxTracked + 10 {
		who := login{fmt.Sprint("user", i), fmt.Sprint("net", i)}
		l.try(who, now)
		l.tell(who, false, now)
	}
	if len(l.tries) > maxTracked || len(l.networks) > maxTracked || len(l.accounts) > maxTracked || len(l.refused) > maxRefused {
		t.Errorf("%d tries, %d networks, %d accounts, %d refused", len(l.tries), len(l.networks), len(l.accounts), len(l.refused))
	}
	all, more := l.take()
	if len(all) != maxRefused || more != maxTracked+10-maxRefused {
		t.Errorf("told: %d and %d more", len(all), more)
	}
	if all, more = l.take(); len(all) != 0 || more != 0 {
		t.Error("told twice")
	}
}

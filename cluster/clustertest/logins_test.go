package clustertest

import (
	"strings"
	"testing"
	"time"

	"bcm/fsm"
)

// refusals gives what the audit trail of a member says of refused logins.
func refusals(m *Member) (says []string) {
	for e := range m.State.Now().Events.All() {
		if e.Action == fsm.KindOf(&fsm.RefuseLogins{}) {
			says = append(says, e.Detail)
		}
	}
	return says
}

// Who spreads tries over the managers gets no more of them than at one, also
// after the leader has gone, and all that was refused stands in one row a minute.
func TestLoginsAreLimitedForAllManagers(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		spread := func(account string) (allowed int) {
			for i := range 30 {
				m := c.Running()[i%len(c.Running())]
				if m.TryLogin(t.Context(), account, "10.9.9.9") == 0 {
					m.TellLogin(t.Context(), account, "10.9.9.9", false)
					allowed++
				}
			}
			return allowed
		}
		if n := spread("admin"); n != 5 {
			t.Errorf("%d tries at three managers, not 5", n)
		}
		time.Sleep(2 * time.Minute)
		c.Settle()
		for _, m := range c.Members {
			if says := refusals(m); len(says) != 1 || says[0] != "admin from 10.9.9.9: 5 wrong, 25 put off" {
				t.Errorf("%s has %q", m.Name, says)
			}
		}
		c.Leader().Kill()
		c.Await("another leads", func() bool { return c.Leader() != nil })
		if n := spread("ghost"); n != 5 {
			t.Errorf("%d tries at two managers, not 5", n)
		}
		time.Sleep(2 * time.Minute)
		if says := refusals(c.Any()); len(says) != 2 || !strings.HasPrefix(says[1], "unknown names from 10.9.9.9: 5 wrong") {
			t.Errorf("the audit trail has %q", says)
		}
	})
}

// Without a leader each manager counts for itself.
func TestLoginsAreLimitedWithoutALeader(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		c.lame = true
		last := c.Follower()
		for _, m := range c.Members {
			if m != last {
				m.Kill()
			}
		}
		allowed := 0
		for range 8 {
			if last.TryLogin(t.Context(), "admin", "10.9.9.9") == 0 {
				last.TellLogin(t.Context(), "admin", "10.9.9.9", false)
				allowed++
			}
		}
		if allowed < 5 || allowed == 8 {
			t.Errorf("%d of 8 tries", allowed)
		}
	})
}

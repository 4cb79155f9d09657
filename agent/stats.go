package agent

import "time"

// Stats are figures for monitoring.
type Stats struct {
	Working    map[string]int // attempts at work, by kind of order
	Unreported int            // results and beginnings that no manager has answered
	Remembered int            // attempts in the journal
	Journal    int64          // bytes of the journal
	Heard      time.Time      // when a manager's answer last counted; zero for never
	Begun      time.Time      // when the agent was made
}

// Stats tells how the agent is.
func (a *Agent) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := Stats{Working: make(map[string]int), Unreported: a.posts.count(), Journal: a.journal.size, Heard: a.heard, Begun: a.begun}
	for _, j := range a.jobs {
		s.Working[string(j.order.Kind)]++
	}
	for _, attempts := range a.journal.runs {
		s.Remembered += len(attempts)
	}
	return s
}

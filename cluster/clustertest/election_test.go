package clustertest

import (
	"context"
	"testing"
	"time"
)

func TestElectsOneLeader(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		for _, m := range c.Members {
			if err := c.Write(context.Background(), m); err != nil {
				t.Fatalf("write at %s: %v", m.Name, err)
			}
		}
		s := c.Leader().Status()
		if s.FailureTolerance != 1 || len(s.Members) != 3 || s.LeaderName == "" || s.LeaderAPI == "" {
			t.Errorf("status %+v", s)
		}
		term := s.Term
		time.Sleep(time.Minute)
		if s := c.Leader().Status(); s.Term != term {
			t.Errorf("the term went from %d to %d in a minute without a fault", term, s.Term)
		}
	})
}

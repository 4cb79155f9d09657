package clustertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bcm/fsm"
)

// Nothing else goes on in the group, so that no other message tells the follower
// of the commit: what it waits for, it knows from the leader's answer.
func TestAFollowerSeesItsWritesAtOnce(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		c.Settle()
		const soon = 20 * time.Millisecond // raft alone takes 50 to 100
		for i := range 20 {
			time.Sleep(time.Second)
			follower := c.Follower()
			began := time.Now()
			if err := c.Put(context.Background(), follower, fmt.Sprint("at-once.", i), "x"); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > soon {
				t.Errorf("write %d through a follower took %v", i, took)
			}
			if err := c.Put(context.Background(), c.Leader(), fmt.Sprint("elsewhere.", i), "x"); err != nil {
				t.Fatal(err)
			}
			began = time.Now()
			if _, err := follower.View(context.Background(), fsm.Linearizable()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > soon {
				t.Errorf("read %d through a follower took %v", i, took)
			}
		}
	})
}

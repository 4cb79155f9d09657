package clustertest

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"bcm/cluster"
	"bcm/fsm"
)

func TestStorageErrorStopsMember(t *testing.T) {
	tests := []struct {
		name, op string
		pick     func(*Cluster) *Member
	}{
		{"leader cannot write its log", "write log", (*Cluster).Leader},
		{"follower cannot write its log", "write log", (*Cluster).Follower},
		{"leader cannot read its log", "read log", (*Cluster).Leader},
		{"follower cannot write the term", "write term", (*Cluster).Follower},
		{"follower cannot write its vote", "write vote", (*Cluster).Follower},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			Run(t, 3, func(t *testing.T, c *Cluster) {
				bad := tt.pick(c)
				bad.Fail(func(op string) error {
					if op == tt.op {
						return syscall.EIO
					}
					return nil
				})
				c.faults++
				for _, m := range c.Members {
					if m != bad && strings.Contains(tt.op, "log") {
						ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
						if err := c.Write(ctx, m); err != nil {
							t.Errorf("a write at another member: %v", err)
						}
						cancel()
					}
				}
				var dead *Member
				if !strings.Contains(tt.op, "write log") { // what only an election, or a member that is late, needs
					if leader := c.Leader(); leader == bad {
						c.Follower().Restart()
					} else { // two are left, and need each other's vote
						dead = leader
						dead.Kill()
					}
				}
				if tt.op == "read log" {
					bad.Kill() // the log is cached: only a late member is sent what is not
					return
				}
				if err := bad.Wait(); !errors.Is(err, cluster.ErrStorage) || !errors.Is(err, syscall.EIO) {
					t.Errorf("the member stopped with %v", err)
				}
				bad.Kill()
				if dead != nil {
					dead.Start()
				}
				gap(t, c, c.Any())
			})
		})
	}
}

func TestFullDisk(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		ctx := context.Background()
		full := c.Leader()
		full.Free(1 << 20)
		time.Sleep(3 * time.Second)
		if c.Leader() == full {
			t.Error("a member without room leads, though others have room")
		}
		if err := c.Write(ctx, c.Leader()); err != nil {
			t.Errorf("a write where there is room: %v", err)
		}
		if err := c.Write(ctx, full); fsm.CodeOf(err) != fsm.NoRoom {
			t.Errorf("a write through the full member, which would not see it: %v", err)
		}
		for _, m := range c.Members {
			m.Free(1 << 20)
		}
		c.faults += 2
		time.Sleep(5 * time.Second)
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.Write(short, c.Any())
		cancel()
		if fsm.CodeOf(err) != fsm.NoRoom || !strings.Contains(err.Error(), "MiB free") {
			t.Errorf("with all disks full: %v", err)
		}
		for _, m := range c.Members {
			m.Free(1 << 40)
		}
		time.Sleep(time.Second)
		if err := c.Write(ctx, c.Any()); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// A follower that was away for longer than the log reaches back gets a snapshot.
func TestLateFollowerGetsSnapshot(t *testing.T) {
	small := func(c *Cluster) {
		c.Configure = func(cfg *cluster.Config) {
			cfg.SnapshotInterval, cfg.SnapshotThreshold, cfg.TrailingLogs = time.Second, 20, 10
		}
	}
	Run(t, 3, func(t *testing.T, c *Cluster) {
		late := c.Follower()
		late.Kill()
		for range 100 {
			if err := c.Write(context.Background(), c.Leader()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		late.Start()
		c.Settle()
		for _, m := range c.Members { // and all start from snapshots
			m.Kill()
		}
		for _, m := range c.Members {
			m.Start()
		}
		c.Settle()
	}, small)
}

func TestBoltLog(t *testing.T) {
	bolt := func(c *Cluster) { c.Configure = func(cfg *cluster.Config) { cfg.LogStore = cluster.Bolt } }
	Run(t, 3, func(t *testing.T, c *Cluster) {
		for i := range 20 {
			if err := c.Write(context.Background(), c.Members[i%3]); err != nil {
				t.Fatal(err)
			}
		}
		c.Leader().Kill()
		gap(t, c, c.Any())
	}, bolt)
}

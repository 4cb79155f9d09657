package sim

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"bcm/agent"
	"bcm/agent/roletest"
	"bcm/fsm"
)

func order(_ *testing.T, id string) fsm.Order {
	return fsm.Order{ID: id, Kind: fsm.BackupOrder, Role: fsm.RoleBackupManager, Attempt: 1,
		Source:     &fsm.Source{Paths: []string{"/srv"}},
		Repository: &fsm.RepositoryAccess{Namespace: "r1", Storages: []fsm.Peer{{ID: "s1", Address: "s1:7446"}}}}
}

var _ agent.Keeper = (*Storage)(nil)

func TestContract(t *testing.T) {
	roletest.Run(t, func(*testing.T) roletest.Subject {
		cfg := DefaultConfig()
		cfg.Failures = 0
		cfg.Speed = cfg.Size * 4
		long := func(t *testing.T, id string) fsm.Order {
			o := order(t, id)
			o.Kind, o.Snapshot, o.Percent = fsm.VerifyOrder, "sim-1", 100_000
			return o
		}
		return roletest.Subject{Role: NewBackup(cfg), Order: order, Long: long, Progress: true}
	})
}

// The same seed does the same, another seed something else, and about as many
// attempts fail as should.
func TestDeterministic(t *testing.T) {
	run := func(seed uint64, id string) (out fsm.Outcome, failed bool) {
		synctest.Test(t, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Seed, cfg.Failures = seed, 0.3
			var err error
			out, err = NewBackup(cfg).Do(t.Context(), order(t, id), func(fsm.Progress) {})
			failed = err != nil
		})
		return out, failed
	}
	fails, differ := 0, 0
	for i := range 100 {
		id := string(rune('a' + i))
		a, failed := run(1, id)
		b, _ := run(1, id)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("run %s: %+v and %+v", id, a, b)
		}
		if c, _ := run(2, id); c.Snapshot != a.Snapshot {
			differ++
		}
		if failed {
			fails++
		}
	}
	if fails < 15 || fails > 45 {
		t.Errorf("%d of 100 failed, 30 should", fails)
	}
	if differ < 50 {
		t.Errorf("another seed changes only %d of 100", differ)
	}
}

func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Failures = 0
		begin := time.Now()
		out, err := NewBackup(cfg).Do(t.Context(), order(t, "b1"), func(fsm.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		took, want := time.Since(begin).Seconds(), float64(out.Stats.Bytes)/float64(cfg.Speed)
		if took < want-0.001 || took > want+0.001 {
			t.Errorf("%d bytes took %.3f s, want %.3f s", out.Stats.Bytes, took, want)
		}
	})
}

// Without a spread all are of one size, and so take the same time; with one, the
// sizes lie around it.
func TestSpread(t *testing.T) {
	cfg := DefaultConfig()
	for _, spread := range []float64{0, 0.2, 1} {
		cfg.Spread = spread
		b := NewBackup(cfg)
		least, most := int64(1)<<62, int64(0)
		for i := range 200 {
			o := fsm.Order{ID: string(rune('a' + i)), Attempt: 1, Kind: fsm.BackupOrder}
			bytes, _ := b.extent(o, b.dice(o))
			least, most = min(least, bytes), max(most, bytes)
		}
		wide := int64(spread * float64(cfg.Size))
		if least < cfg.Size-wide || most > cfg.Size+wide || most-least < wide {
			t.Errorf("with a spread of %v, from %d to %d", spread, least, most)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, bad := range []func(*Config){
		func(c *Config) { c.Speed = 0 }, func(c *Config) { c.Size = -1 }, func(c *Config) { c.Failures = 1.5 },
		func(c *Config) { c.Warnings = -1 }, func(c *Config) { c.Spread = 2 }, func(c *Config) { c.Step = 0 },
	} {
		c := DefaultConfig()
		bad(&c)
		if c.Validate() == nil {
			t.Errorf("taken: %+v", c)
		}
	}
}

func TestStorageFills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStorage(DefaultConfig())
		time.Sleep(time.Minute)
		if u := s.Usage(); u.Used != 0 {
			t.Errorf("used %d without a writer", u.Used)
		}
		s.Keep(fsm.Order{Grants: []fsm.Grant{{May: []fsm.Permission{fsm.MayRead, fsm.MayWrite}}}}, 1)
		time.Sleep(time.Minute)
		u := s.Usage()
		if u.Used == 0 || u.Used+u.Free != u.Total {
			t.Errorf("%+v", u)
		}
	})
}

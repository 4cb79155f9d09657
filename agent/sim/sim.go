package sim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"bcm/fsm"
)

// Config says what the simulation is like.
type Config struct {
	Seed     uint64
	Speed    int64         // bytes a second of one run
	Size     int64         // bytes of a backup on the average
	Spread   float64       // by which share of it backups are larger or smaller, 0 to 1
	FileSize int64         // bytes of a file on the average
	Failures float64       // share of attempts that fail, 0 to 1
	Warnings float64       // share of attempts that leave something out, 0 to 1
	Step     time.Duration // how often progress is told
	Capacity int64         // bytes of a storage
}

// DefaultConfig is a small backup on a middling network.
func DefaultConfig() Config {
	return Config{
		Seed: 1, Speed: 100 << 20, Size: 500 << 20, Spread: 0.5, FileSize: 100 << 10,
		Failures: 0.01, Warnings: 0.03, Step: 500 * time.Millisecond, Capacity: 10 << 40,
	}
}

// Validate tells what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Speed <= 0 || c.Size <= 0 || c.FileSize <= 0 || c.Step <= 0 || c.Capacity <= 0 {
		return errors.New("speed, sizes, step and capacity of the simulation must be greater than 0")
	}
	for _, share := range []float64{c.Failures, c.Warnings, c.Spread} {
		if !(share >= 0 && share <= 1) {
			return errors.New("shares of failures and warnings, and the spread of sizes, must lie between 0 and 1")
		}
	}
	return nil
}

// Backup simulates the role backup-manager.
type Backup struct {
	cfg Config
}

// NewBackup makes a simulated backup manager.
func NewBackup(cfg Config) *Backup { return &Backup{cfg} }

// Name is the role's.
func (b *Backup) Name() string { return fsm.RoleBackupManager }

// errWork is what a simulated failure says.
var errWork = errors.New("simulated failure")

// Do pretends to carry an order out, in as much time as it would take.
func (b *Backup) Do(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	if err := check(o); err != nil {
		return fsm.Outcome{}, err
	}
	dice := b.dice(o)
	bytes, phase := b.extent(o, dice)
	total := fsm.Progress{TotalBytes: bytes, TotalFiles: 1 + bytes/b.cfg.FileSize}
	end := bytes
	fails := dice.Float64() < b.cfg.Failures
	if fails {
		end = dice.Int64N(bytes)
	}
	if err := b.move(ctx, phase, end, total, progress); err != nil {
		return fsm.Outcome{}, err
	}
	out := fsm.Outcome{Stats: fsm.Stats{Files: total.TotalFiles, Bytes: bytes}}
	if fails {
		out.Stats.Files, out.Stats.Bytes = total.TotalFiles*end/bytes, end
		return out, fmt.Errorf("%w after %d of %d bytes", errWork, end, bytes)
	}
	if o.Kind == fsm.BackupOrder {
		out.Snapshot = fmt.Sprintf("sim-%016x", dice.Uint64())
		out.Stats.NewBytes, out.Stats.NewFiles = bytes/20, 1+total.TotalFiles/20
		if dice.Float64() < b.cfg.Warnings {
			out.Warnings = []string{"/srv/data/locked.db: permission denied (simulated)"}
			out.Stats.Warnings = 1
		}
	}
	return out, nil
}

func check(o fsm.Order) error {
	switch {
	case o.Repository == nil || len(o.Repository.Storages) == 0:
		return errors.New("the order names no storage")
	case o.Kind == fsm.BackupOrder && o.Source == nil:
		return errors.New("the order names no source")
	case o.Kind == fsm.RestoreOrder && o.Restore == nil:
		return errors.New("the order does not say what to restore")
	case (o.Kind == fsm.RestoreOrder || o.Kind == fsm.ForgetOrder) && o.Snapshot == "":
		return errors.New("the order names no snapshot")
	}
	switch o.Kind {
	case fsm.BackupOrder, fsm.RestoreOrder, fsm.VerifyOrder, fsm.ForgetOrder, fsm.PruneOrder, fsm.DrillOrder:
		return nil
	}
	return fmt.Errorf("an order of unknown kind %q", o.Kind)
}

// extent says how much there is to move, and what that is called.
func (b *Backup) extent(o fsm.Order, dice *rand.Rand) (int64, string) {
	bytes := max(b.cfg.Size+int64(b.cfg.Spread*float64(b.cfg.Size)*(2*dice.Float64()-1)), 1)
	switch o.Kind {
	case fsm.RestoreOrder:
		return bytes, "restore"
	case fsm.VerifyOrder:
		return max(bytes*int64(o.Percent)/100, 1), "verify"
	case fsm.ForgetOrder:
		return 1, "forget"
	case fsm.PruneOrder:
		return 1, "prune"
	}
	return bytes, "upload"
}

// move lets the time pass that moving takes, to the moment.
func (b *Backup) move(ctx context.Context, phase string, end int64, p fsm.Progress, progress func(fsm.Progress)) error {
	took := time.Duration(float64(end) / float64(b.cfg.Speed) * float64(time.Second))
	begin := time.Now()
	p.Phase, p.Rate = phase, b.cfg.Speed
	for ctx.Err() == nil {
		passed := time.Since(begin)
		p.Bytes = min(int64(passed.Seconds()*float64(b.cfg.Speed)), end)
		if passed >= took {
			p.Bytes = end
		}
		p.Files = p.TotalFiles * p.Bytes / p.TotalBytes
		p.Uploaded = p.Bytes / 20
		progress(p)
		if p.Bytes >= end {
			return nil
		}
		wake := time.NewTimer(min(b.cfg.Step, took-passed))
		select {
		case <-wake.C:
		case <-ctx.Done():
			wake.Stop()
		}
	}
	return ctx.Err()
}

// dice are thrown alike for the same attempt of the same run.
func (b *Backup) dice(o fsm.Order) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d", o.ID, o.Attempt) // a hash takes all
	return rand.New(rand.NewPCG(b.cfg.Seed, h.Sum64()))
}

// Storage simulates the role backup-storage: it fills while peers may write.
type Storage struct {
	cfg Config

	mu      sync.Mutex
	used    int64
	writers int
	at      time.Time
}

// NewStorage makes a simulated storage.
func NewStorage(cfg Config) *Storage { return &Storage{cfg: cfg, at: time.Now()} }

// Name is the role's.
func (s *Storage) Name() string { return fsm.RoleStorage }

// Do copies and scrubs as if: all is there and whole at once.
func (s *Storage) Do(_ context.Context, o fsm.Order, _ func(fsm.Progress)) (fsm.Outcome, error) {
	if o.Kind != fsm.CopyOrder && o.Kind != fsm.ScrubOrder {
		return fsm.Outcome{}, fmt.Errorf("a storage cannot do an order of the kind %q", o.Kind)
	}
	return fsm.Outcome{Copy: &fsm.CopyReport{Blobs: 1, Bytes: s.cfg.Size}}, nil
}

// Keep takes the grants: each that lets a peer write stands for a backup.
func (s *Storage) Keep(o fsm.Order, _ uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow(time.Now())
	s.writers = 0
	for _, g := range o.Grants {
		for _, p := range g.May {
			if p == fsm.MayWrite {
				s.writers++
			}
		}
	}
}

// grow adds what was written since the last time. A twentieth of what is backed
// up is new.
func (s *Storage) grow(now time.Time) {
	passed := now.Sub(s.at).Seconds()
	s.used = min(s.used+int64(float64(s.writers)*passed*float64(s.cfg.Speed)/20), s.cfg.Capacity)
	s.at = now
}

// Usage tells how full it is.
func (s *Storage) Usage() fsm.Capacity {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow(time.Now())
	return fsm.Capacity{Total: s.cfg.Capacity, Used: s.used, Free: s.cfg.Capacity - s.used}
}

package backup_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"bcm/agent/backup"
	"bcm/fsm"
)

// send takes bytes through a throttle and returns how long that took.
func send(t *testing.T, throttle *backup.Throttle, bytes int) time.Duration {
	t.Helper()
	begin := time.Now()
	for bytes > 0 {
		n, err := throttle.Take(t.Context(), min(bytes, 32<<10))
		if err != nil {
			t.Fatal(err)
		}
		bytes -= n
	}
	return time.Since(begin)
}

func throttle(t *testing.T, limits ...fsm.Bandwidth) *backup.Throttle {
	t.Helper()
	th, err := backup.NewThrottle(limits)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// A rate is kept, the least of several counts, and it changes with the hour while
// it is in use.
func TestThrottle(t *testing.T) {
	const mib = 1 << 20
	synctest.Test(t, func(t *testing.T) { // which begins at midnight
		if took := send(t, throttle(t), 1000*mib); took != 0 {
			t.Errorf("without a limit it took %v", took)
		}
		if took := send(t, throttle(t, fsm.Bandwidth{Rate: 10 * mib}, fsm.Bandwidth{Rate: 20 * mib}), 100*mib); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("100 MiB at 10 MiB a second took %v", took)
		}
		day := throttle(t, fsm.Bandwidth{Rate: mib, From: "08:00", To: "18:00"}, fsm.Bandwidth{Rate: 4 * mib, From: "18:00", To: "22:00", Zone: "UTC"})
		if took := send(t, day, 1000*mib); took != 0 {
			t.Errorf("at night it took %v", took)
		}
		midnight := time.Now().UTC().Truncate(24 * time.Hour)
		time.Sleep(time.Until(midnight.Add(18*time.Hour - 10*time.Second)))
		if took := send(t, day, 10*mib); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("by day 10 MiB took %v", took)
		}
		if took := send(t, day, 40*mib); took < 9*time.Second || took > 12*time.Second {
			t.Errorf("in the evening 40 MiB took %v", took)
		}
	})
}

func TestThrottleEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := throttle(t, fsm.Bandwidth{Rate: 1 << 10}).Take(ctx, 1<<20); err == nil {
		t.Error("taken though nobody waits")
	}
	if _, err := backup.NewThrottle([]fsm.Bandwidth{{Rate: 1 << 20, Zone: "Moon/Base"}}); err == nil {
		t.Error("hours of a zone that nobody knows")
	}
}

// The engine writes no faster than the limit lets it.
func TestBackupIsThrottled(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	data := make([]byte, 1<<20)
	_, _ = rand.Read(data) // never fails
	if err := os.WriteFile(filepath.Join(dir, "f"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	o := r.backupOf("b1", dir)
	o.Conduct = &fsm.Conduct{Bandwidth: []fsm.Bandwidth{{Rate: 512 << 10}}}
	begin := time.Now()
	if out, err := r.role.Do(t.Context(), o, func(fsm.Progress) {}); err != nil || out.Snapshot == "" {
		t.Fatalf("%+v, %v", out, err)
	}
	if took := time.Since(begin); took < 1500*time.Millisecond { // it cannot be sooner, on whatever machine
		t.Errorf("a mebibyte at half of that a second took %v", took)
	}
}

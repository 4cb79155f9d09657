package agent

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

func quiet() hclog.Logger { return hclog.NewNullLogger() }

// copyJournal takes the journal as a crash at this moment would leave it.
func copyJournal(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "journal"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A process that dies during a run reports it as interrupted when it is back,
// and does not begin that attempt again.
func TestDeathDuringARun(t *testing.T) {
	dir, after := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), until(nil)
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		copyJournal(t, dir, after)
		stop()

		w = newWorld()
		w.order(backup("b1", 1))
		again := until(nil)
		_, stop = launch(t, after, w, again)
		settle(time.Minute)
		if again.count() != 0 {
			t.Error("the attempt was begun again")
		}
		found := false
		for _, cmd := range w.said() {
			i, ok := cmd.(*fsm.InterruptBackup)
			found = found || ok && i.ID == "b1" && i.Attempt == 1
		}
		if !found {
			t.Errorf("not reported as interrupted: %v", w.said())
		}
		w.order(backup("b1", 2))
		settle(5 * time.Second)
		if again.count() != 1 {
			t.Error("the next attempt was not begun")
		}
		stop()
	})
}

// A result that nobody has taken is reported by the next process.
func TestDeathBeforeTheReport(t *testing.T) {
	dir, after := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), &script{}
		w.set(func() { w.answer = fsm.Errorf(fsm.Unavailable, "no leader") })
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		copyJournal(t, dir, after)
		stop()

		w = newWorld()
		_, stop = launch(t, after, w, role)
		settle(5 * time.Second)
		stop()
		if ends := w.finishes("b1"); len(ends) != 1 || ends[0].Outcome.Snapshot != "snap-b1" {
			t.Errorf("reported %+v", ends)
		}
		if role.count() != 1 {
			t.Errorf("done %d times", role.count())
		}
	})
}

// It stands in the journal before the role hears of it.
func TestJournalComesFirst(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		role := &script{do: func(context.Context, fsm.Order, func(fsm.Progress)) (fsm.Outcome, error) {
			data, err := os.ReadFile(filepath.Join(dir, "journal"))
			if err != nil {
				return fsm.Outcome{}, err
			}
			records, _, err := readJournal(data)
			if err != nil || len(records) != 2 || records[0].Event != accepted || records[1].Event != started {
				t.Errorf("journal at the beginning: %+v %v", records, err)
			}
			return fsm.Outcome{}, nil
		}}
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		stop()
		if role.count() != 1 {
			t.Fatal("nothing was begun")
		}
	})
}

// An agent that cannot write its journal ends, and says so.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), &script{}
		a, err := New(Config{Node: "n1", Dir: dir, Cluster: w, Roles: []Role{role}, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.journal.file.Close(); err != nil {
			t.Fatal(err)
		}
		w.order(backup("b1", 1))
		if err := a.Run(t.Context()); err == nil {
			t.Error("it ended without an error")
		}
		if role.count() != 0 {
			t.Error("something was begun that could not be remembered")
		}
	})
}

type keeper struct {
	script
	got []fsm.Order
}

func (k *keeper) Name() string { return fsm.RoleStorage }
func (k *keeper) Keep(o fsm.Order, _ uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, o)
}

// A standing order is handed over, and confirmed when nothing changes.
func TestStandingOrders(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &keeper{}
		w.order(fsm.Order{ID: "store", Kind: fsm.StoreOrder, Role: fsm.RoleStorage, Grants: []fsm.Grant{{Peer: "n2"}}})
		_, stop := launch(t, dir, w, k)
		settle(10 * time.Second)
		stop()
		if len(k.got) < 3 || len(k.got[0].Grants) != 1 {
			t.Errorf("kept %+v", k.got)
		}
	})
}

// Progress is sent at most twice a second, with the speed worked out, and not
// after the end.
func TestProgress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		role := &script{do: func(_ context.Context, _ fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
			for i := range int64(1000) {
				time.Sleep(10 * time.Millisecond)
				progress(fsm.Progress{Phase: "upload", Bytes: i * 1000, TotalBytes: 1_000_000})
			}
			return fsm.Outcome{}, nil
		}}
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(time.Minute)
		stop()
		if n := len(w.progress); n < 15 || n > 21 {
			t.Errorf("%d messages for 10 seconds", n)
		}
		p := w.progress[len(w.progress)-1]
		if p.Run != "b1" || p.Node != "n1" || p.Attempt != 1 || p.Rate < 90_000 || p.Rate > 110_000 {
			t.Errorf("last: %+v", p)
		}
		half := w.progress[len(w.progress)/2]
		if half.ETA < 3 || half.ETA > 7 {
			t.Errorf("in the middle of 10 seconds: %+v", half)
		}
	})
}

func TestFactsAreToldWhenTheyChange(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		now := fsm.ReportNode{Version: "1", Capacity: fsm.Capacity{Total: 1000, Used: 1}}
		a, err := New(Config{Node: "n1", Dir: dir, Cluster: w, Log: quiet(), Facts: func() fsm.ReportNode {
			w.mu.Lock()
			defer w.mu.Unlock()
			return now
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		ended := make(chan error)
		go func() { ended <- a.Run(ctx) }()
		for i, step := range []struct {
			change func()
			wait   time.Duration
			want   int
		}{
			{func() {}, 20 * time.Second, 1},
			{func() { now.Capacity.Used = 2 }, 20 * time.Second, 1}, // too little
			{func() { now.Capacity.Used = 200 }, 20 * time.Second, 2},
			{func() { now.Version = "2" }, 20 * time.Second, 3},
			{func() { now.Capacity.Used = 201 }, 2 * factsAtMost, 4},
		} {
			w.set(step.change)
			settle(step.wait)
			if n := len(w.said()); n != step.want {
				t.Errorf("step %d: told %d times, want %d", i, n, step.want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

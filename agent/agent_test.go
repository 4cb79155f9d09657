package agent

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"
)

func TestABackupIsDoneOnceAndReported(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), &script{}
		_, stop := launch(t, dir, w, role)
		w.order(backup("b1", 1))
		settle(30 * time.Second)
		stop()
		if role.count() != 1 {
			t.Errorf("done %d times", role.count())
		}
		ends := w.finishes("b1")
		if len(ends) == 0 || ends[0].Attempt != 1 || ends[0].Outcome.Status != fsm.Succeeded || ends[0].Outcome.Snapshot != "snap-b1" {
			t.Errorf("reported %+v", ends)
		}
	})
}

// A result that was accepted and is nonetheless still ordered has been lost by
// the cluster: it is told again, not done again.
func TestALostResultIsToldAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), &script{}
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(10 * time.Second)
		if n := len(w.finishes("b1")); n != 1 {
			t.Errorf("told %d times at first", n)
		}
		settle(time.Minute)
		if n := len(w.finishes("b1")); n < 2 {
			t.Errorf("told %d times though it is still ordered", n)
		}
		stop()
		if role.count() != 1 {
			t.Errorf("done %d times", role.count())
		}
	})
}

func TestEndings(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		do   func(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error)
		want fsm.Outcome
	}{
		"failed": {
			func(context.Context, fsm.Order, func(fsm.Progress)) (fsm.Outcome, error) {
				return fsm.Outcome{Stats: fsm.Stats{Files: 3}}, boom
			},
			fsm.Outcome{Status: fsm.Failed, Error: "boom", Stats: fsm.Stats{Files: 3}},
		},
		"warnings": {
			func(context.Context, fsm.Order, func(fsm.Progress)) (fsm.Outcome, error) {
				return fsm.Outcome{Warnings: []string{"w"}}, nil
			},
			fsm.Outcome{Status: fsm.Warning, Warnings: []string{"w"}},
		},
		"panic": {
			func(context.Context, fsm.Order, func(fsm.Progress)) (fsm.Outcome, error) { panic("at the disco") },
			fsm.Outcome{Status: fsm.Failed, Error: "internal error: at the disco"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.order(backup("b1", 1))
				_, stop := launch(t, dir, w, &script{do: c.do})
				settle(5 * time.Second)
				stop()
				ends := w.finishes("b1")
				if len(ends) != 1 || !reflect.DeepEqual(ends[0].Outcome, c.want) {
					t.Errorf("reported %+v", ends)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), until(nil)
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		cancelled := backup("b1", 1)
		cancelled.Cancel = true
		w.order(cancelled)
		settle(5 * time.Second)
		if ends := w.finishes("b1"); len(ends) != 1 || ends[0].Outcome.Status != fsm.Cancelled {
			t.Errorf("reported %+v", ends)
		}
		never := backup("b2", 1)
		never.Cancel = true
		w.order(never)
		settle(5 * time.Second)
		stop()
		if ends := w.finishes("b2"); len(ends) != 1 || ends[0].Outcome.Status != fsm.Cancelled {
			t.Errorf("one cancelled before it began: %+v", ends)
		}
		if role.count() != 1 {
			t.Errorf("begun %d times", role.count())
		}
	})
}

// What is no longer ordered ends, but not because a manager that is behind does
// not know of it.
func TestWithdrawal(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), until(nil)
		w.order(backup("b1", 1))
		a, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		w.set(func() { w.index -= 5 })
		w.order()
		settle(20 * time.Second)
		if n := len(a.working()); n != 1 {
			t.Fatalf("%d at work after the answer of a manager that is behind", n)
		}
		w.set(func() { w.index += 20 })
		w.order()
		settle(5 * time.Second)
		if n := len(a.working()); n != 0 {
			t.Errorf("%d at work after the order was withdrawn", n)
		}
		stop()
	})
}

func TestAClusterBroughtBackFromAnOlderState(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, role := newWorld(), until(nil)
		w.set(func() { w.index = 5000 })
		w.order(backup("b1", 1))
		a, stop := launch(t, dir, w, role)
		settle(5 * time.Second)
		w.set(func() { w.index = 20 })
		w.order()
		settle(2 * staleFor)
		if n := len(a.working()); n != 0 {
			t.Errorf("%d at work that the restored cluster does not know", n)
		}
		stop()
	})
}

// A later attempt waits until the earlier one has ended, and an order with a
// lower fence is refused.
func TestOneAttemptAtATime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		role := &script{}
		role.do = func(ctx context.Context, o fsm.Order, _ func(fsm.Progress)) (fsm.Outcome, error) {
			if o.Attempt == 1 {
				<-ctx.Done()
				time.Sleep(4 * time.Second) // it takes its time to end
				return fsm.Outcome{}, ctx.Err()
			}
			return fsm.Outcome{}, nil
		}
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w, role)
		settle(2 * time.Second)
		w.order(backup("b1", 2))
		settle(20 * time.Second)
		if role.count() != 2 || role.most != 1 {
			t.Errorf("%d attempts, %d at once", role.count(), role.most)
		}
		stale := backup("b1", 3)
		stale.Fence = fsm.Fence{Index: 50}
		w.order(stale)
		settle(20 * time.Second)
		stop()
		if role.count() != 2 {
			t.Errorf("an order with a lower fence was done")
		}
	})
}

func TestAnOrderForARoleThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.order(backup("b1", 1))
		_, stop := launch(t, dir, w)
		settle(5 * time.Second)
		stop()
		if ends := w.finishes("b1"); len(ends) != 1 || ends[0].Outcome.Status != fsm.Failed {
			t.Errorf("reported %+v", ends)
		}
	})
}

func TestReportsWaitForALeader(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.set(func() { w.answer = fsm.Errorf(fsm.Unavailable, "no leader") })
		w.order(backup("b1", 1))
		a, stop := launch(t, dir, w, &script{})
		settle(time.Hour)
		if a.posts.count() == 0 {
			t.Fatal("the report was given up")
		}
		w.set(func() { w.answer = nil })
		w.order(backup("b1", 1)) // the state moves on: there is a leader again
		settle(2 * time.Second)
		if len(w.finishes("b1")) != 1 {
			t.Error("not reported soon after the leader came back")
		}
		stop()
	})
}

func TestARefusedReportEnds(t *testing.T) {
	for _, code := range []fsm.Code{fsm.Conflict, fsm.NotFound, fsm.Denied, fsm.Invalid} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.set(func() { w.answer = fsm.Errorf(code, "no") })
			w.order(backup("b1", 1))
			a, stop := launch(t, dir, w, &script{})
			settle(10 * time.Second)
			if a.posts.count() != 0 {
				t.Errorf("%s: still reporting", code)
			}
			stop()
		})
	}
}

// An order that was read from an old state is given up as soon as a manager
// that knows more hears that it was begun.
func TestARefusedBeginningIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.set(func() { w.answer = fsm.Errorf(fsm.Conflict, "attempt 1 is over") })
		w.order(backup("b1", 1))
		a, stop := launch(t, dir, w, until(nil))
		settle(5 * time.Second)
		if n := len(a.working()); n != 0 {
			t.Errorf("%d at work that are over", n)
		}
		stop()
	})
}

func TestStopping(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.order(backup("b1", 1))
		a, err := New(Config{Node: "n1", Dir: dir, Cluster: w, Roles: []Role{until(nil)}, Log: quiet(), Leave: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := a.Run(ctx); err != nil {
			t.Fatal(err)
		}
		var interrupted, left bool
		for _, cmd := range w.said() {
			switch c := cmd.(type) {
			case *fsm.InterruptBackup:
				interrupted = c.ID == "b1" && c.Attempt == 1
			case *fsm.LeaveNode:
				left = interrupted
			}
		}
		if !interrupted || !left {
			t.Errorf("said %v", w.said())
		}
	})
}

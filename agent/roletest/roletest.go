package roletest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"bcm/agent"
	"bcm/fsm"
)

// Subject is a role to be tested.
type Subject struct {
	Role agent.Role
	// Order makes an order, with the given id, that succeeds. Orders of different
	// ids must not disturb one another.
	Order func(t *testing.T, id string) fsm.Order
	// Long makes one that goes on for at least 10 seconds when it is left alone.
	Long func(t *testing.T, id string) fsm.Order
	// Progress wants the role to tell of progress in the orders that Order makes.
	Progress bool
}

// patience is how long a role may take for what should be short. It is long
// because machines that test may be slow.
const patience = 60 * time.Second

// Run tests the contract. Each part gets a subject of its own.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	for name, part := range map[string]func(*testing.T, Subject){
		"name":                         testName,
		"success":                      testSuccess,
		"two at once":                  testTwoAtOnce,
		"ended before it begins":       testEndedBefore,
		"ended in the middle":          testEndedInTheMiddle,
		"an order it does not know":    testUnknownKind,
		"an order with parts left out": testBareOrder,
	} {
		t.Run(name, func(t *testing.T) { part(t, subject(t)) })
	}
}

func testName(t *testing.T, s Subject) {
	if !slices.Contains(fsm.Roles(), s.Role.Name()) {
		t.Errorf("%q is not one of %v", s.Role.Name(), fsm.Roles())
	}
}

// teller collects progress and notices what comes too late.
type teller struct {
	mu    sync.Mutex
	all   []fsm.Progress
	ended bool
	late  int
}

func (l *teller) tell(p fsm.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p)
	if l.ended {
		l.late++
	}
}

func (l *teller) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// do carries an order out and checks what holds for each.
func do(ctx context.Context, t *testing.T, r agent.Role, o fsm.Order) (fsm.Outcome, []fsm.Progress, error) {
	t.Helper()
	l := &teller{}
	out, err := r.Do(ctx, o, l.tell)
	l.end()
	if !slices.Contains([]fsm.Status{"", fsm.Succeeded, fsm.Warning, fsm.Failed, fsm.Cancelled}, out.Status) {
		t.Errorf("status %q is no end of a run", out.Status)
	}
	if err != nil && (out.Status == fsm.Succeeded || out.Status == fsm.Warning) {
		t.Errorf("status %q with the error %v", out.Status, err)
	}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.late > 0 {
			t.Errorf("order %s: progress %d times after the end", o.ID, l.late)
		}
	})
	return out, l.all, err
}

func succeeded(t *testing.T, out fsm.Outcome, err error) {
	t.Helper()
	if err != nil || !slices.Contains([]fsm.Status{"", fsm.Succeeded, fsm.Warning}, out.Status) {
		t.Errorf("%q %s, error %v", out.Status, out.Error, err)
	}
}

func testSuccess(t *testing.T, s Subject) {
	out, progress, err := do(t.Context(), t, s.Role, s.Order(t, "roletest-1"))
	succeeded(t, out, err)
	if s.Progress && len(progress) == 0 {
		t.Error("it told of no progress")
	}
	var last fsm.Progress
	for _, p := range progress {
		if p.Files < 0 || p.Bytes < 0 || p.Bytes < last.Bytes && p.Phase == last.Phase {
			t.Errorf("progress %+v after %+v", p, last)
		}
		if p.TotalBytes > 0 && p.Bytes > p.TotalBytes {
			t.Errorf("more than all: %+v", p)
		}
		last = p
	}
}

func testTwoAtOnce(t *testing.T, s Subject) {
	var group sync.WaitGroup
	for _, id := range []string{"roletest-1", "roletest-2"} {
		o := s.Order(t, id)
		group.Go(func() {
			out, _, err := do(t.Context(), t, s.Role, o)
			succeeded(t, out, err)
		})
	}
	group.Wait()
}

func testEndedBefore(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(agent.ErrCancelled)
	begin := time.Now()
	out, _, err := do(ctx, t, s.Role, s.Long(t, "roletest-1"))
	if err == nil && out.Status != fsm.Cancelled {
		t.Errorf("status %q without an error", out.Status)
	}
	if took := time.Since(begin); took > patience {
		t.Errorf("it took %v", took)
	}
}

// A role ends soon when it is told to, and works as before afterwards.
func testEndedInTheMiddle(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancelCause(t.Context())
	o := s.Long(t, "roletest-1")
	ended := make(chan error, 1)
	begun := make(chan struct{})
	tell := sync.OnceFunc(func() { close(begun) })
	go func() {
		out, err := s.Role.Do(ctx, o, func(fsm.Progress) { tell() })
		if err == nil && out.Status != fsm.Cancelled {
			err = errors.New("it ended well: " + string(out.Status))
		} else {
			err = nil
		}
		ended <- err
	}()
	wait := time.NewTimer(3 * time.Second) // a role may have nothing to tell
	defer wait.Stop()
	select {
	case <-begun:
	case <-wait.C:
	}
	cancel(agent.ErrCancelled)
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	out, _, err := do(t.Context(), t, s.Role, s.Order(t, "roletest-2"))
	succeeded(t, out, err)
}

func testUnknownKind(t *testing.T, s Subject) {
	o := s.Order(t, "roletest-1")
	o.Kind = "make-coffee"
	if out, _, err := do(t.Context(), t, s.Role, o); err == nil && out.Status != fsm.Failed {
		t.Errorf("it did it: %+v", out)
	}
}

// What is left out is an error, not a crash: the order may come from a manager
// that is newer.
func testBareOrder(t *testing.T, s Subject) {
	for _, kind := range []fsm.OrderKind{fsm.BackupOrder, fsm.RestoreOrder, fsm.VerifyOrder, fsm.ForgetOrder} {
		out, _, err := do(t.Context(), t, s.Role, fsm.Order{ID: "roletest-" + string(kind), Kind: kind, Role: s.Role.Name(), Attempt: 1})
		if err == nil && out.Status != fsm.Failed {
			t.Errorf("%s: it did it: %+v", kind, out)
		}
	}
}

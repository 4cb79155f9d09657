package fsm

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// asked makes an entry of a request.
func (l *lab) asked(by, id, sum string, cmd Command) (Result, error) {
	l.t.Helper()
	e, err := NewEntry(WithRequest(context.Background(), id, []byte(sum)), by, cmd)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.enter(e)
}

// The same request has one effect and one answer, also when it was refused.
func TestRequestsHaveOneEffect(t *testing.T) {
	l := furnished(t)
	make9 := func(id string) Command { return &CreateUser{ID: id, Name: "ada"} }
	first, err := l.asked("user:root", "q1", "s", make9("u9"))
	if err != nil {
		t.Fatal(err)
	}
	events := l.view().Events.Len()
	second, err := l.asked("user:root", "q1", "s", make9("another"))
	if err != nil || second != first || l.view().Events.Len() != events {
		t.Errorf("asked again: %v, %v", second, err)
	}
	if _, err := l.asked("user:root", "q1", "other", make9("another")); CodeOf(err) != Mismatch {
		t.Errorf("another request under the same id: %v", err)
	}
	if _, err := l.asked("user:root2", "q1", "other", &CreateUser{ID: "u8", Name: "bob"}); err != nil {
		t.Errorf("the same id of another user: %v", err)
	}
	if _, err := l.asked("user:root", "q2", "s", make9("u7")); CodeOf(err) != Conflict {
		t.Errorf("a name that is taken: %v", err)
	}
	l.do("user:root", &RemoveUser{ID: "u9"})
	if _, err := l.asked("user:root", "q2", "s", make9("u7")); CodeOf(err) != Conflict {
		t.Errorf("a refusal did not stand: %v", err)
	}
	sound(l)
}

// A refusal for want of a right does not stand: the right may be given.
func TestDeniedRequestsMayBeAskedAgain(t *testing.T) {
	l := furnished(t)
	cmd := &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily"}
	if _, err := l.asked("user:bu", "q", "s", cmd); CodeOf(err) != Denied {
		t.Fatal(err)
	}
	l.do("user:root", &UpdateUser{ID: "u-bu", Groups: &[]string{Operators}})
	if _, err := l.asked("user:bu", "q", "s", cmd); err != nil {
		t.Error(err)
	}
}

// Answers are forgotten after a day, the oldest first, and no more than that.
func TestRequestsAreForgotten(t *testing.T) {
	l := furnished(t)
	ask := func(i int) error {
		_, err := l.asked("user:op", fmt.Sprint("q", i), "s", &CreateSchedule{ID: fmt.Sprint("s", i), Name: fmt.Sprint("s", i), Cron: "@daily"})
		return err
	}
	for i := range 40 {
		if err := ask(i); err != nil {
			t.Fatal(err)
		}
	}
	l.now = l.now.Add(rememberFor - time.Minute)
	if ask(40) != nil || l.view().requests.Len() != 41 {
		t.Errorf("%d answers before a day is over", l.view().requests.Len())
	}
	l.now = l.now.Add(time.Hour)
	for i := 41; i < 45; i++ {
		if err := ask(i); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.view().requests.Len(); n != 5 {
		t.Errorf("%d answers after it", n)
	}
	sound(l)
}

// The memory of requests is bounded: the oldest answer goes, the others stay.
func TestRequestsAreBounded(t *testing.T) {
	l := furnished(t)
	for i := range rememberMost {
		l.state.work.requests.set(&answered{Meta: Meta{ID: fmt.Sprintf("user:x/%06d", i), Index: uint64(i), CreatedAt: l.now}})
	}
	if _, err := l.asked("user:op", "q", "s", &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily"}); err != nil {
		t.Fatal(err)
	}
	if n := l.view().requests.Len(); n != rememberMost {
		t.Errorf("%d answers are remembered", n)
	}
}

// The audit trail keeps what it should, in order, and shows what was changed.
func TestAuditTrail(t *testing.T) {
	l := furnished(t)
	for _, cmd := range []Command{&UpdateUser{ID: "u-op", Enabled: ptr(false)}, &RemoveUser{ID: "nobody"}} {
		_, _ = l.try("user:root", cmd)
	}
	var lines []string
	for e := range l.view().Events.All() {
		lines = append(lines, fmt.Sprint(e.By, " ", e.Action, " ", e.Object.Noun, "/", e.Object.Name, " ", e.Result, " ", e.Detail))
	}
	tail := strings.Join(lines[len(lines)-2:], "\n")
	if want := "user:root user.update users/op  disabled\nuser:root user.remove / not_found no user \"nobody\""; tail != want {
		t.Errorf("the trail ends with\n%s", tail)
	}
	v := l.view()
	verify := func(change func(*Table[Event])) string {
		table := v.Events.cut()
		change(&table)
		_, broken := (&View{tables: &tables{Events: table}}).VerifyChain()
		return broken
	}
	for e := range v.Events.After(first(v).ID) { // the oldest row is the anchor
		forged := *e
		forged.By = "user:eve"
		if verify(func(t *Table[Event]) { t.set(&forged) }) != e.ID {
			t.Errorf("row %s can be changed unseen", e.ID)
		}
		if e != v.Events.last() && verify(func(t *Table[Event]) { t.drop(e.ID) }) == "" {
			t.Errorf("row %s can be taken out unseen", e.ID)
		}
	}
}

func first(v *View) *Event {
	for e := range v.Events.All() {
		return e
	}
	return nil
}

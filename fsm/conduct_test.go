package fsm

import (
	"errors"
	"testing"
	"time"
)

func TestConductChecks(t *testing.T) {
	l := furnished(t)
	for field, c := range map[string]ConductChange{
		"priority":        {Priority: ptr(int8(101))},
		"max_runtime":     {MaxRuntime: ptr(time.Second)},
		"retry.attempts":  {Retry: &Retry{Attempts: 101}},
		"retry.pause":     {Retry: &Retry{Attempts: 2, Pause: time.Millisecond}},
		"bandwidth":       {Bandwidth: &[]Bandwidth{{Rate: 1}}},
		"command_timeout": {HookLimit: ptr(25 * time.Hour)},
		"pre":             {Pre: &[]string{"", "x"}},
		"post":            {Post: &[]string{"sh", "-c", string(make([]byte, 65<<10))}},
	} {
		_, err := l.try("user:adm", &UpdateTask{ID: "t1", ConductChange: c})
		if e, ok := errors.AsType[*Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, b := range []Bandwidth{{Rate: 1 << 20, From: "8:00", To: "18:00"}, {Rate: 1 << 20, From: "08:00"}, {Rate: 1 << 20, From: "08:00", To: "08:00"}} {
		if _, err := l.try("user:adm", &UpdateTask{ID: "t1", ConductChange: ConductChange{Bandwidth: &[]Bandwidth{b}}}); CodeOf(err) != Invalid {
			t.Errorf("%+v: %v", b, err)
		}
	}
	sound(l)
}

func TestBandwidthAt(t *testing.T) {
	at := func(clock string) time.Time {
		d, err := timeOfDay(clock)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC).Add(d)
	}
	day, night := Bandwidth{Rate: 5, From: "08:00", To: "18:00"}, Bandwidth{Rate: 7, From: "22:00", To: "06:00"}
	for _, c := range []struct {
		b     Bandwidth
		clock string
		rate  int64
		rest  time.Duration
	}{
		{day, "07:59", 0, time.Minute}, {day, "08:00", 5, 10 * time.Hour}, {day, "17:59", 5, time.Minute}, {day, "18:00", 0, 14 * time.Hour},
		{night, "23:00", 7, 7 * time.Hour}, {night, "05:00", 7, time.Hour}, {night, "12:00", 0, 10 * time.Hour},
		{Bandwidth{Rate: 9}, "12:00", 9, 24 * time.Hour},
	} {
		if rate, rest := c.b.At(at(c.clock), time.UTC); rate != c.rate || rest != c.rest {
			t.Errorf("%+v at %s: %d for %v", c.b, c.clock, rate, rest)
		}
	}
}

// retrying is a furnished lab whose backup "live" is of a task that is tried three
// times.
func retrying(t *testing.T) *lab {
	l := furnished(t)
	l.do("user:adm", &UpdateTask{ID: "t3", ConductChange: ConductChange{Retry: &Retry{Attempts: 3, Pause: time.Minute}}})
	return l
}

func (l *lab) backup(id string) *Backup {
	b, _ := l.view().Backups.Get(id)
	return b
}

// A failed attempt is followed by another after a pause that doubles, as often as
// the task says; saying the failure again changes nothing.
func TestRetry(t *testing.T) {
	l := retrying(t)
	for attempt, pause := range map[int32]time.Duration{1: time.Minute, 2: 2 * time.Minute} {
		if r := (Retry{3, time.Minute}); r.after(attempt) != pause {
			t.Errorf("after attempt %d: %v", attempt, r.after(attempt))
		}
	}
	fail := &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed, Error: "no such host"}}
	l.do("node:b1", fail)
	b := l.backup("live")
	if b.Status != Interrupted || b.RetryAt != l.now.Add(time.Minute) || b.Error != "no such host" || b.FinishedAt != 0 {
		t.Fatalf("%+v", b.Run)
	}
	at := b.RetryAt
	l.now = l.now.Add(10 * time.Second)
	l.do("node:b1", fail)
	if b := l.backup("live"); b.RetryAt != at {
		t.Errorf("told again, the next attempt moved from %s to %s", at, b.RetryAt)
	}
	if _, err := l.try("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "x"}}); CodeOf(err) != Conflict {
		t.Errorf("a second, other end of the attempt: %v", err)
	}
	for attempt := int32(1); attempt < 3; attempt++ {
		l.do("plan:place", &AssignBackup{ID: "live", From: Interrupted, Attempt: attempt, Node: "b1", Storages: []string{"s1"}})
		l.do("node:b1", &FinishBackup{ID: "live", Attempt: attempt + 1, Outcome: Outcome{Status: Failed}})
	}
	if b := l.backup("live"); b.Status != Failed || b.RetryAt != 0 || b.FinishedAt == 0 {
		t.Errorf("after three attempts: %+v", b.Run)
	}
	sound(l)
}

// A retry that is waited for can be cancelled, and one beyond the window is none.
func TestRetryEnds(t *testing.T) {
	l := retrying(t)
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed}})
	l.do("user:bu", &CancelBackup{ID: "live"})
	if b := l.backup("live"); b.Status != Cancelled || b.RetryAt != 0 {
		t.Errorf("%+v", b.Run)
	}
	l = retrying(t)
	l.do("user:bu", &CancelBackup{ID: "live"})
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed}})
	if b := l.backup("live"); b.Status != Failed {
		t.Errorf("one that was to be cancelled is tried again: %+v", b.Run)
	}
	var r Run
	tx := &Tx{At: dawn}
	r = Run{Status: Failed, Attempt: 1}
	r.again(tx, Retry{3, time.Hour}, tx.At.Add(time.Minute))
	if r.Status != Failed {
		t.Errorf("tried again an hour later, though the window ends in a minute")
	}
}

// What takes too long is asked to end and has failed then, with the reason; what
// waits has failed at once.
func TestStopBackup(t *testing.T) {
	l := retrying(t)
	stop := &StopBackup{ID: "live", Attempt: 1, Reason: "too long"}
	l.do("plan:fail", stop)
	if b := l.backup("live"); !b.Cancel || !b.Status.Live() {
		t.Fatalf("%+v", b.Run)
	}
	if _, err := l.try("plan:fail", stop); CodeOf(err) != Conflict {
		t.Errorf("stopped twice: %v", err)
	}
	end := &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Cancelled}}
	l.do("node:b1", end, end)
	if b := l.backup("live"); b.Status != Failed || b.Error != "too long" {
		t.Errorf("%+v", b.Run)
	}
	l = furnished(t)
	l.do("plan:fail", stop)
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "just in time"}})
	if b := l.backup("live"); b.Status != Succeeded || b.Error != "" {
		t.Errorf("%+v", b.Run)
	}
	l = furnished(t)
	l.do("plan:fail", stop, &InterruptBackup{ID: "live", Attempt: 1, Reason: "the node is gone"})
	if b := l.backup("live"); b.Status != Failed || b.Error != "too long" {
		t.Errorf("%+v", b.Run)
	}
	l.do("plan:fail", &StopBackup{ID: "wait", Attempt: 0, Reason: "the window has passed"})
	if b := l.backup("wait"); b.Status != Failed || b.Error != "the window has passed" || b.FinishedAt == 0 {
		t.Errorf("%+v", b.Run)
	}
	sound(l)
}

// What a run has told stands beside its warnings, and those of a new attempt take
// the place of the old.
func TestLogOfRuns(t *testing.T) {
	l := retrying(t)
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed, Warnings: []string{"w"}, Log: []string{"before: hello"}}})
	w, _ := l.view().Warnings.Get("live")
	if len(w.Texts) != 1 || len(w.Log) != 1 {
		t.Fatalf("%+v", w)
	}
	l.do("plan:place", &AssignBackup{ID: "live", From: Interrupted, Attempt: 1, Node: "b1", Storages: []string{"s1"}})
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 2, Outcome: Outcome{Status: Succeeded, Snapshot: "s"}})
	if w, _ := l.view().Warnings.Get("live"); len(w.Texts) != 0 || len(w.Log) != 0 {
		t.Errorf("%+v", w)
	}
	sound(l)
}

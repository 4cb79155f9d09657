package fsm

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// A record that cannot be read stops the member: nothing of it is applied, nor
// anything after it, and no snapshot is taken of what would differ from the rest.
func TestUnreadableRecordStopsTheMember(t *testing.T) {
	good, err := NewEntry(context.Background(), "user:op", &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily"})
	if err != nil {
		t.Fatal(err)
	}
	extra, _ := Encode(map[string]any{"id": "s9", "colour": "red"})
	for name, bad := range map[string]any{
		"a kind of a newer version":  []Entry{good, {Kind: "node.teleport", Body: good.Body}},
		"a field of a newer version": []Entry{good, {Kind: good.Kind, Body: extra}},
		"another type":               []Entry{good, {Kind: good.Kind, Body: []byte{0x01}}},
		"no batch":                   "hello",
		"a batch of something else":  []int{1},
	} {
		t.Run(name, func(t *testing.T) {
			l := furnished(t)
			before := l.view()
			data, err := Encode(bad)
			if err != nil {
				t.Fatal(err)
			}
			next, _ := EncodeBatch([]Entry{good})
			index := before.Index
			answers := l.state.ApplyBatch([]*raft.Log{{Index: index + 1, Data: data}, {Index: index + 2, Data: next}})
			for i, answer := range answers {
				if _, ok := answer.(error); !ok {
					t.Errorf("record %d was answered with %v", i, answer)
				}
			}
			if l.view() != before {
				t.Error("a state was published")
			}
			if _, ok := l.state.work.Schedules.Get("s9"); ok {
				t.Error("a part of what cannot be read was applied")
			}
			select {
			case err := <-l.state.Failed():
				if !strings.Contains(err.Error(), "log index") {
					t.Error(err)
				}
			default:
				t.Error("nobody is told")
			}
			if _, err := l.state.Snapshot(); err == nil {
				t.Error("a snapshot was taken")
			}
		})
	}
}

// A batch publishes one view with all of its records; what is no command moves
// the index and nothing else.
func TestBatches(t *testing.T) {
	l := furnished(t)
	before := l.view()
	batch := func(names ...string) []byte {
		var entries []Entry
		for _, n := range names {
			e, err := NewEntry(context.Background(), "user:op", &CreateSchedule{ID: n, Name: n, Cron: "@daily"})
			if err != nil {
				t.Fatal(err)
			}
			e.At = l.now
			entries = append(entries, e)
		}
		data, err := EncodeBatch(entries)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	index := before.Index
	answers := l.state.ApplyBatch([]*raft.Log{{Index: index + 1, Data: batch("a", "b")},
		{Index: index + 2, Type: raft.LogConfiguration}, {Index: index + 3, Data: batch("c", "a")}})
	if r, err := answers[0].(Outcomes).At(1); err != nil || r != (Result{index + 1, "b"}) {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := answers[2].(Outcomes).At(1); CodeOf(err) != Conflict {
		t.Error(err)
	}
	v := l.view()
	if v.Index != index+3 || v.Schedules.Len() != before.Schedules.Len()+3 {
		t.Errorf("at %d with %d schedules", v.Index, v.Schedules.Len())
	}
	select {
	case <-before.Stale():
	default:
		t.Error("the view before is not stale")
	}
	if n, broken := v.VerifyChain(); broken != "" || n != v.Events.Len() {
		t.Errorf("chain broken at %s", broken)
	}
}

func TestViewWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := furnished(t)
		want := l.view().Index + 2
		got := make(chan *View)
		go func() {
			v, err := l.state.View(context.Background(), want)
			if err != nil {
				t.Error(err)
			}
			got <- v
		}()
		for _, name := range []string{"a", "b"} {
			synctest.Wait()
			select {
			case <-got:
				t.Fatal("did not wait")
			default:
			}
			l.do("user:op", &CreateSchedule{ID: name, Name: name, Cron: "@daily"})
		}
		if v := <-got; v.Index != want {
			t.Errorf("at %d", v.Index)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := l.state.View(ctx, want+1); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// Time never runs backwards, whatever the clock of a leader says.
func TestTimeIsMonotonic(t *testing.T) {
	l := furnished(t)
	at := l.view().At
	l.now = dawn.Add(-time.Hour)
	l.do("user:op", &CreateSchedule{ID: "a", Name: "a", Cron: "@daily"})
	s, _ := l.view().Schedules.Get("a")
	if l.view().At != at || s.CreatedAt != at {
		t.Errorf("%s, then %s", at, l.view().At)
	}
}

// A fault in a command is a refusal that leaves nothing behind.
type faulty struct{}

func (faulty) apply(tx *Tx) (string, error) {
	put(tx, &tx.Schedules, &Schedule{Meta: Meta{ID: "half"}, Name: "half"})
	panic("a fault")
}

func TestFaultIsARefusal(t *testing.T) {
	l := furnished(t)
	before := l.view()
	tx := &Tx{tables: l.state.work, Index: before.Index + 1, At: before.At, By: "system:x"}
	_, err := tx.run(Entry{Kind: "schedule.create", By: "system:x"}, faulty{})
	l.state.publish(before.Index+1, 0, before.At)
	if CodeOf(err) != Internal || l.view().Digest() != before.Digest() || len(difference(before, l.view())) != 0 {
		t.Errorf("%v; %v", err, difference(before, l.view()))
	}
}

// A view stays what it was, and can be read in any way, while entries are applied.
func TestViewsWhileApplying(t *testing.T) {
	l := furnished(t)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := l.state.Now()
				digest, backups := v.Digest(), v.Backups.Len()
				readAll(v)
				if v.Digest() != digest || v.Backups.Len() != backups {
					t.Error("a view changed")
				}
			}
		})
	}
	for i := range 300 {
		id := "w" + strings.Repeat("x", i%7) + time.Duration(i).String()
		l.do("user:bu", &CreateBackup{ID: id, Client: "web", Source: &Source{Paths: []string{"/x"}}})
		l.do("plan:place", &AssignBackup{ID: id, From: Queued, Node: "b1", Storages: []string{"s1"}})
		l.do("node:b1", &FinishBackup{ID: id, Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "snap-" + id}})
		if i%10 == 0 {
			l.do("user:adm", &DeleteBackup{ID: id, Job: "job-" + id})
		}
	}
	close(stop)
	readers.Wait()
	sound(l)
}

// readAll reads a view in all the ways that there are.
func readAll(v *View) {
	for b := range v.Backups.All() {
		v.Backups.Get(b.ID)
	}
	for range v.Backups.Walk(CreatedIndex, true, &Place{Key: TimeKey(v.At)}) {
	}
	for range v.Backups.Search("snap") {
	}
	for range v.Backups.Since(v.Index / 2) {
	}
	v.Backups.Count("status", string(Succeeded))
	v.Orders("b1")
	v.Orders("s1")
	_ = v.WriteSnapshot(new(counter))
}

func TestErrors(t *testing.T) {
	if CodeOf(nil) != "" || CodeOf(errors.New("x")) != Internal || CodeOf(errors.Join(errors.New("x"), notFound("a", "b"))) != NotFound {
		t.Error("codes")
	}
	if _, err := NewEntry(context.Background(), "user:x", nil); CodeOf(err) != Internal {
		t.Error(err)
	}
	if n, broken := New(hclog.NewNullLogger()).Now().VerifyChain(); n != 0 || broken != "" {
		t.Error("the chain of an empty state")
	}
}

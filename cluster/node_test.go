package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Entries proposed at the same time share records of the log.
func TestEntriesAreCoalesced(t *testing.T) {
	n, _ := newWorld(t).lone(t)
	before := n.raft.LastIndex()
	const writers, each = 64, 10
	var all sync.WaitGroup
	var failed atomic.Int64
	for i := range writers {
		all.Go(func() {
			for j := range each {
				if _, err := n.Apply(context.Background(), "system:test", &fsm.PutSetting{Name: fmt.Sprintf("k.%d.%d", i, j), Value: []byte("v")}); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	records := n.raft.LastIndex() - before
	t.Logf("%d entries in %d records", writers*each, records)
	if failed.Load() > 0 || records > writers*each/4 {
		t.Errorf("%d entries took %d records, %d failed", writers*each, records, failed.Load())
	}
	if got := n.state.Now().Settings.Len(); got < writers*each {
		t.Errorf("%d settings", got)
	}
}

// The time of entries never goes back, even when the clock does: here, it was an
// hour ahead when the last entry was stamped.
func TestTimeNeverGoesBack(t *testing.T) {
	n, _ := newWorld(t).lone(t)
	put := &fsm.PutSetting{Name: "k", Value: []byte("v")}
	e, err := fsm.NewEntry(context.Background(), "system:test", put)
	if err != nil {
		t.Fatal(err)
	}
	e.At = fsm.At(time.Now().Add(time.Hour))
	data, err := fsm.EncodeBatch([]fsm.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.raft.Apply(data, time.Second).Error(); err != nil {
		t.Fatal(err)
	}
	result, err := n.Apply(context.Background(), "system:test", put)
	if err != nil {
		t.Fatal(err)
	}
	var log raft.Log
	if err := n.disk.GetLog(result.Index, &log); err != nil {
		t.Fatal(err)
	}
	stamped, err := fsm.DecodeBatch(log.Data)
	if err != nil || len(stamped) != 1 || stamped[0].At < e.At {
		t.Errorf("stamped %v after %v, %v", stamped[0].At, e.At, err)
	}
}

func TestApplyRefusesWhatMustNotBeInTheLog(t *testing.T) {
	n, _ := newWorld(t).lone(t)
	_, err := n.Apply(context.Background(), "system:test", &fsm.PutSetting{Name: "large", Value: make([]byte, maxEntry+1)})
	if fsm.CodeOf(err) != fsm.Invalid {
		t.Errorf("an entry that is too large: %v", err)
	}
	if err := n.acceptable(fsm.Entry{Kind: "from.the.future"}); fsm.CodeOf(err) != fsm.Invalid {
		t.Errorf("an unknown kind: %v", err)
	}
	if n.state.Now().Setting("large") != nil {
		t.Error("the entry that is too large was applied")
	}
	wrong := fsm.Entry{Kind: "setting.put", By: "system:test", Body: []byte{0xa1, 0x64, 'n', 'a', 'm', 'e', 0x07}}
	if err := n.acceptable(wrong); fsm.CodeOf(err) != fsm.Invalid {
		t.Errorf("a body of another kind: %v", err)
	}
	body := []byte{0xa0}
	for range 20 {
		body = append([]byte{0x81}, body...)
	}
	if err := n.acceptable(fsm.Entry{Kind: "setting.put", By: "system:test", Body: body}); fsm.CodeOf(err) != fsm.Invalid {
		t.Errorf("a body that is nested too deeply: %v", err)
	}
	if _, err := n.Apply(context.Background(), "system:test", &fsm.PutSetting{Name: "good", Value: []byte("v")}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.View(ctx, fsm.AtLeast(1<<40)); fsm.CodeOf(err) != fsm.Unavailable {
		t.Errorf("waiting for an index in vain: %v", err)
	}
}

// All who wait for an index share one question, but never one asked before.
func TestReadsShareTheQuestion(t *testing.T) {
	var asked atomic.Int64
	begin, answer := make(chan struct{}), make(chan struct{})
	r := newReads(func(context.Context) (uint64, error) {
		n := asked.Add(1)
		begin <- struct{}{}
		<-answer
		return uint64(n), nil
	})
	got := make(chan uint64, 100)
	read := func() {
		index, err := r.index(context.Background())
		if err != nil {
			t.Error(err)
		}
		got <- index
	}
	go read()
	<-begin // the first question is under way: it is too late to join it
	for range 50 {
		mine := r.enter()
		go func() { <-mine.done; got <- mine.index }()
	}
	answer <- struct{}{}
	if first := <-got; first != 1 {
		t.Errorf("the first reader got the answer to question %d", first)
	}
	<-begin
	answer <- struct{}{}
	for range 50 {
		if index := <-got; index != 2 {
			t.Errorf("a reader that came later got the answer to question %d", index)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("%d questions", asked.Load())
	}
}

func TestOrdersOpenPasswords(t *testing.T) {
	w := newWorld(t)
	n, _ := w.lone(t)
	sealed := pki.Seal(w.key, "repository/r1", []byte("open sesame"))
	o := fsm.Orders{Items: []fsm.Order{{ID: "a"}, {ID: "b", Repository: &fsm.RepositoryAccess{Namespace: "r1", Sealed: sealed}}}}
	if err := n.unseal(o); err != nil {
		t.Fatal(err)
	}
	if r := o.Items[1].Repository; r.Password != "open sesame" || r.Sealed != nil {
		t.Errorf("%+v", r)
	}
	o.Items[1].Repository = &fsm.RepositoryAccess{Namespace: "r2", Sealed: sealed}
	if err := n.unseal(o); !errors.Is(err, pki.ErrSealed) {
		t.Errorf("a password of another repository: %v", err)
	}
}

func TestIdentify(t *testing.T) {
	for by, want := range map[string]bool{"user:ada": true, "system:join": true, "node:n1": false, "plan:place": false} {
		e := fsm.Entry{Kind: "k", By: by}
		identify(&e)
		if (e.ID != "") != want || (len(e.Sum) > 0) != want {
			t.Errorf("%s: id %q", by, e.ID)
		}
	}
	e := fsm.Entry{Kind: "k", By: "user:ada", ID: "mine", Sum: []byte("s")}
	identify(&e)
	if e.ID != "mine" || string(e.Sum) != "s" {
		t.Errorf("the id that was given is lost: %+v", e)
	}
}

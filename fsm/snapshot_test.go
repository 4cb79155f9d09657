package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func snapshotOf(t testing.TB, v *View) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := v.WriteSnapshot(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// restore restores into a state that has something in it, and checks that a
// snapshot which is refused leaves it as it was.
func restore(t testing.TB, data []byte) error {
	t.Helper()
	l := newLab(t)
	l.do("system:x", &CreateSchedule{ID: "s", Name: "s", Cron: "@daily"})
	before := l.view()
	err := l.state.Restore(io.NopCloser(bytes.NewReader(data)))
	if err != nil && (l.view() != before || l.state.work.Schedules.Len() != 1) {
		t.Error("a snapshot that was refused changed the state")
	}
	if err == nil {
		select {
		case <-before.Stale():
		default:
			t.Error("the view before is not stale")
		}
	}
	return err
}

// A state that was restored goes on like the one that was saved.
func TestRestoreGoesOn(t *testing.T) {
	l := eventful(t)
	restored := New(hclog.NewNullLogger())
	if err := restored.Restore(io.NopCloser(bytes.NewReader(snapshotOf(t, l.view())))); err != nil {
		t.Fatal(err)
	}
	if restored.Now().Index != l.view().Index || restored.Now().At != l.view().At || restored.Now().Digest() != l.view().Digest() {
		t.Fatal("the restored state is another")
	}
	twin := &lab{t: t, state: restored, log: append([]Entry(nil), l.log...), now: l.now}
	for _, each := range []*lab{l, twin} {
		each.do("user:bu", &CreateBackup{ID: "more", Task: "t1"})
		if _, err := each.asked("user:op", "request-1", "sum", &CreateSchedule{ID: "again", Name: "again", Cron: "@daily"}); err != nil {
			t.Error("the memory of requests is not restored: ", err)
		}
		each.do("plan:place", &AssignBackup{ID: "live", From: Interrupted, Attempt: 1, Node: "b2", Storages: []string{"s1"}})
	}
	if l.view().Digest() != twin.view().Digest() {
		t.Errorf("they differ:\n%s", strings.Join(difference(l.view(), twin.view()), "\n"))
	}
	sound(l)
}

// Whichever byte of a snapshot is damaged, and wherever it is cut off, it is
// refused.
func TestDamagedSnapshotIsRefused(t *testing.T) {
	good := snapshotOf(t, eventful(t).view())
	if err := restore(t, good); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(good); at += 1 + at/40 {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << (at % 8)
		if restore(t, bad) == nil {
			t.Errorf("a snapshot damaged at %d is accepted", at)
		}
		if restore(t, good[:at]) == nil {
			t.Errorf("a snapshot cut off at %d is accepted", at)
		}
	}
}

// sealed makes a snapshot of records, with a checksum that is right.
func sealed(t testing.TB, records ...any) []byte {
	t.Helper()
	var buf bytes.Buffer
	buf.WriteString(snapshotMagic)
	for _, r := range records {
		if err := writeRecord(&buf, encode(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeRecord(&buf, nil); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(buf.Bytes())
	return append(buf.Bytes(), sum[:]...)
}

// What another program, or a newer version, has written is refused by saying so.
func TestForeignSnapshotIsRefused(t *testing.T) {
	head := func(version int, tables ...tableHeader) snapshotHeader {
		return snapshotHeader{Version: version, Index: 9, Tables: tables}
	}
	row := func(id string) *Schedule { return &Schedule{Meta: Meta{ID: id}, Name: id} }
	huge := append([]byte(snapshotMagic), binary.BigEndian.AppendUint32(nil, 1<<31)...)
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"empty", "not a bcm snapshot", nil},
		{"another file", "not a bcm snapshot", []byte("SQLite format 3\x00 and more")},
		{"newer", "newer version", sealed(t, head(Version+1))},
		{"a table of a newer version", "update this member", sealed(t, head(Version, tableHeader{"moons", 0}))},
		{"a table twice", "twice", sealed(t, head(Version, tableHeader{"schedules", 1}, tableHeader{"schedules", 1}), row("a"), row("b"))},
		{"rows out of order", "out of order", sealed(t, head(Version, tableHeader{"schedules", 2}), row("b"), row("a"))},
		{"a row twice", "out of order", sealed(t, head(Version, tableHeader{"schedules", 2}), row("a"), row("a"))},
		{"fewer rows than it says", "cannot be read", sealed(t, head(Version, tableHeader{"schedules", 2}), row("a"))},
		{"more rows than it says", "end mark", sealed(t, head(Version, tableHeader{"schedules", 1}), row("a"), row("b"))},
		{"a field that is not known", "cannot be read", sealed(t, head(Version, tableHeader{"schedules", 1}), map[string]any{"id": "a", "moon": 1})},
		{"absurd rows", "damaged", sealed(t, head(Version, tableHeader{"schedules", -1}))},
		{"an absurd record", "claims", huge},
	} {
		if err := restore(t, c.data); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, which does not say %q", c.name, err, c.says)
		}
	}
}

// sink is where raft has snapshots written.
type sink struct {
	bytes.Buffer
	room              int
	closed, cancelled bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.Len()+len(p) > s.room {
		return 0, errors.New("no space left")
	}
	return s.Buffer.Write(p)
}
func (s *sink) ID() string    { return "s" }
func (s *sink) Close() error  { s.closed = true; return nil }
func (s *sink) Cancel() error { s.cancelled = true; return nil }

// A snapshot is the state of the moment when it was taken, whenever it is
// written; one that cannot be written is given up.
func TestPersist(t *testing.T) {
	l := eventful(t)
	want := snapshotOf(t, l.view())
	taken, err := l.state.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	l.do("user:bu", &CreateBackup{ID: "more", Task: "t1"})
	good := &sink{room: 1 << 20}
	if err := taken.Persist(good); err != nil || !good.closed || good.cancelled || !bytes.Equal(good.Bytes(), want) {
		t.Errorf("%v, closed %v", err, good.closed)
	}
	full := &sink{room: 100}
	if err := taken.Persist(full); err == nil || full.closed || !full.cancelled || !strings.Contains(err.Error(), "no space left") ||
		strings.Contains(err.Error(), "%!") {
		t.Errorf("a full disk: %v", err)
	}
	taken.Release()
}

package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/fsm"
)

func filled(t testing.TB) []byte {
	t.Helper()
	b := []byte(journalFormat)
	for _, r := range []record{
		{Event: accepted, At: 1, ID: "b1", Attempt: 1, Kind: fsm.BackupOrder, Fence: &fsm.Fence{Index: 7}},
		{Event: started, At: 2, ID: "b1", Attempt: 1},
		{Event: finished, At: 3, ID: "b1", Attempt: 1, Outcome: &fsm.Outcome{Status: fsm.Succeeded, Snapshot: "s"}},
		{Event: acknowledged, At: 4, ID: "b1", Attempt: 1},
		{Event: accepted, At: 5, ID: "b2", Attempt: 3, Kind: fsm.RestoreOrder, Fence: &fsm.Fence{Index: 9}},
	} {
		var err error
		if b, err = appendFrame(b, r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// Cut anywhere, a journal keeps every whole record and no other.
func TestTornTail(t *testing.T) {
	data := filled(t)
	all, _, err := readJournal(data)
	if err != nil || len(all) != 5 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	last := 0
	for cut := range data {
		records, whole, err := readJournal(data[:cut])
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if whole > cut || len(records) < last {
			t.Fatalf("cut at %d: %d records in %d bytes", cut, len(records), whole)
		}
		last = len(records)
	}
	zeros := append(bytes.Clone(data), make([]byte, 4096)...)
	if records, whole, err := readJournal(zeros); err != nil || len(records) != 5 || whole != len(data) {
		t.Errorf("a tail of zeros: %d records, %v", len(records), err)
	}
}

// A byte changed in the middle is never overlooked.
func TestDamageInTheMiddle(t *testing.T) {
	data := filled(t)
	_, size, _ := frame(data[len(journalFormat):])
	lastFrame := bytes.LastIndex(data, []byte("bjrn"))
	for at := range lastFrame {
		bad := bytes.Clone(data)
		bad[at] ^= 0x10
		_, _, err := readJournal(bad)
		var damage *damageError
		if !errors.As(err, &damage) {
			t.Fatalf("byte %d of %d (first frame has %d) changed: %v", at, len(data), size, err)
		}
	}
}

func TestOpenJournalSaysWhatIsWrong(t *testing.T) {
	good := filled(t)
	bad := bytes.Clone(good)
	bad[40] ^= 1
	twice := append(bytes.Clone(good), good[len(journalFormat):]...)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"damaged": {bad, "damaged at byte"},
		"foreign": {[]byte("#!/bin/sh\nrm -rf\n"), "does not begin like a journal"},
		"newer":   {[]byte("bcm-journal 2\n"), "newer version"},
		"twice":   {twice, "accepted twice"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "journal"), c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := openJournal(dir, time.Now())
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(filepath.Join(dir, "journal")); err != nil || !bytes.Equal(after, c.data) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// What was written before a torn tail and what is written after it can be read.
func TestWritingAfterATornTail(t *testing.T) {
	dir := t.TempDir()
	data := filled(t)
	if err := os.WriteFile(filepath.Join(dir, "journal"), data[:len(data)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	now := fsm.Time(4).Time()
	j, err := openJournal(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if j.get("b1", 1) == nil || j.get("b2", 3) != nil {
		t.Fatal("not what the whole records say")
	}
	err = j.write(record{Event: accepted, At: 6, ID: "b3", Attempt: 1, Kind: fsm.VerifyOrder, Fence: &fsm.Fence{Index: 11}})
	if err = errors.Join(err, j.close()); err != nil {
		t.Fatal(err)
	}
	j, err = openJournal(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if j.get("b1", 1) == nil || j.get("b3", 1) == nil || j.fence("b3").Index != 11 {
		t.Error("not all is there")
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
}

// Runs that are over and acknowledged go after 90 days; others stay.
func TestForgetting(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journal"), filled(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  time.Duration
		want bool
	}{{keepFor - time.Hour, true}, {keepFor + time.Hour, false}} {
		j, err := openJournal(dir, time.Unix(0, 0).Add(c.now))
		if err != nil {
			t.Fatal(err)
		}
		if (j.get("b1", 1) != nil) != c.want || j.get("b2", 3) == nil {
			t.Errorf("after %v: %v", c.now, j.runs)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	if records, _, err := readJournal(data); err != nil || len(records) != 1 || records[0].ID != "b2" || records[0].Fence.Index != 9 {
		t.Errorf("on disk: %+v %v", records, err)
	}
}

func TestLockDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockDir(dir); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second lock: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// Reading any bytes does not panic, and reading what is whole again gives the same.
func FuzzReadJournal(f *testing.F) {
	good := filled(f)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add([]byte(journalFormat))
	f.Add([]byte("bcm-journal 9\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, whole, err := readJournal(data)
		if err != nil {
			return
		}
		if whole > len(data) {
			t.Fatalf("%d whole bytes of %d", whole, len(data))
		}
		again, size, err := readJournal(data[:whole])
		if err != nil || size != whole || len(again) != len(records) {
			t.Fatalf("again: %d records of %d, %v", len(again), len(records), err)
		}
		for _, r := range records {
			if _, err := appendFrame(nil, r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

package fsm

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// Whatever stands in a record of the log, it is applied or the member stops; it
// never panics, and two members do the same.
func FuzzDecodeBatch(f *testing.F) {
	l := eventful(f)
	for i := range l.log {
		data, err := EncodeBatch(l.log[i:min(i+2, len(l.log))])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{0x80})
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	snapshot := snapshotOf(f, l.view())
	f.Fuzz(func(t *testing.T, data []byte) {
		var digests [2]string
		for i := range digests {
			state := New(hclog.NewNullLogger())
			v, err := ReadSnapshot(bytes.NewReader(snapshot))
			if err != nil {
				t.Fatal(err)
			}
			state.work = v.tables
			state.publish(v.Index, 0, v.At)
			answer := state.Apply(&raft.Log{Index: v.Index + 1, Data: data})
			if _, bad := answer.(error); bad && state.Now().Index != v.Index {
				t.Error("a record that cannot be read moved the state")
			}
			if outcomes, ok := answer.(Outcomes); ok {
				for k := range outcomes {
					if _, err := outcomes.At(k); CodeOf(err) == Internal {
						t.Error(err) // a fault in a command
					}
				}
			}
			digests[i] = state.Now().Digest()
		}
		if digests[0] != digests[1] {
			t.Error("two members differ")
		}
	})
}

// Whatever a snapshot file holds, it is read whole or refused. The fuzzer varies
// what lies between the magic text and the checksum, which it could not guess.
func FuzzReadSnapshot(f *testing.F) {
	body := func(snapshot []byte) []byte { return snapshot[len(snapshotMagic) : len(snapshot)-sha256.Size] }
	l := newLab(f)
	f.Add(body(snapshotOf(f, l.view())))
	l.do("system:x", &CreateSchedule{ID: "s", Name: "s", Cron: "@daily"})
	f.Add(body(snapshotOf(f, l.view())))
	f.Add(body(sealed(f, snapshotHeader{Version: Version, Tables: []tableHeader{{"backups", 1}}},
		&Backup{Meta: Meta{ID: "a"}, Client: "c", Storages: []string{"s1"}, Run: Run{Status: Running, Node: "n"}})))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ReadSnapshot(bytes.NewReader(data)); err == nil {
			t.Error("a snapshot without its magic text is read")
		}
		whole := append([]byte(snapshotMagic), data...)
		sum := sha256.Sum256(whole)
		v, err := ReadSnapshot(bytes.NewReader(append(whole, sum[:]...)))
		if err != nil {
			return
		}
		again, err := ReadSnapshot(bytes.NewReader(snapshotOf(t, v)))
		if err != nil || again.Digest() != v.Digest() {
			t.Errorf("a snapshot that was read cannot be written and read again: %v", err)
		}
	})
}

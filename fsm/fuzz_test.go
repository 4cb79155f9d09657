package fsm

import (
	"bytes"
	"os"
	"path/filepath"
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
			state.publish(v.Index, v.At)
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

// Whatever a snapshot file holds, it is read whole or refused.
func FuzzReadSnapshot(f *testing.F) {
	good, err := os.ReadFile(filepath.Join(golden, "snapshot.bcm"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(sealed(f, snapshotHeader{Version: Version, Tables: []tableHeader{{"schedules", 1}}}, &Schedule{Meta: Meta{ID: "a"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ReadSnapshot(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := ReadSnapshot(bytes.NewReader(snapshotOf(t, v)))
		if err != nil || again.Digest() != v.Digest() {
			t.Errorf("a snapshot that was read cannot be written and read again: %v", err)
		}
	})
}

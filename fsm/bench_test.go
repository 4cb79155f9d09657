package fsm

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// million is how many backups the benchmarks have.
const million = 1_000_000

// world is a state with a million backups as a grid of 500 clients, 1,000 tasks
// and 20 nodes would have made them, and what that cost.
type world struct {
	state   *FSM
	ids     []string // of the backups
	insert  time.Duration
	perByte float64 // of memory, for each backup
}

var bench = sync.OnceValue(func() *world {
	w := &world{state: New(hclog.NewNullLogger())}
	rnd := rand.New(rand.NewPCG(1, 2))
	tx := &Tx{tables: w.state.work, Index: 1, At: 1}
	for i := range 20 {
		name := fmt.Sprintf("node-%02d", i)
		put(tx, &tx.Nodes, &Node{Meta: Meta{ID: randomID(rnd)}, Name: name, Roles: []string{RoleBackupManager, RoleStorage}})
	}
	for i := range 1000 {
		c := &Client{Meta: Meta{ID: randomID(rnd)}, Name: fmt.Sprintf("client-%04d", i), Repository: randomID(rnd)}
		put(tx, &tx.Clients, c)
		put(tx, &tx.Tasks, &Task{Meta: Meta{ID: randomID(rnd)}, Name: "task-" + c.Name, Client: c.ID, Level: Incremental})
	}
	tasks, nodes := slices.Collect(tx.Tasks.All()), slices.Collect(tx.Nodes.All())
	w.ids = make([]string, million)
	for i := range w.ids {
		w.ids[i] = randomID(rnd)
	}
	before := heap()
	begin := time.Now()
	for i, id := range w.ids {
		tx := &Tx{tables: w.state.work, Index: uint64(i + 2), At: Time(i+2) * Time(time.Second)}
		t, n := tasks[rnd.IntN(len(tasks))], nodes[rnd.IntN(len(nodes))]
		c, _ := tx.Clients.Get(t.Client)
		put(tx, &tx.Backups, &Backup{
			Meta: Meta{ID: strings.Clone(id)}, Task: t.ID, Client: c.ID, Repository: c.Repository, Level: t.Level,
			Run:      Run{Status: statusOf(rnd), Attempt: 1, Node: n.ID, StartedAt: tx.At, FinishedAt: tx.At.Add(time.Minute)},
			Storages: n.Roles[:1], Snapshot: strings.Clone(id), Stats: Stats{Files: int64(i), Bytes: 1 << 30},
		})
	}
	w.insert = time.Since(begin)
	w.perByte = float64(heap()-before) / million
	w.state.publish(million+2, 0, tx.At)
	return w
})

// statusOf draws a status: nearly all backups succeed.
func statusOf(rnd *rand.Rand) Status {
	switch n := rnd.IntN(1000); {
	case n < 5:
		return Failed
	case n < 20:
		return Warning
	default:
		return Succeeded
	}
}

func randomID(rnd *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// each runs do often enough for a 99th percentile, and reports it beside the
// median, in the unit given.
func each(b *testing.B, unit time.Duration, name string, do func(rnd *rand.Rand)) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	for b.Loop() {
		for range 200 {
			begin := time.Now()
			do(rnd)
			took = append(took, time.Since(begin))
		}
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2])/float64(unit), name+"-p50")
	b.ReportMetric(float64(took[len(took)*99/100])/float64(unit), name+"-p99")
}

func BenchmarkTableInsert(b *testing.B) {
	w := bench()
	for b.Loop() {
		_ = w
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(w.insert)/million/float64(time.Microsecond), "µs/record")
}

func BenchmarkTableMemory(b *testing.B) {
	w := bench()
	for b.Loop() {
		_ = w
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(w.perByte, "B/record")
}

func BenchmarkTableGet(b *testing.B) {
	w := bench()
	v := w.state.Now()
	each(b, time.Microsecond, "µs", func(rnd *rand.Rand) { v.Backups.Get(w.ids[rnd.IntN(million)]) })
}

// An update is one change in an entry of its own: the view before it is kept.
func BenchmarkTableUpdate(b *testing.B) {
	w := bench()
	index := w.state.Now().Index
	each(b, time.Microsecond, "µs", func(rnd *rand.Rand) {
		index++
		tx := &Tx{tables: w.state.work, Index: index, At: Time(index)}
		old, _ := tx.Backups.Get(w.ids[rnd.IntN(million)])
		row := *old
		row.Attempt++
		put(tx, &tx.Backups, &row)
		w.state.publish(index, 0, tx.At)
	})
}

// A page is what the console asks for: the newest hundred of one status, from
// somewhere in the list, and how many there are of it.
func BenchmarkTablePage(b *testing.B) {
	v := bench().state.Now()
	each(b, time.Millisecond, "ms", func(rnd *rand.Rand) {
		from := &Place{Key: TimeKey(Time(rnd.IntN(million)) * Time(time.Second))}
		found := 0
		for _, row := range v.Backups.Walk(CreatedIndex, true, from) {
			if row.Status != Succeeded {
				continue
			}
			if found++; found == 100 {
				break
			}
		}
		if v.Backups.Count("status", string(Succeeded)) < found {
			b.Error("the count is wrong")
		}
	})
}

func BenchmarkTableSearch(b *testing.B) {
	w := bench()
	v := w.state.Now()
	each(b, time.Millisecond, "ms", func(rnd *rand.Rand) {
		found := 0
		for range v.Backups.Search(w.ids[rnd.IntN(million)][4:14]) {
			found++
		}
		if found == 0 {
			b.Error("nothing found")
		}
	})
}

func BenchmarkSnapshotWrite(b *testing.B) {
	v := bench().state.Now()
	n := new(counter)
	for b.Loop() {
		*n = 0
		if err := v.WriteSnapshot(n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Second), "s/snapshot")
	b.ReportMetric(float64(*n)/(1<<20), "MiB")
}

func BenchmarkSnapshotRestore(b *testing.B) {
	var buf bytes.Buffer
	if err := bench().state.Now().WriteSnapshot(&buf); err != nil {
		b.Fatal(err)
	}
	before := heap()
	var v *View
	for b.Loop() {
		var err error
		if v, err = ReadSnapshot(bytes.NewReader(buf.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Second), "s/restore")
	b.ReportMetric(float64(heap()-before)/float64(v.Backups.Len()), "B/record")
	runtime.KeepAlive(&buf)
	runtime.KeepAlive(v)
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var _ io.Writer = (*counter)(nil)

package fsm

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Whatever is put, changed and dropped, a table answers as a plain list would:
// in all orders, from all places, up and down.
func TestTableAgainstAList(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	table := newTable(backups)
	plain := map[string]*Backup{}
	for step := range 3000 {
		id := fmt.Sprintf("b%03d", rnd.IntN(300))
		if rnd.IntN(4) == 0 {
			table.drop(id)
			delete(plain, id)
		} else {
			row := &Backup{Meta: Meta{ID: id, Index: uint64(step), CreatedAt: Time(rnd.IntN(20))}, Task: fmt.Sprint("t", rnd.IntN(4)),
				Run:      Run{Status: []Status{Queued, Running, Succeeded}[rnd.IntN(3)], Node: fmt.Sprint("n", rnd.IntN(3)), Error: fmt.Sprint("Müll ", rnd.IntN(50))},
				Snapshot: "Snap-" + id}
			table.set(row)
			plain[id] = row
		}
		if step%500 == 499 {
			compareTable(t, &table, plain, rnd)
		}
	}
	checkTable(t, &table)
}

func compareTable(t *testing.T, table *Table[Backup], plain map[string]*Backup, rnd *rand.Rand) {
	t.Helper()
	keys := map[string]func(*Backup) string{
		CreatedIndex: func(b *Backup) string { return TimeKey(b.CreatedAt) },
		"status":     func(b *Backup) string { return string(b.Status) },
		ChangedIndex: func(b *Backup) string { return orderKey(b.Index) },
	}
	var all []*Backup
	for _, b := range plain {
		all = append(all, b)
	}
	for name, key := range keys {
		slices.SortFunc(all, func(a, b *Backup) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.ID, b.ID)) })
		for range 20 {
			at := rnd.IntN(len(all))
			from := &Place{key(all[at]), all[at].ID}
			if got := take(table, name, false, from); !slices.Equal(got, all[at+1:]) {
				t.Fatalf("%s up from %v", name, from)
			}
			down := slices.Clone(all[:at])
			slices.Reverse(down)
			if got := take(table, name, true, from); !slices.Equal(got, down) {
				t.Fatalf("%s down from %v", name, from)
			}
		}
		if got := take(table, name, false, nil); !slices.Equal(got, all) {
			t.Fatalf("%s up", name)
		}
		down := take(table, name, true, nil)
		if slices.Reverse(down); !slices.Equal(down, all) {
			t.Fatalf("%s down", name)
		}
	}
	for _, q := range []string{"b00", "SNAP-B1", "müll 7", "MÜLL", "zzz"} {
		want, got := 0, 0
		for _, b := range all {
			if table.Matches(b, strings.ToLower(q)) {
				want++
			}
		}
		for b := range table.Search(q) {
			if plain[b.ID] != b {
				t.Fatalf("a search gives a row that is gone: %s", b.ID)
			}
			got++
		}
		if got != want {
			t.Fatalf("%q is found %d times, not %d", q, got, want)
		}
	}
	middle := all[len(all)/2].Index
	for b := range table.Since(middle) {
		if b.Index <= middle {
			t.Fatalf("row of %d since %d", b.Index, middle)
		}
	}
}

func take(table *Table[Backup], index string, down bool, from *Place) (rows []*Backup) {
	for _, row := range table.Walk(index, down, from) {
		rows = append(rows, row)
	}
	return rows
}

// A cursor stays good when its row is gone, and when rows come before it.
func TestCursorOutlivesItsRow(t *testing.T) {
	table := newTable(backups)
	for i := range 10 {
		table.set(&Backup{Meta: Meta{ID: fmt.Sprint("b", i)}, Run: Run{Status: Succeeded}})
	}
	from := &Place{"succeeded", "b5"}
	table.drop("b5")
	table.set(&Backup{Meta: Meta{ID: "b4a"}, Run: Run{Status: Succeeded}})
	if got := take(&table, "status", false, from); len(got) != 4 || got[0].ID != "b6" {
		t.Errorf("up: %d", len(got))
	}
	if got := take(&table, "status", true, from); len(got) != 6 || got[0].ID != "b4a" {
		t.Errorf("down: %d", len(got))
	}
}

// The search column is written anew when most of it is out of date, and answers
// the same, also in copies made before.
func TestColumnIsCleanedUp(t *testing.T) {
	table := newTable(backups)
	long := strings.Repeat("x", 1000)
	for i := range 500 {
		table.set(&Backup{Meta: Meta{ID: fmt.Sprint("b", i)}, Run: Run{Error: long}})
	}
	old := table.cut()
	for round := range 8 {
		for i := range 500 {
			table.set(&Backup{Meta: Meta{ID: fmt.Sprint("b", i)}, Run: Run{Error: fmt.Sprint(round, long)}})
		}
	}
	size := len(table.texts.tail)
	for _, c := range table.texts.full {
		size += len(c)
	}
	if size > 2<<20 {
		t.Errorf("the column has %d bytes for half a million of text", size)
	}
	if n := len(slices.Collect(table.Search("7xxx"))); n != 500 {
		t.Errorf("found %d", n)
	}
	if n := len(slices.Collect(old.Search("xxx"))); n != 500 {
		t.Errorf("found %d in a copy", n)
	}
	if n := len(slices.Collect(old.Search("7xxx"))); n != 0 {
		t.Errorf("found %d in a copy made before", n)
	}
}

func TestUnknownIndexPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an index that does not exist answers")
		}
	}()
	table := newTable(backups)
	table.Count("colour", "red")
}

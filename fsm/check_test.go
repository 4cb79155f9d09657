package fsm

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// sound checks what must hold of a state whatever has happened: its indexes, sums
// and search columns say what its rows say, its audit chain is whole, another
// replica that has the same log is equal, and a snapshot keeps all of it.
func sound(l *lab) {
	l.t.Helper()
	v := l.view()
	checkTable(l.t, &v.Nodes)
	checkTable(l.t, &v.Groups)
	checkTable(l.t, &v.Users)
	checkTable(l.t, &v.Tokens)
	checkTable(l.t, &v.Certificates)
	checkTable(l.t, &v.Repositories)
	checkTable(l.t, &v.Clients)
	checkTable(l.t, &v.Schedules)
	checkTable(l.t, &v.Tasks)
	checkTable(l.t, &v.Assignments)
	checkTable(l.t, &v.Backups)
	checkTable(l.t, &v.Jobs)
	checkTable(l.t, &v.Holdings)
	checkTable(l.t, &v.Warnings)
	checkTable(l.t, &v.ACLs)
	checkTable(l.t, &v.Approvals)
	checkTable(l.t, &v.ACLs)
	checkTable(l.t, &v.Events)
	checkTable(l.t, &v.requests)
	if n, broken := v.VerifyChain(); broken != "" || n != v.Events.Len() {
		l.t.Errorf("audit chain: %d of %d rows, broken at %q", n, v.Events.Len(), broken)
	}
	twin := New(hclog.NewNullLogger())
	for i, e := range l.log {
		if _, err := twin.Replay(uint64(i+1), e); err != nil {
			l.t.Fatal(err)
		}
	}
	if a, b := v.Digest(), twin.Now().Digest(); a != b {
		l.t.Errorf("two replicas with the same log: %s and %s", a, b)
	}
	var first, second bytes.Buffer
	if err := v.WriteSnapshot(&first); err != nil {
		l.t.Fatal(err)
	}
	again, err := ReadSnapshot(bytes.NewReader(first.Bytes()))
	if err != nil {
		l.t.Fatal(err)
	}
	if err := again.WriteSnapshot(&second); err != nil {
		l.t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) || again.Digest() != v.Digest() {
		l.t.Error("a snapshot of a restored snapshot is another")
	}
	checkTable(l.t, &again.Backups)
	checkTable(l.t, &again.Nodes)
}

// checkTable compares what a table derives from its rows with a table that is
// filled anew.
func checkTable[T any](t testing.TB, table *Table[T]) {
	t.Helper()
	fresh := newTable(table.def)
	for row := range table.All() {
		fresh.set(row)
	}
	if fresh.sum != table.sum {
		t.Errorf("%s: the sum is not that of the rows", table.Name())
	}
	for i, x := range table.def.indexes {
		want, got := walked(fresh.idx[i]), walked(table.idx[i])
		if len(want) != len(got) {
			t.Errorf("%s: index %s has %d rows, not %d", table.Name(), x.name, len(got), len(want))
			continue
		}
		counts := make(map[string]int)
		for j := range want {
			if want[j] != got[j] {
				t.Errorf("%s: index %s has another row at %d", table.Name(), x.name, j)
			}
			counts[got[j].key]++
		}
		for key, n := range counts {
			if c := table.Count(x.name, key); c != n {
				t.Errorf("%s: index %s counts %d under %q, not %d", table.Name(), x.name, c, key, n)
			}
		}
	}
	for row := range table.All() {
		found := false
		for r := range table.Search(strings.ToUpper(table.def.meta(row).ID)) {
			found = found || r == row
		}
		if !found {
			t.Errorf("%s: %s is not found by its id", table.Name(), table.def.meta(row).ID)
		}
	}
}

type step[T any] struct {
	key string
	row *T
}

func walked[T any](x index[T]) (all []step[T]) {
	x.walk(false, nil, func(key string, row *T) bool {
		all = append(all, step[T]{key, row})
		return true
	})
	return all
}

// commandCase is a command given to a furnished state.
type commandCase struct {
	name string
	by   string
	cmd  Command
	code Code     // of the refusal
	want []string // how the lines of the difference begin
}

func runCases(t *testing.T, cases []commandCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(KindOf(c.cmd)+"/"+c.name, func(t *testing.T) {
			l := furnished(t)
			before := l.view()
			result, err := l.try(c.by, c.cmd)
			if CodeOf(err) != c.code {
				t.Fatalf("refused with %q (%v), not %q", CodeOf(err), err, c.code)
			}
			checkDifference(t, difference(before, l.view()), c.want)
			if err == nil && (result.Index != uint64(len(l.log)) || result.ID == "") {
				t.Errorf("result %+v", result)
			}
			checkEvent(t, l, c)
			sound(l)
		})
	}
}

func checkDifference(t *testing.T, got, want []string) {
	t.Helper()
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = strings.HasPrefix(got[i], want[i])
	}
	if !same {
		t.Errorf("changed\n\t%s\nnot\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// checkEvent checks the audit row: one for each command that was done, and for
// each that a person was refused.
func checkEvent(t *testing.T, l *lab, c commandCase) {
	t.Helper()
	row := l.view().Events.last()
	about := row != nil && row.Index == uint64(len(l.log))
	quiet := c.code == "" && kindNamed[KindOf(c.cmd)].quiet() || c.code != "" && !strings.HasPrefix(c.by, "user:")
	switch {
	case about == quiet:
		t.Errorf("audit row written: %v", about)
	case about && (row.Action != KindOf(c.cmd) || row.By != c.by || row.Result != c.code):
		t.Errorf("audit row %+v", row)
	case about && c.code == "" && row.Object.ID == "":
		t.Error("the audit row names no object")
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"bcm/fsm"
)

// page asks for a listing and gives the ids of its rows.
func (w *world) page(t testing.TB, path string) (ids []string, total int, next string) {
	t.Helper()
	rec := w.ask(t, "GET", path, "")
	var out List[Meta]
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != 200 {
		t.Fatalf("GET %s: %d %s", path, rec.Code, rec.Body)
	}
	for _, m := range out.Items {
		ids = append(ids, m.ID)
	}
	return ids, out.Total, out.Next
}

// pages follows the cursors of a listing to its end; between is called between
// two pages.
func (w *world) pages(t testing.TB, path string, limit int, between func()) (ids []string) {
	t.Helper()
	next := ""
	for {
		at := fmt.Sprintf("%s&limit=%d", path, limit)
		if next != "" {
			at += "&next=" + url.QueryEscape(next)
		}
		rows, _, after := w.page(t, at)
		ids = append(ids, rows...)
		if after == "" {
			return ids
		}
		if next = after; between != nil {
			between()
		}
	}
}

func TestFilters(t *testing.T) {
	w := newGrownWorld(t)
	w.want(t, 204, "DELETE", "/v1/backups/b1", "")
	for path, want := range map[string]string{
		"/v1/nodes?role=backup-manager":                     "n1",
		"/v1/nodes?role=backup-manager&role=backup-storage": "n1 n2",
		"/v1/nodes?status=online&role=cluster-manager":      "",
		"/v1/nodes?status=joining":                          "m1",
		"/v1/nodes?mode=active&site=fra1":                   "n1 n2",
		"/v1/nodes?q=RACK":                                  "n1 n2",
		"/v1/nodes?q=storage-1":                             "n2",
		"/v1/users?enabled=false":                           "u-bob",
		"/v1/users?enabled=true&group=Operators":            "u-ada",
		"/v1/users?q=LOVE":                                  "u-ada",
		"/v1/users?q=u-bo":                                  "u-bob",
		"/v1/users?q=auditors":                              "u-bob",
		"/v1/users?origin=cluster&q=a&sort=-name":           "u-bob u-admin u-ada",
		"/v1/backups?status=running":                        "b2",
		"/v1/backups?status=running&status=deleted":         "b2 b1",
		"/v1/backups?client=c1&task=files&node=backup-1":    "b2 b1",
		"/v1/backups?node=n1&status=deleted":                "b1",
		"/v1/backups?q=files&sort=created_at":               "b1 b2",
		"/v1/backups?q=snap-1":                              "b1",
		"/v1/backups?from=2026-03-01T12:00:00.02Z":          "b2",
		"/v1/backups?to=2026-03-01T12:00:00.02Z":            "b1",
		"/v1/backups?from=2030-01-01T00:00:00Z":             "",
		"/v1/tasks?schedule=nightly&enabled=true":           "t1",
		"/v1/assignments?client=c1&node=storage-1":          "cl1",
		"/v1/certificates?node=n2":                          "cert-n2",
		"/v1/clients?repository=r1":                         "cl1",
		"/v1/join-tokens?role=backup-storage":               "join-n2",
		"/v1/events?object=u-bob&result=ok":                 "000000000000000a-00000",
	} {
		ids, total, next := w.page(t, path)
		if got := strings.Join(ids, " "); got != want || total != len(ids) || next != "" {
			t.Errorf("%s: %q (total %d, next %q), want %q", path, got, total, next, want)
		}
	}
}

// newFullWorld has n backups of four clients, with times that repeat.
func newFullWorld(t testing.TB, n int) *world {
	w := newWorld(t)
	for i := range 4 {
		id := fmt.Sprintf("cl%d", i)
		w.must(t, "system:test", &fsm.CreateClient{ID: id, Name: "client " + id, Repository: fsm.NewRepository{ID: "r" + id, Password: []byte("x")}})
	}
	entries := make([]fsm.Entry, 0, 2*n)
	add := func(by string, cmd fsm.Command) {
		e, err := fsm.NewEntry(t.Context(), by, cmd)
		if err != nil {
			t.Fatal(err)
		}
		e.At = fsm.At(w.clock().Add(time.Duration(len(entries)/40) * time.Second))
		entries = append(entries, e)
	}
	for i := range n {
		id := fmt.Sprintf("b%06d", (i*7919)%1_000_003)
		add("user:admin", &fsm.CreateBackup{ID: id, Client: fmt.Sprintf("cl%d", i%4), Source: &fsm.Source{Paths: []string{"/srv"}}})
		if i%3 == 0 {
			add("user:admin", &fsm.CancelBackup{ID: id})
		}
	}
	w.index++
	if _, err := w.state.Replay(w.index, entries...); err != nil {
		t.Fatal(err)
	}
	return w
}

// Whatever is asked, pages put together are what a plain loop over the rows
// gives, in order and without a row twice, and the total is right. There are
// enough rows for both ways of making a page.
func TestPagesAgreeWithAPlainLoop(t *testing.T) {
	w := newFullWorld(t, fewRows+500)
	for _, c := range []struct {
		query string
		keep  func(b *fsm.Backup) bool
	}{
		{"", func(*fsm.Backup) bool { return true }},
		{"&status=queued", func(b *fsm.Backup) bool { return b.Status == fsm.Queued }},
		{"&status=queued&status=cancelled&client=cl1", func(b *fsm.Backup) bool { return b.Client == "cl1" }},
		{"&client=cl1&client=cl2&status=cancelled", func(b *fsm.Backup) bool {
			return b.Status == fsm.Cancelled && (b.Client == "cl1" || b.Client == "cl2")
		}},
		{"&q=B00123", func(b *fsm.Backup) bool { return strings.Contains(b.ID, "b00123") }},
		{"&q=client+cl3", func(b *fsm.Backup) bool { return b.Client == "cl3" }},
	} {
		for _, sort := range []string{"created_at", "-created_at", "client,-status", "-updated_at"} {
			var want []string
			for b := range w.state.Now().Backups.All() {
				if c.keep(b) {
					want = append(want, b.ID)
				}
			}
			path := "/v1/backups?sort=" + sort + c.query
			got := w.pages(t, path, 1000, nil)
			if !inOrder(w.state.Now(), got, sort) {
				t.Errorf("%s: not in order", path)
			}
			if _, total, _ := w.page(t, path+"&limit=1"); total != len(want) {
				t.Errorf("%s: total %d, want %d", path, total, len(want))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d rows, want %d", path, len(got), len(want))
			}
		}
	}
}

func inOrder(v *fsm.View, ids []string, sort string) bool {
	key := func(id string) string {
		b, _ := v.Backups.Get(id)
		switch strings.TrimPrefix(sort, "-") {
		case "created_at":
			return fsm.TimeKey(b.CreatedAt)
		case "updated_at":
			return fsm.TimeKey(fsm.Time(b.Index))
		default:
			return b.Client
		}
	}
	return slices.IsSortedFunc(ids, func(a, b string) int {
		if strings.HasPrefix(sort, "-") {
			a, b = b, a
		}
		return strings.Compare(key(a), key(b))
	})
}

// While rows come and go between the pages, each row that was there all the time
// is shown once, in both ways of making a page.
func TestCursorsStandWhileRowsComeAndGo(t *testing.T) {
	for _, n := range []int{60, fewRows + 100} {
		for _, sort := range []string{"created_at", "-created_at", "-client,created_at"} {
			w := newFullWorld(t, n)
			var stay []string
			for b := range w.state.Now().Backups.All() {
				stay = append(stay, b.ID)
			}
			coming := 0
			got := w.pages(t, "/v1/backups?sort="+sort, 1+n/5, func() {
				for range 5 {
					coming++
					w.must(t, "user:admin", &fsm.CreateBackup{ID: fmt.Sprintf("a-new-%d", coming), Client: fmt.Sprintf("cl%d", rand.N(4)),
						Source: &fsm.Source{Paths: []string{"/srv"}}})
				}
			})
			seen := make(map[string]int)
			for _, id := range got {
				seen[id]++
			}
			for _, id := range stay {
				if seen[id] != 1 {
					t.Fatalf("%d rows sorted by %s: %s is shown %d times", n, sort, id, seen[id])
				}
			}
			if coming < 15 {
				t.Fatalf("only %d rows came", coming)
			}
		}
	}
}

// A cursor whose own row has gone stands all the same.
func TestACursorOutlivesItsRow(t *testing.T) {
	w := newGrownWorld(t)
	first, total, next := w.page(t, "/v1/users?limit=1&sort=name")
	if total != 3 || len(first) != 1 || first[0] != "u-ada" {
		t.Fatalf("the first page: %v of %d", first, total)
	}
	w.want(t, 204, "DELETE", "/v1/users/ada", "")
	if rest, total, _ := w.page(t, "/v1/users?sort=name&next="+next); strings.Join(rest, " ") != "u-admin u-bob" || total != 2 {
		t.Errorf("after the cursor's row was removed: %v of %d", rest, total)
	}
	p := problemIn(t, w.ask(t, "GET", "/v1/users?sort=-name&next="+next, ""))
	if p.Code != fsm.Invalid || !strings.Contains(p.Detail, "sorted by name") {
		t.Errorf("with another sorting: %s", p.Detail)
	}
}

// FuzzCursor takes any text for a cursor.
func FuzzCursor(f *testing.F) {
	w := newGrownWorld(f)
	_, _, next := w.page(f, "/v1/users?limit=1")
	f.Add(next)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		rec := w.ask(t, "GET", "/v1/users?next="+url.QueryEscape(s), "")
		if rec.Code != 200 && rec.Code != 422 {
			t.Errorf("%q: %d %s", s, rec.Code, rec.Body)
		}
	})
}

package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"bcm/fsm"
)

// stock gives the client c1 three backups that can be looked into: b1, and two later
// ones of the task.
func stock(t *testing.T) *world {
	w := newGrownWorld(t)
	for i := range 2 {
		id := fmt.Sprintf("later-%d", i)
		w.must(t, "user:admin", &fsm.CreateBackup{ID: id, Client: "c1", Source: &fsm.Source{Paths: []string{"/etc"}}})
		w.must(t, "plan:place", &fsm.AssignBackup{ID: id, From: fsm.Queued, Node: "n1", Storages: []string{"n2"}})
		w.must(t, "node:n1", &fsm.StartBackup{ID: id, Attempt: 1},
			&fsm.FinishBackup{ID: id, Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-" + id}})
	}
	return w
}

func search(t *testing.T, w *world, query url.Values) FoundFiles {
	t.Helper()
	var page FoundFiles
	rec := w.ask(t, "GET", "/v1/clients/c1/files?"+query.Encode(), "")
	if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != 200 {
		t.Fatalf("%v: %d %s", query, rec.Code, rec.Body)
	}
	return page
}

// Pages of what was found hang together, the newest backup first.
func TestFoundFilesInPages(t *testing.T) {
	w := stock(t)
	var got []string
	query := url.Values{"name": {"txt"}, "limit": {"2"}}
	for pages := 0; pages < 10; pages++ {
		page := search(t, w, query)
		if page.Total != 9 || page.Backups != 3 || page.Searched != 3 || page.Partial {
			t.Errorf("%+v", page)
		}
		for _, f := range page.Items {
			got = append(got, f.Backup+f.Path)
			if f.StartedAt.IsZero() {
				t.Errorf("%+v has no time", f)
			}
		}
		if page.Next == "" {
			break
		}
		query.Set("next", page.Next)
	}
	want := "later-1/a.txt later-1/b.txt later-1/c.txt later-0/a.txt later-0/b.txt later-0/c.txt b1/a.txt b1/b.txt b1/c.txt"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	if page := search(t, w, url.Values{"name": {"a.txt"}, "task": {"files"}}); len(page.Items) != 1 || page.Items[0].Task != "files" {
		t.Errorf("of the task: %+v", page)
	}
	if page := search(t, w, url.Values{"name": {"a.txt"}, "to": {"2020-01-01T00:00:00Z"}}); page.Total != 0 || page.Backups != 0 || page.Items == nil {
		t.Errorf("before there was any: %+v", page)
	}
	if page := search(t, w, url.Values{"name": {"partial"}}); !page.Partial {
		t.Errorf("not said that there may be more: %+v", page)
	}
}

func TestBadSearches(t *testing.T) {
	w := stock(t)
	for query, field := range map[string]string{
		"files?name=": "name", "files?": "name", "files?name=a/b": "name", "files?name=[a": "name",
		"files?name=" + strings.Repeat("x", 256): "name", "files?name=a&limit=0": "limit", "files?name=a&limit=1001": "limit",
		"files?name=a&from=yesterday": "from", "files?name=a&to=1": "to", "files?name=a&next=bm90aGluZw": "next", "files?name=a&next=%21": "next",
		"history?path=": "path", "history?path=/": "path", "history?path=/a/../b": "path", "history?path=%00": "path", "history?path=/a&to=x": "to",
	} {
		p := problemIn(t, w.ask(t, "GET", "/v1/clients/c1/"+query, ""))
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %+v", query, p)
		}
	}
	if p := problemIn(t, w.ask(t, "GET", "/v1/clients/nobody/files?name=a", "")); p.Status != 404 {
		t.Errorf("no such client: %+v", p)
	}
	if rec := w.ask(t, "GET", "/v1/clients/c1/history?path=/nothing", ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"items":[]`) {
		t.Errorf("a path without history: %d %s", rec.Code, rec.Body)
	}
}

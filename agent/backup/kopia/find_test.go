package kopia

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/backup"

	"github.com/kopia/kopia/repo/object"
)

// found writes findings as "path@snapshot+further".
func found(f backup.Findings, name map[backup.SnapshotID]string) string {
	var all []string
	for _, x := range f.Found {
		all = append(all, fmt.Sprintf("%s@%s+%d", x.Path, name[x.In], x.Same))
	}
	return strings.Join(all, " ")
}

// history is a tree with three backups, of which the second changes one file and the
// third adds another and takes one away.
func history(t *testing.T) (w *world, ids []backup.SnapshotID, name map[backup.SnapshotID]string) {
	t.Helper()
	w = newRepository(t, Options{})
	dir := t.TempDir()
	plant(t, dir, map[string]string{"etc/hosts": "one", "etc/ssl/Hosts.pem": "key", "srv/a/hosts.txt": "text", "srv/gone": "x", "other": "y"})
	first := w.backup(dir)
	plant(t, dir, map[string]string{"etc/hosts": "two and more"})
	second := w.backup(dir)
	plant(t, dir, map[string]string{"srv/b/hosts": "new"})
	if err := os.Remove(filepath.Join(dir, "srv/gone")); err != nil {
		t.Fatal(err)
	}
	third := w.backup(dir)
	return w, []backup.SnapshotID{third.ID, second.ID, first.ID},
		map[backup.SnapshotID]string{third.ID: "3", second.ID: "2", first.ID: "1"}
}

func TestFind(t *testing.T) {
	w, ids, name := history(t)
	for pattern, want := range map[string]string{
		"hosts":     "/etc/hosts@3+1 /etc/ssl/Hosts.pem@3+2 /srv/a/hosts.txt@3+2 /srv/b/hosts@3+0 /etc/hosts@1+0",
		"HOSTS.":    "/etc/ssl/Hosts.pem@3+2 /srv/a/hosts.txt@3+2",
		"hosts.*":   "/etc/ssl/Hosts.pem@3+2 /srv/a/hosts.txt@3+2",
		"host?":     "/etc/hosts@3+1 /srv/b/hosts@3+0 /etc/hosts@1+0",
		"[og]*":     "/other@3+2 /srv/gone@2+1",
		"srv":       "/srv@3+2", // a directory counts by its path, though what is in it changes
		"nothing":   "",
		"etc/hosts": "",
	} {
		got, err := w.engine.Find(t.Context(), w.repo, backup.Query{Snapshots: ids, Name: pattern})
		if err != nil || found(got, name) != want || got.Searched != 3 || got.Partial {
			t.Errorf("%s: %s (%+v), %v\nwant %s", pattern, found(got, name), got, err, want)
		}
	}
}

func TestFindIsBounded(t *testing.T) {
	w, ids, name := history(t)
	got, err := w.engine.Find(t.Context(), w.repo, backup.Query{Snapshots: ids, Name: "hosts", Most: 2})
	if err != nil || len(got.Found) != 2 || !got.Partial || got.Searched != 0 {
		t.Errorf("two at most: %s %+v, %v", found(got, name), got, err)
	}
	got, err = w.engine.Find(t.Context(), w.repo, backup.Query{Snapshots: ids, Name: "hosts", Within: time.Nanosecond})
	if err != nil || len(got.Found) != 0 || !got.Partial {
		t.Errorf("no time: %s %+v, %v", found(got, name), got, err)
	}
	gone := append([]backup.SnapshotID{"0123456789abcdef0123456789abcdef"}, ids...)
	if got, err = w.engine.Find(t.Context(), w.repo, backup.Query{Snapshots: gone, Name: "gone"}); err != nil || got.Searched != 3 || len(got.Found) != 1 {
		t.Errorf("a snapshot that is gone: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "[a"} {
		_, err := w.engine.Find(t.Context(), w.repo, backup.Query{Snapshots: ids, Name: bad})
		want(t, bad, err, backup.ErrQuery)
	}
}

// What snapshots have in common is read once: a search of fifty is not fifty searches.
func TestFindReadsWhatIsEqualOnce(t *testing.T) {
	w := newRepository(t, Options{})
	dir := t.TempDir()
	grow(t, dir, 50, 10) // in fifty directories
	ids := []backup.SnapshotID{w.backup(dir).ID}
	plant(t, dir, map[string]string{"d07/f00007": "changed"})
	ids = append(ids, w.backup(dir).ID)
	err := w.engine.inspect(t.Context(), w.repo, cached, func(ctx context.Context, h *handle) error {
		s := &search{rep: h.rep, match: func(n string) bool { return n == "f00007" }, known: map[object.ID]*branch{}, seen: map[sight]*backup.Found{}}
		err := s.all(ctx, ids)
		if len(s.known) != 53 || len(s.found) != 2 { // two roots, and one of the directories twice
			t.Errorf("%d directories were read, %d found", len(s.known), len(s.found))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHistory(t *testing.T) {
	w, ids, name := history(t)
	for path, want := range map[string]string{
		"/etc/hosts":       "12@32 3@1",
		"etc//hosts/":      "12@32 3@1",
		"/srv/gone":        "1@21",
		"/srv/b/hosts":     "3@3",
		"/nothing":         "",
		"/other/below":     "",
		"/etc/../etc/ssl":  "3@321",
		"/srv/a/hosts.txt": "4@321",
	} {
		versions, err := w.engine.History(t.Context(), w.repo, ids, path)
		var got []string
		for _, v := range versions {
			in := ""
			for _, id := range v.Snapshots {
				in += name[id]
			}
			got = append(got, fmt.Sprintf("%d@%s", v.Entry.Size, in))
			if v.Object == "" || v.Entry.Modified.IsZero() {
				t.Errorf("%s: %+v", path, v)
			}
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v, want %s", path, got, err, want)
		}
	}
}

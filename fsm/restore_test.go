package fsm

import (
	"fmt"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for paths, want := range map[string]string{
		"":                  "/ []",
		"/":                 "/ []",
		"/a/b":              "/a/b []",
		"a//b/ /a/b":        "/a/b []",
		"/a/b /a/b/c":       "/a/b []",
		"/a/b /a/c":         "/a [b c]",
		"/a/b/c /a/d":       "/a [b/c d]",
		"/a /ab":            "/ [a ab]",
		"/x/a /x/ab /x/a/b": "/x [a ab]",
		"/a/b /c /":         "/ []",
	} {
		folder, only := Choose(strings.Fields(paths))
		if got := fmt.Sprint(folder, " ", only); got != want {
			t.Errorf("%s: %s, want %s", paths, got, want)
		}
	}
}

// What a restore did is kept, with paths as far as there is room.
func TestChangesAreKeptWithinBounds(t *testing.T) {
	l := furnished(t)
	long := Change{Kind: ReplacedFile, Count: 5000}
	for range 100 {
		long.Paths = append(long.Paths, strings.Repeat("x", 1000))
	}
	l.do("node:b2", &StartJob{ID: "restore", Attempt: 1}, &FinishJob{ID: "restore", Attempt: 1,
		Outcome: Outcome{Status: Succeeded, Changes: []Change{long, {Kind: SameFile, Count: 2, Paths: []string{"/a"}}}}})
	j, _ := l.view().Jobs.Get("restore")
	if len(j.Changes) != 2 || j.Changes[0].Count != 5000 || len(j.Changes[0].Paths) != maxAllChanges/maxWarning || j.Changes[1].Count != 2 {
		t.Errorf("%+v", j.Changes)
	}
	if got := l.view().Orders("b2"); len(got.Items) != 0 {
		t.Errorf("%+v", got)
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A short chaos, as `bcmbench -only chaos` has a long one: members are killed at
// random while backups run, and all that was promised of them holds.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: it kills members of a grid for a minute")
	}
	bcm := filepath.Join(t.TempDir(), "bcm")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bcm, "bcm/cmd/bcm")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	b := &bench{options: options{bcm: bcm, slots: 30, seed: 2}}
	err := b.measureChaos(t.Context())
	var table strings.Builder
	b.report.print(&table)
	t.Logf("seed %d\n%s", b.seed, &table)
	if err != nil {
		t.Fatal(err)
	}
}

func livesOf(t *testing.T, marks string, deaths map[int]time.Time) []*life {
	t.Helper()
	path := filepath.Join(t.TempDir(), "marks")
	if err := os.WriteFile(path, []byte(marks), 0o600); err != nil {
		t.Fatal(err)
	}
	lives, err := readMarks(path)
	if err != nil {
		t.Fatal(err)
	}
	bury(lives, deaths)
	return lives
}

// What the chaos says of attempts that were alive at once is worth as much as this.
func TestOverlapsAreSeen(t *testing.T) {
	for name, c := range map[string]struct {
		marks  string
		deaths map[int]time.Time
		runs   int // overlaps of one run
		tasks  int // and of one task
	}{
		"one after the other": {marks: "begin t r 1 7 10 running\nend t r 1 7 20 interrupted\nbegin t r 2 8 20 running\nend t r 2 8 30 succeeded\n"},
		"two at once":         {"begin t r 1 7 10 running\nbegin t r 2 8 15 running\nend t r 1 7 20 succeeded\nend t r 2 8 30 succeeded\n", nil, 1, 1},
		"within a long one":   {"begin t r 1 7 10 running\nbegin t r 2 8 15 running\nend t r 2 8 20 failed\nbegin t r 3 8 25 running\nend t r 3 8 28 failed\nend t r 1 7 30 succeeded\n", nil, 2, 2},
		"after a death":       {"begin t r 1 7 10 running\nbegin t r 2 8 20 running\nend t r 2 8 30 succeeded\n", map[int]time.Time{7: time.Unix(0, 19)}, 0, 0},
		"before a death":      {"begin t r 1 7 10 running\nbegin t r 2 8 20 running\nend t r 2 8 30 succeeded\n", map[int]time.Time{7: time.Unix(0, 21)}, 1, 1},
		"never ended":         {"begin t r 1 7 10 running\nbegin t r 2 8 20 running\nend t r 2 8 30 succeeded\n", nil, 1, 1},
		"begun twice":         {"begin t r 1 7 10 running\nend t r 1 7 20 failed\nbegin t r 1 8 30 running\nend t r 1 8 40 succeeded\n", nil, 1, 1},
		"two runs of a task":  {"begin t r 1 7 10 running\nbegin t s 1 8 15 running\nend t r 1 7 20 succeeded\nend t s 1 8 30 succeeded\n", nil, 0, 1},
		"two tasks":           {"begin t r 1 7 10 running\nbegin u s 1 8 15 running\nend t r 1 7 20 succeeded\nend u s 1 8 30 succeeded\n", nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lives := livesOf(t, c.marks, c.deaths)
			if found := overlaps(lives, func(l *life) string { return l.run }); len(found) != c.runs {
				t.Errorf("of one run: %q", found)
			}
			if found := overlaps(lives, func(l *life) string { return l.task }); len(found) != c.tasks {
				t.Errorf("of one task: %q", found)
			}
		})
	}
}

func TestMarksThatAreNone(t *testing.T) {
	for _, marks := range []string{"begin t r one 7 10 running\n", "end t r 1 7 20 succeeded\n", "begin t r 1\n"} {
		path := filepath.Join(t.TempDir(), "marks")
		if err := os.WriteFile(path, []byte(marks), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readMarks(path); err == nil || !strings.Contains(err.Error(), "mark") {
			t.Errorf("%q: %v", marks, err)
		}
	}
}

// What the chaos says of slots is worth as much as this.
func TestSlotsAreJudged(t *testing.T) {
	at, later := "2026-11-27T10:00:00Z", "2026-11-27T10:00:04Z"
	good := func(id string, slotAt *string) *slot {
		return &slot{ID: id, Task: "t", Status: "succeeded", Snapshot: "s", Slot: slotAt}
	}
	for name, c := range map[string]struct {
		slots              []*slot
		twice, stuck, lost int
	}{
		"all is well":     {slots: []*slot{good("a", &at), good("b", &later)}},
		"a slot twice":    {slots: []*slot{good("a", &at), good("b", &at)}, twice: 1},
		"without a slot":  {slots: []*slot{good("a", nil)}, twice: 1},
		"running":         {slots: []*slot{{ID: "a", Status: "running", Slot: &at}}, stuck: 1},
		"interrupted":     {slots: []*slot{{ID: "a", Status: "interrupted", Slot: &at}}, stuck: 1},
		"failed":          {slots: []*slot{{ID: "a", Status: "failed", Slot: &at}}, lost: 1},
		"without content": {slots: []*slot{{ID: "a", Status: "succeeded", Slot: &at}}, lost: 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := &verdict{slots: c.slots}
			v.checkSlots()
			if v.twice != c.twice || v.stuck != c.stuck || v.lost != c.lost || len(v.wrong) != c.twice+c.stuck+c.lost {
				t.Errorf("%d twice, %d stuck, %d lost: %v", v.twice, v.stuck, v.lost, v.wrong)
			}
		})
	}
}

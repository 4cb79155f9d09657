package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// chaosHook is run before and after each backup of the chaos, by the agent itself.
//
//go:embed chaos.sh
var chaosHook string

// attemptKey names an attempt of a run.
type attemptKey struct {
	run    string
	number int
}

// life is an attempt as its agent's host saw it: from the command before the backup
// to the one after it, or to the death of the agent.
type life struct {
	attemptKey
	task   string
	agent  int // pid
	begin  time.Time
	end    time.Time // zero: no end was seen
	status string
}

// readMarks reads what the commands before and after all backups have written, in
// the order of the beginnings. An attempt that was begun twice is two lives.
func readMarks(path string) ([]*life, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lives []*life
	for line := range bytes.Lines(data) {
		var what, status string
		var at int64
		l := &life{}
		_, err := fmt.Sscanf(strings.TrimSpace(string(line)), "%s %s %s %d %d %d %s", &what, &l.task, &l.run, &l.number, &l.agent, &at, &status)
		if err != nil {
			return nil, fmt.Errorf("mark %q: %w", line, err)
		}
		if what == "begin" {
			l.begin = time.Unix(0, at)
			lives = append(lives, l)
			continue
		}
		i := slices.IndexFunc(lives, func(o *life) bool { return o.attemptKey == l.attemptKey && o.agent == l.agent && o.end.IsZero() })
		if i < 0 {
			return nil, fmt.Errorf("mark %q: that attempt was not begun", line)
		}
		lives[i].end, lives[i].status = time.Unix(0, at), status
	}
	slices.SortFunc(lives, func(a, b *life) int { return a.begin.Compare(b.begin) })
	return lives, nil
}

// bury ends the lives of the attempts whose agents were killed.
func bury(lives []*life, deaths map[int]time.Time) {
	for _, l := range lives {
		if at, dead := deaths[l.agent]; dead && l.end.IsZero() {
			l.end = at
		}
	}
}

// overlaps tells of attempts that were alive while an earlier one with the same key
// was, and of attempts that were begun twice.
func overlaps(lives []*life, key func(*life) string) (found []string) {
	last := make(map[string]*life) // the one that ends last so far
	begun := make(map[attemptKey]bool)
	for _, l := range lives {
		before := last[key(l)]
		switch {
		case begun[l.attemptKey]:
			found = append(found, fmt.Sprintf("%s attempt %d was begun twice", l.run, l.number))
		case before != nil && (before.end.IsZero() || l.begin.Before(before.end)):
			found = append(found, fmt.Sprintf("%s attempt %d was begun while %s attempt %d was alive", l.run, l.number, before.run, before.number))
		}
		begun[l.attemptKey] = true
		if before == nil || !before.end.IsZero() && (l.end.IsZero() || l.end.After(before.end)) {
			last[key(l)] = l
		}
	}
	return found
}

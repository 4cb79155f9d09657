package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// Lines is what is known of how something went.
type Lines struct {
	Items []Line `json:"items" doc:"Oldest first"`
	Total int    `json:"total"`
}

// Line is one line of a log.
type Line struct {
	At    time.Time `json:"at"`
	Level string    `json:"level" doc:"info, warning or error"`
	Text  string    `json:"text"`
}

// The levels of a line.
const (
	levelInfo    = "info"
	levelWarning = "warning"
	levelError   = "error"
)

// backupLog tells how a backup went, as far as the managers know: what the audit
// trail has of it, and what its node has warned of. What the audit trail has
// forgotten is told from the row.
func backupLog(c *call) (Lines, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Lines{}, err
	}
	l := runLog{view: c.view, told: make(map[string]bool)}
	for e := range c.view.Events.By("object", b.ID) {
		if e.Object.Noun == c.view.Backups.Name() {
			l.event(e)
		}
	}
	l.row(b)
	l.warnings(b)
	slices.SortStableFunc(l.lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return Lines{Items: some(l.lines), Total: len(l.lines)}, nil
}

// runLog is a log while it is written.
type runLog struct {
	view  *fsm.View
	told  map[string]bool // kinds of commands
	lines []Line
}

func (l *runLog) add(at fsm.Time, level, format string, args ...any) {
	l.lines = append(l.lines, Line{at.Time(), level, fmt.Sprintf(format, args...)})
}

// event tells a row of the audit trail.
func (l *runLog) event(e *fsm.Event) {
	who := actor(l.view, e.By)
	if e.Result != "" {
		l.add(e.CreatedAt, levelWarning, "%s by %s was refused: %s", e.Action, who, e.Detail)
		return
	}
	l.told[e.Action] = true
	switch e.Action {
	case fsm.KindOf(&fsm.CreateBackup{}):
		l.add(e.CreatedAt, levelInfo, "queued by %s", who)
	case fsm.KindOf(&fsm.AssignBackup{}):
		l.add(e.CreatedAt, levelInfo, "assigned: %s", l.named(e.Detail))
	case fsm.KindOf(&fsm.StartBackup{}):
		l.add(e.CreatedAt, levelInfo, "begun by %s", who)
	case fsm.KindOf(&fsm.InterruptBackup{}):
		l.add(e.CreatedAt, levelWarning, "interrupted: %s", l.named(e.Detail))
	case fsm.KindOf(&fsm.FinishBackup{}):
		l.add(e.CreatedAt, levelOf(fsm.Status(e.Detail)), "%s, says %s", cmp.Or(e.Detail, "ended"), who)
	case fsm.KindOf(&fsm.CancelBackup{}):
		l.add(e.CreatedAt, levelInfo, "asked to end by %s", who)
	case fsm.KindOf(&fsm.StopBackup{}):
		l.add(e.CreatedAt, levelWarning, "%s", e.Detail)
	case fsm.KindOf(&fsm.DeleteBackup{}):
		l.add(e.CreatedAt, levelInfo, "deleted by %s", who)
	default:
		l.add(e.CreatedAt, levelInfo, "%s by %s %s", e.Action, who, e.Detail)
	}
}

// named gives a text with the names of nodes in place of their ids.
func (l *runLog) named(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		words[i] = nodeName(l.view, word)
	}
	return strings.Join(words, " ")
}

// row tells what the audit trail does not have any more.
func (l *runLog) row(b *fsm.Backup) {
	if !l.told[fsm.KindOf(&fsm.CreateBackup{})] {
		l.add(b.CreatedAt, levelInfo, "queued")
	}
	if b.StartedAt != 0 && !l.told[fsm.KindOf(&fsm.StartBackup{})] {
		l.add(b.StartedAt, levelInfo, "begun by %s", nodeName(l.view, b.Node))
	}
	if b.FinishedAt != 0 && !l.told[fsm.KindOf(&fsm.FinishBackup{})] {
		l.add(b.FinishedAt, levelOf(b.Status), "%s", b.Status)
	}
	if b.Error != "" && b.FinishedAt != 0 && b.Status != fsm.Warning {
		l.add(b.FinishedAt, levelError, "%s", b.Error)
	}
}

// warnings tells what the node has warned of.
func (l *runLog) warnings(b *fsm.Backup) {
	kept := 0
	if w, ok := l.view.Warnings.Get(b.ID); ok {
		kept = len(w.Texts)
		for _, text := range w.Texts {
			l.add(b.FinishedAt, levelWarning, "%s", text)
		}
		for _, text := range w.Log {
			l.add(w.UpdatedAt, levelInfo, "%s", text)
		}
	}
	if more := b.Stats.Warnings - int64(kept); more > 0 && b.FinishedAt != 0 {
		l.add(b.FinishedAt, levelWarning, "%d warnings are not kept here", more)
	}
}

func levelOf(s fsm.Status) string {
	switch s {
	case fsm.Failed:
		return levelError
	case fsm.Warning, fsm.Cancelled, fsm.Interrupted:
		return levelWarning
	}
	return levelInfo
}

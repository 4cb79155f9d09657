package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

// display shows how far a run is.
type display interface {
	update(r run)
	end()
}

// display is a bar when people watch, lines when a log does.
func (a *app) display(cmd *cobra.Command, what string) display {
	errs := cmd.ErrOrStderr()
	if a.isTerminal(errs) && a.env("TERM") != "dumb" {
		return &bar{out: errs}
	}
	return &lines{out: errs, what: what, now: a.now}
}

// lines writes a line when the state of a run changes, and how far it is from
// time to time.
type lines struct {
	out  io.Writer
	what string
	now  func() time.Time
	last string
	at   time.Time
}

// linesEvery is how often lines tells how far a run is.
const linesEvery = 10 * time.Second

func (l *lines) update(r run) {
	state := stateOf(r)
	if p := r.Progress; p != nil && r.Status == fsm.Running {
		state += ", " + line(p.Phase)
	}
	if state == l.last && (r.Progress == nil || r.Status != fsm.Running || l.now().Sub(l.at) < linesEvery) {
		return
	}
	l.last, l.at = state, l.now()
	if r.Progress != nil && r.Status == fsm.Running {
		state += ": " + far(r.Progress)
	}
	fmt.Fprintf(l.out, "%s: %s\n", l.what, state)
}

func (l *lines) end() {}

// stateOf writes the state of a run, and where and how often it is tried.
func stateOf(r run) string {
	text := string(r.Status)
	if r.Node != "" && !r.Status.Ended() {
		text += " on " + line(r.Node)
	}
	if r.Attempt > 1 {
		text += fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	if r.Status == fsm.Interrupted && r.Error != "" {
		text += ": " + line(r.Error)
	}
	return text
}

// percent is how far a run is whose total is known.
func percent(p *client.Progress) int64 {
	return min(100, int64(float64(p.Bytes)*100/float64(p.TotalBytes)))
}

// far writes how far a run is.
func far(p *client.Progress) string {
	var parts []string
	if p.TotalBytes > 0 {
		parts = append(parts, fmt.Sprintf("%d%%", percent(p)))
	}
	parts = append(parts, of(count(p.Files), count(p.TotalFiles), p.TotalFiles)+" files", of(size(p.Bytes), size(p.TotalBytes), p.TotalBytes))
	if p.Rate > 0 {
		parts = append(parts, size(p.Rate)+"/s")
	}
	if p.Eta != "" {
		parts = append(parts, line(p.Eta)+" left")
	}
	return strings.Join(parts, ", ")
}

func of(done, total string, known int64) string {
	if known == 0 {
		return done
	}
	return done + " of " + total
}

// bar is a bar on a terminal, below it what it counts.
type bar struct {
	out   io.Writer
	bar   *progressbar.ProgressBar
	total int64
}

func (b *bar) update(r run) {
	var done, total int64
	text := stateOf(r)
	if p := r.Progress; p != nil && r.Status == fsm.Running {
		done, total = p.Bytes, p.TotalBytes
		text = line(p.Phase) + "  " + far(p)
	}
	if total <= 0 && b.bar != nil && b.total > 0 && !r.Status.Ended() {
		b.bar.Describe(text) // the manager that answers now has not heard how far it is
		return
	}
	if total <= 0 {
		done, total = 0, -1 // a spinner: how much there is is not known
	}
	if b.bar == nil || (b.total < 0) != (total < 0) {
		b.end()
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.out),
			progressbar.OptionSetWidth(24),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	if b.total = total; total > 0 {
		b.bar.ChangeMax64(total + 1) // full would mean finished, and that is not for the bar to say
	}
	b.bar.Describe(text)
	// A terminal that cannot be written to is no reason to stop waiting.
	_ = b.bar.Set64(min(done, total))
}

// end takes the bar away; what it said last is said by the verdict.
func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Clear()
		_ = b.bar.Exit()
		b.bar = nil
	}
}

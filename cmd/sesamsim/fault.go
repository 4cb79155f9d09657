package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// faults is what goes wrong, by chance. It is the JSON of the control endpoint
// too. Rates are from 0 to 1.
type faults struct {
	// Latency is added to each answer, and up to Jitter more.
	Latency span `json:"latency"`
	Jitter  span `json:"jitter"`
	// ErrorRate of requests are answered with ErrorStatus (500 when 0).
	ErrorRate   float64 `json:"error_rate"`
	ErrorStatus int     `json:"error_status"`
	// DisconnectRate of requests see their connection closed.
	DisconnectRate float64 `json:"disconnect_rate"`
	// WrongRate of requests get an answer of the kind Wrong.
	WrongRate float64 `json:"wrong_rate"`
	Wrong     string  `json:"wrong"`
	// Elsewhere is where the wrong answer "redirect" leads.
	Elsewhere string `json:"elsewhere"`
	// When says whether the request has had its effect when an error or a
	// disconnect comes: "before" (it has not) or "after".
	When string `json:"when"`
	// Paths, when there are any, are the beginnings of paths that faults
	// happen on.
	Paths []string `json:"paths"`
	// Times, when it is not 0, bounds how many errors, disconnects and wrong
	// answers there will be; latency goes on.
	Times int `json:"times"`
}

// span is a duration that is written as text in JSON: "20ms".
type span time.Duration

func (s span) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).String()) }

func (s *span) UnmarshalJSON(b []byte) error {
	var t string
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	d, err := time.ParseDuration(t)
	*s = span(d)
	return err
}

func (f *faults) flags(c *cobra.Command) {
	fl := c.Flags()
	fl.DurationVar((*time.Duration)(&f.Latency), "fault-latency", 0, "wait so long before each answer")
	fl.DurationVar((*time.Duration)(&f.Jitter), "fault-jitter", 0, "and up to so much longer")
	fl.Float64Var(&f.ErrorRate, "fault-errors", 0, "share of requests that fail, 0 to 1")
	fl.IntVar(&f.ErrorStatus, "fault-error-status", 500, "with this status")
	fl.Float64Var(&f.DisconnectRate, "fault-disconnects", 0, "share of requests whose connection is closed, 0 to 1")
	fl.Float64Var(&f.WrongRate, "fault-wrong", 0, "share of requests that get a wrong answer, 0 to 1")
	fl.StringVar(&f.Wrong, "fault-wrong-kind", "html", "the wrong answer: "+strings.Join(wrongKinds(), ", "))
	fl.StringVar(&f.Elsewhere, "fault-elsewhere", "https://elsewhere.invalid/", "where the wrong answer redirect leads")
	fl.StringVar(&f.When, "fault-when", "before", "errors and disconnects come before or after the request has had its effect")
	fl.StringSliceVar(&f.Paths, "fault-paths", nil, "only on paths that begin like one of these")
	fl.IntVar(&f.Times, "fault-times", 0, "at most so many errors, disconnects and wrong answers; 0: no bound")
}

func (f *faults) valid() error {
	for _, r := range []float64{f.ErrorRate, f.DisconnectRate, f.WrongRate} {
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("the rate of a fault is from 0 to 1, not %v", r)
		}
	}
	if f.ErrorStatus == 0 {
		f.ErrorStatus = 500
	}
	if f.When == "" {
		f.When = "before"
	}
	if f.Wrong == "" {
		f.Wrong = "html"
	}
	if f.Elsewhere == "" {
		f.Elsewhere = "https://elsewhere.invalid/"
	}
	known := false
	for _, k := range wrongKinds() {
		known = known || k == f.Wrong
	}
	switch {
	case !known:
		return fmt.Errorf("the wrong answer %q is not known: %s", f.Wrong, strings.Join(wrongKinds(), ", "))
	case f.When != "before" && f.When != "after":
		return fmt.Errorf("a fault comes before or after, not %q", f.When)
	case f.ErrorStatus < 400 || f.ErrorStatus > 599:
		return fmt.Errorf("an error has a status from 400 to 599, not %d", f.ErrorStatus)
	case f.Latency < 0 || f.Jitter < 0 || f.Times < 0:
		return errors.New("latency, jitter and times of faults cannot be negative")
	}
	return nil
}

// mishap is what happens to one request.
type mishap struct {
	wait       time.Duration
	status     int // not 0: fail with it
	disconnect bool
	wrong      string
	elsewhere  string
	after      bool
}

func (m mishap) any() bool { return m.status != 0 || m.disconnect || m.wrong != "" }

// name is how a mishap stands in the record of requests.
func (m mishap) name() string {
	switch {
	case m.disconnect:
		return "disconnect"
	case m.wrong != "":
		return "wrong:" + m.wrong
	case m.status != 0:
		return "error"
	}
	return ""
}

// dice decides what goes wrong and how backups end.
type dice struct {
	mu     sync.Mutex
	random *rand.Rand
	faults faults
	left   int // mishaps still to come; -1: no bound
}

func newDice(seed uint64, f faults) *dice {
	d := &dice{random: rand.New(rand.NewPCG(seed, 0))}
	d.set(f)
	return d
}

func (d *dice) set(f faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
	d.left = -1
	if f.Times > 0 {
		d.left = f.Times
	}
}

func (d *dice) get() faults {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults
}

// below draws a number from 0 to n-1.
func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.random.IntN(n)
}

// draw decides about one request.
func (d *dice) draw(path string) mishap {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &d.faults
	if !f.touch(path) {
		return mishap{}
	}
	m := mishap{wait: time.Duration(f.Latency), after: f.When == "after"}
	if f.Jitter > 0 {
		m.wait += time.Duration(d.random.Int64N(int64(f.Jitter)))
	}
	if d.left == 0 {
		return m
	}
	hit := func(rate float64) bool { return rate > 0 && d.random.Float64() < rate }
	switch {
	case hit(f.DisconnectRate):
		m.disconnect = true
	case hit(f.ErrorRate):
		m.status = f.ErrorStatus
	case hit(f.WrongRate):
		m.wrong, m.elsewhere = f.Wrong, f.Elsewhere
	}
	if m.any() && d.left > 0 {
		d.left--
	}
	return m
}

func (f *faults) touch(path string) bool {
	for _, p := range f.Paths {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return len(f.Paths) == 0
}

package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report collects the rows of the table that is printed at the end.
type report struct {
	notes []string
	rows  []row
}

// row is a figure: the values of all rounds, and the goal.
type row struct {
	what, unit string
	goal       goal
	values     []float64
}

// goal is a bound for the median, and perhaps one for the worst.
type goal struct {
	least  float64 // at least
	most   float64 // at most
	worst  float64 // at most, for each value
	none   bool    // it is to be zero
	reason string
}

func (g goal) String() string {
	var s string
	switch {
	case g.none:
		s = "0"
	case g.least > 0:
		s = ">= " + figure(g.least)
	case g.most > 0:
		s = "<= " + figure(g.most)
	}
	if g.worst > 0 {
		s += ", worst <= " + figure(g.worst)
	}
	if g.reason != "" {
		s += " (" + g.reason + ")"
	}
	return s
}

// verdict compares sorted values with the goal.
func (g goal) verdict(values []float64) string {
	median, worst := values[len(values)/2], values[len(values)-1]
	missed := func(seen, wanted float64) string {
		return fmt.Sprintf("missed: %s times", figure(seen/wanted))
	}
	switch {
	case g.none && worst > 0:
		return "missed"
	case g.none:
		return "met"
	case g.least == 0 && g.most == 0:
		return ""
	case median < g.least:
		return missed(median, g.least)
	case g.most > 0 && median > g.most:
		return missed(median, g.most)
	case g.worst > 0 && worst > g.worst:
		return missed(worst, g.worst) + " at worst"
	}
	return "met"
}

// add puts a row.
func (r *report) add(what, unit string, g goal, values ...float64) {
	if len(values) > 0 {
		r.rows = append(r.rows, row{what, unit, g, values})
	}
}

// figure prints a number with three digits that matter.
func figure(v float64) string {
	switch {
	case v >= 100 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// middle is the median.
func middle(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func (r *report) print(w io.Writer) {
	for _, note := range r.notes {
		fmt.Fprintln(w, note)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "what\tmedian\tlowest\thighest\tgoal\t")
	for _, row := range r.rows {
		v := slices.Sorted(slices.Values(row.values))
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\t%s\n", row.what, figure(v[len(v)/2]), row.unit,
			figure(v[0]), figure(v[len(v)-1]), row.goal, row.goal.verdict(v))
	}
	if err := t.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "bcmbench:", err)
	}
}

// machine says on what and when it was measured.
func machine() string {
	return fmt.Sprintf("%s, %d cores, load %s at the start", time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.NumCPU(), loadAverage())
}

// loadAverage is that of the last minute, other work on the machine included.
func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(data), " ")
	return one
}

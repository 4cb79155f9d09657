package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// report collects the rows of the table that is printed at the end.
type report struct{ rows [][5]string }

func newReport() *report { return &report{} }

// add puts a row: the median, lowest and highest of values in unit, and the goal.
func (r *report) add(what, unit, goal string, values ...float64) {
	if len(values) == 0 {
		return
	}
	slices.Sort(values)
	r.rows = append(r.rows, [5]string{what, figure(values[len(values)/2]) + " " + unit,
		figure(values[0]), figure(values[len(values)-1]), goal})
}

// figure prints a number with three digits that matter.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "what\tmedian\tlowest\thighest\tgoal")
	for _, row := range r.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3], row[4])
	}
	if err := t.Flush(); err != nil {
		fmt.Fprintln(w, "bcmbench:", err)
	}
}

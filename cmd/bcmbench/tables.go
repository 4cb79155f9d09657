package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// goals of the benchmarks of package fsm, by their names.
var goals = map[string]string{
	"BenchmarkTableSearch": "<= 50 ms p99",
	"BenchmarkTablePage":   "<= 5 ms p99",
	"BenchmarkTableMemory": "<= 600 B a record",
}

// measureTables runs the benchmarks of package fsm and adds their figures.
func measureTables(ctx context.Context, r *report) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Table|Snapshot)", "-benchtime", "1x", "-count", "3", "-timeout", "20m", "./fsm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("benchmarks of the state: %w\n%s", err, out)
	}
	figures := make(map[string][]float64)
	var order []string
	for line := range splitLines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(fields[0], "-")
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("benchmark line %q: %w", line, err)
			}
			key := name + " " + fields[i+1]
			if figures[key] == nil {
				order = append(order, key)
			}
			figures[key] = append(figures[key], value)
		}
	}
	for _, key := range order {
		name, unit, _ := strings.Cut(key, " ")
		r.add(strings.TrimPrefix(name, "Benchmark"), unit, goals[name], figures[key]...)
	}
	return nil
}

func splitLines(data []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(data) {
			if !yield(strings.TrimSpace(string(line))) {
				return
			}
		}
	}
}

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

// goalsOfTables are those of the benchmarks of package fsm, by name and unit.
func goalsOfTables() map[string]goal {
	return map[string]goal{
		"TableSearch ms-p99":   {most: 50},
		"TablePage ms-p99":     {most: 5},
		"TableMemory B/record": {most: 600},
	}
}

// measureTables runs the benchmarks of package fsm, with a million backups, and
// adds their figures.
func (b *bench) measureTables(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Table|Snapshot)", "-benchtime", "1x",
		"-count", strconv.Itoa(b.rounds), "-timeout", "20m", "./fsm")
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
		name, _, _ := strings.Cut(strings.TrimPrefix(fields[0], "Benchmark"), "-")
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("benchmark line %q: %w", line, err)
			}
			if value == 0 {
				continue // time per operation, where another unit says it
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
		if unit != "ns/op" {
			b.report.add(name+" at a million", unit, goalsOfTables()[key], figures[key]...)
		}
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

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type options struct {
	bcm    string
	rounds int
	length time.Duration
	tables bool
}

func main() {
	var o options
	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	flag.StringVar(&o.bcm, "bcm", filepath.Join(filepath.Dir(self), "bcm"), "the bcm binary to measure")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each measurement, interleaved")
	flag.DurationVar(&o.length, "length", 3*time.Second, "length of one round")
	flag.BoolVar(&o.tables, "tables", true, "run the benchmarks of tables and snapshots too (needs the source and Go)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bcmbench takes no arguments, got %q; see -help\n", flag.Args())
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		stop()
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bcmbench:", err)
	os.Exit(1)
}

// run measures one thing after the other, so that none disturbs another.
func run(ctx context.Context, o options) (err error) {
	rows := newReport()
	if o.tables {
		if err := measureTables(ctx, rows); err != nil {
			return err
		}
	}
	g, err := startGrid(ctx, o.bcm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	if err := measureAPI(ctx, g, o, rows); err != nil {
		return err
	}
	if err := measureFailover(ctx, g, rows); err != nil {
		return err
	}
	rows.print(os.Stdout)
	return nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what the flags say.
type options struct {
	bcm     string
	only    string
	rounds  int
	length  time.Duration
	trials  int
	objects int
	tasks   int
	nodes   int
	files   int
	mib     int64
	slots   int
	seed    uint64
	rivals
}

// rivals are the programs that are measured beside us.
type rivals struct{ restic, restServer, nginx string }

// bench is one run of the program.
type bench struct {
	options
	report report
	grid   *grid // nil until a part needs it
}

// part is one measurement of several that belong together.
type part struct {
	name string
	run  func(b *bench, ctx context.Context) error
}

// parts are measured one after the other, so that none disturbs another. The
// one of restarts leaves a grid with many objects behind; those with simulated nodes
// have grids of their own.
func parts() []part {
	return []part{
		{"tables", (*bench).measureTables},
		{"idle", (*bench).measureIdle},
		{"writes", (*bench).measureWrites},
		{"reads", (*bench).measureReads},
		{"failover", (*bench).measureFailover},
		{"handover", (*bench).measureHandover},
		{"restart", (*bench).measureRestart},
		{"proxy", (*bench).measureProxy},
		{"dispatch", (*bench).measureDispatch},
		{"scale", (*bench).measureScale},
		{"restic", (*bench).measureRestic},
		{"scaleout", (*bench).measureScaleOut},
		{"chaos", (*bench).measureChaos},
	}
}

func main() {
	var b bench
	self, err := os.Executable()
	if err != nil {
		fail(1, err)
	}
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	flag.StringVar(&b.bcm, "bcm", filepath.Join(filepath.Dir(self), "bcm"), "the bcm binary to measure")
	flag.StringVar(&b.only, "only", strings.Join(names, ","), "what to measure; tables needs the source and Go")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds of what has rounds, interleaved")
	flag.DurationVar(&b.length, "length", 3*time.Second, "length of one round")
	flag.IntVar(&b.trials, "trials", 10, "how often the leader is killed, and hands over")
	flag.IntVar(&b.objects, "objects", 100_000, "objects of the grid that is restarted whole")
	flag.IntVar(&b.tasks, "tasks", 1000, "tasks that are due in one second")
	flag.IntVar(&b.nodes, "nodes", 1000, "simulated nodes of the largest grid")
	flag.IntVar(&b.files, "files", 20_000, "files that are really backed up")
	flag.Int64Var(&b.mib, "mib", 500, "MiB that they have in all, and that a proxied stream has")
	flag.StringVar(&b.restic, "restic", "restic", "the restic to measure beside us")
	flag.StringVar(&b.restServer, "rest-server", "rest-server", "restic's server, to measure restic with, too")
	flag.StringVar(&b.nginx, "nginx", "nginx", "the nginx to measure the proxy beside")
	flag.IntVar(&b.slots, "slots", 500, "slots of schedules that are made in the chaos")
	flag.Uint64Var(&b.seed, "seed", 1, "of what the chaos kills, and when")
	flag.Parse()
	chosen, err := b.chosen()
	if err != nil {
		fail(2, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx, chosen); err != nil {
		stop()
		fail(1, err)
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "bcmbench:", err)
	os.Exit(code)
}

// chosen checks the flags and gives the parts to measure.
func (b *bench) chosen() ([]part, error) {
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("it takes no arguments, got %q; see -help", flag.Args())
	}
	if b.rounds < 1 || b.trials < 1 || b.objects < 1 || b.tasks < 1 || b.nodes < 1 || b.files < 1 || b.mib < 1 || b.slots < 1 || b.length <= 0 {
		return nil, errors.New("-rounds, -trials, -objects, -tasks, -nodes, -files, -mib, -slots and -length must be positive")
	}
	all := parts()
	want := strings.Split(b.only, ",")
	for _, name := range want {
		if !slices.ContainsFunc(all, func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("-only: no part %q; see -help", name)
		}
	}
	return slices.DeleteFunc(all, func(p part) bool { return !slices.Contains(want, p.name) }), nil
}

// run measures, and prints what there is also when something fails.
func (b *bench) run(ctx context.Context, chosen []part) (err error) {
	defer func() {
		b.report.print(os.Stdout)
		if b.grid != nil {
			err = errors.Join(err, b.grid.stop())
		}
	}()
	b.report.notes = append(b.report.notes, machine())
	for _, p := range chosen {
		begin := time.Now()
		fmt.Fprintf(os.Stderr, "measuring %s …\n", p.name)
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		b.report.notes = append(b.report.notes, fmt.Sprintf("%s took %.0f s, load then %s", p.name, time.Since(begin).Seconds(), loadAverage()))
	}
	return nil
}

// started gives the grid, which it starts when there is none yet.
func (b *bench) started(ctx context.Context) (*grid, error) {
	if b.grid != nil {
		return b.grid, nil
	}
	g, err := startGrid(ctx, b.bcm, managersOnly())
	b.grid = g
	return g, err
}

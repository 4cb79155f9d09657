package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bcm/api/client"
)

// shape is how many of what a grid has.
type shape struct{ managers, backupManagers, storages int }

// managersOnly is three managers and nothing else.
func managersOnly() shape { return shape{managers: 3} }

// grid is a running `bcm dev` of our own.
type grid struct {
	dir      string
	cmd      *exec.Cmd
	log      bytes.Buffer
	trust    *tls.Config
	token    string
	door     *client.Grid // leads to whichever manager answers
	managers []*manager
	nodes    []*node
}

// node is a member of the grid that is no manager.
type node struct {
	*process
	name string
	role string
}

// manager is one of the grid's.
type manager struct {
	*process
	name string
	host string       // host:port of its API
	door *client.Grid // leads to this one alone
}

// Limits for a machine that is busy.
const (
	startLimit = 2 * time.Minute
	stopLimit  = 30 * time.Second
	callLimit  = 15 * time.Second
)

// startGrid starts a grid on free ports and waits until it is healthy.
func startGrid(ctx context.Context, bcm string, of shape) (*grid, error) {
	dir, err := os.MkdirTemp("", "bcmbench-")
	if err != nil {
		return nil, err
	}
	g := &grid{dir: dir}
	g.cmd = exec.CommandContext(ctx, bcm, "dev", "--data-dir", filepath.Join(dir, "grid"), "--api-port", "0",
		"--managers", strconv.Itoa(of.managers), "--backup-managers", strconv.Itoa(of.backupManagers),
		"--storages", strconv.Itoa(of.storages), "--sesam", "0", "--demo=false")
	g.cmd.Stdout, g.cmd.Stderr = &g.log, &g.log
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(syscall.SIGTERM) }
	g.cmd.WaitDelay = stopLimit
	if err := g.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", bcm, err), os.RemoveAll(dir))
	}
	if err := g.await(ctx); err != nil {
		return nil, errors.Join(err, g.stop(), fmt.Errorf("it said:\n%s", g.log.String()))
	}
	return g, nil
}

// await polls for dev.json, which is written once the grid is healthy.
func (g *grid) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		data, err := os.ReadFile(filepath.Join(g.dir, "grid", "dev.json"))
		if err == nil {
			return g.learn(data)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("the grid was not healthy in time: %w", err)
		}
	}
}

// learn reads where everything is.
func (g *grid) learn(data []byte) error {
	var info struct {
		Managers []struct {
			Name, URL string
			PID       int
			Dir       string `json:"data_dir"`
		}
		Nodes []struct {
			Name  string
			Roles []string
			PID   int
			Dir   string `json:"data_dir"`
		}
		Admin struct{ Token string }
		CA    string
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return err
	}
	pem, err := os.ReadFile(info.CA)
	if err != nil {
		return err
	}
	g.trust = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	if !g.trust.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", info.CA)
	}
	g.token = info.Admin.Token
	var all []string
	for _, m := range info.Managers {
		p, err := processOf(m.PID, m.Dir)
		if err != nil {
			return err
		}
		door, err := client.New(client.Config{Addresses: []string{m.URL}, Token: g.token, CA: pem, Timeout: callLimit})
		if err != nil {
			return err
		}
		g.managers = append(g.managers, &manager{p, m.Name, strings.TrimPrefix(m.URL, "https://"), door})
		all = append(all, m.URL)
	}
	for _, n := range info.Nodes {
		p, err := processOf(n.PID, n.Dir)
		if err != nil {
			return err
		}
		g.nodes = append(g.nodes, &node{p, n.Name, n.Roles[0]})
	}
	g.door, err = client.New(client.Config{Addresses: all, Token: g.token, CA: pem, Timeout: callLimit})
	return err
}

func (g *grid) stop() error {
	var errs []error
	if g.door != nil {
		g.door.Close()
	}
	for _, n := range g.nodes {
		errs = append(errs, n.end())
	}
	for _, m := range g.managers {
		m.door.Close()
		errs = append(errs, m.end())
	}
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		errs = append(errs, err)
	}
	var exit *exec.ExitError
	if err := g.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(g.dir))...)
}

// standing is how one manager sees the cluster.
type standing struct {
	Leader    string
	Tolerance int `json:"failure_tolerance"`
	Digest    string
}

func (m *manager) standing(ctx context.Context) (s standing, err error) {
	err = m.call(ctx, http.MethodGet, "/v1/cluster", nil, &s)
	return s, err
}

// call asks one manager and reads its answer, unless out is nil.
func (m *manager) call(ctx context.Context, method, path string, in, out any) error {
	return m.door.Ask(ctx, method, path, in, out)
}

// call asks whichever manager answers.
func (g *grid) call(ctx context.Context, method, path string, in, out any) error {
	return g.door.Ask(ctx, method, path, in, out)
}

// leader waits until a manager says of itself that it leads, and the grid can
// lose one if whole is asked for.
func (g *grid) leader(ctx context.Context, whole bool) (*manager, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if m, s := g.leads(ctx); m != nil && (!whole || s.Tolerance > 0) {
			return m, nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, fmt.Errorf("the grid was not healthy in time: %w", err)
		}
	}
}

// leads gives the manager that says of itself that it leads, and what else it says;
// nil when none does.
func (g *grid) leads(ctx context.Context) (*manager, standing) {
	for _, m := range g.managers {
		once, done := context.WithTimeout(ctx, 2*time.Second)
		s, err := m.standing(once)
		done()
		if err == nil && s.Leader == m.name {
			return m, s
		}
	}
	return nil, standing{}
}

// others are the managers but one.
func (g *grid) others(one *manager) []*manager {
	return slices.DeleteFunc(slices.Clone(g.managers), func(m *manager) bool { return m == one })
}

// cpu is the time that all managers have computed.
func (g *grid) cpu() (sum time.Duration, err error) {
	for _, m := range g.managers {
		one, err := m.cpu()
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

// measureIdle reads the resident memory of managers that have nothing to do, and
// how much they compute while they do nothing.
func (b *bench) measureIdle(ctx context.Context) error {
	g, err := b.started(ctx)
	if err != nil {
		return err
	}
	if _, err := g.leader(ctx, true); err != nil {
		return err
	}
	const watch = 10 * time.Second
	before, err := g.cpu()
	if err != nil {
		return err
	}
	if err := pause(ctx, watch); err != nil {
		return err
	}
	after, err := g.cpu()
	if err != nil {
		return err
	}
	var sizes []float64
	for _, m := range g.managers {
		size, err := m.resident()
		if err != nil {
			return err
		}
		sizes = append(sizes, size)
	}
	b.report.add("resident memory of an idle manager", "MiB", goal{most: 40}, sizes...)
	b.report.add("CPU of an idle manager", "% of a core", goal{}, 100*float64(after-before)/float64(watch)/float64(len(g.managers)))
	return nil
}

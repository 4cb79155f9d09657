package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// resticRun is restic with a repository on the same disk, which is its cheapest, or
// one behind a rest-server on loopback without TLS.
type resticRun struct {
	binary, server string // server is "" for a local repository
	dir, tree      string
	at             string // the directory of the round
	url            string
	running        *exec.Cmd // the server
}

func (r *resticRun) name() string {
	if r.server != "" {
		return "restic + rest-server"
	}
	return "restic"
}

func versionOf(ctx context.Context, binary string) string {
	out, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return binary + " does not tell its version: " + err.Error()
	}
	return strings.TrimSpace(string(out))
}

func (r *resticRun) renew(ctx context.Context, round int) error {
	if err := r.end(); err != nil {
		return err
	}
	r.at = filepath.Join(r.dir, strings.ReplaceAll(r.name(), " ", ""), fmt.Sprint(round))
	if err := os.MkdirAll(r.at, 0o700); err != nil {
		return err
	}
	r.url = filepath.Join(r.at, "repository")
	if r.server != "" {
		if err := r.serve(ctx); err != nil {
			return err
		}
	}
	_, err := r.run(ctx, "init")
	return err
}

// serve starts a rest-server of the round.
func (r *resticRun) serve(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	r.running = exec.CommandContext(ctx, r.server, "--no-auth", "--listen", addr, "--path", r.url)
	r.url = "rest:http://" + addr + "/"
	if err := r.running.Start(); err != nil {
		return err
	}
	for range 100 {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return c.Close()
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s does not listen at %s", r.server, addr)
}

// end ends the server of the last round and drops its repository.
func (r *resticRun) end() error {
	if r.running != nil {
		var exit *exec.ExitError
		if err := errors.Join(r.running.Process.Signal(syscall.SIGTERM), r.running.Wait()); err != nil && !errors.As(err, &exit) {
			return err
		}
		r.running = nil
	}
	if r.at == "" {
		return nil
	}
	return os.RemoveAll(r.at)
}

// run runs restic and tells what it and the server took.
func (r *resticRun) run(ctx context.Context, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, r.binary, append([]string{"-q", "--repo", r.url, "--cache-dir", filepath.Join(r.at, "cache")}, args...)...)
	cmd.Env = append(os.Environ(), "RESTIC_PASSWORD=measured")
	before, err := r.served()
	if err != nil {
		return cost{}, err
	}
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(begin)
	if err != nil {
		return cost{}, fmt.Errorf("restic %s: %w\n%s", args[0], err, out)
	}
	after, err := r.served()
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() + after - before, wall}, err
}

// served is what the server has computed.
func (r *resticRun) served() (time.Duration, error) {
	if r.running == nil {
		return 0, nil
	}
	return (&process{pid: r.running.Process.Pid}).cpu()
}

func (r *resticRun) backup(ctx context.Context) (cost, error) { return r.run(ctx, "backup", r.tree) }

func (r *resticRun) restore(ctx context.Context, dir string) (cost, error) {
	// Restic restores the whole path.
	took, err := r.run(ctx, "restore", "latest", "--target", dir+".whole")
	if err != nil {
		return took, err
	}
	return took, errors.Join(os.Rename(filepath.Join(dir+".whole", r.tree), dir), os.RemoveAll(dir+".whole"))
}

func (r *resticRun) verify(ctx context.Context) (cost, error) {
	return r.run(ctx, "check", "--read-data")
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a member of the grid as the system sees it.
type process struct {
	pid  int
	args []string
	dir  string
	ours *exec.Cmd // when it was started again by us
}

// processOf finds out how a running process was started.
func processOf(pid int, dir string) (*process, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil, err
	}
	return &process{pid: pid, dir: dir, args: strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")}, nil
}

// kill ends it without asking, and waits until it holds nothing any more.
func (p *process) kill(ctx context.Context) error {
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing %d: %w", p.pid, err)
	}
	if p.ours != nil {
		var exit *exec.ExitError
		err := p.ours.Wait()
		p.ours = nil
		if !errors.As(err, &exit) {
			return fmt.Errorf("%s had ended by itself: %w", p.dir, cmpErr(err, errors.New("in order")))
		}
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() != syscall.SIGKILL {
			return fmt.Errorf("%s had ended by itself: %w", p.dir, err)
		}
		return nil
	}
	for p.there() {
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// there tells whether the process is more than a name. Its first thread may be
// dead while others still hold its files.
func (p *process) there() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return false
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.pid))
	return !bytes.Contains(stat, []byte(") Z ")) || err == nil && len(threads) > 1
}

// start starts it as it was started before.
func (p *process) start() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(context.Background(), p.args[0], p.args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.pid, p.ours = cmd.Process.Pid, cmd
	return nil
}

// end lets one that was started by us end in order.
func (p *process) end() error {
	if p.ours == nil {
		return nil
	}
	if err := p.ours.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(stopLimit, func() { _ = p.ours.Process.Kill() })
	defer late.Stop()
	var exit *exec.ExitError
	if err := p.ours.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// ticks is the unit in which Linux counts the time of processes.
const ticks = 10 * time.Millisecond

// cpu is the time that the process has computed.
func (p *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q cannot be read", p.pid, stat)
	}
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * ticks
	}
	return sum, nil
}

// resident is its memory in MiB.
func (p *process) resident() (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0, err
	}
	for line := range splitLines(data) {
		var kb float64
		if n, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil && n == 1 {
			return kb / 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/%d/status names no resident memory", p.pid)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

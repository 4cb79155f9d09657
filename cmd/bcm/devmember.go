package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"bcm/agent"
)

// devMember is one process of a grid for trying out: how it is started, and what
// it is when it runs.
type devMember struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"` // manager, agent or sesam
	Roles []string `json:"roles,omitempty"`
	Args  []string `json:"args"` // without --join, which is for the first start alone
	PID   int      `json:"pid"`
	ID    string   `json:"id,omitempty"` // in the grid, of a SEP sesam server
}

// devState is what a grid for trying out remembers, in DIR/state.json.
type devState struct {
	Members  []*devMember `json:"members"`
	Password string       `json:"password"`
	Token    string       `json:"token"`
}

const devStateFile = "state.json"

func loadDevState(dir string) (devState, error) {
	var s devState
	data, err := os.ReadFile(filepath.Join(dir, devStateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("there is no grid in %s; start one with bcm dev: %w", dir, err)
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", devStateFile, err)
	}
	return s, nil
}

func (s devState) save(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return agent.WriteFile(filepath.Join(dir, devStateFile), append(data, '\n'), 0o600)
}

func (s devState) member(name string) (*devMember, error) {
	i := slices.IndexFunc(s.Members, func(m *devMember) bool { return m.Name == name })
	if i < 0 {
		var names []string
		for _, m := range s.Members {
			names = append(names, m.Name)
		}
		return nil, usageError{fmt.Errorf("no member %q; there are %s", name, strings.Join(names, ", "))}
	}
	return s.Members[i], nil
}

// dir of a member within the grid's.
func (m *devMember) dir(grid string) string { return filepath.Join(grid, m.Name) }

// launch starts the process of a member; join is for its first start.
func (m *devMember) launch(grid string, join ...string) (*exec.Cmd, error) {
	dir := m.dir(grid)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := slices.Clone(m.Args)
	if m.Kind == "sesam" {
		program = filepath.Join(filepath.Dir(program), "sesamsim")
	} else if len(join) > 0 {
		args = append(args, "--join", strings.Join(join, ","))
	}
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, who stop them in order
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", m.Name, err)
	}
	m.PID = cmd.Process.Pid
	m.appear()
	return cmd, nil
}

// appear waits, for a second at most, until the process that was just started has
// its arguments or has ended: the system tells of the start a moment before they can
// be read, and [devMember.runs] would take it for gone.
func (m *devMember) appear() {
	for range 1000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.PID))
		_, state, _ := strings.Cut(string(stat), ") ")
		if err != nil || strings.HasPrefix(state, "Z") || m.runs() {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// runs tells whether the member's process is there: one with its pid that was
// started with its arguments.
func (m *devMember) runs() bool {
	if m.PID == 0 {
		return false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", m.PID))
	return err == nil && strings.Contains(string(line), strings.Join(m.Args, "\x00"))
}

// gone tells whether nothing is left of a process that was killed: for a moment
// it still holds its directory and its ports.
func (m *devMember) gone() error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.PID))
	if err != nil {
		return nil //nolint:nilerr // no process of that pid is what is waited for
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", m.PID)) // a first thread that is dead may have live ones
	ending := err == nil && len(threads) > 1 || !strings.HasPrefix(state, "Z")
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", m.PID)); err == nil && len(line) == 0 && ending {
		return fmt.Errorf("%s (pid %d) is still ending", m.Name, m.PID)
	}
	return nil
}

// end stops the member in order and waits, then without asking.
func (m *devMember) end(limit time.Duration) error {
	if !m.runs() {
		return nil
	}
	if err := syscall.Kill(m.PID, syscall.SIGTERM); err != nil {
		return ignoreGone(err)
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if !m.runs() {
			return nil
		}
	}
	return ignoreGone(syscall.Kill(m.PID, syscall.SIGKILL))
}

func ignoreGone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// endpoints reads where the member listens; it has written that once it does.
func (m *devMember) endpoints(grid string) (endpoints, error) {
	var e endpoints
	data, err := os.ReadFile(filepath.Join(m.dir(grid), endpointsFile))
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, err
	}
	if e.PID != m.PID {
		return e, fmt.Errorf("%s has not opened its ports yet", m.Name)
	}
	return e, nil
}

// restartMember ends a member if it runs, starts it, waits until it has opened
// its ports, and tells its pid to whoever reads dev.json.
func restartMember(ctx context.Context, dir, name string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	state, err := loadDevState(dir)
	if err != nil {
		return err
	}
	m, err := state.member(name)
	if err != nil {
		return err
	}
	if err := m.end(devStopLimit); err != nil {
		return err
	}
	if err := poll(ctx, devStopLimit, func(context.Context) error { return m.gone() }); err != nil {
		return err
	}
	cmd, err := m.launch(dir)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if m.Kind != "sesam" {
		err = poll(ctx, devStartLimit, func(context.Context) error {
			select {
			case err := <-ended:
				return permanent{fmt.Errorf("%s ended at once: %w; see %s/log", name, err, m.dir(dir))}
			default:
			}
			_, err := m.endpoints(dir)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := state.save(dir); err != nil {
		return err
	}
	if err := publishPIDs(dir, state); err != nil {
		return err
	}
	fmt.Printf("%s runs again, pid %d\n", m.Name, m.PID)
	return nil
}

// permanent is an error that polling does not mend.
type permanent struct{ error }

// poll asks until there is no error, or the limit is reached; then it tells the
// last one.
func poll(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if p, ok := errors.AsType[permanent](err); ok {
			return p.error
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
	}
}

// nodeID reads under which id the member was admitted.
func (m *devMember) nodeID(grid string) (string, error) {
	var file struct {
		ID string `json:"id"`
	}
	data, err := os.ReadFile(filepath.Join(m.dir(grid), identityDir, "node.json"))
	if err != nil {
		return "", err
	}
	err = json.Unmarshal(data, &file)
	return file.ID, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"bcm/agent"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// devGrid is the grid of a running `bcm dev`.
type devGrid struct {
	o     devOptions
	fresh bool // begun in this process
	state devState
	api   *devAPI

	mu    sync.Mutex
	ended chan string // names of members whose process has ended
}

// openDevGrid looks whether the directory has a grid already, and plans one if
// it has not.
func openDevGrid(o devOptions) (*devGrid, error) {
	g := &devGrid{o: o, ended: make(chan string, 512)}
	state, err := loadDevState(o.dir)
	switch {
	case err == nil:
		g.state = state
		return g, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(o.dir, "manager-1")); err == nil {
		return nil, fmt.Errorf("%s holds a grid whose start was interrupted; remove the directory and start again", o.dir)
	}
	g.fresh = true
	g.state.Password = pki.NewBearer("")
	return g, g.plan()
}

// plan lists the members of a new grid.
func (g *devGrid) plan() error {
	add := func(kind, name string, roles []string, args ...string) {
		if kind != "sesam" {
			args = append([]string{kind, "--name", name, "--log-level", g.o.logLevel}, args...)
		}
		args = append(args, "--data-dir", filepath.Join(g.o.dir, name))
		g.state.Members = append(g.state.Members, &devMember{Name: name, Kind: kind, Roles: roles, Args: args})
	}
	const anyPort = "127.0.0.1:0"
	for i := range g.o.managers {
		api := anyPort
		if g.o.apiPort != 0 {
			api = fmt.Sprintf("127.0.0.1:%d", g.o.apiPort+10*i)
		}
		args := []string{"--listen-api", api, "--listen-member", anyPort, "--listen-gossip", anyPort, "--stable-for", "1s"}
		if i == 0 {
			args = append(args, "--bootstrap-expect", fmt.Sprint(g.o.managers), "--admin-password-file", g.passwordFile())
		}
		add("manager", fmt.Sprintf("manager-%d", i+1), []string{fsm.RoleManager}, args...)
	}
	node := func(name, role string) {
		add("agent", name, []string{role}, "--roles", role, "--listen-storage", anyPort, "--listen-metrics", anyPort)
	}
	for i := range g.o.backupManagers {
		node(fmt.Sprintf("backup-%d", i+1), fsm.RoleBackupManager)
	}
	for i := range g.o.storages {
		node(fmt.Sprintf("storage-%d", i+1), fsm.RoleStorage)
	}
	if !haveSesamsim() {
		return nil
	}
	for i := range g.o.sesam {
		name := fmt.Sprintf("sesam-%d", i+1)
		args, err := g.addSesam(name)
		if err != nil {
			return err
		}
		add("sesam", name, []string{fsm.RoleSesam}, args...)
	}
	return nil
}

func haveSesamsim() bool {
	program, err := os.Executable()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(program), "sesamsim"))
	return err == nil
}

func (g *devGrid) passwordFile() string { return filepath.Join(g.o.dir, "admin-password") }

// start starts all members and waits until the grid is healthy.
func (g *devGrid) start(ctx context.Context) error {
	if !g.fresh {
		for _, m := range g.state.Members {
			if err := g.launch(m); err != nil {
				return err
			}
		}
		return g.awaitHealth(ctx)
	}
	if err := agent.WriteFile(g.passwordFile(), []byte(g.state.Password+"\n"), 0o600); err != nil {
		return err
	}
	first := g.state.Members[0]
	if err := g.launch(first); err != nil {
		return err
	}
	if err := g.meet(ctx, first); err != nil {
		return err
	}
	if err := g.admitRest(ctx); err != nil {
		return err
	}
	if err := g.awaitHealth(ctx); err != nil {
		return err
	}
	return g.registerSesam(ctx)
}

// meet waits for the first manager and logs in.
func (g *devGrid) meet(ctx context.Context, first *devMember) error {
	var at endpoints
	err := poll(ctx, devStartLimit, func(context.Context) (err error) {
		if !first.runs() {
			return permanent{fmt.Errorf("%s has ended; the end of its log:\n%s", first.Name, logEnd(first.dir(g.o.dir)))}
		}
		at, err = first.endpoints(g.o.dir)
		return err
	})
	if err != nil {
		return err
	}
	err = poll(ctx, devStartLimit, func(ctx context.Context) error { return g.copyCA(first) })
	if err != nil {
		return err
	}
	if g.api, err = newDevAPI(g.caFile(), "", "https://"+at.API.Advertise); err != nil {
		return err
	}
	return poll(ctx, devStartLimit, func(ctx context.Context) error {
		token, err := g.api.login(ctx, devAdmin, g.state.Password)
		g.state.Token = token
		return err
	})
}

// devAdmin is the name of the first administrator of every cluster.
const devAdmin = "admin"

func (g *devGrid) caFile() string { return filepath.Join(g.o.dir, "ca.pem") }

func (g *devGrid) copyCA(first *devMember) error {
	data, err := os.ReadFile(filepath.Join(first.dir(g.o.dir), identityDir, "ca.pem"))
	if err != nil {
		return err
	}
	return agent.WriteFile(g.caFile(), data, 0o644)
}

// admitRest starts all members but the first, each with a token for its role.
func (g *devGrid) admitRest(ctx context.Context) error {
	uses := make(map[string]int)
	for _, m := range g.state.Members[1:] {
		if m.Kind != "sesam" {
			uses[m.Roles[0]]++
		}
	}
	tokens := make(map[string]string)
	for role, n := range uses {
		token, err := g.api.joinToken(ctx, role, n)
		if err != nil {
			return err
		}
		tokens[role] = token
	}
	for _, m := range g.state.Members[1:] {
		var join []string
		if m.Kind != "sesam" {
			join = []string{tokens[m.Roles[0]], strings.TrimPrefix(g.api.base[0], "https://")}
		}
		if err := g.launch(m, join...); err != nil {
			return err
		}
	}
	return nil
}

// launch starts a member and watches for its end.
func (g *devGrid) launch(m *devMember, join ...string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m.runs() {
		return fmt.Errorf("%s runs already, pid %d; stop it first", m.Name, m.PID)
	}
	cmd, err := m.launch(g.o.dir, join...)
	if err != nil {
		return err
	}
	go g.reap(m.Name, cmd)
	return nil
}

func (g *devGrid) reap(name string, cmd *exec.Cmd) {
	why := "ended"
	if err := cmd.Wait(); err != nil {
		why = err.Error()
	}
	g.ended <- fmt.Sprintf("%s (pid %d): %s", name, cmd.Process.Pid, why)
}

// awaitHealth waits until all managers vote and all nodes are online.
func (g *devGrid) awaitHealth(ctx context.Context) error {
	return poll(ctx, devStartLimit, func(ctx context.Context) error {
		for _, m := range g.state.Members {
			if !m.runs() {
				return permanent{fmt.Errorf("%s has ended; the end of its log:\n%s", m.Name, logEnd(m.dir(g.o.dir)))}
			}
		}
		if err := g.findManagers(); err != nil {
			return err
		}
		return g.api.healthy(ctx, g.count("manager"), g.count("manager")+g.count("agent"))
	})
}

func (g *devGrid) count(kind string) int {
	n := 0
	for _, m := range g.state.Members {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

// findManagers points the client to all managers that have opened their ports.
func (g *devGrid) findManagers() error {
	var base []string
	for _, m := range g.state.Members {
		if m.Kind != "manager" {
			continue
		}
		e, err := m.endpoints(g.o.dir)
		if err != nil {
			return err
		}
		base = append(base, "https://"+e.API.Advertise)
	}
	if g.api != nil {
		return g.api.turn(g.state.Token, base)
	}
	api, err := newDevAPI(g.caFile(), g.state.Token, base...)
	if err != nil {
		return err
	}
	g.api = api
	return nil
}

// logEnd gives the last lines of a member's log.
func logEnd(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// watch tells when a member ends, until ctx does.
func (g *devGrid) watch(ctx context.Context) error {
	for {
		select {
		case what := <-g.ended:
			name, _, _ := strings.Cut(what, " ")
			fmt.Printf("%s; bring it back: bcm dev restart %s --data-dir %s\n", what, name, g.o.dir)
		case <-ctx.Done():
			return nil
		}
	}
}

// stopAll ends all members, those too that another process has brought back: the
// nodes first, then the managers.
func (g *devGrid) stopAll() error {
	if state, err := loadDevState(g.o.dir); err == nil {
		g.state = state
	}
	var errs []error
	for _, managers := range []bool{false, true} {
		var wg sync.WaitGroup
		results := make([]error, len(g.state.Members))
		for i, m := range slices.Backward(g.state.Members) {
			if (m.Kind == "manager") == managers {
				wg.Go(func() { results[i] = m.end(devStopLimit) })
			}
		}
		wg.Wait()
		errs = append(errs, results...)
	}
	return errors.Join(errs...)
}

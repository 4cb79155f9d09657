package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bcm/agent"
)

// devFile is what DIR/dev.json says, for scripts and tests.
type devFile struct {
	Managers []devFileMember `json:"managers"`
	Nodes    []devFileMember `json:"nodes"`
	Sesam    []devFileSesam  `json:"sesam"`
	Admin    devFileAdmin    `json:"admin"`
	CA       string          `json:"ca"`
}

type devFileMember struct {
	Name    string   `json:"name"`
	ID      string   `json:"id"`
	Roles   []string `json:"roles,omitempty"`
	URL     string   `json:"url,omitempty"`
	Metrics string   `json:"metrics,omitempty"`
	PID     int      `json:"pid"`
	DataDir string   `json:"data_dir"`
}

type devFileSesam struct {
	Name     string `json:"name"`
	ID       string `json:"id"`
	URL      string `json:"url"`
	PID      int    `json:"pid"`
	Admin    string `json:"admin"`
	Password string `json:"password"`
}

type devFileAdmin struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

const devFileName = "dev.json"

// publish writes dev.json, and what the next start needs to know.
func (g *devGrid) publish() error {
	f := devFile{Nodes: []devFileMember{}, Sesam: []devFileSesam{}, CA: g.caFile(),
		Admin: devFileAdmin{devAdmin, g.state.Password, g.state.Token}}
	for _, m := range g.state.Members {
		if m.Kind == "sesam" {
			s, err := m.readySesam(g.o.dir)
			if err != nil {
				return err
			}
			f.Sesam = append(f.Sesam, s)
			continue
		}
		e, err := m.endpoints(g.o.dir)
		if err != nil {
			return err
		}
		id, err := m.nodeID(g.o.dir)
		if err != nil {
			return err
		}
		row := devFileMember{Name: m.Name, ID: id, PID: m.PID, DataDir: m.dir(g.o.dir)}
		if m.Kind == "manager" {
			row.URL = "https://" + e.API.Advertise
			f.Managers = append(f.Managers, row)
			continue
		}
		row.Roles, row.Metrics = m.Roles, "http://"+e.Metrics.Advertise+"/metrics"
		f.Nodes = append(f.Nodes, row)
	}
	return errors.Join(g.state.save(g.o.dir), f.save(g.o.dir))
}

func (f devFile) save(dir string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return agent.WriteFile(filepath.Join(dir, devFileName), append(data, '\n'), 0o600)
}

// publishPIDs brings the pids in dev.json up to date, where there is one.
func publishPIDs(dir string, state devState) error {
	data, err := os.ReadFile(filepath.Join(dir, devFileName))
	if err != nil {
		return err
	}
	var f devFile
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	pid := make(map[string]int)
	for _, m := range state.Members {
		pid[m.Name] = m.PID
	}
	for i := range f.Managers {
		f.Managers[i].PID = pid[f.Managers[i].Name]
	}
	for i := range f.Nodes {
		f.Nodes[i].PID = pid[f.Nodes[i].Name]
	}
	for i := range f.Sesam {
		f.Sesam[i].PID = pid[f.Sesam[i].Name]
	}
	return f.save(dir)
}

// tell prints where everything is.
func (g *devGrid) tell(w io.Writer) {
	fmt.Fprintf(w, "\nthe grid is healthy\n\n")
	for _, m := range g.state.Members {
		where := strings.Join(m.Roles, ", ")
		if e, err := m.endpoints(g.o.dir); err == nil && m.Kind == "manager" {
			where = "https://" + e.API.Advertise
		}
		fmt.Fprintf(w, "  %-12s pid %-8d %s\n", m.Name, m.PID, where)
	}
	fmt.Fprintf(w, `
  console      %s
  log in as    %s
  password     %s
  CA           %s
  all of it    %s

  for the command line:

    export BCM_ADDR=%s BCM_CACERT=%s BCM_TOKEN=%s

Ctrl-C stops the grid.
`, g.api.base[0], devAdmin, g.state.Password, g.caFile(), filepath.Join(g.o.dir, devFileName),
		strings.Join(g.api.base, ","), g.caFile(), g.state.Token)
}

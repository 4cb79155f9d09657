// Package bcm_test holds the shape of the tree: which package may know which,
// where a library may be used, and how large things may grow.
package bcm_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// arrows says which of our packages each may import. What is not named here may
// import none; a trailing /... stands for all below.
var arrows = map[string][]string{
	"bcm/fsm":                       {},
	"bcm/ui":                        {},
	"bcm/cluster/pki":               {},
	"bcm/cluster/plan":              {"bcm/fsm"},
	"bcm/cluster":                   {"bcm/fsm", "bcm/cluster/pki"},
	"bcm/cluster/clustertest":       {"bcm/fsm", "bcm/cluster", "bcm/cluster/pki"},
	"bcm/api":                       {"bcm/fsm", "bcm/cluster/pki"},
	"bcm/api/client":                {"bcm/fsm", "bcm/cluster/pki"},
	"bcm/agent":                     {"bcm/fsm", "bcm/cluster/pki"},
	"bcm/agent/roletest":            {"bcm/fsm", "bcm/agent"},
	"bcm/agent/sim":                 {"bcm/fsm", "bcm/agent"},
	"bcm/agent/storage/blob":        {},
	"bcm/agent/storage":             {"bcm/fsm", "bcm/agent", "bcm/agent/storage/blob"},
	"bcm/agent/storage/storagetest": {"bcm/fsm", "bcm/cluster/pki", "bcm/agent", "bcm/agent/storage", "bcm/agent/storage/blob"},
	"bcm/agent/sesam":               {"bcm/fsm", "bcm/agent"},
	"bcm/agent/backup":              {"bcm/fsm", "bcm/agent", "bcm/cluster/pki"},
	"bcm/agent/backup/kopia":        {"bcm/fsm", "bcm/agent/backup", "bcm/agent/storage/blob"},
	"bcm/cmd/bcm/cli":               {"bcm/fsm", "bcm/api/client"},
	"bcm/cmd/bcm":                   {"bcm/..."},
	"bcm/cmd/bcmbench":              {"bcm/fsm", "bcm/api/client"},
	"bcm/cmd/sesamsim":              {},
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		allowed, known := arrows[p.ImportPath]
		if !known && len(p.GoFiles) > 0 {
			t.Errorf("%s is a package that the design does not know: give it its arrows here", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "bcm/") && !allows(allowed, i) {
				t.Errorf("%s must not import %s", p.ImportPath, i)
			}
		}
	}
}

func allows(allowed []string, path string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		prefix, all := strings.CutSuffix(a, "...")
		return a == path || all && strings.HasPrefix(path, prefix)
	})
}

// homes says which packages may use a library.
var homes = map[string][]string{
	"github.com/hashicorp/raft":       {"bcm/fsm", "bcm/cluster"},
	"github.com/hashicorp/raft-wal":   {"bcm/cluster"},
	"github.com/hashicorp/memberlist": {"bcm/cluster"},
	"github.com/gin-gonic/gin":        {"bcm/api"},
	"github.com/danielgtaylor/huma":   {"bcm/api"},
	"github.com/kopia/kopia":          {"bcm/agent/backup/kopia"},
	"github.com/tidwall/btree":        {"bcm/fsm"},
	"github.com/spf13/cobra":          {"bcm/cmd/bcm", "bcm/cmd/bcm/cli", "bcm/cmd/sesamsim"},
	"go.etcd.io/bbolt":                {"bcm/cluster"},
}

func TestLibrariesStayAtHome(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			for library, at := range homes {
				if (i == library || strings.HasPrefix(i, library+"/")) && !slices.Contains(at, p.ImportPath) {
					t.Errorf("%s must not use %s; its home is %v", p.ImportPath, i, at)
				}
			}
		}
	}
}

// rooms says in which files of its home a library may be used, where not in all.
var rooms = map[string][]string{
	"bcm/fsm github.com/hashicorp/raft": {"fsm.go"},
	"bcm/fsm github.com/tidwall/btree":  {"table.go", "view.go"},
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			_, file := parse(t, filepath.Join(p.Dir, name))
			for _, i := range file.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				if in, ok := rooms[p.ImportPath+" "+path]; ok && !slices.Contains(in, name) {
					t.Errorf("%s/%s must not use %s; only %v may", p.ImportPath, name, path, in)
				}
			}
		}
	}
}

// What the pure floors may not import, with all below it, nor ask of package time.
var (
	impure = []string{"os", "io/fs", "io/ioutil", "path/filepath", "embed", "net", "math/rand", "crypto/rand", "hash/maphash",
		"syscall", "plugin", "runtime", "unsafe", "log", "C", "golang.org/x/sys"}
	clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local"}
)

// TestPureFloors: what the state and the plans decide is a function of what they
// are given.
func TestPureFloors(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "bcm/fsm" && p.ImportPath != "bcm/cluster/plan" {
			continue
		}
		for _, i := range p.Imports {
			if slices.ContainsFunc(impure, func(bad string) bool { return i == bad || strings.HasPrefix(i, bad+"/") }) {
				t.Errorf("%s must not import %s", p.ImportPath, i)
			}
		}
		for _, name := range p.GoFiles {
			fset, file := parse(t, filepath.Join(p.Dir, name))
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(clocks, s.Sel.Name) {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
						t.Errorf("%s asks the clock or the zone of this machine", fset.Position(n.Pos()))
					}
				}
				return true
			})
		}
	}
}

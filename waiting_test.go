package bcm_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// bubbled are the packages whose tests run in a bubble that the package makes.
var bubbled = regexp.MustCompile(`/cluster/clustertest/[^/]+_test\.go$`)

// fixedPort is an address to listen at with a port of one's own choice.
var fixedPort = regexp.MustCompile(`:[1-9][0-9]*"$`)

// Tests sleep in bubbles only, where it takes no time, and listen at ports that
// are free.
func TestTestsNeitherSleepNorChoosePorts(t *testing.T) {
	seen := 0
	for _, path := range sources(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		seen++
		fset, file := parse(t, path)
		bubble := bubbled.MatchString(path) || imports(file, "testing/synctest")
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if calls(call, "time", "Sleep") && !bubble {
				t.Errorf("%s: a sleep outside a bubble", fset.Position(call.Pos()))
			}
			if calls(call, "net", "Listen", "ListenPacket") && len(call.Args) == 2 {
				if a, ok := call.Args[1].(*ast.BasicLit); ok && a.Kind == token.STRING && fixedPort.MatchString(a.Value) {
					t.Errorf("%s: a fixed port, %s", fset.Position(call.Pos()), a.Value)
				}
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("no test was looked at")
	}
}

func imports(file *ast.File, path string) bool {
	for _, i := range file.Imports {
		if i.Path.Value == `"`+path+`"` {
			return true
		}
	}
	return false
}

// calls tells whether a call is of one of the functions of a package.
func calls(call *ast.CallExpr, pkg string, names ...string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok || x.Name != pkg {
		return false
	}
	for _, name := range names {
		if sel.Sel.Name == name {
			return true
		}
	}
	return false
}

package cli

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// clock is the moment at which all tests take place.
var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a manager that answers as it is told, and a person at a terminal or a
// script in front of the command line.
type world struct {
	t       *testing.T
	server  *httptest.Server
	answers map[string][]answer // by method and path; the last one stays
	real    http.Handler        // answers instead, when there is one
	asked   []string            // method, path with query, body
	env     map[string]string
	config  string

	terminal bool     // is there one
	secrets  []string // typed on it, without echo
	stdin    string
}

// answer is one of the manager's.
type answer struct {
	status int
	body   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, answers: make(map[string][]answer), config: t.TempDir()}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are part of the tests
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = map[string]string{"BCM_ADDR": w.server.URL, "BCM_CACERT": ca, "BCM_TOKEN": "bcmt_test"}
	return w
}

// on lets the manager answer a request; told twice, it answers so the second time.
func (w *world) on(request string, status int, body string) *world {
	w.answers[request] = append(w.answers[request], answer{status, body})
	return w
}

func (w *world) serve(out http.ResponseWriter, r *http.Request) {
	if w.real != nil {
		w.real.ServeHTTP(out, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	ask := r.Method + " " + r.URL.RequestURI()
	if len(body) > 0 {
		ask += " " + string(body)
	}
	w.asked = append(w.asked, ask)
	request := r.Method + " " + r.URL.EscapedPath()
	script := w.answers[request]
	if len(script) == 0 {
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(http.StatusNotFound)
		io.WriteString(out, `{"status":404,"code":"not_found","detail":"no `+request+` in this test","request_id":"r1"}`)
		return
	}
	a := script[0]
	if len(script) > 1 {
		w.answers[request] = script[1:]
	}
	kind := "application/json"
	if a.status >= 400 {
		kind = "application/problem+json"
	}
	out.Header().Set("Content-Type", kind)
	out.WriteHeader(a.status)
	io.WriteString(out, a.body)
}

// said is what a command left behind.
type said struct {
	code     int
	out, err string
}

func (w *world) app() *app {
	return &app{
		version:    "test",
		env:        func(name string) string { return w.env[name] },
		now:        func() time.Time { return clock },
		configDir:  func() (string, error) { return w.config, nil },
		isTerminal: func(any) bool { return w.terminal },
		readSecret: func(any) ([]byte, error) {
			if len(w.secrets) == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			s := w.secrets[0]
			w.secrets = w.secrets[1:]
			return []byte(s), nil
		},
		poll: time.Millisecond,
	}
}

// run runs a command line as main does.
func (w *world) run(args ...string) said {
	w.t.Helper()
	root := &cobra.Command{Use: "bcm"}
	Manners(root)
	root.AddCommand(w.app().commands()...)
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(w.stdin))
	root.SetArgs(args)
	err := root.ExecuteContext(w.t.Context())
	if err != nil {
		PrintError(&errs, err)
	}
	return said{ExitCode(err), out.String(), errs.String()}
}

// lastAsked gives the last request that a command made.
func (w *world) lastAsked() string {
	if len(w.asked) == 0 {
		return ""
	}
	return w.asked[len(w.asked)-1]
}

// list makes the answer of a listing.
func listOf(rows ...string) string {
	return `{"items":[` + strings.Join(rows, ",") + `],"total":` + jsonText(len(rows)) + `}`
}

func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// golden compares with a file under testdata; BCM_GOLDEN=write writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("BCM_GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s\nwanted:\n%s", name, got, want)
	}
}

// sameJSON tells whether two texts are the same JSON.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Errorf("%v: %s", err, a)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Errorf("%v: %s", err, b)
	}
	return reflect.DeepEqual(x, y)
}

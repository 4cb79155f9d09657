package client

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"bcm/fsm"
)

// gridOf makes a grid of servers that answer as the handlers say.
func gridOf(t *testing.T, token string, handlers ...http.HandlerFunc) *Grid {
	t.Helper()
	c := Config{Token: token}
	for _, h := range handlers {
		s := httptest.NewTLSServer(h)
		t.Cleanup(s.Close)
		c.Addresses = append(c.Addresses, s.URL)
		c.CA = append(c.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})...)
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// refuses answers with a problem.
func refuses(status int, code fsm.Code, asked *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "detail": "as it was", "request_id": "r1", "status": status,
			"errors": []fsm.FieldError{{Field: "name", Message: "is taken"}}})
	}
}

// hangsUp gives the connection up in the middle.
func hangsUp(asked *atomic.Int32) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}
}

func TestARefusalArrivesAsItself(t *testing.T) {
	var first, second atomic.Int32
	g := gridOf(t, "", refuses(409, fsm.Conflict, &first), refuses(409, fsm.Conflict, &second))
	_, err := g.CreateUserWithResponse(t.Context(), nil, CreateUserJSONRequestBody{Name: "ada", Password: "x"})
	e, ok := errors.AsType[*fsm.Error](err)
	if !ok || e.Code != fsm.Conflict || e.Message != "as it was" || len(e.Fields) != 1 || e.Fields[0].Field != "name" {
		t.Errorf("%+v", err)
	}
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Status != 409 || r.RequestID != "r1" || r.RetryAfter.Seconds() != 2 {
		t.Errorf("%+v", r)
	}
	if first.Load() != 1 || second.Load() != 0 {
		t.Error("a refusal was taken to another manager")
	}
}

func TestAnAnswerThatIsNoProblem(t *testing.T) {
	g := gridOf(t, "", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>proxy</html>", http.StatusBadGateway)
	})
	_, err := g.GetMeWithResponse(t.Context(), nil)
	if fsm.CodeOf(err) != fsm.Internal || !strings.Contains(err.Error(), "502") {
		t.Errorf("%v", err)
	}
}

// A manager that is away, or cannot decide, is passed over; the one that
// answered is asked first from then on. All tries of a change are one request.
func TestFailOver(t *testing.T) {
	for name, make := range map[string]func(*atomic.Int32) http.HandlerFunc{
		"hangs up":    hangsUp,
		"unavailable": func(n *atomic.Int32) http.HandlerFunc { return refuses(503, fsm.Unavailable, n) },
	} {
		t.Run(name, func(t *testing.T) {
			var bad, good atomic.Int32
			var bodies, ids, tokens []string
			g := gridOf(t, "secret", make(&bad), func(w http.ResponseWriter, r *http.Request) {
				good.Add(1)
				body, _ := io.ReadAll(r.Body)
				bodies, ids = append(bodies, string(body)), append(ids, r.Header.Get("Bcm-Request-Id"))
				tokens = append(tokens, r.Header.Get("Authorization"))
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"id":"u1","name":"ada","groups":[],"index":7}`)
			})
			for range 2 {
				out, err := g.CreateUserWithResponse(t.Context(), nil, CreateUserJSONRequestBody{Name: "ada", Password: "x"})
				if err != nil || out.JSON201 == nil || out.JSON201.Id != "u1" {
					t.Fatalf("%+v %v", out, err)
				}
			}
			if bad.Load() != 1 || good.Load() != 2 {
				t.Errorf("the bad one was asked %d times, the good one %d", bad.Load(), good.Load())
			}
			if !strings.Contains(bodies[0], `"ada"`) || bodies[0] != bodies[1] || ids[0] == "" || ids[0] == ids[1] || tokens[0] != "Bearer secret" {
				t.Errorf("bodies %v, ids %v, tokens %v", bodies, ids, tokens)
			}
		})
	}
}

func TestAllTriesAreOneRequest(t *testing.T) {
	ids := make(chan string, 3)
	note := func(_ http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("Bcm-Request-Id")
		panic(http.ErrAbortHandler)
	}
	g := gridOf(t, "", note, note, note)
	if _, err := g.Call(t.Context(), http.MethodPost, "/v1/backups", nil, map[string]string{"task": "t1"}); err == nil {
		t.Fatal("nobody answered, and all is well")
	}
	if a, b, c := <-ids, <-ids, <-ids; a == "" || a != b || b != c {
		t.Errorf("asked as %q, %q and %q", a, b, c)
	}
}

// A body that can be read once is sent once.
func TestAStreamIsNotSentTwice(t *testing.T) {
	var first, second atomic.Int32
	g := gridOf(t, "", hangsUp(&first), hangsUp(&second))
	body := io.MultiReader(strings.NewReader("once"))
	if _, err := g.Call(t.Context(), http.MethodPost, "/v1/cluster/snapshot", nil, body); err == nil {
		t.Fatal("nobody answered, and all is well")
	}
	if second.Load() != 0 {
		t.Error("the rest of a body was sent to another manager")
	}
}

func TestTheTokenStaysOnTheRoad(t *testing.T) {
	var stolen atomic.Bool
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Store(true) }))
	t.Cleanup(thief.Close)
	g := gridOf(t, "secret", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	})
	if resp, err := g.Call(t.Context(), http.MethodGet, "/v1/me", nil, nil); err == nil {
		_ = resp.Body.Close()
	}
	if stolen.Load() {
		t.Error("a redirect was followed")
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"manager:7443": "https://manager:7443", " https://10.0.0.1:7443/ ": "https://10.0.0.1:7443", "http://[::1]:80": "http://[::1]:80",
		"": "", "https://": "", "ftp://x": "", "https://x/v1": "", "https://x?y": "", "https://a b": "",
	} {
		u, err := baseOf(address)
		if err == nil {
			if got := u.String(); got != want {
				t.Errorf("%q is read as %q", address, got)
			}
		} else if want != "" || !errors.Is(err, ErrNoAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := New(Config{}); !errors.Is(err, ErrNoAddress) {
		t.Errorf("without an address: %v", err)
	}
	if _, err := New(Config{Addresses: []string{"x"}, CA: []byte("nonsense")}); err == nil {
		t.Error("nonsense for a CA is taken")
	}
}

// The generated file is what the generator makes of the document.
func TestGeneratedIsInStep(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	config, err := os.ReadFile("oapi-codegen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out, elsewhere := filepath.Join(dir, "client.gen.go"), filepath.Join(dir, "oapi-codegen.yaml")
	moved := strings.Replace(string(config), "output: client.gen.go", "output: "+out, 1)
	if err := os.WriteFile(elsewhere, []byte(moved), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-config", elsewhere, "openapi.json")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("client.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(made) != string(kept) {
		t.Error("client.gen.go is not what the generator makes of openapi.json: go generate ./api/client")
	}
}

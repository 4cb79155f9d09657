package sesam_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program builds the simulated server once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sesamsim-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sesamsim")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, "bcm/cmd/sesamsim").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the simulated server: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a simulated SEP sesam server: a process of its own.
type server struct {
	t    *testing.T
	args []string
	cmd  *exec.Cmd
	URL  string
	http *http.Client
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, args: append([]string{path, "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--control", "--log-level", "error"}, args...),
		http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} //nolint:gosec // a test of a self-signed server
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.CommandContext(context.Background(), s.args[0], s.args[1:]...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var ready struct{ URL string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		s.t.Fatal(err)
	}
	s.URL = ready.URL
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// call asks the server as its superuser does.
func (s *server) call(method, path string, in, out any) int {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth("Administrator", "sesam")
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			s.t.Fatalf("%s %s: %s", method, path, data)
		}
	}
	return resp.StatusCode
}

// account is a user of the simulated server.
type account struct {
	ID      int64
	Name    string
	Enabled bool
	Groups  []struct{ Name string }
}

func (s *server) accounts() (all []account) {
	s.t.Helper()
	s.call(http.MethodGet, "/sep/api/v2/users", nil, &all)
	return all
}

func (s *server) user(name string) *account {
	s.t.Helper()
	for _, a := range s.accounts() {
		if a.Name == name {
			return &a
		}
	}
	return nil
}

// letsIn tells whether a user may log in.
func (s *server) letsIn(name, password string) bool {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"username": name, "secret": password, "type": "CLASSIC"})
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+"/sep/api/v2/auth/login", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"bcm/cluster/pki"
)

// sesamCall asks a simulated server as its superuser does.
func sesamCall(t *testing.T, s devFileSesam, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	check(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	check(t, err)
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(s.Admin+":"+s.Password)))
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a test of a self-signed server
	defer c.CloseIdleConnections()
	resp, err := c.Do(req)
	check(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	check(t, err)
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, data)
	}
	if out != nil {
		check(t, json.Unmarshal(data, out))
	}
}

// inStep waits until all managed servers are in step, and no password waits.
func (g *testGrid) inStep(what string, n int) {
	g.t.Helper()
	g.eventually(what, func() error {
		var status struct {
			Items []struct {
				Node, Status, Error string
				Waiting             int `json:"waiting_passwords"`
			}
		}
		if err := g.call(http.MethodGet, "/v1/sync?cluster_mode=managed", nil, &status); err != nil {
			return err
		}
		if len(status.Items) != n {
			return fmt.Errorf("%d servers are managed", len(status.Items))
		}
		for _, s := range status.Items {
			if s.Status != "in-step" || s.Waiting > 0 {
				return fmt.Errorf("%s is %s, %d passwords wait: %s", s.Node, s.Status, s.Waiting, s.Error)
			}
		}
		return nil
	})
}

// Managed servers are in step in the end, whoever is killed meanwhile: each has each
// user once, with the right password.
func TestServersStayInStep(t *testing.T) {
	const servers = 6
	g := newTestGrid(t, "--backup-managers", "0", "--storages", "0", "--demo=false", "--sesam", fmt.Sprint(servers))
	for _, s := range g.file.Sesam {
		g.eventually(s.Name+" is seen", func() error {
			return g.call(http.MethodPatch, "/v1/nodes/"+s.Name, object{"cluster_mode": "managed", "take_over": true}, nil)
		})
	}
	g.inStep("all are taken over", servers)
	password := pki.NewBearer("") + "-Aa1"
	begun := time.Now()
	g.must(http.MethodPost, "/v1/users", object{"name": "first", "password": password, "groups": []string{"Operators"}}, nil)
	g.inStep("one more user is on all", servers)
	t.Logf("a new user was on %d servers after %v", servers, time.Since(begun).Round(time.Millisecond))

	for i := range 12 {
		g.must(http.MethodPost, "/v1/users", object{"name": fmt.Sprint("u", i), "password": password, "groups": []string{"Backup users"}}, nil)
		switch i {
		case 3:
			g.kill(g.leader())
		case 6:
			check(t, syscall.Kill(g.file.Sesam[0].PID, syscall.SIGKILL))
		}
	}
	g.restart(g.file.Sesam[0].Name)
	g.inStep("all are in step again", servers)
	check(t, g.read())
	for _, s := range g.file.Sesam {
		var users []struct{ Name string }
		sesamCall(t, s, http.MethodGet, "/sep/api/v2/users", nil, &users)
		seen := make(map[string]int)
		for _, u := range users {
			seen[u.Name]++
		}
		for i := range 12 {
			if name := fmt.Sprint("u", i); seen[name] != 1 {
				t.Errorf("%s has %s %d times", s.Name, name, seen[name])
			}
		}
		var session any
		sesamCall(t, s, http.MethodPost, "/sep/api/v2/auth/login", object{"username": "u11", "secret": password, "type": "CLASSIC"}, &session)
	}
}

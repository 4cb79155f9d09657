package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// grid is a running `bcm dev` of our own.
type grid struct {
	dir  string
	cmd  *exec.Cmd
	log  bytes.Buffer
	http *http.Client
	info struct {
		Managers []struct {
			Name, ID, URL string
			PID           int
		} `json:"managers"`
		Admin struct {
			Name, Password, Token string
		} `json:"admin"`
		CA string `json:"ca"`
	}
}

const startLimit = 2 * time.Minute

// startGrid starts three managers alone, on free ports, and waits until they
// are healthy.
func startGrid(ctx context.Context, bcm string) (*grid, error) {
	dir, err := os.MkdirTemp("", "bcmbench-")
	if err != nil {
		return nil, err
	}
	g := &grid{dir: dir}
	g.cmd = exec.CommandContext(ctx, bcm, "dev", "--data-dir", filepath.Join(dir, "grid"), "--api-port", "0",
		"--backup-managers", "0", "--storages", "0", "--sesam", "0", "--demo=false")
	g.cmd.Stdout, g.cmd.Stderr = &g.log, &g.log
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(syscall.SIGTERM) }
	g.cmd.WaitDelay = 30 * time.Second
	if err := g.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", bcm, err), os.RemoveAll(dir))
	}
	if err := g.await(ctx); err != nil {
		return nil, errors.Join(err, g.stop(), fmt.Errorf("it said:\n%s", g.log.String()))
	}
	return g, nil
}

// await polls for dev.json, which is written once the grid is healthy.
func (g *grid) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(filepath.Join(g.dir, "grid", "dev.json"))
		if err == nil && json.Unmarshal(data, &g.info) == nil {
			return g.trust()
		}
		select {
		case <-ctx.Done():
			return errors.New("the grid was not healthy in time")
		case <-tick.C:
		}
	}
}

func (g *grid) trust() error {
	pem, err := os.ReadFile(g.info.CA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", g.info.CA)
	}
	g.http = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13},
		MaxIdleConnsPerHost: 512,
	}}
	return nil
}

func (g *grid) stop() error {
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var exit *exec.ExitError
	if err := g.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return os.RemoveAll(g.dir)
}

// call sends one authenticated request and reads the whole answer.
func (g *grid) call(ctx context.Context, method, url string, body any) ([]byte, error) {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+g.info.Admin.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, out)
	}
	return out, nil
}

// leader finds the position of the manager that leads now.
func (g *grid) leader(ctx context.Context) (int, error) {
	var status struct{ Leader string }
	for _, m := range g.info.Managers {
		out, err := g.call(ctx, http.MethodGet, m.URL+"/v1/cluster", nil)
		if err != nil {
			continue
		}
		if err := json.Unmarshal(out, &status); err != nil {
			return 0, err
		}
		for i, other := range g.info.Managers {
			if other.Name == status.Leader || other.ID == status.Leader {
				return i, nil
			}
		}
	}
	return 0, errors.New("no manager knows a leader")
}

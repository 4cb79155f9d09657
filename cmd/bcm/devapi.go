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
	"time"
)

// devAPI is the little of the HTTP API that a grid for trying out needs to set
// itself up. It asks the next manager when one does not answer.
type devAPI struct {
	http  *http.Client
	base  []string
	token string
}

func newDevAPI(caFile string, base ...string) (*devAPI, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}
	return &devAPI{http: &http.Client{Timeout: 15 * time.Second, Transport: transport}, base: base}, nil
}

// call sends a request with a JSON body and reads the JSON answer into out.
func (a *devAPI) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var errs []error
	for _, base := range a.base {
		answered, err := a.callOne(ctx, method, base+path, body, in != nil, out)
		if err == nil || answered {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (a *devAPI) callOne(ctx context.Context, method, url string, body []byte, hasBody bool, out any) (answered bool, err error) {
	var in io.Reader
	if hasBody {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, in)
	if err != nil {
		return false, err
	}
	if hasBody {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, err
	}
	if resp.StatusCode >= 300 {
		return resp.StatusCode < 500, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, data)
	}
	if out == nil {
		return true, nil
	}
	return true, json.Unmarshal(data, out)
}

// login returns an API token that does not end.
func (a *devAPI) login(ctx context.Context, name, password string) (string, error) {
	var session, token struct{ Token string }
	if err := a.call(ctx, http.MethodPost, "/v1/login", map[string]any{"name": name, "password": password}, &session); err != nil {
		return "", err
	}
	a.token = session.Token
	err := a.call(ctx, http.MethodPost, "/v1/api-tokens", map[string]any{"name": "bcm dev"}, &token)
	if err == nil {
		a.token = token.Token
	}
	return token.Token, err
}

func (a *devAPI) joinToken(ctx context.Context, role string, uses int) (string, error) {
	var out struct{ Token string }
	err := a.call(ctx, http.MethodPost, "/v1/join-tokens",
		map[string]any{"roles": []string{role}, "ttl": "1h", "uses": uses}, &out)
	return out.Token, err
}

// healthy tells what the grid still lacks.
func (a *devAPI) healthy(ctx context.Context, voters, nodes int) error {
	var cluster struct {
		Leader  string
		Members []struct{ Voter, Healthy bool }
	}
	if err := a.call(ctx, http.MethodGet, "/v1/cluster", nil, &cluster); err != nil {
		return err
	}
	voting := 0
	for _, m := range cluster.Members {
		if m.Voter && m.Healthy {
			voting++
		}
	}
	var list struct{ Total int }
	if err := a.call(ctx, http.MethodGet, "/v1/nodes?status=online&limit=1", nil, &list); err != nil {
		return err
	}
	if cluster.Leader == "" || voting < voters || list.Total < nodes {
		return fmt.Errorf("leader %q, %d of %d managers vote, %d of %d nodes are online",
			cluster.Leader, voting, voters, list.Total, nodes)
	}
	return nil
}

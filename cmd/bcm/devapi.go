package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"bcm/api/client"
)

// devAPI is the little of the HTTP API that a grid for trying out needs to set
// itself up.
type devAPI struct {
	*client.Grid
	ca    []byte
	base  []string
	token string
}

func newDevAPI(caFile, token string, base ...string) (*devAPI, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	a := &devAPI{ca: pem}
	return a, a.turn(token, base)
}

// turn makes it ask those managers, with that token.
func (a *devAPI) turn(token string, base []string) error {
	if a.Grid != nil && token == a.token && slices.Equal(base, a.base) {
		return nil
	}
	grid, err := client.New(client.Config{Addresses: base, Token: token, CA: a.ca, Timeout: 15 * time.Second})
	if err != nil {
		return err
	}
	if a.Grid != nil {
		a.Close()
	}
	a.Grid, a.token, a.base = grid, token, base
	return nil
}

// login returns an API token that does not end.
func (a *devAPI) login(ctx context.Context, name, password string) (string, error) {
	var session, token struct{ Token string }
	if err := a.Ask(ctx, http.MethodPost, "/v1/login", map[string]any{"name": name, "password": password}, &session); err != nil {
		return "", err
	}
	if err := a.turn(session.Token, a.base); err != nil {
		return "", err
	}
	if err := a.Ask(ctx, http.MethodPost, "/v1/api-tokens", map[string]any{"name": "bcm dev"}, &token); err != nil {
		return "", err
	}
	return token.Token, a.turn(token.Token, a.base)
}

func (a *devAPI) joinToken(ctx context.Context, role string, uses int) (string, error) {
	var out struct{ Token string }
	err := a.Ask(ctx, http.MethodPost, "/v1/join-tokens",
		map[string]any{"roles": []string{role}, "ttl": "1h", "uses": uses}, &out)
	return out.Token, err
}

// healthy tells what the grid still lacks.
func (a *devAPI) healthy(ctx context.Context, voters, nodes int) error {
	var cluster struct {
		Leader  string
		Members []struct{ Voter, Healthy bool }
	}
	if err := a.Ask(ctx, http.MethodGet, "/v1/cluster", nil, &cluster); err != nil {
		return err
	}
	voting := 0
	for _, m := range cluster.Members {
		if m.Voter && m.Healthy {
			voting++
		}
	}
	var list struct{ Total int }
	if err := a.Ask(ctx, http.MethodGet, "/v1/nodes?status=online&limit=1", nil, &list); err != nil {
		return err
	}
	if cluster.Leader == "" || voting < voters || list.Total < nodes {
		return fmt.Errorf("leader %q, %d of %d managers vote, %d of %d nodes are online",
			cluster.Leader, voting, voters, list.Total, nodes)
	}
	return nil
}

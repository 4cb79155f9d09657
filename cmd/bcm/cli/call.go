package cli

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
	"net/url"

	"bcm/fsm"
)

// grid is the way to talk to the managers.
type grid struct {
	target target
	http   *http.Client
}

// grid connects to nothing yet; the first call does.
func (a *app) grid() (*grid, error) {
	t, err := a.target()
	if err != nil {
		return nil, err
	}
	return a.gridOf(t)
}

func (a *app) gridOf(t target) (*grid, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if len(t.ca) > 0 {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(t.ca)
	}
	return &grid{t, &http.Client{Transport: &http.Transport{TLSClientConfig: config}}}, nil
}

func (g *grid) open(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var data []byte
	if r, ok := body.(io.Reader); ok {
		data, _ = io.ReadAll(r)
	} else if body != nil {
		data, _ = json.Marshal(body)
	}
	u := g.target.addrs[0] + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+g.target.token)
	res, err := g.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 400 {
		defer res.Body.Close()
		var p struct {
			Detail    string
			Code      fsm.Code
			RequestID string `json:"request_id"`
			Errors    []fsm.FieldError
		}
		_ = json.NewDecoder(res.Body).Decode(&p)
		return nil, &fsm.Error{Code: p.Code, Message: p.Detail, Fields: p.Errors}
	}
	return res, nil
}

func (g *grid) call(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	res, err := g.open(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return data, nil
}

func at(parts ...string) string {
	p := "/v1"
	for _, one := range parts {
		p += "/" + url.PathEscape(one)
	}
	return p
}

// temporary tells whether a call may go well a little later.
func temporary(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok || fsm.CodeOf(err) == fsm.Unavailable
}

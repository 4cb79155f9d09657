package main

import (
	"context"
	"net/http"

	"bcm/agent/sesam"
	"bcm/api"
	"bcm/fsm"
)

// servers asks SEP sesam servers for the door.
type servers struct{ carrier *sesam.Carrier }

// Probe gives the certificate that a server shows.
func (servers) Probe(ctx context.Context, address string) (api.ServerCertificate, error) {
	cert, err := sesam.Probe(ctx, address)
	return api.ServerCertificate(cert), err
}

// Plain carries requests as they are.
func (s servers) Plain(to fsm.ServerAccess) http.RoundTripper { return s.carrier.To(to) }

// Account carries requests in a session of the account.
func (s servers) Account(to fsm.ServerAccess) http.RoundTripper { return s.carrier.As(to) }

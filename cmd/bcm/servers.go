package main

import (
	"context"

	"bcm/agent/sesam"
	"bcm/api"
)

// servers asks SEP sesam servers for the door.
type servers struct{}

// Probe gives the certificate that a server shows.
func (servers) Probe(ctx context.Context, address string) (api.ServerCertificate, error) {
	cert, err := sesam.Probe(ctx, address)
	return api.ServerCertificate(cert), err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"bcm/agent"
)

// endpoint is a port of this member: what it listens on and what others dial.
type endpoint struct {
	Listen    string `json:"listen"`
	Advertise string `json:"advertise"`
}

// endpoints of a member; one that it does not have is empty. They are kept in
// its directory: a port that was picked once stays the member's, since others
// remember it.
type endpoints struct {
	API     endpoint `json:"api"`
	Member  endpoint `json:"member"`
	Gossip  endpoint `json:"gossip"`
	Storage endpoint `json:"storage"`
	Metrics endpoint `json:"metrics"`
	PID     int      `json:"pid"`
}

const endpointsFile = "endpoints.json"

// settle turns the configured addresses into real ones: a port of 0 becomes the
// one picked before, or a free one, and an address to advertise is found where
// none is given.
func settle(dir string, listen, advertise addresses) (endpoints, error) {
	var before endpoints
	data, err := os.ReadFile(filepath.Join(dir, endpointsFile))
	if err == nil {
		err = json.Unmarshal(data, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return endpoints{}, fmt.Errorf("%s: %w", endpointsFile, err)
	}
	e := endpoints{PID: os.Getpid()}
	for _, one := range []struct {
		to                *endpoint
		listen, advertise string
		before            endpoint
	}{
		{&e.API, listen.API, advertise.API, before.API},
		{&e.Member, listen.Member, advertise.Member, before.Member},
		{&e.Gossip, listen.Gossip, advertise.Gossip, before.Gossip},
		{&e.Storage, listen.Storage, advertise.Storage, before.Storage},
		{&e.Metrics, listen.Metrics, advertise.Metrics, before.Metrics},
	} {
		if one.listen == "" {
			continue
		}
		if *one.to, err = settleOne(one.listen, one.advertise, one.before); err != nil {
			return e, err
		}
	}
	return e, nil
}

func settleOne(listen, advertise string, before endpoint) (endpoint, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return endpoint{}, usageError{fmt.Errorf("address to listen on %q: %w", listen, err)}
	}
	if port == "0" {
		if port, err = pickPort(host, before); err != nil {
			return endpoint{}, err
		}
	}
	out := endpoint{Listen: net.JoinHostPort(host, port)}
	toHost, toPort := "", port
	if advertise != "" {
		if toHost, toPort, err = net.SplitHostPort(advertise); err != nil {
			return endpoint{}, usageError{fmt.Errorf("address to advertise %q: %w", advertise, err)}
		}
		if toPort == "0" {
			toPort = port
		}
	}
	if toHost == "" {
		toHost = reachable(host)
	}
	out.Advertise = net.JoinHostPort(toHost, toPort)
	return out, nil
}

// Picked ports lie below those that systems give to outgoing connections (from 32768
// on Linux, 49152 elsewhere): between picking a port and listening at it, somebody's
// connection could take one of those.
const (
	firstPicked = 10240
	lastPicked  = 32767
)

// pickPort gives the port used before, or one that is free for TCP and UDP.
func pickPort(host string, before endpoint) (string, error) {
	if _, port, err := net.SplitHostPort(before.Listen); err == nil {
		return port, nil
	}
	var last error
	for range 100 {
		port := strconv.Itoa(firstPicked + rand.IntN(lastPicked-firstPicked+1))
		if last = free(host, port); last == nil {
			return port, nil
		}
	}
	return "", fmt.Errorf("picking a port for %s: %w", host, last)
}

// free tells whether nobody listens at a port.
func free(host, port string) error {
	var c net.ListenConfig
	addr := net.JoinHostPort(host, port)
	tcp, err := c.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	udp, err := c.ListenPacket(context.Background(), "udp", addr)
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	return errors.Join(udp.Close(), tcp.Close())
}

// reachable is a host under which others find one who listens on host: itself,
// or the first address of this machine when it listens on all.
func reachable(host string) string {
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return host
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1" // better than nothing: a grid on one machine
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// save keeps the endpoints, for the next start and for those who look for them.
func (e endpoints) save(dir string) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return agent.WriteFile(filepath.Join(dir, endpointsFile), append(data, '\n'), 0o644)
}

// listen opens a TCP port, with a message that says what to do when it is taken.
func listen(ctx context.Context, what, addr string) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w; is another bcm running? choose another address with --listen-%s", what, err, what)
	default:
		return nil, fmt.Errorf("%s: %w; choose another address with --listen-%s", what, err, what)
	}
}

// probe tells whether a port that another part will open is free, with the same
// message.
func probe(ctx context.Context, what, addr string) error {
	l, err := listen(ctx, what, addr)
	if err != nil {
		return err
	}
	return l.Close()
}

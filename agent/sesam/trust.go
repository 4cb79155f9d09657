package sesam

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Bounds on connections.
const (
	dialTimeout   = 3 * time.Second
	answerTimeout = 30 * time.Second
	connsEach     = 8 // to one server
)

// fingerprintOf is the SHA-256 of a certificate, in hexadecimal.
func fingerprintOf(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// pinned is a TLS configuration that takes a certificate that is trusted and no other. Servers
// sign their certificates themselves, so that there is no chain to look at.
func pinned(trusts func(fingerprint string) bool) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // the fingerprint is compared below, in every handshake
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := fingerprintOf(state.PeerCertificates[0]); !trusts(got) {
				return fmt.Errorf("%w: it is %s", ErrFingerprint, got)
			}
			return nil
		},
	}
}

// dial connects to a server. Addresses that no server has are refused when the name
// has been resolved, and so that a name cannot turn into one later: those of this
// very link, where clouds tell machines their secrets, and those of many. This host
// must be named as such.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	named, err := netip.ParseAddr(host)
	local := host == "localhost" || err == nil && named.Unmap().IsLoopback()
	d := net.Dialer{Timeout: dialTimeout, Control: func(_, to string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(to)
		if err != nil {
			return err
		}
		ip := at.Addr().Unmap()
		if ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() || ip.IsLoopback() && !local || ip == broadcast {
			return fmt.Errorf("%s is no address of a server", ip)
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Transport reaches one server, with the one certificate that is trusted. It goes
// through no proxy.
func Transport(fingerprint string) *http.Transport {
	return transport(func(shown string) bool { return shown == fingerprint })
}

func transport(trusts func(fingerprint string) bool) *http.Transport {
	return &http.Transport{
		DialContext:           dial,
		TLSClientConfig:       pinned(trusts),
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		MaxConnsPerHost:       connsEach,
		MaxIdleConnsPerHost:   connsEach,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
}

// Certificate is what a server shows before anything of it is trusted.
type Certificate struct {
	Fingerprint string
	Subject     string
	Issuer      string
	NotAfter    time.Time
}

// Probe asks a server for its certificate, and sends it nothing.
func Probe(ctx context.Context, address string) (Certificate, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return Certificate{}, fmt.Errorf("%q is not of the form https://host:port", address)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	conn, err := dial(ctx, "tcp", u.Host)
	if err != nil {
		return Certificate{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname(), InsecureSkipVerify: true}) //nolint:gosec // a person is asked about what it shows
	if err := secure.HandshakeContext(ctx); err != nil {
		return Certificate{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(secure.ConnectionState().PeerCertificates) == 0 {
		return Certificate{}, errors.New("the server shows no certificate")
	}
	cert := secure.ConnectionState().PeerCertificates[0]
	return Certificate{Fingerprint: fingerprintOf(cert), Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), NotAfter: cert.NotAfter}, nil
}

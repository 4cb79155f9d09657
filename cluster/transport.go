package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"bcm/cluster/pki"
)

// Protocols of the members' port.
const (
	ALPNRaft  = "bcm-raft/1"  // raft's stream, between managers
	ALPNRPC   = "bcm-rpc/1"   // HTTP between managers
	ALPNAgent = "bcm-agent/1" // HTTP of nodes that ask managers
)

const (
	handshakeTimeout = 5 * time.Second
	maxHandshakes    = 256 // at once
	maxHandshakesIP  = 32  // at once from one address
)

var errNoAddress = errors.New("no address is known")

// port is the one TCP port of a member. It tells connections apart by their
// protocol, and lets in only who may use it.
type port struct {
	ln       net.Listener
	network  Network
	identity *pki.Holder
	admits   func(peer pki.Identity, cert *x509.Certificate, alpn string) error
	resolve  func(id string) []string
	log      hclog.Logger
	queues   map[string]*queue

	mu    sync.Mutex
	conns map[*tracked]struct{}
	busy  map[string]int // handshakes in progress by address; "" counts all
	done  chan struct{}
	tasks sync.WaitGroup
}

func newPort(cfg Config, ln net.Listener, log hclog.Logger) *port {
	p := &port{ln: ln, network: cfg.Network, identity: cfg.Identity, log: log, queues: map[string]*queue{},
		conns: map[*tracked]struct{}{}, busy: map[string]int{}, done: make(chan struct{})}
	for _, alpn := range []string{ALPNRaft, ALPNRPC, ALPNAgent} {
		p.queues[alpn] = &queue{conns: make(chan net.Conn), done: make(chan struct{}), addr: ln.Addr()}
	}
	return p
}

// serve accepts connections until the port is closed. It returns nil then, and
// otherwise why no more can be accepted.
func (p *port) serve() error {
	config := p.identity.ServerTLS(ALPNRaft, ALPNRPC, ALPNAgent)
	for pause := 5 * time.Millisecond; ; {
		raw, err := p.ln.Accept()
		select {
		case <-p.done:
			if err == nil {
				raw.Close()
			}
			return nil
		default:
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // too many open files, for one: that passes
			p.log.Warn("cannot accept a connection", "error", err)
			select {
			case <-time.After(pause):
			case <-p.done:
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		p.receive(raw, config)
	}
}

// receive greets a connection and hands it to the queue of its protocol.
func (p *port) receive(raw net.Conn, config *tls.Config) {
	ip := hostOf(raw.RemoteAddr())
	if !p.begin(ip) {
		p.log.Warn("too many connections are being opened; one refused", "from", raw.RemoteAddr())
		raw.Close()
		return
	}
	p.tasks.Add(1)
	go func() {
		defer p.tasks.Done()
		conn := tls.Server(p.track(raw), config)
		peer, err := p.greet(context.Background(), conn)
		p.end(ip)
		if err != nil {
			p.log.Debug("connection refused", "from", raw.RemoteAddr(), "error", err)
			conn.Close()
			return
		}
		p.queues[peer].put(conn)
	}()
}

// greet finishes the handshake and returns the protocol agreed.
func (p *port) greet(ctx context.Context, conn *tls.Conn) (alpn string, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return "", err
	}
	state := conn.ConnectionState()
	peer, err := pki.PeerOf(state)
	if err != nil {
		return "", err
	}
	cert := state.PeerCertificates[0]
	if err := p.admits(peer, cert, state.NegotiatedProtocol); err != nil {
		return "", err
	}
	raw, ok := conn.NetConn().(*tracked)
	if !ok {
		return "", fmt.Errorf("connection of type %T", conn.NetConn())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	raw.peer, raw.cert, raw.alpn = peer, cert, state.NegotiatedProtocol
	return raw.alpn, nil
}

// dial connects to a manager by its id. The other end must prove to be it.
func (p *port) dial(ctx context.Context, id, alpn string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	err := fmt.Errorf("member %s: %w", id, errNoAddress)
	for _, addr := range p.resolve(id) {
		raw, dialErr := p.network.Dial(ctx, addr)
		if dialErr != nil {
			err = dialErr
			continue
		}
		conn := tls.Client(p.track(raw), p.identity.ClientTLS(alpn, id))
		if _, err = p.greet(ctx, conn); err == nil {
			return conn, nil
		}
		conn.Close()
	}
	return nil, err
}

// sweep closes the connections of peers that may not have them any longer.
func (p *port) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if c.cert == nil {
			continue
		}
		if err := p.admits(c.peer, c.cert, c.alpn); err != nil {
			p.log.Info("connection closed", "peer", c.peer.ID, "reason", err)
			c.Conn.Close() // the reader notices and closes the rest
		}
	}
}

// close ends all that goes through the port.
func (p *port) close() error {
	close(p.done)
	err := p.ln.Close()
	for _, q := range p.queues {
		_ = q.Close() // never fails
	}
	p.mu.Lock()
	for c := range p.conns {
		c.Conn.Close()
	}
	p.mu.Unlock()
	p.tasks.Wait()
	return err
}

// begin counts a handshake, unless there are too many.
func (p *port) begin(ip string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy[""] >= maxHandshakes || p.busy[ip] >= maxHandshakesIP {
		return false
	}
	p.busy[""]++
	p.busy[ip]++
	return true
}

func (p *port) end(ip string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy[""]--
	if p.busy[ip]--; p.busy[ip] == 0 {
		delete(p.busy, ip)
	}
}

// tracked is a connection that the port can find again.
type tracked struct {
	net.Conn
	port *port
	peer pki.Identity
	cert *x509.Certificate // nil until the peer is known
	alpn string
}

func (p *port) track(raw net.Conn) *tracked {
	c := &tracked{Conn: raw, port: p}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
	select {
	case <-p.done: // close has passed already
		raw.Close()
	default:
	}
	return c
}

func (c *tracked) Close() error {
	c.port.mu.Lock()
	delete(c.port.conns, c)
	c.port.mu.Unlock()
	return c.Conn.Close()
}

// queue is the listener of one protocol.
type queue struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	addr  net.Addr
}

func (q *queue) put(conn net.Conn) {
	select {
	case q.conns <- conn:
	case <-q.done:
		conn.Close()
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

func (q *queue) Addr() net.Addr { return q.addr }

// stream is raft's way through the port. Members are addressed by their ids, so
// that one that moves needs no change of raft's configuration.
type stream struct {
	*queue
	port *port
	id   string
}

func (s stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return s.port.dial(ctx, string(address), ALPNRaft)
}

func (s stream) Addr() net.Addr { return idAddr(s.id) }

// idAddr is the address of a member to raft: its id.
type idAddr string

func (idAddr) Network() string  { return "bcm" }
func (a idAddr) String() string { return string(a) }

func hostOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return host
}

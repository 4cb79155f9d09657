package clustertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"bcm/cluster"
)

// latency of one way between two hosts.
const latency = 200 * time.Microsecond

// Net is a network in memory. Hosts are IP addresses.
type Net struct {
	mu        sync.Mutex
	listeners map[string]*listener   // by host:port
	packets   map[string]*packetConn // by host:port
	streams   map[*stream]struct{}
	cut       map[[2]string]bool // from, to
	loss      float64            // share of packets that are lost
	random    *rand.Rand
	healed    chan struct{} // closed when a link comes back
	ports     int
}

func newNet(seed uint64) *Net {
	return &Net{listeners: map[string]*listener{}, packets: map[string]*packetConn{}, streams: map[*stream]struct{}{},
		cut: map[[2]string]bool{}, random: rand.New(rand.NewPCG(seed, 1)), healed: make(chan struct{}), ports: 40000}
}

// Cut stops everything from one host to another, without a sign to either.
func (n *Net) Cut(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]string{from, to}] = true
}

// Lose makes that share of all packets disappear; streams are not affected.
func (n *Net) Lose(share float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loss = share
}

// Heal brings all links back. What streams had under way arrives.
func (n *Net) Heal() {
	n.mu.Lock()
	clear(n.cut)
	close(n.healed)
	n.healed = make(chan struct{})
	open := make([]*stream, 0, len(n.streams))
	for s := range n.streams {
		open = append(open, s)
	}
	n.mu.Unlock()
	for _, s := range open {
		s.in.wake()
	}
}

// Crash resets all streams of a host and closes its ports, as the end of its
// process does.
func (n *Net) Crash(host string) {
	n.mu.Lock()
	var gone []func()
	for s := range n.streams {
		if s.local == host || s.remote == host {
			gone = append(gone, s.reset)
		}
	}
	for _, l := range n.listeners {
		if l.addr.IP.String() == host {
			gone = append(gone, func() { l.Close() })
		}
	}
	for _, p := range n.packets {
		if p.addr.IP.String() == host {
			gone = append(gone, func() { p.Close() })
		}
	}
	n.mu.Unlock()
	for _, do := range gone {
		do()
	}
}

// linked tells whether anything gets from one host to another.
func (n *Net) linked(from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.cut[[2]string{from, to}]
}

// dropped decides whether a packet is lost.
func (n *Net) dropped(from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut[[2]string{from, to}] || n.loss > 0 && n.random.Float64() < n.loss
}

// On is the network as a host sees it.
func (n *Net) On(host string) cluster.Network {
	return cluster.Network{
		Listen:       n.listen,
		ListenPacket: n.listenPacket,
		Dial:         func(ctx context.Context, addr string) (net.Conn, error) { return n.dial(ctx, host, addr) },
	}
}

func (n *Net) listen(addr string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, taken := n.listeners[tcp.String()]; taken {
		return nil, fmt.Errorf("listen %s: %w", addr, syscall.EADDRINUSE)
	}
	l := &listener{net: n, addr: tcp, conns: make(chan net.Conn, 256), done: make(chan struct{})}
	n.listeners[tcp.String()] = l
	return l, nil
}

func (n *Net) dial(ctx context.Context, host, addr string) (net.Conn, error) {
	to, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	for {
		n.mu.Lock()
		healed := n.healed
		n.mu.Unlock()
		if n.linked(host, to) && n.linked(to, host) {
			break
		}
		select {
		case <-healed:
		case <-ctx.Done():
			return nil, fmt.Errorf("dial %s: %w", addr, ctx.Err())
		}
	}
	time.Sleep(2 * latency)
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.listeners[addr]
	if !ok {
		return nil, fmt.Errorf("dial %s: %w", addr, syscall.ECONNREFUSED)
	}
	n.ports++
	from := &net.TCPAddr{IP: net.ParseIP(host), Port: n.ports}
	near, far := newPair(n, from, l.addr)
	select {
	case l.conns <- far:
		n.streams[near], n.streams[far] = struct{}{}, struct{}{}
		return near, nil
	default:
		return nil, fmt.Errorf("dial %s: %w", addr, syscall.ECONNREFUSED)
	}
}

type listener struct {
	net   *Net
	addr  *net.TCPAddr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.net.mu.Lock()
		delete(l.net.listeners, l.addr.String())
		l.net.mu.Unlock()
	})
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

// packetConn carries packets; they may be lost.
type packetConn struct {
	net  *Net
	addr *net.UDPAddr
	in   chan packet
	once sync.Once
	done chan struct{}
}

type packet struct {
	data  []byte
	from  net.Addr
	ready time.Time
}

func (n *Net) listenPacket(addr string) (net.PacketConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	udp, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	if _, taken := n.packets[udp.String()]; taken {
		return nil, fmt.Errorf("listen %s: %w", addr, syscall.EADDRINUSE)
	}
	p := &packetConn{net: n, addr: udp, in: make(chan packet, 1024), done: make(chan struct{})}
	n.packets[udp.String()] = p
	return p, nil
}

func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case got := <-p.in:
		if wait := time.Until(got.ready); wait > 0 {
			time.Sleep(wait)
		}
		return copy(b, got.data), got.from, nil
	case <-p.done:
		return 0, nil, net.ErrClosed
	}
}

func (p *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, errors.New("not an address of a packet")
	}
	select {
	case <-p.done:
		return 0, net.ErrClosed
	default:
	}
	if p.net.dropped(p.addr.IP.String(), to.IP.String()) {
		return len(b), nil
	}
	data := append([]byte(nil), b...)
	p.net.deliver(to, packet{data, p.addr, time.Now().Add(latency)})
	return len(b), nil
}

func (n *Net) deliver(to *net.UDPAddr, got packet) {
	n.mu.Lock()
	p := n.packets[to.String()]
	n.mu.Unlock()
	if p == nil {
		return
	}
	select {
	case p.in <- got:
	default: // the queue is full: lost
	}
}

func (p *packetConn) Close() error {
	p.once.Do(func() {
		close(p.done)
		p.net.mu.Lock()
		delete(p.net.packets, p.addr.String())
		p.net.mu.Unlock()
	})
	return nil
}

func (p *packetConn) LocalAddr() net.Addr              { return p.addr }
func (p *packetConn) SetDeadline(time.Time) error      { return nil }
func (p *packetConn) SetReadDeadline(time.Time) error  { return nil }
func (p *packetConn) SetWriteDeadline(time.Time) error { return nil }

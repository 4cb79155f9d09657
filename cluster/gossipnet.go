package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/memberlist"
)

const (
	maxPacket    = 65536
	packetBuffer = 2 << 20 // bytes the system keeps for us
	portTries    = 20      // to find one that is free for TCP and UDP
)

// gossipNet carries memberlist's packets and streams over a [Network].
type gossipNet struct {
	network Network
	ln      net.Listener
	udp     net.PacketConn
	ip      net.IP
	port    int
	log     hclog.Logger

	packets chan *memberlist.Packet
	streams chan net.Conn
	done    chan struct{}
	once    sync.Once
	tasks   sync.WaitGroup
}

func newGossipNet(cfg Config, log hclog.Logger) (*gossipNet, error) {
	ln, udp, err := listenBoth(cfg.Network, cfg.GossipBind)
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	g := &gossipNet{network: cfg.Network, ln: ln, udp: udp, log: log,
		packets: make(chan *memberlist.Packet), streams: make(chan net.Conn), done: make(chan struct{})}
	if g.ip, g.port, err = resolveAdvertised(cfg.GossipAdvertise, ln.Addr()); err != nil {
		return nil, errors.Join(fmt.Errorf("gossip: %w", err), ln.Close(), udp.Close())
	}
	if c, ok := udp.(interface{ SetReadBuffer(int) error }); ok {
		if err := c.SetReadBuffer(packetBuffer); err != nil {
			log.Debug("the packet buffer stays small", "error", err)
		}
	}
	g.tasks.Add(2)
	go g.readPackets()
	go g.acceptStreams()
	return g, nil
}

// listenBoth listens for streams and packets on one port. A port of 0 that is
// free for one and taken for the other is tried again.
func listenBoth(n Network, addr string) (net.Listener, net.PacketConn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, err
	}
	for try := 1; ; try++ {
		ln, err := n.Listen(addr)
		if err != nil {
			return nil, nil, err
		}
		_, got, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return nil, nil, errors.Join(err, ln.Close())
		}
		udp, err := n.ListenPacket(net.JoinHostPort(host, got))
		if err == nil {
			return ln, udp, nil
		}
		ln.Close()
		if port != "0" || try == portTries {
			return nil, nil, err
		}
	}
}

func resolveAdvertised(want string, listening net.Addr) (net.IP, int, error) {
	addr, err := advertised(want, listening)
	if err != nil {
		return nil, 0, err
	}
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, 0, fmt.Errorf("port %q: %w", portText, err)
	}
	if ip := net.ParseIP(host); ip != nil {
		return ip, port, nil
	}
	ips, err := net.DefaultResolver.LookupIP(context.Background(), "ip", host)
	if err != nil {
		return nil, 0, err
	}
	return ips[0], port, nil
}

func (g *gossipNet) readPackets() {
	defer g.tasks.Done()
	for {
		buf := make([]byte, maxPacket)
		n, from, err := g.udp.ReadFrom(buf)
		if err != nil {
			if g.over(err) {
				return
			}
			continue
		}
		p := &memberlist.Packet{Buf: append([]byte(nil), buf[:n]...), From: from, Timestamp: time.Now()}
		select {
		case g.packets <- p:
		case <-g.done:
			return
		}
	}
}

func (g *gossipNet) acceptStreams() {
	defer g.tasks.Done()
	for {
		conn, err := g.ln.Accept()
		if err != nil {
			if g.over(err) {
				return
			}
			continue
		}
		select {
		case g.streams <- conn:
		case <-g.done:
			conn.Close()
			return
		}
	}
}

// over tells whether reading has come to its end; otherwise it waits a little.
func (g *gossipNet) over(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return true
	}
	g.log.Debug("gossip cannot be read", "error", err)
	select {
	case <-g.done:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// FinalAdvertiseAddr implements [memberlist.Transport].
func (g *gossipNet) FinalAdvertiseAddr(string, int) (net.IP, int, error) { return g.ip, g.port, nil }

// WriteTo implements [memberlist.Transport].
func (g *gossipNet) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return time.Time{}, err
	}
	_, err = g.udp.WriteTo(b, to)
	return time.Now(), err
}

// WriteToAddress implements [memberlist.NodeAwareTransport].
func (g *gossipNet) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	return g.WriteTo(b, addr.Addr)
}

// PacketCh implements [memberlist.Transport].
func (g *gossipNet) PacketCh() <-chan *memberlist.Packet { return g.packets }

// DialTimeout implements [memberlist.Transport].
func (g *gossipNet) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return g.network.Dial(ctx, addr)
}

// DialAddressTimeout implements [memberlist.NodeAwareTransport].
func (g *gossipNet) DialAddressTimeout(addr memberlist.Address, timeout time.Duration) (net.Conn, error) {
	return g.DialTimeout(addr.Addr, timeout)
}

// StreamCh implements [memberlist.Transport].
func (g *gossipNet) StreamCh() <-chan net.Conn { return g.streams }

// Shutdown implements [memberlist.Transport].
func (g *gossipNet) Shutdown() error {
	var err error
	g.once.Do(func() {
		close(g.done)
		err = errors.Join(g.ln.Close(), g.udp.Close())
		g.tasks.Wait()
	})
	return err
}

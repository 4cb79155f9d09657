package cluster

import (
	"context"
	"net"
)

// Network is how a member reaches others. The zero value stands for the
// network of the operating system; tests put one of their own in its place, on
// which packets can be lost and links cut.
type Network struct {
	Listen       func(addr string) (net.Listener, error)
	ListenPacket func(addr string) (net.PacketConn, error)
	Dial         func(ctx context.Context, addr string) (net.Conn, error)
}

// orSystem fills in what is not given.
func (n Network) orSystem() Network {
	if n.Listen == nil {
		n.Listen = func(addr string) (net.Listener, error) {
			var c net.ListenConfig
			return c.Listen(context.Background(), "tcp", addr)
		}
	}
	if n.ListenPacket == nil {
		n.ListenPacket = func(addr string) (net.PacketConn, error) {
			var c net.ListenConfig
			return c.ListenPacket(context.Background(), "udp", addr)
		}
	}
	if n.Dial == nil {
		n.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		}
	}
	return n
}

package cluster

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// OverTLS readies an HTTP server for connections of a [Node.Listener]: to be
// called before Serve, with the listener that it returns. net/http drops TLS
// connections that have agreed on a protocol it has no entry for, so they are
// handed to it as plain ones, and the requests get their TLS state here.
func OverTLS(s *http.Server, l net.Listener) net.Listener {
	inner := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if state, ok := r.Context().Value(tlsState{}).(*tls.ConnectionState); ok {
			r.TLS = state
		}
		inner.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if plain, ok := c.(plainConn); ok {
			return context.WithValue(ctx, tlsState{}, &plain.state)
		}
		return ctx
	}
	return plainListener{l}
}

// tlsState is the key of a connection's TLS state in its context.
type tlsState struct{}

// plainListener gives connections whose handshake is done as plain ones.
type plainListener struct{ net.Listener }

func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if conn, ok := c.(*tls.Conn); ok {
		return plainConn{conn, conn.ConnectionState()}, nil
	}
	return c, nil
}

// plainConn is a TLS connection that does not look like one.
type plainConn struct {
	net.Conn
	state tls.ConnectionState
}

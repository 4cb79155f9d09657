package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"bcm/fsm"
)

// Paths of the calls that managers make to each other. All are POST: a library
// between may repeat a GET by itself.
const (
	pathApply    = "/v1/apply"    // fsm.Entry -> applied
	pathIndex    = "/v1/index"    // nothing -> readAt
	pathSoft     = "/v1/soft"     // word -> nothing
	pathTry      = "/v1/try"      // login -> permit
	pathTold     = "/v1/told"     // loginEnd -> nothing
	pathTransfer = "/v1/transfer" // target -> nothing
	pathRemove   = "/v1/remove"   // target -> nothing
	pathRestore  = "/v1/restore"  // a snapshot -> nothing

	contentType = "application/cbor"
	maxCall     = maxEntry + 64<<10

	// callConns bounds the connections to one member. When another begins to
	// lead, all who wait here turn to it at once: without a bound each would
	// shake hands, which takes both sides longer than the changes themselves, and
	// the port there would refuse most of them.
	callConns = 16
)

// Statuses of the calls, beside 200 and 204.
const (
	statusRefused = http.StatusConflict           // an fsm.Error in the body
	statusMoved   = http.StatusMisdirectedRequest // not the leader: surely not done
	statusUnknown = http.StatusGatewayTimeout     // perhaps done
)

// target names a member.
type target struct {
	ID string `cbor:"id"`
}

// calls is the client side. Members are named by their ids.
type calls struct{ client *http.Client }

// dialError says that a call has surely not begun.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

func newCalls(p *port) *calls {
	return &calls{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			id, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, &dialError{err}
			}
			conn, err := p.dial(ctx, id, ALPNRPC)
			if err != nil {
				return nil, &dialError{err}
			}
			return conn, nil
		},
		MaxConnsPerHost:     callConns,
		MaxIdleConnsPerHost: callConns,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}}}
}

func (c *calls) close() { c.client.CloseIdleConnections() }

// post asks a member. The error is an [*fsm.Error] that it answered, or a
// [*moved] when the call did not arrive or the answer did not.
func (c *calls) post(ctx context.Context, id, path string, in, out any) error {
	body, err := fsm.Encode(in)
	if err != nil {
		return fsm.Errorf(fsm.Internal, "%s cannot be encoded: %v", path, err)
	}
	return c.send(ctx, id, path, bytes.NewReader(body), out)
}

func (c *calls) send(ctx context.Context, id, path string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+id+path, body)
	if err != nil {
		return fsm.Errorf(fsm.Internal, "%v", err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := c.client.Do(req)
	if err != nil {
		var dial *dialError
		return &moved{cause: fmt.Errorf("manager %s: %w", id, err), unknown: !errors.As(err, &dial)}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxCall))
	if err != nil {
		return &moved{cause: fmt.Errorf("manager %s: %w", id, err), unknown: true}
	}
	return answered(id, resp.StatusCode, data, out)
}

// answered reads what a member answered.
func answered(id string, status int, data []byte, out any) error {
	switch status {
	case http.StatusNoContent:
		return nil
	case http.StatusOK:
		if err := fsm.Decode(data, out); err != nil {
			return &moved{cause: fmt.Errorf("manager %s answered what cannot be read: %w", id, err), unknown: true}
		}
		return nil
	case statusRefused, statusMoved, statusUnknown:
		refusal := new(fsm.Error)
		if err := fsm.Decode(data, refusal); err != nil {
			return &moved{cause: fmt.Errorf("manager %s answered what cannot be read: %w", id, err), unknown: true}
		}
		if status == statusRefused {
			return refusal
		}
		return &moved{cause: fmt.Errorf("manager %s: %w", id, refusal), unknown: status == statusUnknown}
	default:
		return &moved{cause: fmt.Errorf("manager %s answered with status %d", id, status), unknown: true}
	}
}

package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// nodeProtocol is what a node speaks with a manager's member port.
const nodeProtocol = "bcm-agent/1"

// Bounds of a node's calls. A question is answered within three seconds; a
// manager that is silent for longer is left for another one well before the
// cluster would take the node for offline.
const (
	doorDial     = 2 * time.Second
	doorQuestion = 5 * time.Second
	doorReport   = 12 * time.Second
	doorAnswer   = 16 << 20 // bytes

	// doorConns bounds the connections to one manager: one has the question, the
	// other what the node says. A node that begins four runs at once would otherwise
	// shake hands for each report, which takes both sides longer than the reports.
	doorConns = 2
)

// errNoManagers is returned while no manager is known at all.
var errNoManagers = errors.New("no manager is known; name one, or a gossip address")

// Door is a node's way to the managers of its cluster. It stays with one manager
// while that one answers and goes to the next when it does not, and it learns
// from the answers where managers are. Its methods are safe for concurrent use.
type Door struct {
	identity *pki.Holder
	learned  func([]fsm.Peer)

	mu    sync.Mutex
	lines []*line
}

// line is the connection to one manager.
type line struct {
	fsm.Peer
	http *http.Client
}

// NewDoor returns a door to the managers. One without an id stands for whichever
// manager answers at the address. learned, when not nil, is called with the
// managers whenever the cluster names other ones than it did before.
func NewDoor(identity *pki.Holder, managers []fsm.Peer, learned func([]fsm.Peer)) *Door {
	d := &Door{identity: identity, learned: learned}
	managers = slices.Clone(managers)
	rand.Shuffle(len(managers), func(i, j int) { managers[i], managers[j] = managers[j], managers[i] })
	d.Add(managers...)
	return d
}

// Add makes more managers known, for when those that are known are all gone.
func (d *Door) Add(managers ...fsm.Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range managers {
		known := func(l *line) bool { return l.Address == m.Address && (m.ID == "" || l.ID == m.ID) }
		if m.Address != "" && !slices.ContainsFunc(d.lines, known) {
			d.lines = append(d.lines, d.dial(m))
		}
	}
}

func (d *Door) dial(m fsm.Peer) *line {
	dialer := &net.Dialer{Timeout: doorDial}
	return &line{Peer: m, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     d.identity.ClientTLS(nodeProtocol, m.ID),
			TLSHandshakeTimeout: doorDial,
			MaxConnsPerHost:     doorConns,
			MaxIdleConnsPerHost: doorConns,
			IdleConnTimeout:     time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Refresh drops connections that are not in use, so that new ones show the
// certificate of now.
func (d *Door) Refresh() {
	for _, l := range d.all() {
		l.http.CloseIdleConnections()
	}
}

// all lists the managers to try, the one to stay with first.
func (d *Door) all() []*line {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// leave makes another manager the one to stay with.
func (d *Door) leave(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lines) > 1 && d.lines[0] == l {
		d.lines = append(d.lines[1:], l)
	}
}

// Orders asks what the node should be doing. See agent.Cluster.
func (d *Door) Orders(ctx context.Context, _ string, after uint64) (fsm.Orders, error) {
	var orders fsm.Orders
	question := struct {
		After uint64 `cbor:"after"`
	}{after}
	if err := d.call(ctx, doorQuestion, "orders", question, &orders); err != nil {
		return fsm.Orders{}, err
	}
	d.learn(orders.Managers)
	return orders, nil
}

// Report gives the cluster a command of the node's. See agent.Cluster.
func (d *Door) Report(ctx context.Context, node string, cmd fsm.Command) error {
	entry, err := fsm.NewEntry(ctx, "node:"+node, cmd)
	if err != nil {
		return err
	}
	report := struct {
		Entry fsm.Entry `cbor:"entry"`
	}{entry}
	var result fsm.Result
	return d.call(ctx, doorReport, "report", report, &result)
}

// Progress tells how far runs are. See agent.Cluster.
func (d *Door) Progress(ctx context.Context, _ string, p []fsm.Progress) error {
	return d.call(ctx, doorQuestion, "progress", p, nil)
}

// Renew has the next certificate of the node signed. All is in PEM.
func (d *Door) Renew(ctx context.Context, csr []byte) (cert, ca []byte, err error) {
	request := struct {
		CSR []byte `cbor:"csr"`
	}{csr}
	var answer struct {
		Certificate []byte `cbor:"certificate"`
		CA          []byte `cbor:"ca"`
	}
	if err := d.call(ctx, doorReport, "renew", request, &answer); err != nil {
		return nil, nil, err
	}
	return answer.Certificate, answer.CA, nil
}

// call asks one manager after the other until one can answer.
func (d *Door) call(ctx context.Context, limit time.Duration, path string, in, out any) error {
	body, err := fsm.Encode(in)
	if err != nil {
		return err
	}
	lines := d.all()
	if len(lines) == 0 {
		return errNoManagers
	}
	var errs []error
	for _, l := range lines {
		err := l.call(ctx, limit, path, body, out)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		if refused := new(fsm.Error); errors.As(err, &refused) && !refused.Code.NotDone() {
			return err
		}
		d.leave(l)
		errs = append(errs, fmt.Errorf("manager at %s: %w", l.Address, err))
	}
	return errors.Join(errs...)
}

// call asks one manager.
func (l *line) call(ctx context.Context, limit time.Duration, path string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+l.Address+"/v1/agent/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/cbor")
	resp, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, doorAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return refusal(resp, answer)
	}
	if out == nil {
		return nil
	}
	return fsm.Decode(answer, out)
}

// refusal reads the error that a manager has answered.
func refusal(resp *http.Response, body []byte) error {
	e := new(fsm.Error)
	if err := fsm.Decode(body, e); err != nil || e.Code == "" {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return e
}

// learn takes the managers that the cluster has now.
func (d *Door) learn(managers []fsm.Peer) {
	if len(managers) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	have := make([]fsm.Peer, len(d.lines))
	for i, l := range d.lines {
		have[i] = l.Peer
	}
	if len(have) == len(managers) && !slices.ContainsFunc(managers, func(m fsm.Peer) bool { return !slices.Contains(have, m) }) {
		return
	}
	d.lines = d.merge(managers)
	if d.learned != nil {
		d.learned(slices.Clone(managers))
	}
}

// merge keeps the lines to managers that still are, in their order, drops the
// others, and puts new ones at the end.
func (d *Door) merge(managers []fsm.Peer) []*line {
	var lines []*line
	for _, l := range d.lines {
		at := slices.IndexFunc(managers, func(m fsm.Peer) bool { return m.Address == l.Address && (l.ID == "" || l.ID == m.ID) })
		if at < 0 {
			l.http.CloseIdleConnections()
			continue
		}
		if l.ID == "" {
			l = d.dial(managers[at])
		}
		lines = append(lines, l)
	}
	for _, m := range managers {
		if !slices.ContainsFunc(lines, func(l *line) bool { return l.Peer == m }) {
			lines = append(lines, d.dial(m))
		}
	}
	return lines
}

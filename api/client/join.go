package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Bounds of joining.
const (
	joinCall  = 20 * time.Second
	joinFirst = 500 * time.Millisecond // pause after the first failed round
	joinMost  = 15 * time.Second
)

// Admission is what a node gets that is let in.
type Admission struct {
	Node        string
	Cluster     string
	Certificate []byte // of the node, PEM
	CA          []byte // what to trust, PEM
	Managers    []Introduced
	GossipKey   []byte
	ClusterKey  []byte // for managers only: it seals what is secret in the state
}

// Introduced is a manager that a node is told of when it is let in, with the
// addresses of its parts as host:port.
type Introduced struct {
	ID     string `json:"id"`
	API    string `json:"api"`
	Member string `json:"member"`
	Gossip string `json:"gossip"`
}

// Peers gives the managers as a [Door] takes them.
func (a Admission) Peers() []fsm.Peer {
	var peers []fsm.Peer
	for _, m := range a.Managers {
		if m.Member != "" {
			peers = append(peers, fsm.Peer{ID: m.ID, Address: m.Member})
		}
	}
	return peers
}

// ErrJoinWords is wrapped when the words given to join with cannot be read.
var ErrJoinWords = errors.New("cannot join with that")

// SplitJoin tells join tokens and addresses apart, which may be given in any
// order. At most one token may be among them; token is nil when there is none.
// The error wraps [ErrJoinWords] and never repeats a token.
func SplitJoin(words []string) (token *pki.Token, addresses []string, err error) {
	for _, word := range words {
		word = strings.TrimSpace(word)
		switch {
		case word == "":
		case strings.HasPrefix(word, pki.TokenPrefix):
			if token != nil {
				return nil, nil, fmt.Errorf("%w: more than one join token", ErrJoinWords)
			}
			t, err := pki.ParseToken(word)
			if err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrJoinWords, err)
			}
			token = &t
		default:
			address, err := joinAddress(word)
			if err != nil {
				return nil, nil, err
			}
			addresses = append(addresses, address)
		}
	}
	return token, addresses, nil
}

// joinAddress reads HOST, HOST:PORT or https://HOST:PORT.
func joinAddress(word string) (string, error) {
	word = strings.TrimSuffix(strings.TrimPrefix(word, "https://"), "/")
	if host, port, err := net.SplitHostPort(word); err == nil && host != "" && !strings.ContainsAny(word, "/@ ") {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
			return word, nil
		}
	}
	bare := strings.Trim(word, "[]")
	if ip := net.ParseIP(bare); bare == "" || ip == nil && strings.ContainsAny(bare, ":/@ ") {
		return "", fmt.Errorf("%w: %q is neither a join token nor an address such as host:7443", ErrJoinWords, word)
	}
	return net.JoinHostPort(bare, "7443"), nil
}

// Join asks the managers at the addresses (host:port of their HTTPS API) to let
// the node in, one after the other and round after round, until one does, the
// token is refused for good, or ctx ends; refused, when not nil, is called after
// each round that came to nothing. Asking twice with one key is being let in
// once. Nothing is sent to a manager that is not of the token's cluster.
func Join(ctx context.Context, token pki.Token, addresses []string, csr []byte, node fsm.NewNode, refused func(error)) (Admission, error) {
	wait := joinFirst
	for {
		var errs []error
		final := len(addresses) > 0
		for _, address := range addresses {
			a, err := joinAt(ctx, token, address, csr, node)
			if err == nil {
				return a, nil
			}
			errs = append(errs, fmt.Errorf("manager at %s: %w", address, err))
			final = final && lasting(err)
		}
		err := errors.Join(errs...)
		if len(addresses) == 0 {
			err = fmt.Errorf("%w: no address of a manager", ErrJoinWords)
		}
		if final || len(addresses) == 0 {
			return Admission{}, err
		}
		if refused != nil {
			refused(err)
		}
		t := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return Admission{}, errors.Join(ctx.Err(), err)
		}
		wait = min(2*wait, joinMost)
	}
}

// lasting tells whether asking that manager again makes no sense.
func lasting(err error) bool {
	if errors.Is(err, pki.ErrPin) {
		return true
	}
	e := new(fsm.Error)
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case fsm.Unavailable, fsm.NoRoom, fsm.OutcomeUnknown, fsm.Exhausted, fsm.Internal:
		return false
	}
	return true
}

// joinRequest is the body of POST /v1/join.
type joinRequest struct {
	Token string   `json:"token"`
	CSR   string   `json:"csr"`
	Node  joinNode `json:"node"`
}

type joinNode struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Roles       []string          `json:"roles"`
	Site        string            `json:"site,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Addresses   joinAddresses     `json:"addresses"`
	Version     string            `json:"version"`
	Understands int               `json:"understands"`
	Slots       int               `json:"slots,omitempty"`
}

type joinAddresses struct {
	API     string `json:"api,omitempty"`
	Member  string `json:"member,omitempty"`
	Gossip  string `json:"gossip,omitempty"`
	Storage string `json:"storage,omitempty"`
	Metrics string `json:"metrics,omitempty"`
}

type joinAnswer struct {
	Node        string       `json:"node"`
	Cluster     string       `json:"cluster"`
	Certificate string       `json:"certificate"`
	CA          string       `json:"ca"`
	Managers    []Introduced `json:"managers"`
	GossipKey   []byte       `json:"gossip_key"`
	ClusterKey  []byte       `json:"cluster_key"`
}

// joinAt asks one manager.
func joinAt(ctx context.Context, token pki.Token, address string, csr []byte, n fsm.NewNode) (Admission, error) {
	ctx, cancel := context.WithTimeout(ctx, joinCall)
	defer cancel()
	body, err := json.Marshal(joinRequest{token.String(), string(csr), joinNode{
		n.ID, n.Name, n.Roles, n.Site, n.Labels, joinAddresses(n.Addresses), n.Version, n.Understands, n.Slots,
	}})
	if err != nil {
		return Admission{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+"/v1/join", bytes.NewReader(body))
	if err != nil {
		return Admission{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	trust := pki.PinnedTLS(token.Pin, nil)
	trust.NextProtos = []string{"http/1.1"} // one request: no need for more
	hc := &http.Client{
		Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the token goes nowhere else
		},
	}
	resp, err := hc.Do(req)
	if err != nil {
		return Admission{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return Admission{}, err
	}
	if resp.StatusCode >= 300 {
		return Admission{}, joinRefusal(resp, text)
	}
	return admission(text, token.Pin)
}

// joinRefusal reads the problem that a manager has answered.
func joinRefusal(resp *http.Response, text []byte) error {
	var p struct {
		Code   fsm.Code         `json:"code"`
		Detail string           `json:"detail"`
		Errors []fsm.FieldError `json:"errors"`
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Code == "" {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return &fsm.Error{Code: p.Code, Message: p.Detail, Fields: p.Errors}
}

// admission reads what a manager has given, and refuses another authority than
// the token's.
func admission(text []byte, pin string) (Admission, error) {
	var a joinAnswer
	if err := json.Unmarshal(text, &a); err != nil {
		return Admission{}, fmt.Errorf("an answer that cannot be read: %w", err)
	}
	shown, err := pki.Pin([]byte(a.CA))
	if err != nil {
		return Admission{}, err
	}
	if shown != pin {
		return Admission{}, fmt.Errorf("%w: the answer has another one", pki.ErrPin)
	}
	return Admission{Node: a.Node, Cluster: a.Cluster, Certificate: []byte(a.Certificate), CA: []byte(a.CA),
		Managers: a.Managers, GossipKey: a.GossipKey, ClusterKey: a.ClusterKey}, nil
}

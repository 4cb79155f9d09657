package sesam_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"bcm/agent/sesam"
	"bcm/cluster/plan"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// cluster is a state with the plan that looks after servers, and the role as the
// agent of a manager drives it.
type cluster struct {
	t     *testing.T
	state *fsm.FSM
	role  *sesam.Role

	mu      sync.Mutex
	index   uint64
	secrets map[string]string // sealed → open
	begun   map[string]bool   // of lead's goroutine only
	work    sync.WaitGroup
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	return newClusterOn(t, sesam.Host{})
}

// newClusterOn is one whose manager runs on the host of a server.
func newClusterOn(t *testing.T, host sesam.Host) *cluster {
	t.Helper()
	c := &cluster{t: t, state: fsm.New(hclog.NewNullLogger()), secrets: make(map[string]string), begun: make(map[string]bool)}
	c.role = sesam.New(sesam.Config{Log: hclog.NewNullLogger(), Pace: 50 * time.Millisecond, Host: host, Report: func(_ context.Context, cmd fsm.Command) error {
		_, err := c.try("node:m1", cmd)
		return err
	}})
	c.do("system:init", &fsm.InitCluster{Cluster: "cl",
		Admin:       fsm.CreateUser{ID: "u-root", Name: "chief", Groups: []string{fsm.Superusers}, Password: "hash"},
		Manager:     fsm.NewNode{ID: "m1", Name: "manager-1", Roles: []string{fsm.RoleManager}},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "cert-m1"}}})
	c.do("plan:members", &fsm.MarkNode{ID: "m1", From: fsm.Joining, To: fsm.Online})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go c.lead(ctx, done)
	t.Cleanup(func() {
		stop()
		<-done
		c.work.Wait()
		c.role.Close()
	})
	return c
}

func (c *cluster) view() *fsm.View { return c.state.Now() }

func (c *cluster) try(by string, cmd fsm.Command) (fsm.Result, error) {
	e, err := fsm.NewEntry(context.Background(), by, cmd)
	if err != nil {
		return fsm.Result{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index++
	e.At = fsm.At(time.Now())
	answers, err := c.state.Replay(c.index, e)
	if err != nil {
		return fsm.Result{}, err
	}
	return answers.At(0)
}

func (c *cluster) do(by string, cmd fsm.Command) {
	c.t.Helper()
	if _, err := c.try(by, cmd); err != nil {
		c.t.Fatalf("%s by %s: %v", fsm.KindOf(cmd), by, err)
	}
}

// lead carries out the plan and hands out the orders until ctx ends.
func (c *cluster) lead(ctx context.Context, done chan struct{}) {
	defer close(done)
	look := plan.All()["sync"]
	for ctx.Err() == nil {
		cmds, next := look(c.view(), time.Now())
		certify, _ := plan.Certify(c.view(), time.Now())
		for _, cmd := range append(cmds, certify...) {
			_, _ = c.try("plan:sync", cmd) // a refused one is decided anew
		}
		v := c.view()
		c.hand(ctx, v.Orders("m1"))
		wait := time.Second
		if !next.IsZero() {
			wait = max(time.Millisecond, min(wait, time.Until(next)))
		}
		t := time.NewTimer(wait)
		select {
		case <-v.Stale():
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

func (c *cluster) hand(ctx context.Context, o fsm.Orders) {
	for _, order := range o.Items {
		for i := range order.Servers {
			order.Servers[i].Password = c.open(order.Servers[i].Sealed)
		}
		if order.Kind.Standing() {
			c.role.Keep(order, o.Index)
			continue
		}
		id := fmt.Sprint(order.ID, order.Attempt)
		if c.begun[id] {
			continue
		}
		c.begun[id] = true
		if p := order.Pair; p != nil {
			p.Key = c.open(p.Sealed)
		}
		order.Steps = slices.Clone(order.Steps)
		for i := range order.Steps {
			order.Steps[i].Secret = c.open(order.Steps[i].Sealed)
		}
		c.work.Go(func() {
			out, err := c.role.Do(ctx, order, func(fsm.Progress) {})
			switch {
			case err != nil:
				out.Status, out.Error = fsm.Failed, err.Error()
			case out.Status == "":
				out.Status = fsm.Succeeded
			}
			_, _ = c.try("node:m1", &fsm.FinishJob{ID: order.ID, Attempt: order.Attempt, Outcome: out})
		})
	}
}

// seal stands for the cluster's key.
func (c *cluster) seal(secret string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	sealed := fmt.Sprint("sealed-", len(c.secrets))
	c.secrets[sealed] = secret
	return []byte(sealed)
}

func (c *cluster) open(sealed []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.secrets[string(sealed)]
}

// until waits until ok holds; a minute later the test fails.
func (c *cluster) until(what string, ok func(v *fsm.View) bool) {
	c.t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		v := c.view()
		if ok(v) {
			return
		}
		select {
		case <-v.Stale():
		case <-again.C: // what is asked may be about the server
		case <-limit.C:
			for s := range v.Servers.All() {
				c.t.Logf("%s: mode %s, error %q, sync %+v", s.ID, s.Mode, s.Error, s.Sync)
			}
			c.t.Fatalf("%s: not within a minute", what)
		}
	}
}

// fingerprint is that of the certificate which a server shows.
func (c *cluster) fingerprint(s *server) string {
	c.t.Helper()
	cert, err := sesam.Probe(c.t.Context(), s.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	return cert.Fingerprint
}

// add makes a server part of the grid, and waits until it was seen.
func (c *cluster) add(id string, s *server) {
	c.t.Helper()
	c.do("user:chief", &fsm.AddServer{ID: id, Name: id, Address: s.URL, Account: "Administrator", Password: c.seal("sesam"), Fingerprint: c.fingerprint(s)})
	c.until(id+" is seen", func(v *fsm.View) bool {
		n, ok := v.Nodes.Get(id)
		return ok && n.Status == fsm.Online
	})
}

// manage makes the cluster the master of a server.
func (c *cluster) manage(id string, change func(*fsm.UpdateServer)) {
	c.t.Helper()
	mode := fsm.Managed
	cmd := &fsm.UpdateServer{ID: id, Mode: &mode}
	if change != nil {
		change(cmd)
	}
	c.do("user:chief", cmd)
}

// inStep waits until a server has all that is wanted.
func (c *cluster) inStep(id string) {
	c.t.Helper()
	c.until(id+" is in step", func(v *fsm.View) bool {
		s, ok := v.Servers.Get(id)
		return ok && s.Sync.At != 0 && s.Sync.Reached == v.Revision() && len(v.Differences(s)) == 0 && v.Jobs.Count("sync", id) == 0
	})
}

func (c *cluster) user(name, password string, groups ...string) {
	c.t.Helper()
	c.do("user:chief", &fsm.CreateUser{ID: "u-" + name, Name: name, Groups: groups, Password: "hash", Secret: c.seal(password)})
}

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// authority signs for the nodes of one cluster.
type authority struct {
	*pki.CA
	id    string
	life  time.Duration
	fails atomic.Int64
	given atomic.Int64
}

func newAuthority(t *testing.T, cluster string) *authority {
	t.Helper()
	ca, err := pki.NewCA(cluster, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &authority{CA: ca, life: time.Hour}
}

func (a *authority) Renew(_ context.Context, csr []byte) (cert, ca []byte, err error) {
	if a.fails.Add(-1) >= 0 {
		return nil, nil, fsm.Errorf(fsm.Unavailable, "no leader")
	}
	a.given.Add(1)
	id := pki.Identity{Cluster: a.Cluster(), Kind: pki.Agent, ID: a.id, Roles: []string{fsm.RoleStorage}}
	cert, err = a.Sign(csr, id, nil, time.Now(), a.life)
	return cert, a.CertPEM(), err
}

// admit makes a node a member.
func (a *authority) admit(t *testing.T, i *Identity) {
	t.Helper()
	a.id = i.ID()
	csr, err := i.Request()
	if err != nil {
		t.Fatal(err)
	}
	cert, ca, err := a.Renew(t.Context(), csr)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Accept(a.Cluster(), cert, ca, []fsm.Peer{{ID: "m1", Address: "m1:7444"}}); err != nil {
		t.Fatal(err)
	}
}

func TestIdentityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	i, err := OpenIdentity(dir, "n")
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Usable(time.Now()); !errors.Is(err, pki.ErrNoIdentity) {
		t.Errorf("before it is admitted: %v", err)
	}
	if renamed, err := OpenIdentity(dir, "m"); err != nil || renamed.Name() != "m" || renamed.ID() != i.ID() {
		t.Errorf("renamed before it is admitted: %v", err)
	}
	if i, err = OpenIdentity(dir, "n"); err != nil {
		t.Fatal(err)
	}
	newAuthority(t, "c1").admit(t, i)
	again, err := OpenIdentity(dir, "another-name")
	if err != nil {
		t.Fatal(err)
	}
	if again.ID() != i.ID() || again.Name() != "n" || again.Cluster() != "c1" || !slices.Equal(again.Managers(), i.Managers()) {
		t.Errorf("%+v is not %+v", again.file, i.file)
	}
	if err := again.Usable(time.Now()); err != nil {
		t.Error(err)
	}
	if err := again.Usable(time.Now().Add(2 * time.Hour)); !errors.Is(err, ErrExpired) {
		t.Errorf("after its end: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "key.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key.pem: %v %v", info.Mode(), err)
	}
	want := []fsm.Peer{{ID: "m2", Address: "m2:7444"}}
	if err := again.SetManagers(want); err != nil {
		t.Fatal(err)
	}
	if third, err := OpenIdentity(dir, ""); err != nil || !slices.Equal(third.Managers(), want) {
		t.Errorf("managers %v, %v", third.Managers(), err)
	}
}

// What is not this node's is refused, and changes nothing.
func TestAcceptRefuses(t *testing.T) {
	dir := t.TempDir()
	i, err := OpenIdentity(dir, "n")
	if err != nil {
		t.Fatal(err)
	}
	first := newAuthority(t, "c1")
	first.admit(t, i)
	csr, err := i.Request()
	if err != nil {
		t.Fatal(err)
	}
	foreign := newAuthority(t, "c2")
	foreign.id = i.ID()
	cert, ca, err := foreign.Renew(t.Context(), csr)
	if err != nil {
		t.Fatal(err)
	}
	first.id = "somebodyelse"
	other, _, err := first.Renew(t.Context(), csr)
	if err != nil {
		t.Fatal(err)
	}
	before := i.Holder.Certificate().SerialNumber
	for name, err := range map[string]error{
		"other cluster": i.Accept("c2", cert, ca, nil),
		"lied about":    i.Accept("c1", cert, ca, nil),
		"other node":    i.Accept("c1", other, first.CertPEM(), nil),
		"nonsense":      i.Accept("c1", []byte("x"), []byte("y"), nil),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	again, err := OpenIdentity(dir, "")
	if err != nil || again.Cluster() != "c1" || again.Holder.Certificate().SerialNumber.Cmp(before) != 0 {
		t.Errorf("changed: %v", err)
	}
}

func TestOpenIdentityRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string) error
		says  string
	}{
		"newer": {func(dir string) error { return edit(dir, func(f *nodeFile) { f.Format = 9 }) }, "newer version"},
		"other": {func(dir string) error { return edit(dir, func(f *nodeFile) { f.ID = "other" }) }, "directory of another node"},
		"keyless": {func(dir string) error { return os.Remove(filepath.Join(dir, "key.pem")) },
			"is gone"},
		"broken": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "node.json"), []byte("{"), 0o600) },
			"node.json"},
	} {
		dir := t.TempDir()
		i, err := OpenIdentity(dir, "n")
		if err != nil {
			t.Fatal(err)
		}
		newAuthority(t, "c1").admit(t, i)
		if err := c.spoil(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenIdentity(dir, "n"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func edit(dir string, do func(*nodeFile)) error {
	path := filepath.Join(dir, "node.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f nodeFile
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	do(&f)
	if data, err = json.Marshal(f); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// A certificate is renewed in the second half of its life, and in spite of
// managers that fail for a while.
func TestKeepFresh(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		i, err := OpenIdentity(dir, "n")
		if err != nil {
			t.Fatal(err)
		}
		a := newAuthority(t, "c1")
		a.life = 24 * time.Hour
		a.admit(t, i)
		first := i.Holder.Certificate().SerialNumber
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		var renewals atomic.Int64
		go func() { ended <- i.KeepFresh(ctx, a, func() { renewals.Add(1) }, quiet()) }()
		settle(11 * time.Hour)
		if a.given.Load() != 1 {
			t.Errorf("renewed before half of its life")
		}
		a.fails.Store(5)
		settle(11 * time.Hour)
		if a.given.Load() != 2 || i.Holder.Certificate().SerialNumber.Cmp(first) == 0 {
			t.Errorf("given %d certificates", a.given.Load())
		}
		settle(5 * 24 * time.Hour)
		if err := i.Usable(time.Now()); err != nil || renewals.Load() < 5 {
			t.Errorf("after five days: %v, %d renewals", err, renewals.Load())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

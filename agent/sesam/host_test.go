package sesam_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bcm/agent/sesam"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// hosted is a simulated server with a directory ini, and a cluster with an agent on
// its host. What is given to change is done to the agent's configuration.
func hosted(t *testing.T, change func(*sesam.Host)) (*cluster, *server, sesam.Host) {
	t.Helper()
	ini := t.TempDir()
	s := startServer(t, "--ini-dir", ini)
	at := slices.Index(s.args, "--data-dir")
	host := sesam.Host{IniDir: ini, Reload: []string{s.args[0], "reload", "--data-dir", s.args[at+1]}, Patience: 10 * time.Second}
	if change != nil {
		change(&host)
	}
	c := newClusterOn(t, host)
	c.add("v1", s)
	via := "m1"
	c.do("user:chief", &fsm.UpdateServer{ID: "v1", Via: &via})
	return c, s, host
}

// issue orders the next certificate for the server, and waits until that has ended.
func (c *cluster) issue(ca *pki.CA, id string) (pki.Pair, *fsm.Job) {
	c.t.Helper()
	p, err := ca.NewPair([]string{"127.0.0.1"}, time.Now(), pki.HTTPSLife)
	if err != nil {
		c.t.Fatal(err)
	}
	c.do("user:chief", &fsm.InstallPair{Job: "job-" + id, Certificate: fsm.Certificate{Meta: fsm.Meta{ID: id}, Node: "v1",
		NotBefore: fsm.At(p.Leaf.NotBefore), NotAfter: fsm.At(p.Leaf.NotAfter), PEM: p.CertPEM, Sealed: c.seal(string(p.KeyPEM())), Fingerprint: p.Fingerprint()}})
	var job *fsm.Job
	c.until("the order for "+id+" ends", func(v *fsm.View) bool {
		job, _ = v.Jobs.Get("job-" + id)
		return job.Status.Ended()
	})
	return p, job
}

func newCA(t *testing.T) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA("cl", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// offline counts how often the server was seen to be away.
func (c *cluster) offline(stop <-chan struct{}) <-chan int {
	count := make(chan int, 1)
	go func() {
		n := 0
		for {
			v := c.view()
			if node, ok := v.Nodes.Get("v1"); ok && node.Status == fsm.Offline {
				n++
			}
			select {
			case <-v.Stale():
			case <-stop:
				count <- n
				return
			}
		}
	}()
	return count
}

func TestServerGetsCertificates(t *testing.T) {
	c, s, host := hosted(t, nil)
	ca := newCA(t)
	stop := make(chan struct{})
	away := c.offline(stop)
	for _, id := range []string{"p1", "p2"} {
		p, job := c.issue(ca, id)
		if job.Status != fsm.Succeeded {
			t.Fatalf("%s: %s: %s", id, job.Status, job.Error)
		}
		if got := c.fingerprint(s); got != p.Fingerprint() {
			t.Errorf("%s: the server shows %s, not %s", id, got, p.Fingerprint())
		}
		server, _ := c.view().Servers.Get("v1")
		if server.Fingerprint != p.Fingerprint() || server.Pair.Certificate != id {
			t.Errorf("%s: it is known by %s, %+v", id, server.Fingerprint, server.Pair)
		}
	}
	s.call("POST", "/sep/api/v2/clients/create", map[string]any{"name": "after"}, nil)
	c.until("the server is still looked at", func(v *fsm.View) bool {
		_, ok := v.Mirror("v1", fsm.ServerClient, "after")
		return ok
	})
	close(stop)
	if n := <-away; n > 0 {
		t.Errorf("the server was away %d times", n)
	}
	for name, want := range map[string]int{"sesam.https.crt": 1, "sesam.https.key": 1, "bcm-previous/sesam.https.crt": 1, "bcm-previous/sesam.https.key": 1, "bcm-before": 0} {
		info, err := os.Stat(filepath.Join(host.IniDir, "ssl", name))
		if want == 0 {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is left: %v", name, err)
			}
			continue
		}
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	s.kill()
	if _, job := c.issue(ca, "p3"); job.Status != fsm.Failed || !strings.Contains(job.Error, "nothing was installed") {
		t.Errorf("a server that is away: %+v", job)
	}
}

// A server that does not take its certificate up is as it was before, with and
// without one in its directory.
func TestServerKeepsWhatItHad(t *testing.T) {
	var lame bool
	dir := t.TempDir()
	switchable := filepath.Join(dir, "reload")
	c, s, host := hosted(t, func(h *sesam.Host) {
		script := fmt.Sprintf("#!/bin/sh\ntest -e %q && exit 0\nexec %s\n", filepath.Join(dir, "lame"), strings.Join(h.Reload, " "))
		if err := os.WriteFile(switchable, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		h.Reload, h.Patience = []string{switchable}, time.Second
	})
	toggle := func() {
		if lame = !lame; lame {
			if err := os.WriteFile(filepath.Join(dir, "lame"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Remove(filepath.Join(dir, "lame")); err != nil {
			t.Fatal(err)
		}
	}
	ca, self := newCA(t), c.fingerprint(s)
	toggle()
	_, job := c.issue(ca, "p1")
	if job.Status != fsm.Failed || !strings.Contains(job.Error, "does not show") || !strings.Contains(job.Error, "goes on with its own") {
		t.Fatalf("%s: %s", job.Status, job.Error)
	}
	if left, err := os.ReadDir(filepath.Join(host.IniDir, "ssl")); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
	if got := c.fingerprint(s); got != self {
		t.Errorf("the server shows %s, not its own %s", got, self)
	}
	toggle()
	good, job := c.issue(ca, "p2")
	if job.Status != fsm.Succeeded {
		t.Fatal(job.Error)
	}
	toggle()
	_, job = c.issue(ca, "p3")
	if job.Status != fsm.Failed || !strings.Contains(job.Error, "put back and in service") {
		t.Errorf("%s: %s", job.Status, job.Error)
	}
	if data, err := os.ReadFile(filepath.Join(host.IniDir, "ssl", "sesam.https.crt")); err != nil || string(data) != string(good.CertPEM) {
		t.Errorf("in its place lies another: %v", err)
	}
	server, _ := c.view().Servers.Get("v1")
	if c.fingerprint(s) != good.Fingerprint() || server.Fingerprint != good.Fingerprint() || server.Pair.Failures != 1 {
		t.Errorf("known by %s, %+v", server.Fingerprint, server.Pair)
	}
	toggle()
	if _, job = c.issue(ca, "p4"); job.Status != fsm.Succeeded {
		t.Errorf("the next one: %s", job.Error)
	}
}

// What a try that broke off has left in place is not taken for what was before.
func TestInstallationGoesOnAfterACrash(t *testing.T) {
	c, s, host := hosted(t, nil)
	ca := newCA(t)
	first, job := c.issue(ca, "p1")
	if job.Status != fsm.Succeeded {
		t.Fatal(job.Error)
	}
	ssl := filepath.Join(host.IniDir, "ssl")
	for from, to := range map[string]string{"sesam.https.crt": "bcm-before", "sesam.https.key": "bcm-before"} {
		data, err := os.ReadFile(filepath.Join(ssl, from))
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Join(ssl, to), 0o700), os.WriteFile(filepath.Join(ssl, to, from), data, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(ssl, "sesam.https.key"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, job := c.issue(ca, "p2")
	if job.Status != fsm.Succeeded || c.fingerprint(s) != second.Fingerprint() {
		t.Fatalf("%s: %s", job.Status, job.Error)
	}
	if data, err := os.ReadFile(filepath.Join(ssl, "bcm-previous", "sesam.https.crt")); err != nil || string(data) != string(first.CertPEM) {
		t.Errorf("the backup is another: %v", err)
	}
}

func TestAgentThatCannotInstall(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sesam.Host)
		says   string
	}{
		"no directory named": {func(h *sesam.Host) { h.IniDir = "" }, "sesam.ini_dir"},
		"no such directory":  {func(h *sesam.Host) { h.IniDir += "/none" }, "no directory"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, _, _ := hosted(t, c.change)
			s, _ := cl.view().Servers.Get("v1")
			if why := s.Uncertifiable(); !strings.Contains(why, c.says) {
				t.Errorf("it lacks: %q", why)
			}
		})
	}
	for name, c := range map[string]struct{ reload, says string }{
		"no such command":      {"/no/such/command", "not reloaded"},
		"a command that fails": {"false", "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, s, host := hosted(t, func(h *sesam.Host) { h.Reload, h.Patience = []string{c.reload}, time.Second })
			self := cl.fingerprint(s)
			_, job := cl.issue(newCA(t), "p1")
			if job.Status != fsm.Failed || !strings.Contains(job.Error, c.says) {
				t.Errorf("%s: %s", job.Status, job.Error)
			}
			if _, err := os.Stat(filepath.Join(host.IniDir, "ssl", "sesam.https.key")); !errors.Is(err, fs.ErrNotExist) || cl.fingerprint(s) != self {
				t.Errorf("something of it is left: %v", err)
			}
		})
	}
}

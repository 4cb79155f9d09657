package fsm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// hosted gives the server an agent on its host, h1.
func (l *lab) hosted() {
	l.t.Helper()
	l.join("h1", RoleSesam)
	l.do("user:root", &UpdateServer{ID: "v1", Via: ptr("name-h1")})
	l.do("plan:sync", &CarryServer{ID: "v1", From: l.server().Carrier, To: "h1"})
	l.do("node:h1", &ObserveServer{ID: "v1", Release: "5.2"})
}

// pair is the command that gives the server a certificate for thirty days.
func (l *lab) pair(id string) *InstallPair {
	return &InstallPair{Job: "job-" + id, Certificate: Certificate{Meta: Meta{ID: id}, Node: "v1", PEM: []byte("pem " + id), Sealed: []byte("sealed"),
		NotBefore: l.now, NotAfter: l.now.Add(30 * day), Fingerprint: fmt.Sprintf("%064x", len(l.log))}}
}

// install has h1 carry the order out.
func (l *lab) install(id string, out Outcome) {
	l.t.Helper()
	l.do("plan:certify", &AssignJob{ID: "job-" + id, From: Queued, Node: "h1"})
	l.do("node:h1", &FinishJob{ID: "job-" + id, Attempt: 1, Outcome: out})
}

func TestServerIsGivenACertificate(t *testing.T) {
	l := served(t)
	l.hosted()
	first := l.pair("p1")
	l.do("user:adm", first)
	l.do("plan:certify", &AssignJob{ID: "job-p1", From: Queued, Node: "h1"})
	orders := l.view().Orders("h1").Items
	at := slices.IndexFunc(orders, func(o Order) bool { return o.Kind == CertifyOrder })
	if at < 0 || orders[at].Role != RoleSesam || orders[at].Pair == nil || string(orders[at].Pair.Sealed) != "sealed" || orders[at].Servers[0].Fingerprint != finger {
		t.Fatalf("orders: %+v", orders)
	}
	if _, err := l.try("user:adm", &UpdateServer{ID: "v1", Fingerprint: ptr(strings.Repeat("a", 64))}); CodeOf(err) != Conflict {
		t.Errorf("another certificate is trusted meanwhile: %v", err)
	}
	if _, err := l.try("user:adm", &CancelJob{ID: "job-p1"}); CodeOf(err) != Conflict {
		t.Errorf("called back: %v", err)
	}
	l.do("node:h1", &FinishJob{ID: "job-p1", Attempt: 1, Outcome: Outcome{Status: Succeeded}})
	s, n, c := l.server(), l.node("v1"), l.certificate("p1")
	if s.Fingerprint != first.Certificate.Fingerprint || s.Pair.Certificate != "p1" || n.NotAfter != first.Certificate.NotAfter || n.Certificate != "" {
		t.Errorf("the server: %+v, its node %+v", s, n)
	}
	if c == nil || c.InstalledAt != l.now || len(c.Sealed) > 0 {
		t.Errorf("the certificate: %+v", c)
	}

	l.do("user:adm", l.pair("p2"))
	l.install("p2", Outcome{Status: Failed, Error: "it shows another one"})
	s, c = l.server(), l.certificate("p2")
	if s.Fingerprint != first.Certificate.Fingerprint || s.Pair.Certificate != "p1" || s.Pair.Failures != 1 || s.Pair.Error != "it shows another one" || s.Pair.RetryAt <= l.now {
		t.Errorf("after a failure: %+v", s)
	}
	if c == nil || c.Error != "it shows another one" || len(c.Sealed) > 0 {
		t.Errorf("one that was not installed: %+v", c)
	}

	l.do("user:adm", l.pair("p3"))
	if l.certificate("p2") != nil || l.certificate("p1") == nil {
		t.Error("what failed is forgotten with the next one, and what is served stays")
	}
	l.install("p3", Outcome{Status: Succeeded})
	if s = l.server(); s.Pair.Certificate != "p3" || s.Pair.Failures != 0 || l.certificate("p1") != nil {
		t.Errorf("after the next one: %+v", s)
	}
	sound(l)
	l.do("user:adm", &UpdateServer{ID: "v1", Fingerprint: ptr(strings.Repeat("b", 64))})
	if l.server().Pair != (PairState{}) || l.certificate("p3") != nil || l.node("v1").NotAfter != 0 {
		t.Error("a server that has its certificate from elsewhere")
	}
	l.do("user:adm", l.pair("p4"), &RemoveNode{ID: "v1", Force: true})
	if l.certificate("p4") != nil {
		t.Error("the certificate of a server that is gone")
	}
	l.do("plan:certify", &AssignJob{ID: "job-p4", From: Queued, Node: "h1"})
	l.do("node:h1", &FinishJob{ID: "job-p4", Attempt: 1, Outcome: Outcome{Status: Failed}})
}

func (l *lab) node(id string) *Node {
	n, _ := l.view().Nodes.Get(id)
	return n
}

func (l *lab) certificate(id string) *Certificate {
	c, ok := l.view().Certificates.Get(id)
	if !ok {
		return nil
	}
	return c
}

func TestBadPairs(t *testing.T) {
	l := served(t)
	if _, err := l.try("user:adm", l.pair("p1")); CodeOf(err) != Conflict || !strings.Contains(err.Error(), "via") {
		t.Errorf("no agent on the host: %v", err)
	}
	l.hosted()
	l.do("node:h1", &ObserveServer{ID: "v1", Lacks: map[string]string{CanCertificates: "no sesam.ini_dir"}})
	if _, err := l.try("user:adm", l.pair("p1")); CodeOf(err) != Conflict || !strings.Contains(err.Error(), "no sesam.ini_dir") {
		t.Errorf("an agent that is not told where: %v", err)
	}
	l.do("node:h1", &ObserveServer{ID: "v1"})
	for name, bad := range map[string]func(c *InstallPair){
		"no server":       func(c *InstallPair) { c.Certificate.Node = "b1" },
		"nobody":          func(c *InstallPair) { c.Certificate.Node = "nobody" },
		"no PEM":          func(c *InstallPair) { c.Certificate.PEM = nil },
		"no key":          func(c *InstallPair) { c.Certificate.Sealed = nil },
		"odd fingerprint": func(c *InstallPair) { c.Certificate.Fingerprint = "AB" },
		"it has ended":    func(c *InstallPair) { c.Certificate.NotAfter = l.now },
		"renews none":     func(c *InstallPair) { c.Renews = "p0" },
		"an id in use":    func(c *InstallPair) { c.Certificate.ID = "cert-m1" },
		"a job in use":    func(c *InstallPair) { c.Job = "verify" },
	} {
		cmd := l.pair("p1")
		bad(cmd)
		if _, err := l.try("user:adm", cmd); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := l.try("user:op", l.pair("p1")); CodeOf(err) != Denied {
		t.Errorf("by an operator: %v", err)
	}
	l.do("user:adm", l.pair("p1"))
	if _, err := l.try("user:adm", l.pair("p2")); CodeOf(err) != Conflict {
		t.Errorf("two at once: %v", err)
	}
	l.install("p1", Outcome{Status: Succeeded})
	if _, err := l.try("user:adm", &RevokeCertificate{ID: "p1"}); CodeOf(err) != Conflict {
		t.Errorf("revoked: %v", err)
	}
	if _, err := l.try("user:root", &ChangeSettings{Renew: ptr(0)}); CodeOf(err) != Invalid {
		t.Errorf("waves of none: %v", err)
	}
}

func TestWhenCertificatesAreRenewed(t *testing.T) {
	c := Certificate{Kind: HTTPSCertificate, NotBefore: dawn, NotAfter: dawn.Add(90 * day)}
	if got := c.RenewAt(); got != dawn.Add(60*day) {
		t.Errorf("at %s", got)
	}
	c.Imported = true
	if c.RenewAt() != 0 || (&Certificate{NotAfter: dawn}).RenewAt() != 0 {
		t.Error("what was brought, and a member's, is not renewed")
	}
	var last time.Duration
	for failures := range 40 {
		pause := pairPause(failures + 1)
		if pause < last || pause < time.Hour || pause > day {
			t.Errorf("after %d failures: %s", failures+1, pause)
		}
		last = pause
	}
}

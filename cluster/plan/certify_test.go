package plan_test

import (
	"fmt"
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

const month = 30 * 24 * time.Hour

// signed gives the plan's renewals a certificate for a month, as a manager does.
func (g *grid) signed(p plan.Func) plan.Func {
	return func(v *fsm.View, now time.Time) ([]fsm.Command, time.Time) {
		do, next := p(v, now)
		for _, cmd := range do {
			if c, ok := cmd.(*fsm.InstallPair); ok {
				g.sign(&c.Certificate)
			}
		}
		return do, next
	}
}

func (g *grid) sign(c *fsm.Certificate) {
	c.PEM, c.Sealed, c.Fingerprint = []byte("pem"), []byte("sealed"), fmt.Sprintf("%064x", g.index+1)
	c.NotBefore, c.NotAfter = fsm.At(g.now), fsm.At(g.now.Add(month))
}

// servers adds n SEP sesam servers with an agent on each host, and a certificate of
// the cluster on each.
func (g *grid) servers(n int) (ids []string) {
	g.t.Helper()
	for i := range n {
		id := fmt.Sprintf("v%02d", i)
		g.node("h-"+id, fsm.RoleSesam)
		g.do("user:admin", &fsm.AddServer{ID: id, Name: id, Address: "https://" + id + ":11401", Account: "bcm", Password: []byte("x"),
			Fingerprint: fmt.Sprintf("%064x", i), Via: "h-" + id})
		g.do("plan:sync", &fsm.CarryServer{ID: id, To: "h-" + id})
		g.do("node:h-"+id, &fsm.ObserveServer{ID: id})
		cert := fsm.Certificate{Meta: fsm.Meta{ID: "first-" + id}, Node: id}
		g.sign(&cert)
		g.do("user:admin", &fsm.InstallPair{Job: "install-" + id, Certificate: cert})
		g.do("plan:certify", &fsm.AssignJob{ID: "install-" + id, From: fsm.Queued, Node: "h-" + id})
		g.finishOn("h-"+id, fsm.Succeeded)
		ids = append(ids, id)
	}
	return ids
}

// finishOn ends what a host has at work.
func (g *grid) finishOn(host string, status fsm.Status) {
	g.t.Helper()
	for j := range g.view().Jobs.By("active", host) {
		g.do("node:"+host, &fsm.FinishJob{ID: j.ID, Attempt: j.Attempt, Outcome: fsm.Outcome{Status: status}})
	}
}

// certifying lists the hosts that install a certificate.
func (g *grid) certifying() (hosts []string) {
	for _, j := range g.view().Jobs.Walk("certify", false, nil) {
		if j.Status.Live() {
			hosts = append(hosts, j.Node)
		}
	}
	return hosts
}

func (g *grid) server(id string) *fsm.Server {
	g.t.Helper()
	s, ok := g.view().Servers.Get(id)
	if !ok {
		g.t.Fatalf("server %s is gone", id)
	}
	return s
}

// Fifty servers are renewed five at a time, and one that cannot be, and one whose
// host is away, keep none of the others from it.
func TestCertificatesAreRenewedInWaves(t *testing.T) {
	g := empty(t)
	ids := g.servers(50)
	plans := plan.All()
	plans["certify"] = g.signed(plans["certify"])
	if do, next := g.plan(plan.Certify); len(do) > 0 || !next.Equal(noon.Add(month/3*2)) {
		t.Fatalf("decided %v, next at %s", show(do), next)
	}
	g.now = noon.Add(month/3*2 + time.Second)
	const broken, away = "v07", "v21"
	waves, most, lost := 0, 0, false
	for settle(g, plans); len(g.certifying()) > 0; settle(g, plans) {
		hosts := g.certifying()
		if most = max(most, len(hosts)); most > 5 {
			t.Fatalf("%d servers at once", len(hosts))
		}
		waves++
		for _, host := range hosts {
			switch host {
			case "h-" + broken:
				g.finishOn(host, fsm.Failed)
			case "h-" + away:
				g.mark(host, fsm.Offline)
				lost = true
			default:
				g.finishOn(host, fsm.Succeeded)
			}
		}
		g.now = g.now.Add(time.Second)
	}
	if most != 5 || waves < 10 || waves > 11 || !lost {
		t.Errorf("%d waves, at most %d at once, a host was lost: %t", waves, most, lost)
	}
	for _, id := range ids {
		s := g.server(id)
		renewed := s.Pair.Certificate != "first-"+id
		if want := id != broken && id != away; renewed != want {
			t.Errorf("%s is renewed: %t", id, renewed)
		}
		if c, ok := g.view().Certificates.Get(s.Pair.Certificate); !ok || renewed && s.Fingerprint != c.Fingerprint {
			t.Errorf("%s is known by %s, and its certificate is %+v", id, s.Fingerprint, c)
		}
	}
	if s := g.server(broken); s.Pair.Failures != 1 || s.Pair.RetryAt <= fsm.At(g.now) {
		t.Errorf("the broken one: %+v", s.Pair)
	}

	g.mark("h-"+away, fsm.Online)
	g.now = g.now.Add(10 * time.Minute)
	settle(g, plans)
	if hosts := g.certifying(); len(hosts) != 1 || hosts[0] != "h-"+away {
		t.Errorf("when its host is back: %v", hosts)
	}
	g.finishOn("h-"+away, fsm.Succeeded)
	_, next := g.plan(plan.Certify)
	if at := g.server(broken).Pair.RetryAt.Time(); !next.Equal(at) {
		t.Errorf("the broken one is tried again at %s, and the plan looks at %s", at, next)
	}
	g.now = next
	settle(g, plans)
	g.finishOn("h-"+broken, fsm.Succeeded)
	if s := g.server(broken); s.Pair.Failures != 0 || s.Pair.Certificate == "first-"+broken {
		t.Errorf("tried again: %+v", s.Pair)
	}
}

// What people ask for goes in waves, too; one server is always enough of a share.
func TestCertificatesThatPeopleBring(t *testing.T) {
	g := empty(t)
	for _, id := range g.servers(3) {
		cert := fsm.Certificate{Meta: fsm.Meta{ID: "second-" + id}, Node: id, Imported: true}
		g.sign(&cert)
		g.do("user:admin", &fsm.InstallPair{Job: "again-" + id, Certificate: cert})
	}
	for _, id := range []string{"v00", "v01", "v02"} {
		g.expect(plan.Certify, "job.assign again-"+id+" queued/0 h-"+id)
		g.finishOn("h-"+id, fsm.Succeeded)
	}
	g.now = noon.Add(2 * month)
	if do, next := g.plan(plan.Certify); len(do) > 0 || !next.IsZero() {
		t.Errorf("renews what was brought: %v, next at %s", show(do), next)
	}
}

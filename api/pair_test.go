package api

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// host has a server reached through the manager, which runs on the server's host.
func (w *world) host(t testing.TB, id string) {
	t.Helper()
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := v.Servers.Get(id)
	w.must(t, "user:admin", &fsm.UpdateServer{ID: id, Via: &s.Carrier})
}

// pair gives a server a certificate of the cluster that is in service.
func (w *world) pair(t testing.TB, server, id string) {
	t.Helper()
	w.host(t, server)
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := v.Servers.Get(server)
	row := fsm.Certificate{Meta: fsm.Meta{ID: id}, Node: server}
	if err := w.api.issuePair(v, &row, []string{reachedAs(s), "also.example.org"}); err != nil {
		t.Fatal(err)
	}
	w.must(t, "user:admin", &fsm.InstallPair{Job: "job-" + id, Certificate: row})
	w.end(t, server, fsm.Outcome{Status: fsm.Succeeded})
}

// end has the agent on the host of a server end the order to install a certificate.
func (w *world) end(t testing.TB, server string, out fsm.Outcome) {
	t.Helper()
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := v.Servers.Get(server)
	for j := range v.Jobs.By("certify", server) {
		w.must(t, "plan:certify", &fsm.AssignJob{ID: j.ID, From: j.Status, Attempt: j.Attempt, Node: s.Via})
		w.must(t, "node:"+s.Via, &fsm.FinishJob{ID: j.ID, Attempt: j.Attempt + 1, Outcome: out})
	}
}

func TestServerIsGivenCertificates(t *testing.T) {
	w := newGrownWorld(t)
	w.serve(t, "v1", "sesam-1")
	if p := problemIn(t, w.ask(t, "POST", "/v1/certificates", `{"node":"sesam-1"}`)); p.Status != 409 || !strings.Contains(p.Detail, "via") {
		t.Errorf("no agent on its host: %+v", p)
	}
	w.host(t, "v1")
	made := w.want(t, http.StatusCreated, "POST", "/v1/certificates", `{"node":"sesam-1","hosts":["10.0.0.9"]}`)
	text, _ := made["pem"].(string)
	block, _ := pem.Decode([]byte(text))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || made["kind"] != "https" || made["status"] != "installing" || made["node"] != "sesam-1" {
		t.Fatalf("%v, %v", made, err)
	}
	if leaf.VerifyHostname("sesam-1") != nil || leaf.VerifyHostname("10.0.0.9") != nil {
		t.Errorf("it is good for %v %v", leaf.DNSNames, leaf.IPAddresses)
	}
	id, _ := made["id"].(string)
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	row, _ := v.Certificates.Get(id)
	if key, err := pki.Open(w.key, "pair/"+id, row.Sealed); err != nil || !strings.Contains(string(key), "PRIVATE KEY") {
		t.Errorf("the key is not sealed for its place: %v", err)
	}
	if body := w.ask(t, "GET", "/v1/certificates/"+id, "").Body.String(); strings.Contains(body, "PRIVATE") || strings.Contains(body, "sealed") {
		t.Errorf("a key is shown: %s", body)
	}
	w.end(t, "v1", fsm.Outcome{Status: fsm.Succeeded})
	if got := w.want(t, 200, "GET", "/v1/certificates/"+id, ""); got["status"] != "active" || got["current"] != true || got["renew_at"] == nil {
		t.Errorf("in service: %v", got)
	}
	node := w.want(t, 200, "GET", "/v1/nodes/sesam-1", "")
	if node["certificate_not_after"] != made["not_after"] {
		t.Errorf("its node: %v", node)
	}

	next := w.want(t, http.StatusCreated, "POST", "/v1/certificates/"+id+"/rotate", "")
	if next["id"] == id || next["fingerprint"] == made["fingerprint"] {
		t.Errorf("rotated: %v", next)
	}
	w.end(t, "v1", fsm.Outcome{Status: fsm.Failed, Error: "the server does not show it"})
	again := w.want(t, 200, "GET", "/v1/certificates?kind=https&node=sesam-1&sort=not_after", "")
	items, _ := again["items"].([]any)
	var states []string
	for _, one := range items {
		row, _ := one.(map[string]any)
		states = append(states, row["status"].(string))
	}
	if len(states) != 2 || !contains(states, "active") || !contains(states, "failed") {
		t.Errorf("after a failure: %v", states)
	}
	if got := w.alarms(t); !contains(got, "warning certificate_not_installed sesam-1") {
		t.Errorf("alerts: %q", got)
	}
	w.tick(80 * 24 * time.Hour)
	if got := w.alarms(t); !contains(got, "warning certificate_ends sesam-1") {
		t.Errorf("alerts near its end: %q", got)
	}
}

// What is brought is looked at before anything is done with it.
func TestBadCertificatesAreRefused(t *testing.T) {
	w := newGrownWorld(t)
	w.serve(t, "v1", "sesam-1")
	w.pair(t, "v1", "pair-1")
	own, err := pki.NewCA("own", w.clock())
	if err != nil {
		t.Fatal(err)
	}
	bring := func(host string, at time.Time) pki.Pair {
		p, err := own.NewPair([]string{host}, at, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good, other := bring("sesam-1", w.clock()), bring("sesam-1", w.clock())
	body := func(node string, cert, key []byte) string {
		data, err := json.Marshal(PairInput{Node: node, Certificate: string(cert), Key: string(key)})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	far := bring("sesam-2", w.clock())
	for what, c := range map[string]struct{ body, field, says string }{
		"a key that does not belong": {body("sesam-1", good.CertPEM, other.KeyPEM()), "key", "does not belong"},
		"no key":                     {body("sesam-1", good.CertPEM, nil), "key", "private key"},
		"no certificate":             {body("sesam-1", nil, good.KeyPEM()), "key", "private key"},
		"garbage":                    {body("sesam-1", []byte("garbage"), good.KeyPEM()), "certificate", "PEM"},
		"a garbled key":              {body("sesam-1", good.CertPEM, []byte("garbage")), "key", "PEM"},
		"out of order":               {body("sesam-1", append(own.CertPEM(), good.CertPEM...), good.KeyPEM()), "certificate", "out of order"},
		"another name":               {body("sesam-1", far.CertPEM, far.KeyPEM()), "certificate", "sesam-2"},
		"no such node":               {body("nobody", good.CertPEM, good.KeyPEM()), "node", "nobody"},
		"another node":               {body("backup-1", good.CertPEM, good.KeyPEM()), "node", "not a SEP sesam server"},
		"an odd host":                {`{"node":"sesam-1","hosts":["*.example.org"]}`, "hosts", "example.org"},
		"names for what is brought":  {strings.Replace(body("sesam-1", good.CertPEM, good.KeyPEM()), `"node"`, `"hosts":["x"],"node"`, 1), "hosts", "already"},
	} {
		p := problemIn(t, w.ask(t, "POST", "/v1/certificates", c.body))
		if p.Status != 422 || !strings.Contains(p.Detail, c.says) || len(p.Errors) != 1 || p.Errors[0].Field != c.field {
			t.Errorf("%s: %+v", what, p)
		}
		if strings.Contains(p.Detail, strings.Split(string(good.KeyPEM()), "\n")[1]) {
			t.Errorf("%s: the key is repeated", what)
		}
	}
	brought := w.want(t, 201, "POST", "/v1/certificates", body("sesam-1", append(good.CertPEM, own.CertPEM()...), good.KeyPEM()))
	w.end(t, "v1", fsm.Outcome{Status: fsm.Succeeded})
	id, _ := brought["id"].(string)
	if brought["imported"] != true || brought["renew_at"] != nil {
		t.Errorf("brought: %v", brought)
	}
	for what, path := range map[string]string{"one that was brought": id, "a member's": "cert-n1"} {
		if p := problemIn(t, w.ask(t, "POST", "/v1/certificates/"+path+"/rotate", "")); p.Status != 409 {
			t.Errorf("%s is rotated: %+v", what, p)
		}
	}
	w.tick(25 * time.Hour)
	if p := problemIn(t, w.ask(t, "POST", "/v1/certificates", body("sesam-1", good.CertPEM, good.KeyPEM()))); p.Status != 422 || !strings.Contains(p.Detail, "expired") {
		t.Errorf("expired: %+v", p)
	}
}

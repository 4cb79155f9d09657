package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// newcomer is a node that wants to join.
type newcomer struct {
	key, csr []byte
	JoinRequest
}

func newNewcomer(t testing.TB, token, id string, roles ...string) *newcomer {
	t.Helper()
	key, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := pki.NewCSR(key)
	if err != nil {
		t.Fatal(err)
	}
	return &newcomer{key, csr, JoinRequest{Token: token, CSR: string(csr), Node: JoinNode{ID: id, Name: "name of " + id, Roles: roles,
		Addresses: Addresses{API: "manager.example:7443", Storage: "127.0.0.1:7446"}, Version: "test", Understands: fsm.Version}}}
}

func (n *newcomer) body(t testing.TB) string {
	data, err := json.Marshal(n.JoinRequest)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// joinToken makes a join token through the door.
func (w *world) joinToken(t testing.TB, uses string, roles string) string {
	t.Helper()
	return w.want(t, 201, "POST", "/v1/join-tokens", `{"roles":`+roles+`,"uses":`+uses+`}`)["token"].(string)
}

func leafOf(t testing.TB, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM: %q", text)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestANodeJoins(t *testing.T) {
	w := newWorld(t)
	n := newNewcomer(t, w.joinToken(t, "1", `["backup-storage"]`), "n9", fsm.RoleStorage)
	first := w.want(t, 200, "POST", "/v1/join", n.body(t), "Authorization", "")
	again := w.want(t, 200, "POST", "/v1/join", n.body(t), "Authorization", "")
	if first["certificate"] != again["certificate"] {
		t.Error("asked again with the same key it gives another certificate")
	}
	id, err := pki.IdentityOf(leafOf(t, first["certificate"].(string)))
	if err != nil || id.ID != "n9" || id.Kind != pki.Agent || id.Cluster != "grid" || !id.HasRole(fsm.RoleStorage) {
		t.Errorf("the identity is %+v, %v", id, err)
	}
	if first["ca"] != string(w.ca.CertPEM()) || first["gossip_key"] == "" || first["cluster_key"] != nil || len(first["managers"].([]any)) != 1 {
		t.Errorf("the answer is %v", first)
	}
	node, ok := w.state.Now().Nodes.Get("n9")
	if !ok || node.Status != fsm.Joining || node.Addresses.Storage != "127.0.0.1:7446" {
		t.Errorf("the node is %+v", node)
	}
	other := newNewcomer(t, n.Token, "n10", fsm.RoleStorage)
	if p := problemIn(t, w.ask(t, "POST", "/v1/join", other.body(t), "Authorization", "")); p.Status != 401 {
		t.Errorf("a second node with a token for one: %+v", p)
	}
}

// A manager gets the cluster key, and a certificate for the names that people
// reach it by.
func TestAManagerJoins(t *testing.T) {
	w := newWorld(t)
	n := newNewcomer(t, w.joinToken(t, "1", `["cluster-manager"]`), "m2", fsm.RoleManager)
	out := w.want(t, 200, "POST", "/v1/join", n.body(t), "Authorization", "")
	if out["cluster_key"] == nil {
		t.Error("no cluster key")
	}
	cert := leafOf(t, out["certificate"].(string))
	for _, host := range []string{"localhost", "127.0.0.1", "manager.example"} {
		if err := cert.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

func TestWhoMayNotJoin(t *testing.T) {
	w := newWorld(t)
	token := w.joinToken(t, "9", `["backup-storage"]`)
	parsed, err := pki.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	forged := parsed
	forged.Secret = pki.NewToken(false, parsed.Pin).Secret
	raised := parsed
	raised.Manager = true
	rows := rowsOf(w.state.Now())
	for name, c := range map[string]struct {
		change func(n *newcomer)
		status int
	}{
		"unknown token":       {func(n *newcomer) { n.Token = pki.NewToken(false, parsed.Pin).String() }, 401},
		"another secret":      {func(n *newcomer) { n.Token = forged.String() }, 401},
		"as a manager":        {func(n *newcomer) { n.Token, n.Node.Roles = raised.String(), []string{fsm.RoleManager} }, 403},
		"another role":        {func(n *newcomer) { n.Node.Roles = []string{fsm.RoleBackupManager} }, 403},
		"a manager's role":    {func(n *newcomer) { n.Node.Roles = []string{fsm.RoleStorage, fsm.RoleManager} }, 403},
		"no role":             {func(n *newcomer) { n.Node.Roles = nil; n.Node.Roles = []string{} }, 403},
		"no request":          {func(n *newcomer) { n.CSR = "x" }, 422},
		"a damaged request":   {func(n *newcomer) { n.CSR = strings.Replace(n.CSR, "M", "N", 1) }, 422},
		"an address of noise": {func(n *newcomer) { n.Node.Addresses.Storage = "here" }, 422},
		"another's id":        {func(n *newcomer) { n.Node.ID = "m1" }, 409},
		"another's name":      {func(n *newcomer) { n.Node.Name = "manager-1" }, 409},
		"an id with a slash":  {func(n *newcomer) { n.Node.ID = "a/b" }, 422},
	} {
		n := newNewcomer(t, token, "n9", fsm.RoleStorage)
		c.change(n)
		if p := problemIn(t, w.ask(t, "POST", "/v1/join", n.body(t), "Authorization", "")); p.Status != c.status {
			t.Errorf("%s: %d instead of %d: %s", name, p.Status, c.status, p.Detail)
		}
	}
	if got := rowsOf(w.state.Now()); got != rows {
		t.Errorf("the state has changed: %v to %v", rows, got)
	}
	w.want(t, 204, "DELETE", "/v1/join-tokens/"+parsed.ID, "")
	if p := problemIn(t, w.ask(t, "POST", "/v1/join", newNewcomer(t, token, "n9", fsm.RoleStorage).body(t))); p.Status != 401 {
		t.Errorf("a revoked token: %+v", p)
	}
	late := w.joinToken(t, "1", `["backup-storage"]`)
	w.tick(2 * time.Hour)
	if p := problemIn(t, w.ask(t, "POST", "/v1/join", newNewcomer(t, late, "n9", fsm.RoleStorage).body(t))); p.Status != 401 {
		t.Errorf("an expired token: %+v", p)
	}
}

// call is a node calling at the node door with that certificate.
func (w *world) call(t testing.TB, cert *x509.Certificate, path string, in, out any) (int, *fsm.Error) {
	t.Helper()
	data, err := fsm.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/agent/"+path, bytes.NewReader(data))
	r.TLS = nil
	if cert != nil {
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
	}
	rec := httptest.NewRecorder()
	w.api.NodeDoor().ServeHTTP(rec, r)
	if rec.Code >= 300 {
		e := new(fsm.Error)
		if err := fsm.Decode(rec.Body.Bytes(), e); err != nil {
			t.Fatalf("%s: %d %q", path, rec.Code, rec.Body)
		}
		return rec.Code, e
	}
	if out != nil {
		if err := fsm.Decode(rec.Body.Bytes(), out); err != nil {
			t.Fatal(err)
		}
	}
	return rec.Code, nil
}

func TestTheNodeDoor(t *testing.T) {
	w := newGrownWorld(t)
	n := newNewcomer(t, w.joinToken(t, "1", `["backup-manager"]`), "n9", fsm.RoleBackupManager)
	cert := leafOf(t, w.want(t, 200, "POST", "/v1/join", n.body(t))["certificate"].(string))
	w.must(t, "user:admin", &fsm.CreateBackup{ID: "b9", Client: "c1", Source: &fsm.Source{Paths: []string{"/etc"}}})
	w.must(t, "plan:place", &fsm.AssignBackup{ID: "b9", From: fsm.Queued, Node: "n9", Storages: []string{"n2"}})

	var orders fsm.Orders
	if _, err := w.call(t, cert, "orders", ordersQuestion{}, &orders); err != nil || len(orders.Items) != 1 || orders.Items[0].ID != "b9" {
		t.Fatalf("orders: %+v %v", orders, err)
	}
	report := func(id string) nodeReport {
		e, err := fsm.NewEntry(context.Background(), "user:admin", &fsm.StartBackup{ID: id, Attempt: 1})
		if err != nil {
			t.Fatal(err)
		}
		return nodeReport{e}
	}
	var result fsm.Result
	if _, err := w.call(t, cert, "report", report("b9"), &result); err != nil || result.ID != "b9" {
		t.Errorf("report: %+v %v", result, err)
	}
	// The entry says user:admin, and b2 is n1's: who reports is the caller.
	if _, err := w.call(t, cert, "report", report("b2"), nil); err == nil || err.Code != fsm.Conflict {
		t.Errorf("a report on another's run: %v", err)
	}
	forbidden, err := fsm.NewEntry(context.Background(), "x", &fsm.UpdateUser{ID: "u-ada"})
	if err != nil {
		t.Fatal(err)
	}
	if status, err := w.call(t, cert, "report", nodeReport{forbidden}, nil); err == nil || err.Code != fsm.Denied || status != 403 {
		t.Errorf("a node that changes a user: %v", err)
	}
	if status, err := w.call(t, cert, "progress", []fsm.Progress{{Run: "b9", Node: "n1", Attempt: 1, Files: 3}}, nil); status != http.StatusNoContent {
		t.Errorf("progress: %d %v", status, err)
	}
	if p, _ := w.Progress("b9"); p.Node != "n9" || p.Files != 3 {
		t.Errorf("the progress is %+v", p)
	}
	var fresh renewed
	if _, err := w.call(t, cert, "renew", renewal{n.csr}, &fresh); err != nil {
		t.Fatal(err)
	}
	next := leafOf(t, string(fresh.Certificate))
	if id, err := pki.IdentityOf(next); err != nil || id.ID != "n9" || next.SerialNumber.Cmp(cert.SerialNumber) == 0 {
		t.Errorf("renewed as %+v, %v", id, err)
	}
	row, _ := w.state.Now().Nodes.Get("n9")
	if row.Certificate != next.SerialNumber.Text(16) {
		t.Errorf("the node's certificate is %s", row.Certificate)
	}
}

func TestTheNodeDoorRefuses(t *testing.T) {
	w := newGrownWorld(t)
	n := newNewcomer(t, w.joinToken(t, "1", `["backup-manager"]`), "n9", fsm.RoleBackupManager)
	cert := leafOf(t, w.want(t, 200, "POST", "/v1/join", n.body(t))["certificate"].(string))
	if status, err := w.call(t, nil, "orders", ordersQuestion{}, nil); status != 401 {
		t.Errorf("without a certificate: %d %v", status, err)
	}
	foreign, err := pki.NewCA("another", w.clock())
	if err != nil {
		t.Fatal(err)
	}
	text, err := foreign.Sign(n.csr, pki.Identity{Cluster: "another", Kind: pki.Agent, ID: "n9"}, nil, w.clock(), pki.AgentLife)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := w.call(t, leafOf(t, string(text)), "orders", ordersQuestion{}, nil); status != 401 {
		t.Errorf("of another cluster: %d %v", status, err)
	}
	if status, err := w.call(t, cert, "report", "nonsense", nil); status != 422 {
		t.Errorf("nonsense: %d %v", status, err)
	}
	if status, err := w.call(t, cert, "report", nodeReport{fsm.Entry{Kind: "moon.walk"}}, nil); status != 422 {
		t.Errorf("an unknown kind: %d %v", status, err)
	}
	w.want(t, 200, "POST", "/v1/certificates/"+cert.SerialNumber.Text(16)+"/revoke", "")
	if status, err := w.call(t, cert, "orders", ordersQuestion{}, nil); status != 403 {
		t.Errorf("with a revoked certificate: %d %v", status, err)
	}
	w.want(t, 204, "DELETE", "/v1/nodes/n9?force", "")
	if status, err := w.call(t, cert, "orders", ordersQuestion{}, nil); status != 403 {
		t.Errorf("of a removed node: %d %v", status, err)
	}
}

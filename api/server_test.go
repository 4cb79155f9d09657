package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

const aFingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// serve makes a SEP sesam server a node of the grid, which the manager looks after.
func (w *world) serve(t testing.TB, id, name string) {
	t.Helper()
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	var manager *fsm.Node
	for m := range v.Nodes.By("role", fsm.RoleManager) {
		manager = m
	}
	w.must(t, "user:admin", &fsm.AddServer{ID: id, Name: name, Address: "https://" + name + ":11401", Account: "bcm",
		Password: pki.Seal(w.key, "server/"+id, []byte("s3cret")), Fingerprint: aFingerprint})
	w.must(t, "plan:sync", &fsm.CarryServer{ID: id, To: manager.ID})
	w.must(t, "node:"+manager.ID,
		&fsm.ObserveServer{ID: id, Release: "5.2.0.3", Lacks: map[string]string{fsm.CanClusterMode: "not offered"}},
		&fsm.ObserveObjects{Server: id, Kind: fsm.ServerUser, Whole: true, Objects: []fsm.Observed{
			{Name: "ada", Remote: "5", Facts: fsm.Facts{Enabled: false, Groups: []string{"OPERATOR"}}, Doc: []byte(`{"id":5,"name":"ada"}`)},
			{Name: "local", Remote: "6", Facts: fsm.Facts{Enabled: true}, Doc: []byte(`{"id":6,"name":"local"}`)}}},
		&fsm.ObserveObjects{Server: id, Kind: fsm.ServerTask, Whole: true, Objects: []fsm.Observed{{Name: "nightly", Parent: "far", State: "succeeded", Facts: fsm.Facts{Enabled: true}}}})
}

// shownBy is a server that shows a certificate, or cannot be reached.
type shownBy struct {
	Servers
	err error
}

func (s shownBy) Probe(context.Context, string) (ServerCertificate, error) {
	return ServerCertificate{Fingerprint: aFingerprint, Subject: "CN=sesam-2", Issuer: "CN=sesam-2",
		NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}, s.err
}

func TestServersAreTrustedFirst(t *testing.T) {
	w := newGrownWorld(t)
	const in = `{"name":"sesam-2","roles":["sesam-server"],"address":"https://sesam-2:11401","user":"bcm","password":"s3cret"`
	if p := problemIn(t, w.ask(t, "POST", "/v1/nodes", in+"}")); p.Status != 422 || !strings.Contains(p.Detail, "SHA-256") {
		t.Errorf("nobody can ask the server: %+v", p)
	}
	w.api.Servers = shownBy{}
	if p := problemIn(t, w.ask(t, "POST", "/v1/nodes", in+"}")); p.Status != 422 || !strings.Contains(p.Detail, aFingerprint) || !strings.Contains(p.Detail, "CN=sesam-2") {
		t.Errorf("without a fingerprint: %+v", p)
	}
	w.api.Servers = shownBy{err: errors.New("no route to host")}
	if p := problemIn(t, w.ask(t, "POST", "/v1/nodes", in+"}")); p.Status != 422 || !strings.Contains(p.Detail, "no route") {
		t.Errorf("a server that is away: %+v", p)
	}
	node := w.want(t, http.StatusCreated, "POST", "/v1/nodes", in+`,"fingerprint":"`+aFingerprint+`"}`)
	if node["cluster_mode"] != "standalone" || strings.Contains(w.ask(t, "GET", "/v1/nodes/sesam-2", "").Body.String(), "s3cret") {
		t.Errorf("%v", node)
	}
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	for s := range v.Servers.All() {
		if plain, err := pki.Open(w.key, "server/"+s.ID, s.Password); err != nil || string(plain) != "s3cret" {
			t.Errorf("the password: %q %v", plain, err)
		}
	}
}

func TestServersBecomeManaged(t *testing.T) {
	w := newGrownWorld(t)
	w.serve(t, "v1", "sesam-1")
	for what, bad := range map[string]string{
		"an unknown mode":   `{"cluster_mode":"odd"}`,
		"an unknown policy": `{"drift_policy":"odd"}`,
		"two things":        `{"cluster_mode":"managed","site":"fra2"}`,
		"an odd address":    `{"address":"ftp://x"}`,
	} {
		if p := problemIn(t, w.ask(t, "PATCH", "/v1/nodes/sesam-1", bad)); p.Status != 422 {
			t.Errorf("%s: %+v", what, p)
		}
	}
	if p := problemIn(t, w.ask(t, "PATCH", "/v1/nodes/backup-1", `{"cluster_mode":"managed"}`)); p.Status != 409 {
		t.Errorf("another node: %+v", p)
	}
	if p := problemIn(t, w.ask(t, "POST", "/v1/sync", `{"nodes":["sesam-1"]}`)); p.Status != 409 {
		t.Errorf("synchronised while standalone: %+v", p)
	}
	diff := w.want(t, 200, "GET", "/v1/sync/sesam-1/diff", "")
	if takes, ok := diff["take_over"].([]any); !ok || len(takes) != 1 || takes[0] != "user/local" {
		t.Errorf("before it is managed: %v", diff)
	}
	if node := w.want(t, 200, "PATCH", "/v1/nodes/sesam-1", `{"cluster_mode":"managed","take_over":true}`); node["cluster_mode"] != "managed" {
		t.Errorf("%v", node)
	}
	local := w.want(t, 200, "GET", "/v1/users/local", "")
	if local["origin"] != "sesam-1" {
		t.Errorf("taken over: %v", local)
	}
	if p := problemIn(t, w.ask(t, "POST", "/v1/login", `{"name":"local","password":"-"}`)); p.Status != 401 {
		t.Errorf("one without a password: %+v", p)
	}
	w.want(t, 201, "POST", "/v1/users", `{"name":"zoe","password":"correct horse battery","groups":["Operators"]}`)
	v, err := w.View(t.Context(), fsm.Local())
	if err != nil {
		t.Fatal(err)
	}
	zoe, _ := v.Users.Find("zoe")
	if p, ok := v.Passwords.Get(zoe.ID); !ok {
		t.Error("the password of a new user waits for no server")
	} else if plain, err := pki.Open(w.key, "secret/"+zoe.ID, p.Sealed); err != nil || string(plain) != "correct horse battery" {
		t.Errorf("%q %v", plain, err)
	}
	state := w.want(t, 200, "GET", "/v1/sync", "")
	row, _ := state["items"].([]any)[0].(map[string]any)
	if row["status"] != "syncing" || row["waiting_passwords"] != 1.0 {
		t.Errorf("%v", row)
	}
	w.want(t, 200, "POST", "/v1/sync", `{}`)
	if p := problemIn(t, w.ask(t, "DELETE", "/v1/nodes/sesam-1", "")); p.Status != 409 || !strings.Contains(p.Detail, "standalone") {
		t.Errorf("removed while managed: %+v", p)
	}
	w.want(t, 200, "PATCH", "/v1/nodes/sesam-1", `{"cluster_mode":"standalone"}`)
	w.want(t, 204, "DELETE", "/v1/nodes/sesam-1", "")
}

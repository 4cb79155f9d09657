package api

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"
)

// The same request asked again under its id has one effect and the same answer,
// its secrets included.
func TestARequestAskedAgain(t *testing.T) {
	for _, c := range []struct{ name, method, path, body string }{
		{"user", "POST", "/v1/users", `{"name":"eve","password":"correct horse battery"}`},
		{"client", "POST", "/v1/clients", `{"name":"c9"}`},
		{"join token", "POST", "/v1/join-tokens", `{"roles":["backup-storage"]}`},
		{"API token", "POST", "/v1/api-tokens", `{"name":"x"}`},
		{"verification", "POST", "/v1/backups/b1/verify", ""},
		{"removal", "DELETE", "/v1/users/bob", ""},
		{"refusal", "DELETE", "/v1/clients/c1", ""},
		{"change", "PATCH", "/v1/nodes/n1", `{"mode":"draining"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newGrownWorld(t)
			first := w.ask(t, c.method, c.path, c.body, requestHeader, "mine-1")
			rows := rowsOf(w.state.Now())
			again := w.ask(t, c.method, c.path, c.body, requestHeader, "mine-1")
			if first.Code != again.Code || first.Body.String() != again.Body.String() || first.Header().Get("Location") != again.Header().Get("Location") {
				t.Errorf("first %d %s\nagain %d %s", first.Code, first.Body, again.Code, again.Body)
			}
			if got := rowsOf(w.state.Now()); got != rows {
				t.Errorf("asked again it had an effect: %v to %v", rows, got)
			}
			if again.Header().Get(requestHeader) != "mine-1" {
				t.Errorf("the answer is to request %s", again.Header().Get(requestHeader))
			}
		})
	}
}

func TestARequestIDForAnotherRequest(t *testing.T) {
	w := newGrownWorld(t)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c8","labels":{"a":"1","b":"2"}}`, requestHeader, "mine")
	// The same, written differently.
	w.want(t, 201, "POST", "/v1/clients", `{ "labels": {"b":"2", "a":"1"}, "name":"c8" }`, requestHeader, "mine")
	for name, path := range map[string]string{"c9": "/v1/clients", "c8": "/v1/groups"} {
		p := problemIn(t, w.ask(t, "POST", path, `{"name":"`+name+`"}`, requestHeader, "mine"))
		if p.Status != 422 || p.Code != fsm.Mismatch {
			t.Errorf("%s at %s: %d %s %s", name, path, p.Status, p.Code, p.Detail)
		}
	}
	// Another user's request of that id is another request.
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c9"}`, requestHeader, "mine", "Authorization", "Bearer "+w.speaksFor(t, "u-ada"))
	p := problemIn(t, w.ask(t, "GET", "/v1/me", "", requestHeader, "two words"))
	if p.Code != fsm.Invalid || strings.Contains(p.RequestID, " ") {
		t.Errorf("a request id with a space: %+v", p)
	}
}

// The token that a replayed answer shows is one that works.
func TestAReplayedTokenWorks(t *testing.T) {
	w := newWorld(t)
	w.want(t, 201, "POST", "/v1/api-tokens", `{"name":"x"}`, requestHeader, "mine")
	token := w.want(t, 201, "POST", "/v1/api-tokens", `{"name":"x"}`, requestHeader, "mine")["token"].(string)
	me := w.want(t, 200, "GET", "/v1/me", "", "Authorization", "Bearer "+token)
	if me["user"].(map[string]any)["name"] != "admin" {
		t.Errorf("it speaks for %v", me["user"])
	}
}

func TestIfMatch(t *testing.T) {
	w := newGrownWorld(t)
	tag := w.ask(t, "GET", "/v1/users/ada", "").Header().Get("ETag")
	w.want(t, 200, "PATCH", "/v1/users/ada", `{"email":"a@b.c"}`, "If-Match", tag)
	for _, stale := range []string{tag, `"99999"`, "nonsense"} {
		for _, q := range [][3]string{{"PATCH", "/v1/users/ada", `{"email":""}`}, {"DELETE", "/v1/users/ada", ""}} {
			if p := problemIn(t, w.ask(t, q[0], q[1], q[2], "If-Match", stale)); p.Status != 412 || p.Code != fsm.Precondition {
				t.Errorf("%s with %s: %d %s", q[0], stale, p.Status, p.Detail)
			}
		}
	}
	w.want(t, 200, "PATCH", "/v1/users/ada", `{"email":""}`, "If-Match", "*")
	tag = w.ask(t, "GET", "/v1/users/ada", "").Header().Get("ETag")
	w.want(t, 204, "DELETE", "/v1/users/ada", "", "If-Match", tag)
}

// ?index&wait answers when there is something newer, or when the wait is over.
func TestWaitingForSomethingNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		begin := time.Now()
		at := w.ask(t, "GET", "/v1/users", "").Header().Get(indexHeader)
		if got := w.ask(t, "GET", "/v1/users?wait=30s&index="+at, "").Header().Get(indexHeader); got != at || time.Since(begin) != 30*time.Second {
			t.Errorf("with nothing newer: index %s after %v", got, time.Since(begin))
		}
		begin = time.Now()
		go func() {
			time.Sleep(time.Second)
			w.must(t, "system:test", &fsm.CreateUser{ID: "u9", Name: "nine", Password: adminHash()})
		}()
		rec := w.ask(t, "GET", "/v1/users?wait=30s&index="+at, "")
		if !strings.Contains(rec.Body.String(), "nine") || time.Since(begin) != time.Second {
			t.Errorf("with a new user: %s after %v", rec.Body, time.Since(begin))
		}
	})
}

// freshnessSeen notes how fresh views were asked for.
type freshnessSeen struct {
	*solo
	asked []fsm.Freshness
}

func (f *freshnessSeen) View(ctx context.Context, fresh fsm.Freshness) (*fsm.View, error) {
	f.asked = append(f.asked, fresh)
	return f.solo.View(ctx, fresh)
}

func TestConsistent(t *testing.T) {
	w := newWorld(t)
	seen := &freshnessSeen{solo: w.solo}
	api, err := New(Config{Cluster: seen, Key: w.key, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.api = api
	for query, want := range map[string]bool{"": false, "?consistent": true, "?consistent=true": true, "?consistent=false": false} {
		seen.asked = nil
		w.want(t, 200, "GET", "/v1/users"+query, "")
		if got := seen.asked[len(seen.asked)-1].IsLinearizable(); got != want {
			t.Errorf("%q: the view is linearizable: %v", query, got)
		}
	}
	// A token that is not known here may be known elsewhere; how often that is
	// looked up for strangers is bounded.
	seen.asked = nil
	for range 100 {
		w.want(t, 401, "GET", "/v1/me", "", "Authorization", "Bearer bcmt_nobody")
	}
	linearizable := 0
	for _, f := range seen.asked {
		if f.IsLinearizable() {
			linearizable++
		}
	}
	if linearizable == 0 || linearizable > 20 {
		t.Errorf("100 unknown tokens were looked up %d times", linearizable)
	}
}

func TestRedirect(t *testing.T) {
	w := newWorld(t)
	w.want(t, 201, "POST", "/v1/clients?redirect", `{"name":"c1"}`) // this manager leads
	w.status.IsLeader, w.status.LeaderAPI = false, "10.0.0.9:7443"
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c2"}`)
	rec := w.ask(t, "POST", "/v1/clients?redirect", `{"name":"c3"}`)
	if to := rec.Header().Get("Location"); rec.Code != 307 || to != "https://10.0.0.9:7443/v1/clients?redirect" {
		t.Errorf("%d %s", rec.Code, to)
	}
	if _, ok := w.state.Now().Clients.Find("c3"); ok {
		t.Error("redirected, and done all the same")
	}
	w.want(t, 401, "POST", "/v1/clients?redirect", `{"name":"c3"}`, "Authorization", "")
	w.status.LeaderAPI = ""
	p := problemIn(t, w.ask(t, "POST", "/v1/clients?redirect", `{"name":"c3"}`))
	if p.Status != 503 || p.Code != fsm.Unavailable {
		t.Errorf("without a leader: %d %s", p.Status, p.Code)
	}
}

// Each code of the cluster has its status, and those who may ask again are told
// when.
func TestStatusOfErrors(t *testing.T) {
	w := newWorld(t)
	for code, status := range map[fsm.Code]int{
		fsm.Invalid: 422, fsm.NotFound: 404, fsm.Conflict: 409, fsm.Precondition: 412, fsm.Denied: 403, fsm.Unauthorized: 401,
		fsm.Mismatch: 422, fsm.Unavailable: 503, fsm.NoRoom: 507, fsm.OutcomeUnknown: 504, fsm.Exhausted: 429, fsm.Internal: 500,
	} {
		w.refuse = fsm.Errorf(code, "as the cluster says")
		rec := w.ask(t, "POST", "/v1/clients", `{"name":"c1"}`)
		p := problemIn(t, rec)
		if p.Status != status || p.Code != code || p.Detail != "as the cluster says" || p.Type != "urn:bcm:problem:"+string(code) {
			t.Errorf("%s: %+v", code, p)
		}
		if again := rec.Header().Get("Retry-After"); (again != "") != (status == 503 || status == 429 || status == 504) {
			t.Errorf("%s: Retry-After is %q", code, again)
		}
	}
	w.refuse = context.DeadlineExceeded
	if p := problemIn(t, w.ask(t, "POST", "/v1/clients", `{"name":"c1"}`)); p.Status != 503 {
		t.Errorf("too late: %+v", p)
	}
	w.refuse = errString("disk secrets/4711 is on fire")
	if p := problemIn(t, w.ask(t, "POST", "/v1/clients", `{"name":"c1"}`)); p.Status != 500 || strings.Contains(p.Detail, "4711") {
		t.Errorf("a fault of ours: %+v", p)
	}
}

type errString string

func (e errString) Error() string { return string(e) }

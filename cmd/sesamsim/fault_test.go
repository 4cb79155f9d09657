package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaultErrors(t *testing.T) {
	x := begin(t, "--fault-errors=1")
	x.get("clients").refused(http.StatusInternalServerError, "SERVER_ERROR_INTERNAL")
	x.faults(`{"error_rate":1,"error_status":503,"paths":["/sep/api/v2/clients"]}`)
	x.get("clients").refused(http.StatusServiceUnavailable, "SERVER_ERROR_SERVICE_UNAVAILABLE")
	x.get("locations").lists("id", `[0]`)
	x.faults(`{"error_rate":1,"times":2}`)
	for range 2 {
		x.post("clients/create", `{"name":"a"}`).refused(http.StatusInternalServerError, "SERVER_ERROR_INTERNAL")
	}
	x.get("clients").lists("id", `[0]`) // none of the two had an effect
	x.faults(`{"error_rate":1,"times":1,"when":"after"}`)
	x.post("clients/create", `{"name":"a"}`).refused(http.StatusInternalServerError, "SERVER_ERROR_INTERNAL")
	x.get("clients").lists("id", `[0,1]`) // it had one
	x.faults(`{"error_rate":0.5}`)
	bad := 0
	for range 200 {
		if x.get("locations").status != http.StatusOK {
			bad++
		}
	}
	if bad < 60 || bad > 140 {
		t.Errorf("%d of 200 failed at a rate of 0.5", bad)
	}
}

// faults sets them; control is never hit by them.
func (x *sim) faults(body string) {
	x.Helper()
	x.do("PUT", controlPath+"faults", body).json()
}

func TestDisconnects(t *testing.T) {
	x := begin(t)
	for when, ids := range map[string]string{"before": `[0]`, "after": `[0,1]`} {
		x.faults(`{"disconnect_rate":1,"times":1,"when":"` + when + `","paths":["/sep/api/v2/clients/create"]}`)
		x.http.CloseIdleConnections() // on a fresh connection nobody repeats a POST by himself
		if a, err := x.try("POST", "clients/create", `{"name":"a"}`); err == nil {
			t.Errorf("%s: answered %d %s", when, a.status, a.text)
		}
		x.get("clients").lists("id", ids)
		x.faults(`{}`)
		x.post("clients/delete", "1")
	}
}

func TestWrongAnswers(t *testing.T) {
	x := begin(t)
	for kind, check := range map[string]func(a answered, err error) bool{
		"html":      func(a answered, _ error) bool { return a.status == 200 && strings.Contains(a.text, "<html>") },
		"text":      func(a answered, _ error) bool { return a.status == 200 && !json.Valid([]byte(a.text)) },
		"empty":     func(a answered, err error) bool { return err == nil && a.status == 200 && a.text == "" },
		"truncated": func(a answered, err error) bool { return err != nil && a.status == 200 && a.text != "" },
		"garbage":   func(a answered, _ error) bool { return a.status == 200 && !json.Valid([]byte(a.text)) },
		"shape": func(a answered, _ error) bool {
			return strings.HasPrefix(a.text, `{"unexpected"`) && json.Valid([]byte(a.text))
		},
		"huge": func(a answered, err error) bool {
			return err == nil && len(a.text) > hugeAnswer && json.Valid([]byte(a.text))
		},
		"redirect": func(a answered, _ error) bool {
			return a.status == 307 && a.header.Get("Location") == "https://elsewhere.invalid/"
		},
		"no-session": func(a answered, _ error) bool { return a.text == `{"sessionId":null}` },
	} {
		x.faults(`{"wrong_rate":1,"wrong":"` + kind + `"}`)
		if a, err := x.try("GET", "clients", ""); !check(a, err) {
			t.Errorf("%s: %d %.80q %v", kind, a.status, a.text, err)
		}
	}
	if len(wrongKinds()) != 9 {
		t.Error("a kind of wrong answer is not looked at here")
	}
	x.faults(`{}`)
	x.get("clients").lists("id", `[0]`)
}

func TestLatency(t *testing.T) {
	x := begin(t, "--fault-latency=40ms", "--fault-jitter=20ms")
	begun := time.Now()
	x.get("clients").lists("id", `[0]`)
	if took := time.Since(begun); took < 40*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestControl(t *testing.T) {
	x := begin(t, "--fault-errors=1") // which control does not suffer from
	for _, bad := range []string{`{"error_rate":2}`, `{"error_rate":-0.1}`, `{"nonsense":1}`, `{"wrong":"x"}`, `{"when":"x"}`, `{"latency":"x"}`,
		`{"latency":7}`, `{"latency":"-1s"}`, `{"error_status":200}`, `{} {}`, `[]`} {
		x.do("PUT", controlPath+"faults", bad).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
	for _, bad := range []string{`{"ends":{"x":1}}`, `{"ends":{"ERROR":-1}}`, `{"next":["ACTIVE"]}`, `{"run_time":"-1s"}`} {
		x.do("PUT", controlPath+"runs", bad).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
	x.faults(`{"latency":"1ms"}`)
	x.do("GET", controlPath+"faults", "").has(`{"latency":"1ms","error_rate":0,"error_status":500,"when":"before"}`)
	session := x.session(t)
	x.as(session).get("clients")
	x.as(nil).get("nonsense")
	x.get(controlPath + "status").has(`{"requests":3,"sessions":1,"release":"5.2.0.3"}`)
	x.get(controlPath+"requests").lists("status", `[200,200,404]`)
	x.get(controlPath+"requests").lists("user", `["","Administrator",""]`)
	x.post(controlPath+"sessions/expire", `{"user":"nobody"}`).is(`{"expired":0}`)
	x.post(controlPath+"sessions/expire", "").is(`{"expired":1}`)
	x.as(session).get("clients").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.get(controlPath+"nonsense").refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
	x.as(nil).get(controlPath+"status").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
	x.as(basic("Administrator", "x")).get(controlPath+"status").refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
}

func TestControlIsOff(t *testing.T) {
	begin(t, "--control=false").get(controlPath+"status").refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
}

// TestRecordForgets: only the last requests are kept, in their order.
func TestRecordForgets(t *testing.T) {
	rec := newRecord()
	for i := range recordLength + 10 {
		r, err := http.NewRequest("GET", fmt.Sprintf("/%d", i), nil) //nolint:noctx // it is never sent
		if err != nil {
			t.Fatal(err)
		}
		rec.add(time.Time{}, r, "", 200, "")
	}
	l := rec.list()
	if len(l) != recordLength || l[0].Path != "/10" || l[recordLength-1].Path != fmt.Sprintf("/%d", recordLength+9) {
		t.Errorf("%d requests, from %s to %s", len(l), l[0].Path, l[len(l)-1].Path)
	}
}

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTasks(t *testing.T) {
	x := begin(t)
	x.post("clients/create", `{"name":"a"}`)
	x.post("backups/createTask", `{"name":"t","client":"sesam","source":"/etc"}`).has(`{"name":"t","client":{"id":0,"name":"sesam"},"type":{"name":"Path"},"exec":true,"resultsSts":"NONE"}`)
	for i, client := range []string{`1`, `"1"`, `"a"`, `{"id":1}`, `{"name":"a"}`} {
		x.post("backups/createTask", fmt.Sprintf(`{"name":"t%d","client":%s,"type":"MySQL","groupName":"G"}`, i, client)).
			has(`{"client":{"id":1,"name":"a"},"type":{"name":"MySQL"}}`)
	}
	x.post("backups/createTask", `{"name":"u","client":"nobody"}`).refused(http.StatusNotFound, "object.not.found.id")
	x.post("backups/createTask", `{"name":"u"}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("backups/createTask", `{"name":"t","client":0}`).refused(http.StatusConflict, "duplicate.entry")
	x.post("backups/updateTask", `{"name":"t","exec":"false","comment":"c"}`).has(`{"exec":false,"comment":"c","source":"/etc"}`)
	x.get("backups/findTasks").lists("name", `["t","t0","t1","t2","t3","t4"]`)
	x.post("backups/findTasks/", `{}`).lists("name", `["t","t0","t1","t2","t3","t4"]`)
	x.get("backups/tasks/t").has(`{"name":"t","client":{"id":0,"name":"sesam"}}`)
	x.get("backupgroups/G/tasks").lists("name", `["t0","t1","t2","t3","t4"]`)
	x.post("clients/delete", "1").refused(http.StatusConflict, "object.in.use")
	x.post("clients/update", `{"id":1,"name":"renamed"}`)
	x.get("backups/tasks/t0").has(`{"client":{"id":1,"name":"renamed"}}`)
	for i := range 5 {
		x.post(fmt.Sprintf("backups/t%d/deleteTask", i), `{}`).is(fmt.Sprintf(`"t%d"`, i))
	}
	x.get("backupgroups").is("[]")
	x.post("clients/delete", "1").is("1")
	x.post("backups/t/deleteTask", ``).is(`"t"`)
	x.get("backups/tasks/t").refused(http.StatusNotFound, "object.not.found.id")
	x.get(v1 + "tasks").is("[]")
	x.post(v1+"tasks", `{"name":"old","client":0}`)
	x.get(v1 + "tasks/old/forceRemove").is(`"old"`)
}

// TestOddNames: literals win over parameters, and a name may hold anything.
func TestOddNames(t *testing.T) {
	x := begin(t)
	for _, name := range []string{"tasks", "find", "findTasks", "a/b", "a b", "ä%41", "..", "x?y#z", "'\"<>&"} {
		b, err := jsonBytes(map[string]any{"name": name, "client": 0})
		if err != nil {
			t.Fatal(err)
		}
		want, err := jsonBytes(name)
		if err != nil {
			t.Fatal(err)
		}
		x.post("backups/createTask", string(b))
		x.get("backups/tasks/" + escape(name)).has(`{"name":` + string(want) + `}`)
		x.post("backups/"+escape(name)+"/deleteTask", "{}").is(string(want))
	}
	x.get("backups/findTasks").is("[]")
}

// escape escapes everything, so that the client does not tidy the path.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func TestEvents(t *testing.T) {
	x := begin(t, "--demo")
	x.post("backupevents/create", `{"object":"mail","name":"e","scheduleName":"DAILY-INCR","fdiType":{"value":"F","cfdi":"FULL"},"mediaPool":"DISK"}`).
		has(`{"id":3,"fdiType":{"value":"F","cfdi":"FULL"},"priority":1}`)
	x.post("backupevents/update", `{"id":3,"fdiType":"COPY","priority":"0"}`).has(`{"fdiType":{"value":"C","cfdi":"COPY"},"priority":0}`)
	for _, bad := range []string{`{"object":"nothing"}`, `{"object":"mail","scheduleName":"x"}`, `{"object":"mail","mediaPool":"x"}`} {
		x.post("backupevents/create", bad).refused(http.StatusNotFound, "object.not.found.id")
	}
	for _, bad := range []string{`{"object":"mail","priority":100}`, `{"object":"mail","fdiType":"X"}`, `{"object":"mail","fdiType":{}}`,
		`{"object":"mail","name":"` + strings.Repeat("x", 256) + `"}`} {
		x.post("backupevents/create", bad).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
	x.post("schedules/delete", `"DAILY-INCR"`).is(`"DAILY-INCR"`)
	x.get("backupevents/3").has(`{"scheduleName":null,"object":"mail"}`)
	x.post("backups/mail/deleteTask", "{}")
	x.get("backupevents").lists("object", `["DAILY"]`)
	x.post("backups/web-files/deleteTask", "{}")
	x.get("backupevents").lists("object", `["DAILY"]`)
	x.post("backups/db-dump/deleteTask", "{}") // the last one of its group
	x.get("backupevents").is("[]")
}

func TestCommandEvents(t *testing.T) {
	x := begin(t)
	x.post("commands/create", `{"name":"c","owner":"root","type":"EXECUTE","command":"ls"}`).has(`{"name":"c","owner":"root","type":"EXECUTE","command":"ls"}`)
	x.post("schedules/create", `{"name":"s"}`)
	x.post("commandevents/create", `{"name":"e","commandName":"c","clientId":0}`).has(`{"id":1,"object":"c","clientId":0}`)
	x.post("commandevents/find", `{"commandName":"c"}`).lists("id", `[]`) // it has no schedule
	x.post("commandevents/update", `{"id":1,"name":"e","scheduleName":"s"}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("commandevents/update", `{"id":"1","name":"f","clientId":"0","scheduleName":"s"}`).has(`{"name":"f","scheduleName":"s"}`)
	x.post("commandevents/find", `{"commandName":"c"}`).lists("id", `[1]`)
	x.post("commandevents/find", `{"commandName":"d"}`).lists("id", `[]`)
	x.post("commandevents/create", `{"id":0,"name":"zero","commandName":"c"}`).has(`{"id":0}`)
	x.post("commandevents/create", `{"name":"g","commandName":"nothing"}`).refused(http.StatusNotFound, "object.not.found.id")
	x.post("commandevents/delete", "0").is("0")
	x.post("commands/delete", `c`).is(`"c"`)
	x.get("commandevents").is("[]")
}

// TestRun follows a backup from the queue to its end.
func TestRun(t *testing.T) {
	x := begin(t, "--demo", "--queue-time=10s", "--run-time=100s")
	started := x.post("backups/start", `[{"taskName":"mail","mediaPoolName":"DISK","backupLevel":"I"}]`).json().([]any)[0].(map[string]any)
	id, _ := started["savesetId"].(string)
	if id == "" || started["taskName"] != "mail" || started["state"] != "IN_QUEUE" {
		t.Fatalf("started %v", started)
	}
	for _, step := range []struct {
		wait              time.Duration
		state, sts, group string
		size              float64
	}{
		{0, "IN_QUEUE", "q", "IN_QUEUE", -1}, {9 * time.Second, "IN_QUEUE", "q", "IN_QUEUE", -1},
		{time.Second, "ACTIVE", "a", "ACTIVE", 0}, {50 * time.Second, "ACTIVE", "a", "ACTIVE", 0.5},
		{50 * time.Second, "SUCCESSFUL", "0", "SUCCESSFUL", 1}, {time.Hour, "SUCCESSFUL", "0", "SUCCESSFUL", 1},
	} {
		x.clock.move(step.wait)
		r := x.get("backups/" + id).object()
		if r["state"] != step.state || r["resultsSts"] != step.sts {
			t.Fatalf("after %v: %v", step.wait, r)
		}
		x.get("backups/tasks/mail").has(`{"resultsSts":"` + step.group + `"}`)
		x.post("backups/find", `{"task":"mail","state":["`+step.state+`"],"savesetId":"`+id+`"}`).lists("savesetId", `["`+id+`"]`)
		if step.size == 1 && (r["stopTime"] == nil || r["dataSize"].(float64) <= 0 || r["blocks"].(float64) <= 0) {
			t.Errorf("an ended backup: %v", r)
		}
		if step.size == 0.5 && r["dataSize"].(float64) <= 0 {
			t.Errorf("a running backup: %v", r)
		}
	}
	x.get("backups/" + id).has(`{"task":"mail","mediaPool":"DISK","backupLevel":"INCR","fdiType":{"value":"I","cfdi":"INCR"},"client":{"id":3,"name":"mail-1"}}`)
	x.post("clients/find", `{"matchWithSavesetID":"`+id+`"}`).lists("name", `["mail-1"]`)
}

func TestEnds(t *testing.T) {
	x := begin(t, "--demo", "--queue-time=0s", "--run-time=1s", "--backup-ends=ERROR=1")
	x.do("PUT", controlPath+"runs", `{"queue_time":"0s","run_time":"2s","ends":{"ERROR":3},"next":["INFO","CANCELLED"]}`).json()
	x.post("backups/start", `[[{"taskName":"mail"},{"taskName":"web-files"}]]`).lists("taskName", `["mail","web-files"]`)
	x.post("backups/start", `{"taskName":"db-dump"}`)
	x.clock.move(3 * time.Second)
	for task, state := range map[string]string{"mail": "INFO", "web-files": "CANCELLED", "db-dump": "ERROR"} {
		x.get("backups/tasks/" + task).has(`{"resultsSts":"` + state + `"}`)
	}
	x.get("backupgroups/DAILY").has(`{"resultsSts":"ERROR"}`) // the worst of the group
	x.post("backups/start", `[{"taskName":"mail"},{"taskName":"nothing"}]`).refused(http.StatusNotFound, "object.not.found.id")
	x.post("backups/start", `[{"taskName":"mail","mediaPoolName":"nothing"}]`).refused(http.StatusNotFound, "object.not.found.id")
	x.post("backups/start", `[{"taskName":"mail","backupLevel":"X"}]`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	if n := len(x.post("backups/find", `{"state":["IN_QUEUE","ACTIVE"]}`).column("id")); n != 0 {
		t.Errorf("%d backups of refused starts", n)
	}
	x.get("backups/tasks/mail").has(`{"resultsSts":"INFO"}`)
}

func TestResults(t *testing.T) {
	x := begin(t, "--demo")
	x.post("backups/create", `{"savesetId":"EXT-1","task":"foreign","state":"d","startTime":"1585004400000"}`).
		has(`{"savesetId":"EXT-1","state":"EXTERNAL","resultsSts":"d","startTime":1585004400000,"sesamDate":"2020-03-24"}`)
	x.post("backups/update", `{"savesetId":"EXT-1","sepcomment":"seen"}`).has(`{"sepcomment":"seen","task":"foreign"}`)
	x.post("backups/create", `{"savesetId":"EXT-1"}`).refused(http.StatusConflict, "duplicate.entry")
	x.post("backups/create", `{"state":"nonsense"}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("backups/find", `{"sesamDate":["2020-03-24","2020-03-25"]}`).lists("savesetId", `["EXT-1"]`)
	x.post("backups/find", `{"task":{"name":"foreign"}}`).lists("savesetId", `["EXT-1"]`)
	x.post("backups/find", `{"client":{"name":"web-1"},"state":"INFO"}`).lists("task", `["web-files","web-files","web-files"]`)
	with := header("X-Sesam-Dateformat", "yyyy-MM-dd HH:mm:ss")
	if at := x.do("GET", "backups/EXT-1", "", with).object()["startTime"]; at != "2020-03-24 00:00:00" {
		t.Errorf("startTime %v", at)
	}
	old := x.do("POST", v1+"migrationResults/filter", `{"sesamDate":["2026-02-28"]}`, with).json().([]any)
	if len(old) != 1 {
		t.Fatalf("migration results: %v", old)
	}
	m := old[0].(map[string]any)
	if m["state"] != "SUCCESSFUL" || m["task"].(map[string]any)["name"] != "copy-to-tape" || m["mtime"] != "2026-03-01 13:00:00" {
		t.Errorf("migration result: %v", m)
	}
	r := x.post(v1+"results/filter", `{"savesetId":"EXT-1"}`).json().([]any)[0].(map[string]any)
	if r["task"].(map[string]any)["name"] != "foreign" {
		t.Errorf("old result: %v", r)
	}
}

func TestDatePattern(t *testing.T) {
	at := time.Date(2026, 3, 4, 15, 6, 7, 89_000_000, time.UTC)
	for pattern, want := range map[datePattern]string{
		"yyyy-MM-dd HH:mm:ss": "2026-03-04 15:06:07", "d.M.yy h:m a": "4.3.26 3:6 PM", "EEE, dd MMM yyyy": "Wed, 04 Mar 2026",
		"EEEE MMMM": "Wednesday March", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX": "2026-03-04T15:06:07.089Z", "''D z Z": "'63 UTC +0000",
		"'it''s' yyyy": "it's 2026", "'open": "open", "D": "63",
	} {
		if got := pattern.format(at.UnixMilli(), time.UTC); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

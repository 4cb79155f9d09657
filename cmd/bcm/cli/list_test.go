package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const (
	nodeRow = `{"id":"n1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":7,
		"name":"backup-1","roles":["backup-manager","backup-storage"],"allowed_roles":["backup-manager"],"status":"online",
		"reason":"","mode":"active","cluster_mode":null,"site":"fra1","labels":{"rack":"7","a":"b"},"address":"10.0.0.1:7446",
		"addresses":{},"version":"1.0","last_seen":null,"capacity":{"total":1000,"used":10,"free":900},"slots":2,"running":1,
		"certificate_not_after":"2026-03-02T06:00:00Z"}`
	lostRow = `{"id":"n2","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":8,
		"name":"backup-2","roles":["backup-manager"],"allowed_roles":["backup-manager"],"status":"offline","reason":"",
		"mode":"draining","cluster_mode":null,"site":"","labels":{},"address":"","addresses":{},"version":"1.0",
		"last_seen":"2026-03-01T11:55:00Z","capacity":{"total":0,"used":0,"free":0},"slots":2,"running":0,
		"certificate_not_after":"2026-03-02T06:00:00Z"}`
	userRow = `{"id":"u1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-28T12:00:00Z","index":9,"name":"ada",
		"full_name":"Ada L","email":"ada@example.org","groups":["Operators","Auditors"],"enabled":true,"origin":"cluster"}`
	groupRow = `{"id":"operators","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":1,
		"name":"Operators","description":"Keep backups going","rights":["nodes:read","data:read","backups:read","backups:run"],
		"rank":60,"members":2,"predefined":true,"origin":"cluster"}`
	clientRow = `{"id":"c1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":3,"name":"web-1",
		"address":"web-1.example.org","labels":{"tier":"front"},"repository":"web-1",
		"copies":2,"placement":{"managers":{"sites":["fra","ber"],"labels":{}},"storages":{"sites":[],"labels":{"class":"disk"}},"spread":"site"}}`
	taskRow = `{"id":"t1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":4,"name":"web-data",
		"client":"web-1","source":{"paths":["/srv/data","/etc"],"exclude":["*.tmp"]},"level":"incremental",
		"retention":{"daily":7,"weekly":4},"schedule":"nightly","enabled":true,"nodes":[]}`
	dumpRow = `{"id":"t2","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":5,"name":"db",
		"client":"db-1","source":{"command":["pg_dump","db"],"name":"db.sql"},"level":"full","retention":{},"schedule":null,
		"enabled":false,"nodes":["backup-1"]}`
	scheduleRow = `{"id":"s1","created_at":"2026-02-01T00:00:00Z","updated_at":"2026-02-01T00:00:00Z","index":2,"name":"nightly",
		"cron":"30 2 * * *","zone":"Europe/Berlin","missed":"run_once","enabled":true,"tasks":1,"next_at":"2026-03-02T01:30:00Z"}`
	doneRow = `{"id":"b1","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","index":20,"task":"web-data",
		"client":"web-1","repository":"web-1","storages":["storage-1"],"level":"incremental","slot":null,"snapshot":"k1",
		"status":"succeeded","attempt":1,"cancelling":false,"node":"backup-1","started_at":"2026-03-01T10:00:01Z",
		"finished_at":"2026-03-01T10:02:04Z","error":null,"stats":{"files":12345,"bytes":5368709120,"new_files":10,"new_bytes":1536,"warnings":0}}`
	liveRow = `{"id":"b2","created_at":"2026-03-01T11:59:00Z","updated_at":"2026-03-01T11:59:00Z","index":21,"task":"","client":"db-1",
		"repository":"db-1","storages":["storage-1"],"level":"full","slot":null,"snapshot":"","status":"running","attempt":2,
		"cancelling":false,"node":"backup-2","started_at":"2026-03-01T11:59:30Z","finished_at":null,"error":null,
		"stats":{"files":0,"bytes":0,"new_files":0,"new_bytes":0,"warnings":0},
		"progress":{"phase":"upload","files":10,"bytes":512,"total_files":20,"total_bytes":1024,"uploaded":100,"errors":0,
		"rate":256,"eta":"2s","item":"/srv/x"}}`
	badRow = `{"id":"b3","created_at":"2026-02-20T12:00:00Z","updated_at":"2026-02-20T12:00:00Z","index":22,"task":"web-data",
		"client":"web-1","repository":"web-1","storages":[],"level":"incremental","slot":null,"snapshot":"","status":"failed",
		"attempt":5,"cancelling":false,"node":"backup-1","started_at":"2026-02-20T12:00:00Z","finished_at":"2026-02-20T12:00:00Z",
		"error":"no space\u001b[31m left","stats":{"files":0,"bytes":0,"new_files":0,"new_bytes":0,"warnings":0}}`
	joinTokenRow = `{"id":"k1","created_at":"2026-03-01T11:30:00Z","updated_at":"2026-03-01T11:30:00Z","index":30,"name":"",
		"roles":["backup-manager","backup-storage"],"uses":10,"used":3,"revoked":false,"expires_at":"2026-03-01T12:30:00Z"}`
	apiTokenRow = `{"id":"k2","created_at":"2026-03-01T11:30:00Z","updated_at":"2026-03-01T11:30:00Z","index":31,"name":"report",
		"user":"ada","revoked":true,"expires_at":null}`
	certRow = `{"id":"0a1b","created_at":"2026-03-01T06:00:00Z","updated_at":"2026-03-01T06:00:00Z","index":12,"kind":"member","status":"active","node":"backup-1",
		"roles":["backup-manager"],"not_before":"2026-03-01T06:00:00Z","not_after":"2026-03-02T06:00:00Z","revoked_at":null}`
	eventRow = `{"id":"0000000000000009-0000","created_at":"2026-03-01T11:00:00Z","updated_at":"2026-03-01T11:00:00Z","index":9,
		"by":"user:ada","actor":"user:ada","action":"user.create","object":{"kind":"users","id":"u2","name":"bob"},"result":"denied",
		"detail":"user ada may not","request_id":"r9"}`
)

// listings are all list verbs: the command, the path asked, and two rows.
var listings = []struct {
	name string
	args []string
	path string
	rows []string
}{
	{"nodes", []string{"node", "list"}, "/v1/nodes", []string{nodeRow, lostRow}},
	{"users", []string{"user", "list"}, "/v1/users", []string{userRow}},
	{"groups", []string{"group", "list"}, "/v1/groups", []string{groupRow}},
	{"clients", []string{"client", "list"}, "/v1/clients", []string{clientRow}},
	{"tasks", []string{"task", "list"}, "/v1/tasks", []string{taskRow, dumpRow}},
	{"schedules", []string{"schedule", "list"}, "/v1/schedules", []string{scheduleRow}},
	{"backups", []string{"backup", "list"}, "/v1/backups", []string{doneRow, liveRow, badRow}},
	{"join-tokens", []string{"token", "list"}, "/v1/join-tokens", []string{joinTokenRow}},
	{"api-tokens", []string{"token", "list", "--api"}, "/v1/api-tokens", []string{apiTokenRow}},
	{"certificates", []string{"cert", "list"}, "/v1/certificates", []string{certRow}},
	{"events", []string{"audit", "list"}, "/v1/events", []string{eventRow}},
	{"node-events", []string{"node", "events", "backup 1"}, "/v1/nodes/backup%201/events", []string{eventRow}},
}

func TestTables(t *testing.T) {
	for _, l := range listings {
		t.Run(l.name, func(t *testing.T) {
			w := newWorld(t).on("GET "+l.path, 200, listOf(l.rows...))
			got := w.run(l.args...)
			if got.code != 0 || got.err != "" {
				t.Fatalf("code %d: %s", got.code, got.err)
			}
			golden(t, "list-"+l.name+".txt", got.out)
			if want := "GET " + l.path + "?limit=100"; w.lastAsked() != want {
				t.Errorf("asked %s, wanted %s", w.lastAsked(), want)
			}
		})
	}
}

func TestListJSONIsWhatTheGridSaid(t *testing.T) {
	for _, l := range listings {
		t.Run(l.name, func(t *testing.T) {
			w := newWorld(t).on("GET "+l.path, 200, listOf(l.rows...))
			got := w.run(append(l.args, "--json")...)
			var out, want any
			if err := json.Unmarshal([]byte(got.out), &out); err != nil {
				t.Fatalf("%v: %s", err, got.out)
			}
			if err := json.Unmarshal([]byte("["+strings.Join(l.rows, ",")+"]"), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(out, want) {
				t.Errorf("wrote %s", got.out)
			}
		})
	}
}

func TestListQuiet(t *testing.T) {
	w := newWorld(t).on("GET /v1/backups", 200, listOf(doneRow, liveRow))
	if got := w.run("backup", "list", "-q"); got.out != "b1\nb2\n" || got.code != 0 {
		t.Errorf("%+v", got)
	}
}

func TestListOfNothing(t *testing.T) {
	w := newWorld(t).on("GET /v1/nodes", 200, `{"items":[],"total":0}`)
	if got := w.run("node", "list"); got.out != "" || got.err != "no nodes\n" || got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.run("node", "list", "--json"); got.out != "[]\n" || got.code != 0 {
		t.Errorf("%+v", got)
	}
}

func TestListQueries(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"node", "list", "--status", "online,offline", "--role", "backup-manager", "--mode", "active", "--site", "fra1"},
			"/v1/nodes?limit=100&mode=active&role=backup-manager&site=fra1&status=online&status=offline"},
		{[]string{"node", "list", "--search", "b&1", "--sort", "-name,id", "--limit", "5"}, "/v1/nodes?limit=5&q=b%261&sort=-name%2Cid"},
		{[]string{"user", "list", "--enabled", "true", "--q", "ada"}, "/v1/users?enabled=true&limit=100&q=ada"},
		{[]string{"user", "list", "--enabled=false", "--group", "Backup users", "--origin", "cluster"},
			"/v1/users?enabled=false&group=Backup+users&limit=100&origin=cluster"},
		{[]string{"task", "list", "--client", "a", "--client", "b", "--schedule", "s"}, "/v1/tasks?client=a&client=b&limit=100&schedule=s"},
		{[]string{"backup", "list", "--status", "failed", "--task", "t", "--node", "n", "--from", "24h", "--to", "2026-03-01T00:00:00+01:00"},
			"/v1/backups?from=2026-02-28T12%3A00%3A00Z&limit=100&node=n&status=failed&task=t&to=2026-02-28T23%3A00%3A00Z"},
		{[]string{"backup", "list", "--from", "7d", "--limit", "0"}, "/v1/backups?from=2026-02-22T12%3A00%3A00Z&limit=1000"},
		{[]string{"cert", "list", "--node", "n"}, "/v1/certificates?limit=100&node=n"},
		{[]string{"audit", "list", "--by", "user:ada", "--action", "user.create"}, "/v1/events?action=user.create&by=user%3Aada&limit=100"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			path, _, _ := strings.Cut(c.want, "?")
			w := newWorld(t).on("GET "+path, 200, listOf())
			got := w.run(c.args...)
			if got.code != 0 || w.lastAsked() != "GET "+c.want {
				t.Errorf("asked %s\nwanted GET %s\n%+v", w.lastAsked(), c.want, got)
			}
		})
	}
}

func TestListFollowsCursors(t *testing.T) {
	pages := func(t *testing.T) *world {
		return newWorld(t).
			on("GET /v1/nodes", 200, `{"items":[`+nodeRow+`],"total":3,"next":"p2"}`).
			on("GET /v1/nodes", 200, `{"items":[`+lostRow+`],"total":3,"next":"p3"}`).
			on("GET /v1/nodes", 200, `{"items":[`+nodeRow+`],"total":3}`)
	}
	w := pages(t)
	if got := w.run("node", "list", "-q", "--limit", "0"); got.out != "n1\nn2\nn1\n" {
		t.Errorf("%+v", got)
	}
	if len(w.asked) != 3 || w.asked[2] != "GET /v1/nodes?limit=1000&next=p3" {
		t.Errorf("asked %q", w.asked)
	}
	w = pages(t)
	got := w.run("node", "list", "--limit", "2")
	if len(w.asked) != 2 || w.asked[1] != "GET /v1/nodes?limit=1&next=p2" {
		t.Errorf("asked %q", w.asked)
	}
	if want := "2 of 3 nodes; all with --limit 0\n"; got.err != want {
		t.Errorf("said %q, wanted %q", got.err, want)
	}
}

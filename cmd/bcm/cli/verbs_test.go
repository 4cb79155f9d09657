package cli

import (
	"strings"
	"testing"
)

// verbs are command lines, what the manager answers, and what comes of it.
var verbs = []struct {
	args   string // with | for blanks inside of one argument
	on     string
	status int
	body   string
	asked  string
	out    string
}{
	{"node mode backup-1 maintenance", "PATCH /v1/nodes/backup-1", 200, nodeRow,
		`PATCH /v1/nodes/backup-1 {"mode":"maintenance"}`, "node backup-1 is maintenance\n"},
	{"node limit storage-1 8", "PATCH /v1/nodes/storage-1", 200, nodeRow,
		`PATCH /v1/nodes/storage-1 {"parallel":8}`, "node storage-1 takes 8 backups\n"},
	{"node drain backup-1", "POST /v1/nodes/backup-1/drain", 200, nodeRow,
		`POST /v1/nodes/backup-1/drain`, "node backup-1 finishes what it runs; bring it back with: bcm node mode backup-1 active\n"},
	{"node drain backup-1 -q", "POST /v1/nodes/backup-1/drain", 200, nodeRow, `POST /v1/nodes/backup-1/drain`, "n1\n"},
	{"node remove backup-1 --yes", "DELETE /v1/nodes/backup-1", 204, "",
		`DELETE /v1/nodes/backup-1`, "node backup-1 is removed\n"},
	{"node remove backup-1 -y --json", "DELETE /v1/nodes/backup-1", 204, "", `DELETE /v1/nodes/backup-1`, "{}\n"},

	{"user create ada -g Operators -g Backup|users --password-file - --email a@b", "POST /v1/users", 201, userRow,
		`POST /v1/users {"email":"a@b","enabled":true,"groups":["Operators","Backup users"],"name":"ada","password":"secret word"}`, "user ada is created\n"},
	{"user create ada --disabled --password-file - -q", "POST /v1/users", 201, userRow,
		`POST /v1/users {"enabled":false,"groups":[],"name":"ada","password":"secret word"}`, "u1\n"},
	{"user update ada --full-name Ada|L --group Auditors", "PATCH /v1/users/ada", 200, userRow,
		`PATCH /v1/users/ada {"full_name":"Ada L","groups":["Auditors"]}`, "user ada is changed\n"},
	{"user update ada --password-file -", "PATCH /v1/users/ada", 200, userRow,
		`PATCH /v1/users/ada {"password":"secret word"}`, "user ada is changed\n"},
	{"user explain ada backups:run --object tasks/web", "GET /v1/access/explain", 200, `{"allowed":true,"text":"ada has it"}`,
		`GET /v1/access/explain?object=tasks%2Fweb&right=backups%3Arun&user=ada`, "ada has it\n"},
	{"backup log b1", "GET /v1/backups/b1/log", 200, `{"items":[{"at":"2026-03-01T11:00:00Z","level":"warning","text":"/a: gone"}],"total":1}`,
		`GET /v1/backups/b1/log`, "2026-03-01T11:00:00Z  warning  /a: gone\n"},
	{"user enable ada", "PATCH /v1/users/ada", 200, userRow, `PATCH /v1/users/ada {"enabled":true}`, "user ada is enabled\n"},
	{"user disable ada", "PATCH /v1/users/ada", 200, userRow, `PATCH /v1/users/ada {"enabled":false}`, "user ada is disabled\n"},
	{"user remove ada -y", "DELETE /v1/users/ada", 204, "", `DELETE /v1/users/ada`, "user ada is removed\n"},

	{"group create Night --right backups:read,backups:run --rank 30", "POST /v1/groups", 201, groupRow,
		`POST /v1/groups {"name":"Night","rank":30,"rights":["backups:read","backups:run"]}`, "group Night is created\n"},
	{"group update Night --name Late --description x", "PATCH /v1/groups/Night", 200, groupRow,
		`PATCH /v1/groups/Night {"description":"x","name":"Late"}`, "group Night is changed\n"},
	{"group remove Night|shift -y", "DELETE /v1/groups/Night%20shift", 204, "",
		`DELETE /v1/groups/Night%20shift`, "group Night shift is removed\n"},

	{"client add web-1 --address a --label tier=front,x=y --quota 2GiB", "POST /v1/clients", 201, clientRow,
		`POST /v1/clients {"address":"a","labels":{"tier":"front","x":"y"},"name":"web-1","quota":2147483648}`, "client web-1 is added\n"},
	{"client add web-2 --repository web-1", "POST /v1/clients", 201, clientRow,
		`POST /v1/clients {"name":"web-2","repository":"web-1"}`, "client web-2 is added\n"},
	{"client update web-1 --parallel 2", "PATCH /v1/clients/web-1", 200, clientRow,
		`PATCH /v1/clients/web-1 {"parallel":2}`, "client web-1 is changed\n"},
	{"client update web-1 --label=", "PATCH /v1/clients/web-1", 200, clientRow,
		`PATCH /v1/clients/web-1 {"labels":{}}`, "client web-1 is changed\n"},
	{"client add web-3 --copies 2 --spread site --storage-site fra,ber --manager-label os=linux", "POST /v1/clients", 201, clientRow,
		`POST /v1/clients {"copies":2,"name":"web-3","placement":{"managers":{"labels":{"os":"linux"}},"spread":"site","storages":{"sites":["fra","ber"]}}}`, "client web-3 is added\n"},
	{"client update web-1 --storage-site=", "PATCH /v1/clients/web-1", 200, clientRow,
		`PATCH /v1/clients/web-1 {"placement":{"storages":{"sites":[]}}}`, "client web-1 is changed\n"},
	{"client remove web-1 -y", "DELETE /v1/clients/web-1", 204, "", `DELETE /v1/clients/web-1`, "client web-1 is removed\n"},

	{"task add t --client c --path /srv --path /etc --exclude *.tmp --keep-daily 7 --schedule nightly --node n", "POST /v1/tasks", 201, taskRow,
		`POST /v1/tasks {"client":"c","enabled":true,"name":"t","nodes":["n"],"retention":{"daily":7},"schedule":"nightly","source":{"paths":["/srv","/etc"],"exclude":["*.tmp"]}}`, "task t is added\n"},
	{"task add t --client c --command pg_dump --command db --file db.sql --level full --disabled", "POST /v1/tasks", 201, taskRow,
		`POST /v1/tasks {"client":"c","enabled":false,"level":"full","name":"t","source":{"command":["pg_dump","db"],"name":"db.sql"}}`, "task t is added\n"},
	{"task update t --schedule= --keep-last 3", "PATCH /v1/tasks/t", 200, taskRow,
		`PATCH /v1/tasks/t {"retention":{"last":3},"schedule":""}`, "task t is changed\n"},
	{"task enable t", "PATCH /v1/tasks/t", 200, taskRow, `PATCH /v1/tasks/t {"enabled":true}`, "task t is enabled\n"},
	{"task disable t", "PATCH /v1/tasks/t", 200, taskRow, `PATCH /v1/tasks/t {"enabled":false}`, "task t is disabled\n"},
	{"task run t", "POST /v1/backups", 201, liveRow,
		`POST /v1/backups {"task":"t"}`, "backup b2 is running; watch it with: bcm backup watch b2\n"},
	{"task remove t -y", "DELETE /v1/tasks/t", 204, "", `DELETE /v1/tasks/t`, "task t is removed\n"},

	{"schedule add nightly --cron 30|2|*|*|* --zone Europe/Berlin --missed skip", "POST /v1/schedules", 201, scheduleRow,
		`POST /v1/schedules {"cron":"30 2 * * *","missed":"skip","name":"nightly","zone":"Europe/Berlin"}`, "schedule nightly is added\n"},
	{"schedule update nightly --enabled=false", "PATCH /v1/schedules/nightly", 200, scheduleRow,
		`PATCH /v1/schedules/nightly {"enabled":false}`, "schedule nightly is changed\n"},
	{"schedule add m --on first|sun|02:30 --on last|day|23:00 --on mon,fri|18:00|22:00 --on daily|01:00 --on day|15|03:00 --window 4h --jitter 15m", "POST /v1/schedules", 201, scheduleRow,
		`POST /v1/schedules {"calendar":[{"weekdays":["sun"],"nth":1,"at":["02:30"]},{"day":-1,"at":["23:00"]},{"weekdays":["mon","fri"],"at":["18:00","22:00"]},{"at":["01:00"]},{"day":15,"at":["03:00"]}],"jitter":"15m","name":"m","window":"4h"}`, "schedule m is added\n"},
	{"schedule pause nightly", "PATCH /v1/schedules/nightly", 200, scheduleRow, `PATCH /v1/schedules/nightly {"paused":true}`, "schedule nightly is paused\n"},
	{"schedule resume nightly", "PATCH /v1/schedules/nightly", 200, scheduleRow, `PATCH /v1/schedules/nightly {"paused":false}`, "schedule nightly is resumed\n"},
	{"task update t --priority 5 --max-runtime 6h --retry 3 --retry-pause 5m --pre sh --pre prepare --post=", "PATCH /v1/tasks/t", 200, taskRow,
		`PATCH /v1/tasks/t {"max_runtime":"6h","post":[],"pre":["sh","prepare"],"priority":5,"retry":{"attempts":3,"pause":"5m"}}`, "task t is changed\n"},
	{"task update t --limit 10MiB|08:00-18:00|Europe/Berlin --limit 100MB --label a=b", "PATCH /v1/tasks/t", 200, taskRow,
		`PATCH /v1/tasks/t {"bandwidth":[{"rate":10485760,"from":"08:00","to":"18:00","zone":"Europe/Berlin"},{"rate":100000000}],"labels":{"a":"b"}}`, "task t is changed\n"},
	{"repository verify web-1 --percent 0 --wait=false -q", "POST /v1/repositories/web-1/verify", 202, liveRow,
		`POST /v1/repositories/web-1/verify {"percent":0}`, "b2\n"},
	{"backup rerun b1", "POST /v1/backups/b1/rerun", 201, liveRow, `POST /v1/backups/b1/rerun`, "backup b1 is run again, as backup b2\n"},
	{"schedule remove nightly -y", "DELETE /v1/schedules/nightly", 204, "", `DELETE /v1/schedules/nightly`, "schedule nightly is removed\n"},

	{"backup run t --level full -q", "POST /v1/backups", 201, liveRow, `POST /v1/backups {"level":"full","task":"t"}`, "b2\n"},
	{"backup run --client c --path /srv", "POST /v1/backups", 201, liveRow,
		`POST /v1/backups {"client":"c","source":{"paths":["/srv"]}}`, "backup b2 is running; watch it with: bcm backup watch b2\n"},
	{"backup cancel b2", "POST /v1/backups/b2/cancel", 200, liveRow, `POST /v1/backups/b2/cancel`, "backup b2 is asked to end\n"},
	{"backup remove b1 -y", "DELETE /v1/backups/b1", 204, "", `DELETE /v1/backups/b1`, "backup b1 is removed\n"},
	{"backup restore b1 --node n --target /t --wait=false", "POST /v1/backups/b1/restore", 202, `{"id":"j1","status":"queued"}`,
		`POST /v1/backups/b1/restore {"node":"n","path":"/","target":"/t"}`, "restore j1 is queued\n"},
	{"backup verify b1 --percent 5 --wait=false", "POST /v1/backups/b1/verify", 202, `{"id":"j2","status":"queued"}`,
		`POST /v1/backups/b1/verify {"percent":5}`, "verification j2 is queued\n"},

	{"backup pin b1", "PATCH /v1/backups/b1", 200, doneRow, `PATCH /v1/backups/b1 {"pinned":true}`, "backup b1 is pinned\n"},
	{"backup unpin b1", "PATCH /v1/backups/b1", 200, doneRow, `PATCH /v1/backups/b1 {"pinned":false}`, "backup b1 is no longer pinned\n"},
	{"backup hold b1 --until 2d --reason audit", "PATCH /v1/backups/b1", 200, doneRow,
		`PATCH /v1/backups/b1 {"hold":{"reason":"audit","until":"2026-03-03T12:00:00Z"}}`, "backup b1 is on hold until 2026-03-03T12:00:00Z\n"},
	{"backup release b1", "PATCH /v1/backups/b1", 200, doneRow, `PATCH /v1/backups/b1 {"hold":{}}`, "backup b1 is no longer on hold\n"},
	{"task retention t --keep-last 1", "POST /v1/tasks/t/retention/preview", 200,
		`{"retention":{"last":1},"zone":"UTC","kept":1,"gone":1,"items":[
			{"backup":"b2","started_at":"2026-03-01T11:00:00Z","bytes":2048,"keep":true,"reasons":["last 1 of 1"]},
			{"backup":"b1","started_at":"2026-02-28T11:00:00Z","bytes":0,"keep":false,"reasons":[]}]}`,
		`POST /v1/tasks/t/retention/preview {"retention":{"last":1}}`, previewed},
	{"settings set --drill-every 1d --drill-files 5 --approval-required", "PATCH /v1/settings", 200, settingsRow,
		`PATCH /v1/settings {"approval":{"required":true},"maintenance":{"drill_every":"24h0m0s","drill_files":5}}`, settingsShown},
	{"settings set --renew-percent 10", "PATCH /v1/settings", 200, settingsRow, `PATCH /v1/settings {"renewal":{"percent":10}}`, settingsShown},
	{"cert issue sesam-1 --host a --host b --wait=false", "POST /v1/certificates", 201, pairRow,
		`POST /v1/certificates {"hosts":["a","b"],"node":"sesam-1"}`, "certificate p1 is being installed on sesam-1\n"},
	{"cert rotate p0 --wait=false -q", "POST /v1/certificates/p0/rotate", 201, pairRow, `POST /v1/certificates/p0/rotate`, "p1\n"},
	{"settings show", "GET /v1/settings", 200, settingsRow, `GET /v1/settings`, settingsShown},
	{"repository update r --quota 1GiB --name s", "PATCH /v1/repositories/r", 200, `{"id":"r"}`,
		`PATCH /v1/repositories/r {"name":"s","quota":1073741824}`, "repository r is changed\n"},
	{"repository scrub r --storage s1 --wait=false", "POST /v1/repositories/r/scrub", 202, `{"id":"j3","status":"queued"}`,
		`POST /v1/repositories/r/scrub {"storage":"s1"}`, "scrub j3 is queued\n"},
	{"repository copy r --to s2 --from s1 --trim --wait=false", "POST /v1/repositories/r/copy", 202, `{"id":"j4","status":"queued"}`,
		`POST /v1/repositories/r/copy {"from":"s1","to":"s2","trim":true}`, "copy j4 is queued\n"},
	{"repository restore r snap --as-of 2026-01-31T18:00:00Z --storage s2 --node n --target /t --wait=false", "POST /v1/repositories/r/restore", 202,
		`{"id":"j5","status":"queued"}`,
		`POST /v1/repositories/r/restore {"as_of":"2026-01-31T18:00:00Z","node":"n","path":"/","snapshot":"snap","storage":"s2","target":"/t"}`, "restore j5 is queued\n"},
	{"repository snapshots r --as-of 2026-01-31T18:00:00Z", "GET /v1/repositories/r/snapshots", 200,
		`{"items":[{"id":"snap","client":"c","task":"t","backup":"b0","known":false,"started_at":"2026-01-31T02:00:00Z","ended_at":"2026-01-31T02:05:00Z","files":3,"bytes":2048}],"total":1}`,
		`GET /v1/repositories/r/snapshots?as_of=2026-01-31T18%3A00%3A00Z`,
		"SNAPSHOT  CLIENT  TASK  BEGUN                           FILES      SIZE  BACKUP\nsnap      c       t     2026-01-31T02:00:00Z (29d ago)      3  2.00 KiB  b0 (not known any more)\n"},
	{"job cancel j3", "POST /v1/jobs/j3/cancel", 200, `{"id":"j3","status":"running"}`, `POST /v1/jobs/j3/cancel`, "job j3 is asked to end\n"},

	{"token create --roles backup-manager,backup-storage --uses 3 --ttl 2h", "POST /v1/join-tokens", 201,
		`{"id":"k","token":"bcm1-a-x","command":"bcm agent --join bcm1-a-x,h:7443","expires_at":"2026-03-01T14:00:00Z"}`,
		`POST /v1/join-tokens {"roles":["backup-manager","backup-storage"],"ttl":"2h0m0s","uses":3}`, "bcm agent --join bcm1-a-x,h:7443\n"},
	{"token create --roles backup-manager -q", "POST /v1/join-tokens", 201,
		`{"id":"k","token":"bcm1-a-x","command":"c","expires_at":"2026-03-01T14:00:00Z"}`,
		`POST /v1/join-tokens {"roles":["backup-manager"],"ttl":"1h0m0s","uses":1}`, "bcm1-a-x\n"},
	{"token create --api --name report --ttl 90d", "POST /v1/api-tokens", 201, `{"id":"k","token":"bcmt_x","expires_at":null}`,
		`POST /v1/api-tokens {"name":"report","ttl":"2160h0m0s"}`, "bcmt_x\n"},
	{"token revoke k1 -y", "DELETE /v1/join-tokens/k1", 204, "", `DELETE /v1/join-tokens/k1`, "token k1 is revoked\n"},
	{"token revoke k2 --api -y", "DELETE /v1/api-tokens/k2", 204, "", `DELETE /v1/api-tokens/k2`, "token k2 is revoked\n"},

	{"cert revoke 0a1b -y", "POST /v1/certificates/0a1b/revoke", 200, certRow, `POST /v1/certificates/0a1b/revoke`, "certificate 0a1b is revoked\n"},
	{"operator raft remove-peer m3 -y", "DELETE /v1/cluster/members/m3", 204, "",
		`DELETE /v1/cluster/members/m3`, "manager m3 is no longer a member\n"},
	{"operator raft transfer-leadership m2", "POST /v1/cluster/transfer-leadership", 204, "",
		`POST /v1/cluster/transfer-leadership {"to":"m2"}`, "manager m2 leads now\n"},
	{"operator raft transfer-leadership", "POST /v1/cluster/transfer-leadership", 204, "",
		`POST /v1/cluster/transfer-leadership {}`, "another manager leads now\n"},
	{"audit verify", "GET /v1/events/verify", 200, `{"intact":true,"events":12345,"broken":null}`, `GET /v1/events/verify`, "12,345 rows, all in order\n"},
}

const (
	settingsRow = `{"maintenance":{"prune_every":"24h0m0s","verify_every":"168h0m0s","verify_percent":5,"drill_every":"24h0m0s","drill_files":5,
		"scrub_every":"0s"},"approval":{"required":true},"renewal":{"percent":10}}`
	settingsShown = `Room is given back         every 24h0m0s
Repositories are verified  every 168h0m0s
Data read then             5 %
Restores are tried         every 24h0m0s
Files restored then        5
Storages are read again    never
Destructive changes        need two people
Certificates at a time     10 % of the servers
`
	previewed = `BACKUP  BEGUN                               SIZE  STAYS  BECAUSE OF
b2      2026-03-01T11:00:00Z (1h ago)   2.00 KiB  yes    last 1 of 1
b1      2026-02-28T11:00:00Z (25h ago)         -  no     -
keeping 1 last (days of UTC): 1 stay, 1 would be deleted
`
)

// TestVerbs runs each verb that changes something, or shows one object, once as
// it should be written.
func TestVerbs(t *testing.T) {
	for _, c := range verbs {
		t.Run(c.args, func(t *testing.T) {
			w := newWorld(t).on(c.on, c.status, c.body)
			w.stdin = "secret word\n"
			got := w.run(words(c.args)...)
			if got.code != 0 || got.out != c.out {
				t.Errorf("code %d, wrote %q, wanted %q; said %q", got.code, got.out, c.out, got.err)
			}
			if w.lastAsked() != c.asked {
				t.Errorf("asked  %s\nwanted %s", w.lastAsked(), c.asked)
			}
		})
	}
}

// words splits a command line at blanks; | stands for a blank in an argument.
func words(line string) []string {
	list := strings.Fields(line)
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "|", " ")
	}
	return list
}

func TestShow(t *testing.T) {
	for _, c := range []struct{ args, path, body string }{
		{"node show backup-1", "/v1/nodes/backup-1", nodeRow},
		{"user show ada", "/v1/users/ada", userRow},
		{"group show Operators", "/v1/groups/Operators", groupRow},
		{"client show web-1", "/v1/clients/web-1", clientRow},
		{"task show web-data", "/v1/tasks/web-data", taskRow},
		{"schedule show nightly", "/v1/schedules/nightly", scheduleRow},
		{"backup show b1", "/v1/backups/b1", doneRow},
		{"backup show b2", "/v1/backups/b2", liveRow},
		{"backup show b3", "/v1/backups/b3", badRow},
		{"cert show 0a1b", "/v1/certificates/0a1b", certRow},
		{"whoami", "/v1/me", `{"user":` + userRow + `,"groups":["Operators"],"rights":["self","backups:run"],"rank":60}`},
	} {
		t.Run(c.args, func(t *testing.T) {
			w := newWorld(t).on("GET "+c.path, 200, c.body)
			got := w.run(words(c.args)...)
			if got.code != 0 || got.err != "" {
				t.Fatalf("%+v", got)
			}
			golden(t, strings.ReplaceAll(c.args, " ", "-")+".txt", got.out)
			if got := w.run(append(words(c.args), "--json")...); !sameJSON(t, got.out, c.body) {
				t.Errorf("wrote %s", got.out)
			}
		})
	}
}

func TestRaftPeers(t *testing.T) {
	body := `{"leader":"manager-1","term":3,"members":[
		{"id":"m1","name":"manager-1","address":"10.0.0.1:7444","voter":true,"healthy":true,"last_index":900},
		{"id":"m2","name":"manager-2","address":"10.0.0.2:7444","voter":true,"healthy":false,"last_index":12}],
		"failure_tolerance":0,"commit_index":900,"digest":"d"}`
	w := newWorld(t).on("GET /v1/cluster", 200, body)
	got := w.run("operator", "raft", "list-peers")
	golden(t, "raft-list-peers.txt", got.out+got.err)
	if got := w.run("operator", "raft", "list-peers", "--json"); !sameJSON(t, got.out, body) {
		t.Errorf("wrote %s", got.out)
	}
	if got := w.run("operator", "raft", "list-peers", "-q"); got.out != "m1\nm2\n" {
		t.Errorf("%+v", got)
	}
}

func TestAuditBroken(t *testing.T) {
	w := newWorld(t).on("GET /v1/events/verify", 200, `{"intact":false,"events":5,"broken":"e6"}`)
	got := w.run("audit", "verify")
	if got.code != 3 || !strings.Contains(got.err, "broken at row e6") {
		t.Errorf("%+v", got)
	}
}

func TestRemoveSeveral(t *testing.T) {
	w := newWorld(t).on("DELETE /v1/users/a", 204, "").on("DELETE /v1/users/b", 409, `{"status":409,"code":"conflict","detail":"not b"}`).
		on("DELETE /v1/users/c", 204, "")
	got := w.run("user", "remove", "a", "b", "c", "-y")
	if got.code != 1 || got.out != "user a is removed\n" || got.err != "bcm: not b\n" || len(w.asked) != 2 {
		t.Errorf("%+v, asked %q", got, w.asked)
	}
}

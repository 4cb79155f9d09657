package api

import (
	"encoding/json"
	"strings"
	"testing"

	"bcm/fsm"
)

// bad is a request that must be refused, naming what is wrong with it.
type bad struct {
	name         string
	method, path string
	body         string
	status       int
	code         fsm.Code
	says         string // what the detail must have in it
	field        string // that the errors must name; "" for none
}

func badQueries() []bad {
	return []bad{
		{"unknown path", "GET", "/v1/nothing", "", 404, fsm.NotFound, "/v1/nothing", ""},
		{"unknown method", "PUT", "/v1/users", "", 405, NoSuchMethod, "PUT", ""},
		{"unknown parameter", "GET", "/v1/users?colour=red", "", 422, fsm.Invalid, "enabled, group", "colour"},
		{"parameter of a show", "GET", "/v1/users/ada?q=x", "", 422, fsm.Invalid, "no such parameter", "q"},
		{"unknown filter value", "GET", "/v1/nodes?status=on", "", 422, fsm.Invalid, "online, degraded", "status"},
		{"one bad filter value of two", "GET", "/v1/nodes?status=online&status=on", "", 422, fsm.Invalid, `"on"`, "status"},
		{"unknown object in a filter", "GET", "/v1/backups?client=nobody", "", 422, fsm.Invalid, "nobody", "client"},
		{"unknown sort field", "GET", "/v1/users?sort=-colour", "", 422, fsm.Invalid, "full_name", "sort"},
		{"limit of zero", "GET", "/v1/users?limit=0", "", 422, fsm.Invalid, "1 to 1000", "limit"},
		{"limit too large", "GET", "/v1/users?limit=1001", "", 422, fsm.Invalid, "1001", "limit"},
		{"limit as a word", "GET", "/v1/users?limit=all", "", 422, fsm.Invalid, "all", "limit"},
		{"no cursor", "GET", "/v1/users?next=zzz", "", 422, fsm.Invalid, "cursor", "next"},
		{"no time", "GET", "/v1/backups?from=yesterday", "", 422, fsm.Invalid, "yesterday", "from"},
		{"no index", "GET", "/v1/users?index=x", "", 422, fsm.Invalid, "not a number", "index"},
		{"no duration", "GET", "/v1/users?index=1&wait=long", "", 422, fsm.Invalid, "long", "wait"},
		{"wait without index", "GET", "/v1/users?wait=1s", "", 422, fsm.Invalid, "needs index", "wait"},
		{"waiting too long", "GET", "/v1/users?index=1&wait=1h", "", 422, fsm.Invalid, "5m", "wait"},
		{"force as a word", "DELETE", "/v1/nodes/n1?force=please", "", 422, fsm.Invalid, "please", "force"},
		{"unknown topic", "GET", "/v1/stream?topics=colours", "", 422, fsm.Invalid, "backups", "topics"},
		{"a stranger who waits", "GET", "/v1/ca?wait=5m", "", 422, fsm.Invalid, "takes none", "wait"},
		{"unknown id", "GET", "/v1/backups/nope", "", 404, fsm.NotFound, "nope", ""},
		{"unknown user", "PATCH", "/v1/users/nope", `{}`, 404, fsm.NotFound, "nope", ""},
		{"unknown file", "GET", "/v1/backups/b1/files/content?path=/nope", "", 404, fsm.NotFound, "/nope", ""},
		{"leaving the backup", "GET", "/v1/backups/b1/files?path=/../etc", "", 422, fsm.Invalid, "..", "path"},
		{"files of a running backup", "GET", "/v1/backups/b2/files", "", 409, fsm.Conflict, "running", ""},
		{"unknown manager", "DELETE", "/v1/cluster/members/nope", "", 404, fsm.NotFound, "nope", ""},
	}
}

func badBodies() []bad {
	return []bad{
		{"no JSON", "POST", "/v1/users", `{"name":`, 400, Unreadable, "JSON", "body"},
		{"two values", "POST", "/v1/users", `{} {}`, 400, Unreadable, "JSON", "body"},
		{"no body", "POST", "/v1/users", "", 400, Unreadable, "body", ""},
		{"a list", "POST", "/v1/users", `[]`, 422, fsm.Invalid, "object", "body"},
		{"unknown field", "POST", "/v1/users", `{"name":"x","password":"correct horse battery","colour":1}`, 422, fsm.Invalid, "full_name", "colour"},
		{"unknown field below", "POST", "/v1/tasks", `{"name":"x","client":"c1","source":{"pahts":["/"]}}`, 422, fsm.Invalid, "paths", "source.pahts"},
		{"missing field", "POST", "/v1/users", `{"name":"x"}`, 422, fsm.Invalid, "password", "body"},
		{"wrong type", "POST", "/v1/users", `{"name":1,"password":"correct horse battery"}`, 422, fsm.Invalid, "string", "name"},
		{"short password", "POST", "/v1/users", `{"name":"x","password":"short"}`, 422, fsm.Invalid, "12", "password"},
		{"endless password", "POST", "/v1/users", `{"name":"x","password":"` + strings.Repeat("long ", 300) + `"}`, 422, fsm.Invalid, "1024", "password"},
		{"unknown group", "POST", "/v1/users", `{"name":"x","password":"correct horse battery","groups":["Gods"]}`, 422, fsm.Invalid, "Gods", "groups"},
		{"taken name", "POST", "/v1/users", `{"name":"ada","password":"correct horse battery"}`, 409, fsm.Conflict, "ada", "name"},
		{"unknown right", "POST", "/v1/groups", `{"name":"x","rights":["moon:walk"]}`, 422, fsm.Invalid, "moon:walk", "rights"},
		{"predefined group", "PATCH", "/v1/groups/Operators", `{"rank":1}`, 409, fsm.Conflict, "predefined", ""},
		{"last superuser", "PATCH", "/v1/users/admin", `{"enabled":false}`, 409, fsm.Conflict, "last enabled superuser", ""},
		{"no cron expression", "POST", "/v1/schedules", `{"name":"x","cron":"often"}`, 422, fsm.Invalid, "often", "cron"},
		{"cron with a zone", "POST", "/v1/schedules", `{"name":"x","cron":"TZ=UTC 1 * * * *"}`, 422, fsm.Invalid, "zone", "cron"},
		{"unknown zone", "POST", "/v1/schedules", `{"name":"x","cron":"1 * * * *","zone":"Moon/Base"}`, 422, fsm.Invalid, "Moon/Base", "zone"},
		{"unknown missed rule", "POST", "/v1/schedules", `{"name":"x","cron":"1 * * * *","missed":"cry"}`, 422, fsm.Invalid, "run_once", "missed"},
		{"cron and a calendar", "POST", "/v1/schedules", `{"name":"x","cron":"1 * * * *","calendar":[{"at":["02:30"]}]}`, 422, fsm.Invalid, "not both", "cron"},
		{"no weekday", "POST", "/v1/schedules", `{"name":"x","calendar":[{"weekdays":["noday"],"at":["02:30"]}]}`, 422, fsm.Invalid, "noday", "calendar"},
		{"no time of day", "POST", "/v1/schedules/preview", `{"name":"x","calendar":[{"at":["25:30"]}]}`, 422, fsm.Invalid, "25:30", "calendar"},
		{"no window", "POST", "/v1/schedules", `{"name":"x","cron":"1 * * * *","window":"soon"}`, 422, fsm.Invalid, "soon", "window"},
		{"too many slots", "GET", "/v1/schedules/nightly/next?count=101", "", 422, fsm.Invalid, "100", "count"},
		{"a pause in the past", "PATCH", "/v1/schedules/nightly", `{"paused":true,"paused_until":"2001-01-01T00:00:00Z"}`, 422, fsm.Invalid, "ahead", "paused_until"},
		{"until when, without a pause", "PATCH", "/v1/schedules/nightly", `{"paused_until":"2101-01-01T00:00:00Z"}`, 422, fsm.Invalid, "paused", "paused_until"},
		{"no priority", "PATCH", "/v1/tasks/files", `{"priority":101}`, 422, fsm.Invalid, "100", "priority"},
		{"no end of runtime", "PATCH", "/v1/tasks/files", `{"max_runtime":"1s"}`, 422, fsm.Invalid, "1m", "max_runtime"},
		{"no pause between attempts", "PATCH", "/v1/tasks/files", `{"retry":{"attempts":3,"pause":"never"}}`, 422, fsm.Invalid, "never", "retry.pause"},
		{"hours without an end", "PATCH", "/v1/tasks/files", `{"bandwidth":[{"rate":1000000,"from":"08:00"}]}`, 422, fsm.Invalid, "time of day", "bandwidth"},
		{"hours of the moon", "PATCH", "/v1/tasks/files", `{"bandwidth":[{"rate":1000000,"zone":"Moon/Base"}]}`, 422, fsm.Invalid, "Moon/Base", "bandwidth"},
		{"less than no backups", "PATCH", "/v1/clients/c1", `{"parallel":-1}`, 422, fsm.Invalid, "parallel", "parallel"},
		{"rerun of what runs", "POST", "/v1/backups/b2/rerun", "", 409, fsm.Conflict, "running", ""},
		{"relative path", "POST", "/v1/tasks", `{"name":"x","client":"c1","source":{"paths":["srv"]}}`, 422, fsm.Invalid, "absolute", "source.paths"},
		{"sources that overlap", "POST", "/v1/tasks", `{"name":"x","client":"c1","source":{"paths":["/srv/data","/srv"]}}`, 422, fsm.Invalid, "overlap", "source.paths"},
		{"unknown client", "POST", "/v1/tasks", `{"name":"x","client":"nope","source":{"paths":["/srv"]}}`, 422, fsm.Invalid, "nope", "client"},
		{"unknown mode", "PATCH", "/v1/nodes/n1", `{"mode":"asleep"}`, 422, fsm.Invalid, "draining", "mode"},
		{"unknown role", "PATCH", "/v1/nodes/n1", `{"roles":["cook"]}`, 422, fsm.Invalid, "cook", "roles"},
		{"a backup of nothing", "POST", "/v1/backups", `{}`, 422, fsm.Invalid, "client", "client"},
		{"a running task again", "POST", "/v1/backups", `{"task":"files"}`, 409, fsm.Conflict, "b2", ""},
		{"restore to nowhere", "POST", "/v1/backups/b1/restore", `{"node":"backup-1","target":"here"}`, 422, fsm.Invalid, "absolute", "target"},
		{"restore on a storage", "POST", "/v1/backups/b1/restore", `{"node":"storage-1","target":"/r"}`, 422, fsm.Invalid, "storage-1", "node"},
		{"verify too much", "POST", "/v1/backups/b1/verify", `{"percent":101}`, 422, fsm.Invalid, "100", "percent"},
		{"retention of nonsense", "POST", "/v1/tasks/files/retention/preview", `{"retention":{"daily":-1}}`, 422, fsm.Invalid, "100000", "retention"},
		{"retention that keeps less than nothing", "PATCH", "/v1/tasks/files", `{"retention":{"last":-1}}`, 422, fsm.Invalid, "100000", "retention"},
		{"a hold without an end", "PATCH", "/v1/backups/b1", `{"hold":{"reason":"x"}}`, 422, fsm.Invalid, "until when", "hold.until"},
		{"a hold that has ended", "PATCH", "/v1/backups/b1", `{"hold":{"reason":"x","until":"2020-01-01T00:00:00Z"}}`, 422, fsm.Invalid, "future", "hold.until"},
		{"a pin on nothing", "PATCH", "/v1/backups/b2", `{"pinned":true}`, 409, fsm.Conflict, "nothing stored", ""},
		{"a drill of too much", "POST", "/v1/backups/b1/drill", `{"files":1001}`, 422, fsm.Invalid, "1000", "files"},
		{"a drill of nothing stored", "POST", "/v1/backups/b2/drill", "", 409, fsm.Conflict, "nothing stored", ""},
		{"no approval", "POST", "/v1/approvals/nope/grant", "", 404, fsm.NotFound, "nope", ""},
		{"no setting", "PATCH", "/v1/settings", `{}`, 422, fsm.Invalid, "nothing to change", "settings"},
		{"a setting that is no duration", "PATCH", "/v1/settings", `{"maintenance":{"drill_every":"often"}}`, 422, fsm.Invalid, "often", "maintenance.drill_every"},
		{"two people where there is one", "PATCH", "/v1/settings", `{"approval":{"required":true}}`, 409, fsm.Conflict, "two enabled users", ""},
		{"token that lasts for ever", "POST", "/v1/join-tokens", `{"roles":["backup-storage"],"ttl":"9000h"}`, 422, fsm.Invalid, "24h", "ttl"},
		{"token for no role", "POST", "/v1/join-tokens", `{"roles":[]}`, 422, fsm.Invalid, "at least one", "roles"},
		{"no copy at all", "POST", "/v1/clients", `{"name":"x","copies":0}`, 422, fsm.Invalid, "between 1 and 8", "copies"},
		{"too many copies", "PATCH", "/v1/clients/c1", `{"copies":9}`, 422, fsm.Invalid, "between 1 and 8", "copies"},
		{"spread over nothing", "PATCH", "/v1/clients/c1", `{"placement":{"spread":"rack"}}`, 422, fsm.Invalid, "label:KEY", "placement.spread"},
		{"quota of another's repository", "POST", "/v1/clients", `{"name":"x","repository":"c1","quota":1}`, 422, fsm.Invalid, "repository", "quota"},
		{"join with nonsense", "POST", "/v1/join", `{"token":"x","csr":"","node":{"id":"","name":"","roles":[],"version":"","understands":1}}`, 422, fsm.Invalid, "token", "token"},
		{"too large", "POST", "/v1/users", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 413, TooLarge, "1048576", ""},
	}
}

// Each bad input gets a message that says what is wrong, and changes nothing.
func TestBadInput(t *testing.T) {
	w := newGrownWorld(t)
	for _, b := range append(badQueries(), badBodies()...) {
		t.Run(b.name, func(t *testing.T) {
			before := rowsOf(w.state.Now())
			rec := w.ask(t, b.method, b.path, b.body)
			p := problemIn(t, rec)
			if rec.Code != b.status || p.Code != b.code {
				t.Fatalf("%d %s instead of %d %s: %s", rec.Code, p.Code, b.status, b.code, p.Detail)
			}
			if !strings.Contains(p.Detail, b.says) {
				t.Errorf("the detail does not say %q: %s", b.says, p.Detail)
			}
			if names := fieldsOf(p); b.field != "" && !has(names, b.field) {
				t.Errorf("the errors name %v and not %s", names, b.field)
			}
			if after := rowsOf(w.state.Now()); after != before {
				t.Errorf("the state has changed: %v to %v", before, after)
			}
		})
	}
}

func fieldsOf(p Problem) []string {
	var names []string
	for _, e := range p.Errors {
		names = append(names, e.Field)
	}
	return names
}

// counts is how much there is of what people make. Refusals may be audited.
type counts struct {
	users, groups, nodes, clients, tasks, schedules, backups, jobs, tokens, repositories int
	changed                                                                              uint64
}

func rowsOf(v *fsm.View) counts {
	changed := max(v.Users.LastIndex(), v.Groups.LastIndex(), v.Nodes.LastIndex(), v.Clients.LastIndex(), v.Tasks.LastIndex(),
		v.Schedules.LastIndex(), v.Backups.LastIndex(), v.Jobs.LastIndex(), v.Tokens.LastIndex(), v.Repositories.LastIndex())
	return counts{v.Users.Len(), v.Groups.Len(), v.Nodes.Len(), v.Clients.Len(), v.Tasks.Len(), v.Schedules.Len(),
		v.Backups.Len(), v.Jobs.Len(), v.Tokens.Len(), v.Repositories.Len(), changed}
}

// What somebody typed into a field never comes back in a refusal: it may be a
// secret in the wrong place.
func TestRefusalsDoNotRepeatBodies(t *testing.T) {
	w := newWorld(t)
	const canary = "canary-4711"
	for _, body := range []string{
		`{"name":"x","password":{"v":"` + canary + `"}}`, `{"name":"x","pasword":"` + canary + `"}`, `{"password":"` + canary,
		`["` + canary + `"]`, `"` + canary + `"`,
	} {
		if rec := w.ask(t, "POST", "/v1/users", body); strings.Contains(rec.Body.String(), canary) {
			t.Errorf("%s comes back: %s", body, rec.Body)
		}
	}
}

func TestContentType(t *testing.T) {
	w := newWorld(t)
	for kind, status := range map[string]int{"text/plain": 415, "application/x-www-form-urlencoded": 415, ";": 415,
		"application/json; charset=utf-8": 201, "": 201} {
		rec := w.ask(t, "POST", "/v1/clients", `{"name":"c`+strings.Trim(strings.ReplaceAll(kind, "/", "-"), ";")+`"}`, "Content-Type", kind)
		if rec.Code != status {
			t.Errorf("%q: %d instead of %d: %s", kind, rec.Code, status, rec.Body)
		}
	}
}

// FuzzBody sends any bytes as the body of the routes that take the most
// structure. None may be answered with a fault, or break the audit trail.
func FuzzBody(f *testing.F) {
	for _, q := range goldenRequests() {
		if q.body != "" {
			f.Add([]byte(q.body))
		}
	}
	for _, b := range badBodies() {
		if len(b.body) < 1<<12 {
			f.Add([]byte(b.body))
		}
	}
	paths := []string{"/v1/tasks", "/v1/groups", "/v1/schedules", "/v1/clients", "/v1/backups", "/v1/join-tokens",
		"/v1/backups/b1/restore", "/v1/join"}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newGrownWorld(t)
		for _, path := range paths {
			rec := w.ask(t, "POST", path, string(body))
			if rec.Code >= 500 {
				t.Errorf("POST %s %q: %d %s", path, body, rec.Code, rec.Body)
			}
			if rec.Body.Len() > 0 && !json.Valid(rec.Body.Bytes()) {
				t.Errorf("POST %s %q: no JSON: %s", path, body, rec.Body)
			}
		}
		if _, broken := w.state.Now().VerifyChain(); broken != "" {
			t.Errorf("%q broke the audit trail at %s", body, broken)
		}
	})
}

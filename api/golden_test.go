package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// asked is a request whose answer is kept.
type asked struct {
	id           string // of the operation
	method, path string
	body         string
}

// goldenRequests are asked one after the other in a grown world: one for each
// operation at least.
func goldenRequests() []asked {
	return slices.Concat(peopleRequests(), gridRequests(), serverRequests(), backupRequests(), watchRequests())
}

func peopleRequests() []asked {
	return []asked{
		{"login", "POST", "/v1/login", `{"name":"admin","password":"` + adminPassword + `"}`},
		{"getMe", "GET", "/v1/me", ""},
		{"listUsers", "GET", "/v1/users", ""},
		{"createUser", "POST", "/v1/users", `{"name":"eve","full_name":"Eve","password":"correct horse battery","groups":["Helpdesk"]}`},
		{"getUser", "GET", "/v1/users/ada", ""},
		{"updateUser", "PATCH", "/v1/users/bob", `{"enabled":true,"groups":["Operators","Auditors"]}`},
		{"removeUser", "DELETE", "/v1/users/eve", ""},
		{"changePassword", "POST", "/v1/me/password", `{"old_password":"` + adminPassword + `","new_password":"correct horse battery"}`},
		{"listGroups", "GET", "/v1/groups?predefined=false", ""},
		{"createGroup", "POST", "/v1/groups", `{"name":"Night shift","rights":["backups:read","backups:run"],"rank":20}`},
		{"getGroup", "GET", "/v1/groups/Helpdesk", ""},
		{"updateGroup", "PATCH", "/v1/groups/Night%20shift", `{"description":"They keep it going"}`},
		{"putACL", "PUT", "/v1/acls/clients/c1", `{"users":["bob"],"groups":["Operators"]}`},
		{"getACL", "GET", "/v1/acls/clients/cl1", ""},
		{"listACLs", "GET", "/v1/acls?kind=clients", ""},
		{"removeACL", "DELETE", "/v1/acls/clients/c1", ""},
		{"removeGroup", "DELETE", "/v1/groups/Night%20shift", ""},
		{"createJoinToken", "POST", "/v1/join-tokens", `{"roles":["backup-storage"],"ttl":"30m","uses":3,"name":"rack 7"}`},
		{"listJoinTokens", "GET", "/v1/join-tokens", ""},
		{"revokeJoinToken", "DELETE", "/v1/join-tokens/join-n1", ""},
		{"createAPIToken", "POST", "/v1/api-tokens", `{"name":"prometheus","user":"ada","ttl":"720h"}`},
		{"listAPITokens", "GET", "/v1/api-tokens?user=ada", ""},
		{"revokeAPIToken", "DELETE", "/v1/api-tokens/api-ada", ""},
		{"listCertificates", "GET", "/v1/certificates?node=backup-1", ""},
		{"getCertificate", "GET", "/v1/certificates/cert-n2", ""},
		{"revokeCertificate", "POST", "/v1/certificates/cert-n2/revoke", ""},
		{"getCA", "GET", "/v1/ca", ""},
	}
}

func gridRequests() []asked {
	return []asked{
		{"listNodes", "GET", "/v1/nodes?role=backup-manager", ""},
		{"getNode", "GET", "/v1/nodes/backup-1", ""},
		{"updateNode", "PATCH", "/v1/nodes/storage-1", `{"mode":"maintenance","site":"fra2","labels":{"rack":"8"}}`},
		{"drainNode", "POST", "/v1/nodes/backup-1/drain", ""},
		{"getNodeImpact", "GET", "/v1/nodes/storage-1/impact", ""},
		{"listNodeEvents", "GET", "/v1/nodes/backup-1/events?limit=3", ""},
		{"removeNode", "DELETE", "/v1/nodes/n3?force", ""},
		{"listClients", "GET", "/v1/clients", ""},
		{"createClient", "POST", "/v1/clients", `{"name":"c2","address":"","labels":{"os":"linux"},"quota":1000000,"copies":2,"placement":{"storages":{"sites":["fra1"]},"spread":"site"}}`},
		{"getClient", "GET", "/v1/clients/c1", ""},
		{"updateClient", "PATCH", "/v1/clients/c2", `{"name":"c3","copies":3,"placement":{"spread":"label:rack"}}`},
		{"removeClient", "DELETE", "/v1/clients/c3", ""},
		{"listTasks", "GET", "/v1/tasks?client=c1", ""},
		{"createTask", "POST", "/v1/tasks", `{"name":"dump","client":"c1","source":{"command":["pg_dump","db"],"name":"db.sql"},"level":"full"}`},
		{"getTask", "GET", "/v1/tasks/files", ""},
		{"updateTask", "PATCH", "/v1/tasks/dump", `{"enabled":false,"schedule":"nightly","nodes":["backup-1"]}`},
		{"previewRetention", "POST", "/v1/tasks/files/retention/preview", `{"retention":{"last":1}}`},
		{"removeTask", "DELETE", "/v1/tasks/dump", ""},
		{"listSchedules", "GET", "/v1/schedules", ""},
		{"createSchedule", "POST", "/v1/schedules", `{"name":"hourly","cron":"@hourly","missed":"skip"}`},
		{"getSchedule", "GET", "/v1/schedules/nightly", ""},
		{"updateSchedule", "PATCH", "/v1/schedules/hourly", `{"cron":"15 * * * *","zone":"Asia/Tokyo"}`},
		{"nextSlots", "GET", "/v1/schedules/nightly/next?count=2", ""},
		{"previewSchedule", "POST", "/v1/schedules/preview?count=3", `{"name":"","calendar":[{"weekdays":["sun"],"nth":1,"at":["02:30"]}],"zone":"Europe/Berlin","window":"4h"}`},
		{"removeSchedule", "DELETE", "/v1/schedules/hourly", ""},
		{"listRepositories", "GET", "/v1/repositories", ""},
		{"getRepository", "GET", "/v1/repositories/r1", ""},
		{"updateRepository", "PATCH", "/v1/repositories/c1", `{"quota":5000000}`},
		{"verifyRepository", "POST", "/v1/repositories/c1/verify", `{"percent":0}`},
		{"scrubRepository", "POST", "/v1/repositories/c1/scrub", ""},
		{"copyRepository", "POST", "/v1/repositories/c1/copy", ""},
		{"listSnapshots", "GET", "/v1/repositories/c1/snapshots?as_of=2026-02-01T12:00:00Z", ""},
		{"listSnapshotFiles", "GET", "/v1/repositories/c1/snapshots/snap-1/files", ""},
		{"restoreRepository", "POST", "/v1/repositories/c1/restore", `{"snapshot":"snap-0","as_of":"2026-02-01T12:00:00Z","node":"backup-1","target":"/srv/restore"}`},
		{"listAssignments", "GET", "/v1/assignments?node=backup-1", ""},
		{"explainAssignment", "POST", "/v1/assignments/explain", `{"client":"c1"}`},
	}
}

func serverRequests() []asked {
	return []asked{
		{"addNode", "POST", "/v1/nodes", `{"name":"sesam-2","roles":["sesam-server"],"address":"https://sesam-2:11401","user":"bcm","password":"s3cret","fingerprint":"` + aFingerprint + `"}`},
		{"probeServer", "POST", "/v1/nodes/probe", `{"address":"https://sesam-2:11401"}`},
		{"listNodeObjects", "GET", "/v1/nodes/sesam-1/objects?kind=user", ""},
		{"startTask", "POST", "/v1/nodes/sesam-1/start", `{"task":"nightly"}`},
		{"listSync", "GET", "/v1/sync", ""},
		{"getSyncDiff", "GET", "/v1/sync/sesam-1/diff", ""},
		{"createCertificate", "POST", "/v1/certificates", `{"node":"sesam-3","hosts":["backup.example.org"]}`},
		{"rotateCertificate", "POST", "/v1/certificates/pair-1/rotate", ""},
		{"runSync", "POST", "/v1/sync", `{"nodes":["sesam-1"],"dry_run":true}`},
	}
}

func backupRequests() []asked {
	return []asked{
		{"listBackups", "GET", "/v1/backups", ""},
		{"createBackup", "POST", "/v1/backups", `{"client":"c1","source":{"paths":["/etc"]}}`},
		{"getBackup", "GET", "/v1/backups/b2", ""},
		{"listFiles", "GET", "/v1/backups/b1/files?path=/", ""},
		{"getFile", "GET", "/v1/backups/b1/files/content?path=/a.txt", ""},
		{"findFiles", "GET", "/v1/clients/c1/files?name=txt&limit=2", ""},
		{"getFileHistory", "GET", "/v1/clients/c1/history?path=/a.txt", ""},
		{"restoreBackup", "POST", "/v1/backups/b1/restore", `{"path":"/","node":"backup-1","target":"/srv/restore","overwrite":"never"}`},
		{"listJobs", "GET", "/v1/jobs?kind=restore&repository=c1", ""},
		{"getJob", "GET", "/v1/jobs/j2", ""},
		{"cancelJob", "POST", "/v1/jobs/j2/cancel", ""},
		{"listRestores", "GET", "/v1/restores", ""},
		{"getRestore", "GET", "/v1/restores/j1", ""},
		{"cancelRestore", "POST", "/v1/restores/j1/cancel", ""},
		{"verifyBackup", "POST", "/v1/backups/b1/verify", ""},
		{"listVerifications", "GET", "/v1/verifications", ""},
		{"getVerification", "GET", "/v1/verifications/j2", ""},
		{"cancelVerification", "POST", "/v1/verifications/j2/cancel", ""},
		{"cancelBackup", "POST", "/v1/backups/b2/cancel", ""},
		{"rerunBackup", "POST", "/v1/backups/b3/rerun", ""},
		{"drillBackup", "POST", "/v1/backups/b1/drill", `{"files":5}`},
		{"listDrills", "GET", "/v1/drills", ""},
		{"getDrill", "GET", "/v1/drills/j3", ""},
		{"cancelDrill", "POST", "/v1/drills/j3/cancel", ""},
		{"listApprovals", "GET", "/v1/approvals", ""},
		{"getApproval", "GET", "/v1/approvals/a1", ""},
		{"grantApproval", "POST", "/v1/approvals/a1/grant", ""},
		{"denyApproval", "POST", "/v1/approvals/a2/deny", ""},
		{"protectBackup", "PATCH", "/v1/backups/b1", `{"pinned":true,"hold":{"until":"2027-01-01T00:00:00Z","reason":"audit"}}`},
		{"deleteBackup", "DELETE", "/v1/backups/b3", ""},
	}
}

func watchRequests() []asked {
	return []asked{
		{"getCluster", "GET", "/v1/cluster", ""},
		{"transferLeadership", "POST", "/v1/cluster/transfer-leadership", ""},
		{"removeMember", "DELETE", "/v1/cluster/members/manager-1", ""},
		{"restoreSnapshot", "POST", "/v1/cluster/snapshot", "bytes"},
		{"getSettings", "GET", "/v1/settings", ""},
		{"changeSettings", "PATCH", "/v1/settings", `{"maintenance":{"prune_every":"12h","verify_percent":10}}`},
		{"getLeader", "GET", "/v1/status/leader", ""},
		{"getPeers", "GET", "/v1/status/peers", ""},
		{"listEvents", "GET", "/v1/events?action=user.create", ""},
		{"listAlerts", "GET", "/v1/alerts", ""},
		{"getBackupLog", "GET", "/v1/backups/b1/log", ""},
		{"explainAccess", "GET", "/v1/access/explain?user=ada&right=users:write", ""},
		{"verifyEvents", "GET", "/v1/events/verify", ""},
		{"getEvent", "GET", "/v1/events/0000000000000001-0000", ""},
		{"getStats", "GET", "/v1/stats", ""},
		{"livez", "GET", "/livez", ""},
		{"readyz", "GET", "/readyz?verbose", ""},
	}
}

// elsewhereTested are operations whose answers are no golden text; each has
// tests of its own.
func elsewhereTested() []string {
	return []string{"logout", "join", "saveSnapshot", "getArchive", "stream", "metrics", "openapi", "docs", "proxyNode", "passThrough"}
}

// TestGolden compares the answer of each operation with the one that was kept:
// a change of the public contract shows here.
func TestGolden(t *testing.T) {
	w := newGoldenWorld(t)
	covered := make(map[string]bool)
	n := newNamer()
	for _, id := range elsewhereTested() {
		covered[id] = true
	}
	for _, q := range goldenRequests() {
		covered[q.id] = true
		var headers []string
		if q.id == "restoreSnapshot" {
			headers = []string{"Content-Type", binaryType}
		}
		got := n.settle(transcript(q, w.ask(t, q.method, q.path, q.body, headers...)))
		path := filepath.Join("testdata", "golden", q.id+".txt")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: the answer is not as kept (go test ./api -update)\n--- want\n%s--- got\n%s", q.id, want, got)
		}
	}
	for _, r := range w.api.table {
		if !covered[r.id] {
			t.Errorf("operation %s (%s %s) has no golden answer", r.id, r.method, r.path)
		}
	}
}

// newGoldenWorld is a grown world with what the requests name besides.
func newGoldenWorld(t testing.TB) *world {
	w := newGrownWorld(t)
	w.admit(t, "n3", "storage-2", fsm.RoleStorage)
	w.must(t, "system:test", &fsm.CreateToken{ID: "api-ada", Kind: fsm.APIToken, Hash: pki.HashSecret("ada's"), User: "u-ada", Name: "scripts"})
	w.serve(t, "v1", "sesam-1")
	w.api.Servers = shownBy{}
	w.serve(t, "v3", "sesam-3")
	w.pair(t, "v1", "pair-1")
	w.host(t, "v3")
	w.job(t, "j1", &fsm.CreateJob{Kind: fsm.RestoreJob, Node: "backup-1", Restore: fsm.Restore{Path: "/", Target: "/srv/restore"}})
	w.job(t, "j3", &fsm.CreateJob{Kind: fsm.DrillJob})
	w.must(t, "system:test", &fsm.CreateUser{ID: "u-root", Name: "root", Groups: []string{fsm.Superusers}, Password: adminHash()})
	required := true
	w.must(t, "user:admin", &fsm.ChangeSettings{Approval: &required})
	for _, id := range []string{"a1", "a2"} {
		ask, err := fsm.NewApproval(id, &fsm.UpdateTask{ID: "t1", Retention: &fsm.Retention{Daily: 3}})
		if err != nil {
			t.Fatal(err)
		}
		w.must(t, "user:ada", ask)
	}
	w.job(t, "j2", &fsm.CreateJob{Kind: fsm.VerifyJob, Percent: 10})
	w.must(t, "user:admin", &fsm.CreateBackup{ID: "b3", Client: "c1", Source: &fsm.Source{Paths: []string{"/etc"}}},
		&fsm.CancelBackup{ID: "b3"})
	return w
}

// transcript is a request and its answer as text.
func transcript(q asked, rec *httptest.ResponseRecorder) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s\n", q.method, q.path)
	if q.body != "" {
		fmt.Fprintf(&out, "%s\n", q.body)
	}
	fmt.Fprintf(&out, "\n%d\n", rec.Code)
	for _, name := range []string{"Content-Type", "Location", "ETag", "Bcm-Index", "Bcm-Leader", "Bcm-Last-Contact",
		"Bcm-Served-By", "Set-Cookie", "Content-Disposition", "Retry-After"} {
		if v := rec.Header().Get(name); v != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, v)
		}
	}
	out.WriteByte('\n')
	body := rec.Body.Bytes()
	var pretty bytes.Buffer
	if strings.Contains(rec.Header().Get("Content-Type"), "json") && json.Indent(&pretty, body, "", "  ") == nil {
		body = pretty.Bytes()
	}
	out.Write(bytes.TrimSpace(body))
	out.WriteByte('\n')
	return out.Bytes()
}

// namer gives what is random in answers the same name in each run.
type namer struct {
	random *regexp.Regexp
	names  map[string]string
}

func newNamer() *namer {
	return &namer{regexp.MustCompile(`-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----(\\n)?|\b[a-z2-7]{52}\b|_[a-z2-7]{52}\b|\b[a-z2-7]{26}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b`),
		make(map[string]string)}
}

func (n *namer) settle(text []byte) []byte {
	return n.random.ReplaceAllFunc(text, func(found []byte) []byte {
		name, ok := n.names[string(found)]
		if !ok {
			name = fmt.Sprintf("random-%d", len(n.names)+1)
			n.names[string(found)] = name
		}
		return []byte(name)
	})
}

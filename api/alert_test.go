package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bcm/fsm"
)

// alarms gives what is wrong, each as severity, kind and name.
func (w *world) alarms(t *testing.T, headers ...string) (says []string) {
	t.Helper()
	rec := w.ask(t, "GET", "/v1/alerts", "", headers...)
	var out Alerts
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != 200 || out.Total != len(out.Items) {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for _, a := range out.Items {
		if a.Text == "" || a.Object.ID == "" {
			t.Errorf("says nothing: %+v", a)
		}
		says = append(says, strings.TrimSpace(fmt.Sprint(a.Severity, " ", a.Kind, " ", a.Object.Name)))
	}
	return says
}

// three makes a group of three managers with that failure tolerance.
func (w *world) three(tolerance int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Members = []Member{{ID: "m1", Voter: true}, {ID: "m2", Voter: true}, {ID: "m3", Voter: true}}
	w.status.FailureTolerance = tolerance
}

// Each thing that is wrong is told once, and is gone when it is mended.
func TestAlerts(t *testing.T) {
	w := newWorld(t)
	w.three(1)
	w.admit(t, "n1", "backup-1", fsm.RoleBackupManager)
	w.admit(t, "n2", "storage-1", fsm.RoleStorage)
	expect := func(what string, want ...string) {
		t.Helper()
		if got := w.alarms(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("all is well")
	w.three(0)
	expect("a manager is lost", "critical no_failure_tolerance")
	w.mu.Lock()
	w.status.Leader = ""
	w.mu.Unlock()
	expect("no leader", "critical no_leader")
	w.mu.Lock()
	w.status.Leader, w.status.Members = "m1", w.status.Members[:1]
	w.mu.Unlock()
	expect("one manager", "warning single_manager")
	w.three(1)

	w.must(t, "plan:fail", &fsm.MarkNode{ID: "n1", From: fsm.Online, To: fsm.Offline})
	expect("a node is gone", "critical node_offline backup-1")
	w.want(t, 200, "PATCH", "/v1/nodes/n1", `{"mode":"maintenance"}`)
	expect("in maintenance alarms are quiet")
	w.tick(-time.Hour)
	expect("a clock was ahead", "critical clock_ahead")
	w.tick(time.Hour)
	w.must(t, "plan:fail", &fsm.MarkNode{ID: "n2", From: fsm.Online, To: fsm.Degraded, Reason: "disk"})
	w.must(t, "node:n2", &fsm.ReportNode{ID: "n2", Version: "test", Understands: fsm.Version, Capacity: fsm.Capacity{Total: 100, Used: 91, Free: 9}})
	expect("a storage", "warning node_degraded storage-1", "warning storage_nearly_full storage-1")
	w.tick(22 * time.Hour)
	expect("a certificate was not renewed", "warning certificate_ends storage-1", "warning node_degraded storage-1", "warning storage_nearly_full storage-1")
	w.tick(2 * time.Hour)
	expect("it has ended", "critical certificate_ended storage-1", "warning node_degraded storage-1", "warning storage_nearly_full storage-1")
}

// A task is told of when its last backup failed, and when its schedule goes by.
func TestAlertsOfTasks(t *testing.T) {
	w := newWorld(t)
	w.three(1)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c1"}`)
	w.want(t, 201, "POST", "/v1/schedules", `{"name":"hourly","cron":"0 * * * *"}`)
	w.want(t, 201, "POST", "/v1/tasks", `{"name":"web","client":"c1","source":{"paths":["/srv"]},"schedule":"hourly"}`)
	run := func(id string, status fsm.Status) {
		t.Helper()
		w.must(t, "user:admin", &fsm.CreateBackup{ID: id, Task: "web"})
		w.must(t, "plan:place", &fsm.AssignBackup{ID: id, From: fsm.Queued, Node: "m1"})
		w.must(t, "node:m1", &fsm.FinishBackup{ID: id, Attempt: 1, Outcome: fsm.Outcome{Status: status, Error: "no space"}})
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if got := w.alarms(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("a new task")
	w.tick(time.Hour + time.Minute)
	expect("one slot went by")
	w.tick(time.Hour)
	expect("two slots went by", "critical backup_overdue web")
	run("b1", fsm.Failed)
	expect("it failed, too", "critical backup_failed web", "critical backup_overdue web")
	run("b2", fsm.Warning)
	expect("a good one")
	run("b3", fsm.Failed)
	expect("the last failed", "critical backup_failed web")
	w.want(t, 204, "DELETE", "/v1/backups/b3", "")
	expect("that one is given up")
	w.tick(3 * time.Hour)
	w.want(t, 200, "PATCH", "/v1/tasks/web", `{"enabled":false}`)
	expect("a task that is switched off")
	w.must(t, "user:admin", &fsm.CreateGroup{ID: "g", Name: "blind"},
		&fsm.CreateUser{ID: "u-blind", Name: "blind", Groups: []string{"blind"}, Password: adminHash()})
	w.want(t, 200, "PATCH", "/v1/tasks/web", `{"enabled":true}`)
	expect("on again", "critical backup_overdue web")
	if got := w.alarms(t, "Authorization", "Bearer "+w.speaksFor(t, "u-blind")); len(got) != 0 {
		t.Errorf("who may see nothing is told %q", got)
	}
}

// logOf gives the lines of a backup's log as level and text.
func (w *world) logOf(t *testing.T, id string) (says []string) {
	t.Helper()
	var out Lines
	rec := w.ask(t, "GET", "/v1/backups/"+id+"/log", "")
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || rec.Code != 200 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for i, l := range out.Items {
		if i > 0 && l.At.Before(out.Items[i-1].At) {
			t.Errorf("line %d is older than the one before", i)
		}
		says = append(says, l.Level+" "+l.Text)
	}
	return says
}

// The log of a backup has its attempts with node and reason, how it ended, and
// what was warned of.
func TestBackupLog(t *testing.T) {
	w := newWorld(t)
	w.admit(t, "n1", "backup-1", fsm.RoleBackupManager)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c1"}`)
	w.must(t, "user:admin", &fsm.CreateBackup{ID: "b1", Client: "c1", Source: &fsm.Source{Paths: []string{"/srv"}}})
	w.must(t, "plan:place", &fsm.AssignBackup{ID: "b1", From: fsm.Queued, Node: "n1"})
	w.must(t, "node:n1", &fsm.StartBackup{ID: "b1", Attempt: 1})
	w.must(t, "plan:fail", &fsm.InterruptBackup{ID: "b1", Attempt: 1, Reason: "node n1 is offline"})
	w.must(t, "plan:place", &fsm.AssignBackup{ID: "b1", From: fsm.Interrupted, Attempt: 1, Node: "m1"})
	w.must(t, "node:m1", &fsm.StartBackup{ID: "b1", Attempt: 2})
	w.must(t, "node:m1", &fsm.FinishBackup{ID: "b1", Attempt: 2, Outcome: fsm.Outcome{Status: fsm.Warning, Snapshot: "s",
		Stats: fsm.Stats{Warnings: 3}, Warnings: []string{"/srv/a: gone", "/srv/b: denied"}}})
	want := []string{"info queued by user:admin", "info assigned: attempt 1 on node backup-1", "info begun by node:backup-1",
		"warning interrupted: node backup-1 is offline", "info assigned: attempt 2 on node manager-1", "info begun by node:manager-1",
		"warning warning, says node:manager-1", "warning /srv/a: gone", "warning /srv/b: denied", "warning 1 warnings are not kept here"}
	if got := w.logOf(t, "b1"); !slices.Equal(got, want) {
		t.Errorf("the log is\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	w.run(t, "b2", fsm.Failed)
	if got := w.logOf(t, "b2"); !slices.Contains(got, "error failed, says node:manager-1") {
		t.Errorf("a failed one: %q", got)
	}
	w.want(t, 404, "GET", "/v1/backups/nope/log", "")
}

// What the audit trail has forgotten is told from the row.
func TestBackupLogFromTheRow(t *testing.T) {
	w := newWorld(t)
	w.want(t, 201, "POST", "/v1/clients", `{"name":"c1"}`)
	w.run(t, "b1", fsm.Succeeded)
	b, _ := w.state.Now().Backups.Get("b1")
	l := runLog{view: w.state.Now(), told: map[string]bool{}}
	l.row(b)
	var says []string
	for _, line := range l.lines {
		says = append(says, line.Text)
	}
	if want := []string{"queued", "begun by manager-1", "succeeded"}; !slices.Equal(says, want) {
		t.Errorf("the log is %q", says)
	}
}

func TestExplainAccess(t *testing.T) {
	w := newGrownWorld(t)
	for query, want := range map[string]string{
		"user=ada&right=backups:run&object=tasks/t1": "ada has the right backups:run on tasks/t1 from Operators",
		"user=u-ada&right=cluster:write":             "ada lacks the right cluster:write, which Superusers would give",
		"user=bob&right=nodes:read":                  "bob may not: the user is disabled",
		"right=cluster:write":                        "admin has the right cluster:write from Superusers",
		"right=self":                                 "admin may: everybody who is logged in has the right self",
	} {
		x := w.want(t, 200, "GET", "/v1/access/explain?"+query, "")
		if x["text"] != want || x["allowed"] != !strings.Contains(want, "lacks") && !strings.Contains(want, "not") {
			t.Errorf("%s: %v", query, x)
		}
	}
	for query, status := range map[string]int{"": 422, "right=x:y": 422, "right=nodes:read&user=nobody": 404, "right=nodes:read&object=" + strings.Repeat("x", 300): 422} {
		w.want(t, status, "GET", "/v1/access/explain?"+query, "")
	}
	w.must(t, "user:admin", &fsm.CreateUser{ID: "u-ru", Name: "ru", Groups: []string{fsm.RestoreUsers}, Password: adminHash()})
	by := []string{"Authorization", "Bearer " + w.speaksFor(t, "u-ru")}
	w.want(t, 403, "GET", "/v1/access/explain?right=nodes:read&user=ada", "", by...)
	w.want(t, 200, "GET", "/v1/access/explain?right=nodes:read&user=ru", "", by...)
}

// Backups in which a verification of all has found damage are told of until they are
// gone, or a verification finds them whole.
func TestAlertsOfDamage(t *testing.T) {
	w := newGrownWorld(t)
	verify := func(id string, status fsm.Status, hit ...string) {
		t.Helper()
		w.must(t, "user:admin", &fsm.CreateJob{ID: id, Kind: fsm.VerifyJob, Repository: "r1"})
		w.must(t, "plan:place", &fsm.AssignJob{ID: id, From: fsm.Queued, Node: "n1"})
		w.must(t, "node:n1", &fsm.FinishJob{ID: id, Attempt: 1, Outcome: fsm.Outcome{Status: status, Error: "damaged", Hit: hit}})
	}
	expect := func(what string, want bool) {
		t.Helper()
		if got := slices.Contains(w.alarms(t), "critical backups_damaged c1"); got != want {
			t.Errorf("%s: %v", what, w.alarms(t))
		}
	}
	expect("nothing was verified", false)
	verify("v1", fsm.Failed, "snap-1", "snap-of-nothing-known")
	expect("damage", true)
	if body := w.ask(t, "GET", "/v1/verifications/v1", "").Body.String(); !strings.Contains(body, `"damaged_backups":["b1"]`) {
		t.Errorf("%s", body)
	}
	verify("v2", fsm.Succeeded)
	expect("it was mended", false)
	verify("v3", fsm.Failed, "snap-1")
	expect("damage again", true)
	w.must(t, "user:admin", &fsm.DeleteBackup{ID: "b1", Job: "d1"})
	expect("the backup is given up", false)
}

// Copies and storages that are not as they should be are told of, and what is mended
// is not.
func TestAlertsOfCopies(t *testing.T) {
	w := newGrownWorld(t)
	w.admit(t, "s9", "storage-9", fsm.RoleStorage)
	a, _ := w.state.Now().Assignments.Get("cl1")
	r, _ := w.state.Now().Repositories.Get("r1")
	w.must(t, "plan:assign", &fsm.PutAssignment{Client: "cl1", From: a.Index, Managers: a.Managers, Storages: append(slices.Clone(r.Storages), "s9")})
	finish := func(id string, kind fsm.JobKind, out fsm.Outcome) {
		t.Helper()
		job := fsm.CreateJob{ID: id, Kind: kind, Repository: "r1", Node: "s9"}
		if kind == fsm.CopyJob {
			job.Storage, job.Trim = r.Storages[0], fsm.TrimBounded
		}
		w.must(t, "plan:copy", &job)
		w.must(t, "plan:place", &fsm.AssignJob{ID: id, From: fsm.Queued, Node: "s9"})
		w.must(t, "node:s9", &fsm.FinishJob{ID: id, Attempt: 1, Outcome: out})
	}
	wrong := func() (kinds []string) {
		for _, line := range w.alarms(t) {
			for _, kind := range []string{"copy_", "storage_damaged", "storage_fills_up"} {
				if strings.Contains(line, kind) {
					kinds = append(kinds, strings.Join(strings.Fields(line)[:2], " "))
				}
			}
		}
		return kinds
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if got := wrong(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", what, got, want)
		}
	}
	two := 2
	w.must(t, "user:admin", &fsm.UpdateClient{ID: "cl1", Copies: &two})
	expect("a copy that is to come")
	w.tick(25 * time.Hour)
	expect("a copy that does not come", "warning copy_missing")
	two = 3
	w.must(t, "user:admin", &fsm.UpdateClient{ID: "cl1", Copies: &two})
	expect("a copy that no storage was found for", "warning copy_missing")
	two = 2
	w.must(t, "user:admin", &fsm.UpdateClient{ID: "cl1", Copies: &two})
	for i := range 3 {
		finish(fmt.Sprint("f", i), fsm.CopyJob, fsm.Outcome{Status: fsm.Failed, Error: "no room"})
	}
	expect("three failures", "warning copy_failed", "warning copy_missing")
	finish("good", fsm.CopyJob, fsm.Outcome{Status: fsm.Succeeded, Copy: &fsm.CopyReport{Blobs: 3, Extra: 9, Differ: 1}})
	expect("an attacked source", "critical copy_differs", "warning copy_untrimmed")
	finish("better", fsm.CopyJob, fsm.Outcome{Status: fsm.Succeeded, Copy: &fsm.CopyReport{Blobs: 3}})
	expect("a good copy")
	w.must(t, "node:s9", &fsm.ReportNode{ID: "s9", Capacity: fsm.Capacity{Total: 100, Used: 50, Free: 50, Grows: 10, Lost: 2}})
	expect("a storage that fills up and has damage", "critical storage_damaged", "warning storage_fills_up")
}

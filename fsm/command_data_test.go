package fsm

import (
	"slices"
	"testing"
	"time"
)

func TestClientCommands(t *testing.T) {
	repo := NewRepository{ID: "r9", Password: []byte("sealed")}
	runCases(t, []commandCase{
		{"", "user:op", &CreateClient{ID: "c9", Name: "new", Repository: repo}, "", []string{"+ clients/c9 name=new, repository=r9", "+ repositories/r9 name=new"}},
		{"sharing", "user:op", &CreateClient{ID: "c9", Name: "new", Share: "web"}, "", []string{"+ clients/c9 name=new, repository=r1"}},
		{"sharing nothing", "user:op", &CreateClient{ID: "c9", Name: "new", Share: "x"}, Invalid, nil},
		{"name taken", "user:op", &CreateClient{ID: "c9", Name: "web", Repository: repo}, Conflict, nil},
		{"no password", "user:op", &CreateClient{ID: "c9", Name: "new", Repository: NewRepository{ID: "r9"}}, Invalid, nil},
		{"negative quota", "user:op", &CreateClient{ID: "c9", Name: "new", Repository: NewRepository{ID: "r9", Password: []byte("x"), Quota: -1}}, Invalid, nil},
		{"repository taken", "user:op", &CreateClient{ID: "c9", Name: "new", Repository: NewRepository{ID: "r1", Password: []byte("x")}}, Conflict, nil},
		{"without the right", "user:bu", &CreateClient{ID: "c9", Name: "new", Repository: repo}, Denied, nil},

		{"", "user:op", &UpdateClient{ID: "c1", Name: ptr("www"), Address: ptr("")}, "", []string{"~ clients/c1 name: web → www, address: 10.1.1.1 → <nil>"}},
		{"placed", "user:op", &CreateClient{ID: "c9", Name: "new", Share: "web", Copies: 2, Placement: Placement{Spread: "label:rack"}}, "",
			[]string{"+ clients/c9 copies=2, name=new, placement=map[spread:label:rack], repository=r1"}},
		{"too many copies", "user:op", &CreateClient{ID: "c9", Name: "new", Share: "web", Copies: 9}, Invalid, nil},
		{"copies", "user:op", &UpdateClient{ID: "c1", Copies: ptr(3)}, "", []string{"~ clients/c1 copies: <nil> → 3"}},
		{"fewer than none", "user:op", &UpdateClient{ID: "c1", Copies: ptr(-1)}, Invalid, nil},
		{"spread", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Spread: ptr("site")}}, "",
			[]string{"~ clients/c1 placement: <nil> → map[spread:site]"}},
		{"sites", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Managers: ConstraintChange{Sites: ptr([]string{"fra"})}}}, "",
			[]string{"~ clients/c1 placement: <nil> → map[managers:map[sites:[fra]]]"}},
		{"spread over what", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Spread: ptr("rack")}}, Invalid, nil},
		{"spread over a label without a key", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Spread: ptr("label:")}}, Invalid, nil},
		{"no site", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Storages: ConstraintChange{Sites: ptr([]string{""})}}}, Invalid, nil},
		{"no label", "user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Storages: ConstraintChange{Labels: ptr(map[string]string{"": "x"})}}}, Invalid, nil},
		{"name taken", "user:op", &UpdateClient{ID: "c1", Name: ptr("db")}, Conflict, nil},
		{"stale", "user:op", &UpdateClient{ID: "c1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &UpdateClient{ID: "x"}, NotFound, nil},

		{"with tasks", "user:op", &RemoveClient{ID: "c1"}, Conflict, nil},
		{"stale", "user:op", &RemoveClient{ID: "c1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &RemoveClient{ID: "x"}, NotFound, nil},

		{"", "user:op", &UpdateRepository{ID: "r1", Quota: ptr(int64(7)), Name: ptr("pool")}, "", []string{"~ repositories/r1 name: web → pool, quota: <nil> → 7"}},
		{"name taken", "user:op", &UpdateRepository{ID: "r1", Name: ptr("db")}, Conflict, nil},
		{"negative", "user:op", &UpdateRepository{ID: "r1", Quota: ptr(int64(-1))}, Invalid, nil},
		{"stale", "user:op", &UpdateRepository{ID: "r1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &UpdateRepository{ID: "x"}, NotFound, nil},

		{"first", "plan:assign", &PutAssignment{Client: "c2", Managers: []string{"b2"}, Storages: []string{"s2"}}, "",
			[]string{"+ assignments/c2 managers=[b2], storages=[s2]", "~ repositories/r2 storages: <nil> → [s2]"}},
		{"seen otherwise", "plan:assign", &PutAssignment{Client: "c1", Managers: []string{"b2"}, Storages: []string{"s1"}}, Conflict, nil},
		{"a storage twice", "plan:assign", &PutAssignment{Client: "c2", Managers: []string{"b2"}, Storages: []string{"s2", "s2"}}, Invalid, nil},
		{"nodes that are not there", "plan:assign", &PutAssignment{Client: "c2", Managers: []string{"x"}}, NotFound, nil},
		{"no such client", "plan:assign", &PutAssignment{Client: "x"}, NotFound, nil},
		{"by a user", "user:root", &PutAssignment{Client: "c2"}, Denied, nil},

		{"epoch", "system:recover", &PutSetting{Name: RecoveryEpoch, Value: []byte("2")}, "", []string{"+ settings/recovery.epoch value=2"}},
		{"any", "user:root", &PutSetting{Name: "x", Value: []byte("2")}, "", []string{"+ settings/x value=2"}},
		{"epoch that is no number", "user:root", &PutSetting{Name: RecoveryEpoch, Value: []byte("two")}, Conflict, nil},
		{"what is fixed", "user:root", &PutSetting{Name: CAKey}, Denied, nil},
		{"no name", "user:root", &PutSetting{}, Invalid, nil},
		{"without the right", "user:adm", &PutSetting{Name: "x"}, Denied, nil},

		{"twice", "system:init", &InitCluster{Cluster: "other"}, Conflict, nil},
		{"by a user", "user:root", &InitCluster{Cluster: "other"}, Denied, nil},
	})
}

// A repository with data moves only when all of its storages are gone for good.
func TestDataStays(t *testing.T) {
	l := furnished(t)
	a, _ := l.view().Assignments.Get("c1")
	move := &PutAssignment{Client: "c1", From: a.Index, Managers: []string{"b1"}, Storages: []string{"s2"}}
	if _, err := l.try("plan:assign", move); CodeOf(err) != Conflict {
		t.Errorf("data was moved: %v", err)
	}
	l.do("user:root", &RemoveNode{ID: "s1", Force: true})
	l.do("plan:assign", move)
}

// Copies come and go beside a repository's data; when that is lost, what is left
// takes its place.
func TestCopiesComeAndGo(t *testing.T) {
	l := furnished(t)
	l.join("s3", RoleStorage)
	put := func(storages ...string) error {
		a, _ := l.view().Assignments.Get("c1")
		_, err := l.try("plan:assign", &PutAssignment{Client: "c1", From: a.Index, Managers: []string{"b1"}, Storages: storages})
		return err
	}
	for _, storages := range [][]string{{"s1", "s2"}, {"s1", "s3"}, {"s1"}, {"s1", "s3", "s2"}} {
		if err := put(storages...); err != nil {
			t.Fatalf("to %v: %v", storages, err)
		}
		if r, _ := l.view().Repositories.Get("r1"); !slices.Equal(r.Storages, storages) {
			t.Errorf("the repository is on %v", r.Storages)
		}
	}
	for _, storages := range [][]string{{"s3", "s1"}, {"s2"}, nil} {
		if err := put(storages...); CodeOf(err) != Conflict {
			t.Errorf("to %v: %v", storages, err)
		}
	}
	l.do("user:root", &RemoveNode{ID: "s1", Force: true})
	if err := put("s3"); err != nil {
		t.Error(err)
	}
	sound(l)
}

// A client can be removed once its backups are deleted, and made again under the
// same name, though the repository of the first is still there.
func TestClientAgain(t *testing.T) {
	l := furnished(t)
	l.do("user:bu", &CancelBackup{ID: "live"}, &CancelBackup{ID: "wait"})
	l.do("node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Cancelled}})
	l.do("user:op", &RemoveTask{ID: "t1"}, &RemoveTask{ID: "t2"}, &RemoveTask{ID: "t3"})
	l.do("user:ru", &CancelJob{ID: "restore"})
	l.do("user:bu", &CancelJob{ID: "verify"})
	l.do("node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Cancelled}})
	if _, err := l.try("user:op", &RemoveClient{ID: "c1"}); CodeOf(err) != Conflict {
		t.Errorf("a client with backups was removed: %v", err)
	}
	l.do("user:adm", &DeleteBackup{ID: "done", Job: "f1"}, &DeleteBackup{ID: "live", Job: "f2"}, &DeleteBackup{ID: "wait", Job: "f3"})
	l.do("user:op", &RemoveClient{ID: "c1"}, &RemoveClient{ID: "c2"},
		&CreateClient{ID: "c1again", Name: "web", Repository: NewRepository{ID: "r1again", Password: []byte("x")}})
	if _, ok := l.view().Repositories.Get("r2"); ok {
		t.Error("a repository in which nothing was stored is still there")
	}
	if r, ok := l.view().Repositories.Get("r1again"); !ok || r.Name != "web-r1again" {
		t.Errorf("repository %+v", r)
	}
	sound(l)
}

func TestTaskCommands(t *testing.T) {
	task := func(change func(*CreateTask)) *CreateTask {
		c := &CreateTask{ID: "t9", Name: "new", Client: "web", Source: Source{Paths: []string{"/data"}}}
		if change != nil {
			change(c)
		}
		return c
	}
	source := func(s Source) *CreateTask { return task(func(c *CreateTask) { c.Source = s }) }
	runCases(t, []commandCase{
		{"", "user:op", task(nil), "", []string{"+ tasks/t9 client=c1, enabled=true, last_slot="}},
		{"with all", "user:op", task(func(c *CreateTask) {
			c.Client, c.Schedule, c.Nodes, c.Level, c.Disabled = "c2", "nightly", []string{"name-b1"}, Full, true
		}), "", []string{"+ tasks/t9 client=c2, enabled=false"}},
		{"paths are cleaned", "user:op", source(Source{Paths: []string{"/a//b/../c/"}}), "", []string{"+ tasks/t9"}},
		{"no client", "user:op", task(func(c *CreateTask) { c.Client = "x" }), Invalid, nil},
		{"no schedule", "user:op", task(func(c *CreateTask) { c.Schedule = "x" }), Invalid, nil},
		{"not a backup manager", "user:op", task(func(c *CreateTask) { c.Nodes = []string{"s1"} }), Invalid, nil},
		{"level", "user:op", task(func(c *CreateTask) { c.Level = "some" }), Invalid, nil},
		{"retention", "user:op", task(func(c *CreateTask) { c.Retention.Daily = -1 }), Invalid, nil},
		{"name taken", "user:op", task(func(c *CreateTask) { c.Name = "db dump" }), Conflict, nil},
		{"no source", "user:op", source(Source{}), Invalid, nil},
		{"two sources", "user:op", source(Source{Paths: []string{"/a"}, Command: []string{"b"}, Name: "c"}), Invalid, nil},
		{"a relative path", "user:op", source(Source{Paths: []string{"a"}}), Invalid, nil},
		{"paths that overlap", "user:op", source(Source{Paths: []string{"/a/b", "/a"}}), Invalid, nil},
		{"a command without a name", "user:op", source(Source{Command: []string{"b"}}), Invalid, nil},
		{"an empty command", "user:op", source(Source{Command: []string{""}, Name: "c"}), Invalid, nil},
		{"a name with a path", "user:op", source(Source{Command: []string{"b"}, Name: "../c"}), Invalid, nil},
		{"without the right", "user:ru", task(nil), Denied, nil},

		{"", "user:op", &UpdateTask{ID: "t1", Retention: &Retention{Daily: 7}}, "", []string{"~ tasks/t1 retention"}},
		{"another schedule begins with its next slot", "user:op", &UpdateTask{ID: "t2", Schedule: ptr("nightly")}, "",
			[]string{"~ tasks/t2 last_slot: 12:00:"}},
		{"no schedule", "user:op", &UpdateTask{ID: "t1", Schedule: ptr("")}, "", []string{"~ tasks/t1 last_slot: 12:00:"}},
		{"nodes", "user:op", &UpdateTask{ID: "t1", Nodes: &[]string{"b2", "b1"}}, "", []string{"~ tasks/t1 nodes: <nil> → [b1 b2]"}},
		{"not a backup manager", "user:op", &UpdateTask{ID: "t1", Nodes: &[]string{"s1"}}, Invalid, nil},
		{"stale", "user:op", &UpdateTask{ID: "t1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &UpdateTask{ID: "x"}, NotFound, nil},

		{"", "user:op", &RemoveTask{ID: "t1"}, "", []string{"- tasks/t1"}},
		{"at work", "user:op", &RemoveTask{ID: "t3"}, Conflict, nil},
		{"stale", "user:op", &RemoveTask{ID: "t1", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &RemoveTask{ID: "x"}, NotFound, nil},
	})
	l := furnished(t)
	l.do("user:root", &RemoveNode{ID: "b2", Force: true})
	l.do("user:op", &UpdateTask{ID: "t2", Enabled: ptr(false)}) // though its node is gone
}

func TestScheduleCommands(t *testing.T) {
	runCases(t, []commandCase{
		{"", "user:op", &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily"}, "", []string{"+ schedules/s9 cron=@daily, enabled=true, missed=run_once, name=new, zone=UTC"}},
		{"no expression", "user:op", &CreateSchedule{ID: "s9", Name: "new"}, Invalid, nil},
		{"rule", "user:op", &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily", Missed: "twice"}, Invalid, nil},
		{"name taken", "user:op", &CreateSchedule{ID: "s9", Name: "nightly", Cron: "@daily"}, Conflict, nil},
		{"without the right", "user:aud", &CreateSchedule{ID: "s9", Name: "new", Cron: "@daily"}, Denied, nil},

		{"its tasks begin with the next slot", "user:op", &UpdateSchedule{ID: "nightly", Cron: ptr("@hourly")}, "",
			[]string{"~ schedules/nightly cron", "~ tasks/t1 last_slot"}},
		{"name", "user:op", &UpdateSchedule{ID: "nightly", Name: ptr("late")}, "", []string{"~ schedules/nightly name"}},
		{"stale", "user:op", &UpdateSchedule{ID: "nightly", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &UpdateSchedule{ID: "x"}, NotFound, nil},

		{"in use", "user:op", &RemoveSchedule{ID: "nightly"}, Conflict, nil},
		{"stale", "user:op", &RemoveSchedule{ID: "nightly", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:op", &RemoveSchedule{ID: "x"}, NotFound, nil},
	})
	l := furnished(t)
	l.do("user:op", &UpdateTask{ID: "t1", Schedule: ptr("")}, &RemoveSchedule{ID: "nightly"})
	sound(l)
}

func TestBackupCommands(t *testing.T) {
	src := &Source{Paths: []string{"/x"}}
	slot := dawn.Add(10 * time.Minute)
	runCases(t, []commandCase{
		{"of a task", "user:bu", &CreateBackup{ID: "b9", Task: "web files"}, "", []string{"+ backups/b9 attempt=0, client=c1"}},
		{"of a source", "user:bu", &CreateBackup{ID: "b9", Client: "web", Source: src}, "", []string{"+ backups/b9 attempt=0, client=c1"}},
		{"of a slot", "plan:schedule", &CreateBackup{ID: "b9", Task: "t3", Slot: dawn.Add(4 * time.Minute)}, "", []string{"+ backups/b9", "~ tasks/t3 last_slot"}},
		{"of a slot too far ahead", "plan:schedule", &CreateBackup{ID: "b9", Task: "t1", Slot: slot}, Conflict, nil},
		{"of a slot that has passed", "plan:schedule", &CreateBackup{ID: "b9", Task: "t1", Slot: dawn}, Conflict, nil},
		{"at work already", "user:bu", &CreateBackup{ID: "b9", Task: "t3"}, Conflict, nil},
		{"waiting already", "user:bu", &CreateBackup{ID: "b9", Task: "t2"}, Conflict, nil},
		{"id taken", "user:bu", &CreateBackup{ID: "done", Task: "t1"}, Conflict, nil},
		{"of nothing", "user:bu", &CreateBackup{ID: "b9"}, Invalid, nil},
		{"of a client and nothing", "user:bu", &CreateBackup{ID: "b9", Client: "web"}, Invalid, nil},
		{"of a task and a source", "user:bu", &CreateBackup{ID: "b9", Task: "t1", Source: src}, Invalid, nil},
		{"no such task", "user:bu", &CreateBackup{ID: "b9", Task: "x"}, NotFound, nil},
		{"no such level", "user:bu", &CreateBackup{ID: "b9", Task: "t1", Level: "half"}, Invalid, nil},
		{"without the right", "user:ru", &CreateBackup{ID: "b9", Task: "t1"}, Denied, nil},

		{"", "plan:place", &AssignBackup{ID: "wait", From: Queued, Node: "b2", Storages: []string{"s1"}}, "",
			[]string{"~ backups/wait attempt: 0 → 1", "~ repositories/r2 filled"}},
		{"seen otherwise", "plan:place", &AssignBackup{ID: "wait", From: Interrupted, Node: "b2"}, Conflict, nil},
		{"another attempt", "plan:place", &AssignBackup{ID: "wait", From: Queued, Attempt: 1, Node: "b2"}, Conflict, nil},
		{"at work", "plan:place", &AssignBackup{ID: "live", From: Running, Attempt: 1, Node: "b2"}, Conflict, nil},
		{"no such node", "plan:place", &AssignBackup{ID: "wait", From: Queued, Node: "x"}, NotFound, nil},
		{"no such storage", "plan:place", &AssignBackup{ID: "wait", From: Queued, Node: "b2", Storages: []string{"x"}}, NotFound, nil},
		{"unknown", "plan:place", &AssignBackup{ID: "x"}, NotFound, nil},
		{"by a user", "user:root", &AssignBackup{ID: "wait", From: Queued, Node: "b2"}, Denied, nil},

		{"again", "node:b1", &StartBackup{ID: "live", Attempt: 1}, "", nil},
		{"not its node", "node:b2", &StartBackup{ID: "live", Attempt: 1}, Conflict, nil},
		{"not its attempt", "node:b1", &StartBackup{ID: "live", Attempt: 2}, Conflict, nil},
		{"ended", "node:b1", &StartBackup{ID: "done", Attempt: 1}, Conflict, nil},
		{"by a user", "user:root", &StartBackup{ID: "live", Attempt: 1}, Denied, nil},

		{"", "node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Warning, Snapshot: "s", Warnings: []string{"one file"}}}, "",
			[]string{"~ backups/live error: <nil> → one file, finished_at: 0 → 12:00:", "~ holdings/r1/s1 changed_at", "+ warnings/live texts=[one file]"}},
		{"again", "node:b1", &FinishBackup{ID: "done", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "snap"}}, "", nil},
		{"a second end", "node:b1", &FinishBackup{ID: "done", Attempt: 1, Outcome: Outcome{Status: Failed}}, Conflict, nil},
		{"no end", "node:b1", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Running}}, Invalid, nil},
		{"not its node", "node:b2", &FinishBackup{ID: "live", Attempt: 1, Outcome: Outcome{Status: Failed}}, Conflict, nil},
		{"not its attempt", "node:b1", &FinishBackup{ID: "live", Attempt: 0, Outcome: Outcome{Status: Failed}}, Conflict, nil},

		{"", "plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "gone"}, "", []string{"~ backups/live error: <nil> → gone, status: running → interrupted"}},
		{"not at work", "plan:fail", &InterruptBackup{ID: "wait"}, Conflict, nil},
		{"not its node", "node:b2", &InterruptBackup{ID: "live", Attempt: 1}, Conflict, nil},

		{"waiting", "user:bu", &CancelBackup{ID: "wait"}, "", []string{"~ backups/wait finished_at: 0 → 12:00:"}},
		{"at work", "user:bu", &CancelBackup{ID: "live"}, "", []string{"~ backups/live cancel: <nil> → true"}},
		{"ended", "user:bu", &CancelBackup{ID: "done"}, Conflict, nil},
		{"stale", "user:bu", &CancelBackup{ID: "live", IfIndex: 1}, Precondition, nil},

		{"in use", "user:adm", &DeleteBackup{ID: "done", Job: "f"}, Conflict, nil},
		{"at work", "user:adm", &DeleteBackup{ID: "live", Job: "f"}, Conflict, nil},
		{"stale", "user:adm", &DeleteBackup{ID: "done", Job: "f", IfIndex: 1}, Precondition, nil},
		{"without the right", "user:op", &DeleteBackup{ID: "done", Job: "f"}, Denied, nil},
		{"unknown", "user:adm", &DeleteBackup{ID: "x", Job: "f"}, NotFound, nil},
	})
}

func TestJobCommands(t *testing.T) {
	restore := func(r Restore, node string) *CreateJob {
		return &CreateJob{ID: "j9", Kind: RestoreJob, Backup: "done", Node: node, Restore: r}
	}
	runCases(t, []commandCase{
		{"restore", "user:ru", restore(Restore{Target: "/r"}, "name-b1"), "", []string{"+ jobs/j9 attempt=0, backup=done, by=user:ru"}},
		{"verify", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Backup: "done", Percent: 10}, "", []string{"+ jobs/j9"}},
		{"restore without the right", "user:bu", restore(Restore{Target: "/r"}, "b1"), Denied, nil},
		{"verify without the right", "user:ru", &CreateJob{ID: "j9", Kind: VerifyJob, Backup: "done"}, Denied, nil},
		{"another kind", "user:root", &CreateJob{ID: "j9", Kind: ForgetJob, Backup: "done"}, Invalid, nil},
		{"nothing stored", "user:ru", &CreateJob{ID: "j9", Kind: RestoreJob, Backup: "live", Node: "b1", Restore: Restore{Target: "/r"}}, Conflict, nil},
		{"no backup", "user:ru", &CreateJob{ID: "j9", Kind: RestoreJob, Backup: "x"}, NotFound, nil},
		{"no node", "user:ru", restore(Restore{Target: "/r"}, ""), Invalid, nil},
		{"not a backup manager", "user:ru", restore(Restore{Target: "/r"}, "s1"), Invalid, nil},
		{"a relative target", "user:ru", restore(Restore{Target: "r"}, "b1"), Invalid, nil},
		{"a path that climbs", "user:ru", restore(Restore{Target: "/r", Path: "/a/../../b"}, "b1"), Invalid, nil},
		{"restore to the origin", "user:ru", restore(Restore{Origin: true, Overwrite: Beside, DryRun: true}, ""), "", []string{"+ jobs/j9 attempt=0, backup=done, by=user:ru"}},
		{"to the origin and elsewhere", "user:ru", restore(Restore{Origin: true, Target: "/r"}, ""), Invalid, nil},
		{"one of several paths climbs", "user:ru", restore(Restore{Target: "/r", Only: []string{"a", "b/../../c"}}, "b1"), Invalid, nil},
		{"too many paths", "user:ru", restore(Restore{Target: "/r", Only: make([]string, maxOnly+1)}, "b1"), Invalid, nil},
		{"overwrite", "user:ru", restore(Restore{Target: "/r", Overwrite: "perhaps"}, "b1"), Invalid, nil},
		{"percent", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Backup: "done", Percent: 101}, Invalid, nil},
		{"of a repository", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Repository: "web"}, "", []string{"+ jobs/j9"}},
		{"of an empty one", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Repository: "db"}, Conflict, nil},
		{"of none", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Repository: "x"}, NotFound, nil},
		{"of nothing", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob}, Invalid, nil},
		{"of both", "user:bu", &CreateJob{ID: "j9", Kind: VerifyJob, Backup: "done", Repository: "web"}, Invalid, nil},
		{"a restore from a repository", "user:root", &CreateJob{ID: "j9", Kind: RestoreJob, Repository: "web", Snapshot: "s", AsOf: dawn, Node: "b1", Restore: Restore{Target: "/r"}}, "",
			[]string{"+ jobs/j9"}},
		{"a restore from a repository without the right to all", "user:ru", &CreateJob{ID: "j9", Kind: RestoreJob, Repository: "web", Snapshot: "s", Node: "b1", Restore: Restore{Target: "/r"}}, Denied, nil},
		{"a restore as of a time to come", "user:root", &CreateJob{ID: "j9", Kind: RestoreJob, Repository: "web", Snapshot: "s", AsOf: dawn.Add(time.Hour), Node: "b1", Restore: Restore{Target: "/r"}}, Invalid, nil},
		{"a verify of a snapshot", "user:root", &CreateJob{ID: "j9", Kind: VerifyJob, Repository: "web", Snapshot: "s"}, Invalid, nil},
		{"a restore of all", "user:ru", &CreateJob{ID: "j9", Kind: RestoreJob, Repository: "web", Node: "b1"}, Invalid, nil},
		{"a prune of one", "user:op", &CreateJob{ID: "j9", Kind: PruneJob, Backup: "done"}, Invalid, nil},
		{"a prune without the right", "user:bu", &CreateJob{ID: "j9", Kind: PruneJob, Repository: "web"}, Denied, nil},
		{"a copy to nowhere", "user:op", &CreateJob{ID: "j9", Kind: CopyJob, Repository: "web", Storage: "s1"}, Invalid, nil},
		{"a copy from nowhere", "user:op", &CreateJob{ID: "j9", Kind: CopyJob, Repository: "web", Node: "s2"}, Invalid, nil},
		{"a copy to itself", "user:op", &CreateJob{ID: "j9", Kind: CopyJob, Repository: "web", Node: "s1", Storage: "s1"}, Invalid, nil},
		{"a copy to where it does not belong", "user:op", &CreateJob{ID: "j9", Kind: CopyJob, Repository: "web", Node: "s2", Storage: "s1"}, Invalid, nil},
		{"a scrub of nothing", "user:op", &CreateJob{ID: "j9", Kind: ScrubJob, Repository: "web", Node: "s2"}, Invalid, nil},
		{"a scrub", "user:op", &CreateJob{ID: "j9", Kind: ScrubJob, Repository: "web", Node: "s1"}, "", []string{"+ jobs/j9"}},
		{"a scrub that trims", "user:op", &CreateJob{ID: "j9", Kind: ScrubJob, Repository: "web", Node: "s1", Trim: TrimAll}, Invalid, nil},
		{"a copy to no storage", "user:op", &CreateJob{ID: "j9", Kind: CopyJob, Repository: "web", Node: "b1", Storage: "s1"}, Invalid, nil},

		{"", "plan:place", &AssignJob{ID: "verify", From: Queued, Node: "b1"}, "", []string{"~ jobs/verify assigned_at"}},
		{"seen otherwise", "plan:place", &AssignJob{ID: "verify", From: Interrupted, Node: "b1"}, Conflict, nil},
		{"unknown", "plan:place", &AssignJob{ID: "x", From: Queued, Node: "b1"}, NotFound, nil},
		{"", "node:b2", &StartJob{ID: "restore", Attempt: 1}, "", []string{"~ jobs/restore started_at"}},
		{"not its node", "node:b1", &StartJob{ID: "restore", Attempt: 1}, Conflict, nil},
		{"", "node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Failed, Error: "no room"}}, "", []string{"~ jobs/restore error: <nil> → no room"}},
		{"no end", "node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Deleted}}, Invalid, nil},
		{"", "plan:fail", &InterruptJob{ID: "restore", Attempt: 1, Reason: "gone"}, "", []string{"~ jobs/restore error: <nil> → gone"}},
		{"not at work", "plan:fail", &InterruptJob{ID: "verify"}, Conflict, nil},
		{"waiting", "user:bu", &CancelJob{ID: "verify"}, "", []string{"~ jobs/verify finished_at"}},
		{"at work", "user:ru", &CancelJob{ID: "restore"}, "", []string{"~ jobs/restore cancel"}},
		{"without the right", "user:bu", &CancelJob{ID: "restore"}, Denied, nil},
		{"stale", "user:ru", &CancelJob{ID: "restore", IfIndex: 1}, Precondition, nil},
		{"unknown", "user:ru", &CancelJob{ID: "x"}, NotFound, nil},
	})
}

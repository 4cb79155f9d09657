package fsm

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// The golden files hold a log with every kind of command in it, the digest of the
// state after each of its records, and a snapshot of the last. A change of what
// they mean would part members of different versions: it must be a new kind of
// command, and the golden files may only grow. Written by
//
//	go test ./fsm -run Golden -update
var update = flag.Bool("update", false, "write the golden files anew")

const golden = "../testdata"

// goldenRecord is one record of the golden log.
type goldenRecord struct {
	Index uint64 `cbor:"index"`
	Data  []byte `cbor:"data"`
}

// eventful is a furnished lab in which all else has happened, too.
func eventful(t testing.TB) *lab {
	l := furnished(t)
	l.now = l.now.Add(SeeEvery)
	l.do("system:session", &SeeSession{ID: "ses"})
	l.do("system:login", &RefuseLogins{Tries: []RefusedTries{{User: "u-op", From: "10.0.0.9", Wrong: 5, Limited: 2}, {From: "10.0.0.9", Wrong: 1}}, More: 3})
	l.do("user:op", &UpdateNode{ID: "m1", Mode: ptr(Draining)})
	l.do("plan:drain", &DrainNode{ID: "m1"})
	l.do("user:op", &UpdateNode{ID: "m1", Mode: ptr(Active)},
		&UpdateNode{ID: "b1", Mode: ptr(Draining), Site: ptr("fra")},
		&UpdateClient{ID: "c1", Labels: ptr(map[string]string{"rack": "7", "row": "2"})},
		&UpdateRepository{ID: "r1", Quota: ptr(int64(1 << 40))},
		&UpdateTask{ID: "t1", Retention: &Retention{Last: 3, Daily: 7}, Nodes: &[]string{"b2"}},
		&UpdateSchedule{ID: "nightly", Cron: ptr("0 3 * * *")},
		&CreateSchedule{ID: "weekly", Name: "weekly", Cron: "@weekly", Missed: Skip, Disabled: true},
		&CreateSchedule{ID: "sundays", Name: "sundays", Calendar: []Rule{{Weekdays: []string{"sun"}, Nth: 1, At: []string{"02:30"}}}, Window: time.Hour, Jitter: time.Minute},
		&UpdateSchedule{ID: "sundays", Paused: ptr(true)},
		&RemoveSchedule{ID: "weekly"},
		&CreateClient{ID: "c3", Name: "mail", Share: "web"},
		&CreateTask{ID: "t4", Name: "mail", Client: "mail", Source: Source{Paths: []string{"/var/mail"}, Exclude: []string{"*.tmp"}}},
		&RemoveTask{ID: "t4"}, &RemoveClient{ID: "c3"},
		&ChangePassword{ID: "u-op", Password: "new", Session: "ses"}, &EndSession{ID: "ses"})
	l.do("user:adm", &PutACL{Noun: "clients", Object: "db", Users: []string{"op", "u-ru"}, Groups: []string{"backup-users"}},
		&PutACL{Noun: "repositories", Object: "r2"}, &RemoveACL{Noun: "repositories", Object: "db"})
	l.do("user:root",
		&PutSetting{Name: RecoveryEpoch, Value: []byte("1")},
		&TransferLeadership{To: "m1"}, &TransferLeadership{}, &RemoveMember{ID: "m9"},
		&UpdateUser{ID: "u-night", Enabled: ptr(false)}, &RemoveUser{ID: "u-night"},
		&UpdateGroup{ID: "g-night", Rank: ptr(11)}, &RemoveGroup{ID: "g-night"},
		&RevokeToken{ID: "jt"}, &RevokeCertificate{ID: "cert-s2"})
	l.do("system:restore", &RestoreSnapshot{User: "root"})
	l.do("node:s1", &ReportNode{ID: "s1", Version: "1.1", Understands: 1, Capacity: Capacity{Total: 100, Used: 30, Free: 70}})
	l.do("node:b2", &IssueCertificate{Certificate{Meta: Meta{ID: "c0ffee"}, Node: "b2", NotAfter: dawn.Add(90 * time.Hour)}})
	l.do("node:b2", &StartJob{ID: "restore", Attempt: 1}, &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Warning, Error: "one file is \xff", Warnings: []string{"/a: gone"}}})
	l.do("user:root", &CreateClient{ID: "c4", Name: "far", Repository: NewRepository{ID: "r4", Password: []byte("sealed")}})
	l.do("plan:assign", &PutAssignment{Client: "c4", Managers: []string{"b1"}, Storages: []string{"s2", "s1"}})
	l.do("user:bu", &CreateBackup{ID: "far", Client: "far", Source: &Source{Paths: []string{"/x"}}})
	l.do("plan:place", &AssignBackup{ID: "far", From: Queued, Node: "b1", Storages: []string{"s2"}})
	l.do("node:b1", &FinishBackup{ID: "far", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "snap-far"}})
	l.do("plan:copy", &CreateJob{ID: "copy", Kind: CopyJob, Repository: "r4", Node: "s1", Storage: "s2", Trim: TrimBounded})
	l.do("plan:place", &AssignJob{ID: "copy", From: Queued, Node: "s1"})
	l.do("node:s1", &FinishJob{ID: "copy", Attempt: 1, Outcome: Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3, Bytes: 30, Extra: 1}}})
	l.do("plan:fail", &InterruptBackup{ID: "live", Attempt: 1, Reason: "node b1 is offline"})
	l.do("plan:place", &AssignJob{ID: "verify", From: Queued, Node: "s2"})
	l.do("plan:fail", &InterruptJob{ID: "verify", Attempt: 1, Reason: "node s2 is offline"})
	l.do("user:bu", &CancelJob{ID: "verify"}, &CancelBackup{ID: "wait"}, &CreateBackup{ID: "late", Task: "t1"})
	l.do("plan:fail", &StopBackup{ID: "late", Reason: "its window has passed"})
	l.do("user:op", &ProtectBackup{ID: "done", Pinned: ptr(true), Hold: &Hold{Until: l.now.Add(time.Hour), Reason: "audit"}})
	l.do("user:adm", &ProtectBackup{ID: "done", Pinned: ptr(false), Hold: &Hold{}})
	l.do("user:root", &ChangeSettings{Upkeep: UpkeepChange{PruneEvery: ptr(time.Hour)}})
	l.do("user:root", &ChangeSettings{Approval: ptr(true)})
	for id, keep := range orderly(map[string]int{"deny": 1, "grant": 2}) {
		if err := l.ask(id, "user:op", &UpdateTask{ID: "t1", Retention: &Retention{Last: keep}}); err != nil {
			t.Fatal(err)
		}
	}
	l.do("user:adm", &DenyApproval{ID: "deny"}, &GrantApproval{ID: "grant"})
	l.do("user:root", &CreateUser{ID: "u-two", Name: "two", Groups: []string{Superusers}, Password: "hash"})
	if err := l.ask("free", "user:root", &ChangeSettings{Approval: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	l.do("user:root2", &GrantApproval{ID: "free"})
	l.do("user:bu", &CreateJob{ID: "drill", Kind: DrillJob, Backup: "done"})
	l.do("plan:place", &AssignJob{ID: "drill", From: Queued, Node: "b1"})
	l.do("node:b1", &FinishJob{ID: "drill", Attempt: 1, Outcome: Outcome{Status: Succeeded, Report: &Report{Job: "drill", Backup: "done",
		Snapshot: "snap", Node: "b1", At: l.now, Took: time.Second, Files: 3, Bytes: 9, Certificate: []byte("der"), Signature: []byte("sig")}}})
	l.do("user:adm", &DeleteBackup{ID: "done", Job: "forget"})
	l.do("node:s2", &LeaveNode{ID: "s2"})
	l.do("user:op", &RemoveNode{ID: "s2", Force: true})
	far, _ := l.view().Repositories.Get("r4")
	l.do("plan:copy", &PromoteCopy{Repository: "r4", From: far.Index, Storage: "s1"})
	for range 2 {
		if _, err := l.asked("user:op", "request-1", "sum", &CreateSchedule{ID: "asked", Name: "asked", Cron: "@daily"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.asked("user:aud", "request-2", "sum", &RemoveNode{ID: "b1"}); CodeOf(err) != Denied {
		t.Fatal(err)
	}
	l.serve()
	return l
}

func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	var records []goldenRecord
	if err := Decode(goldenFile(t, "log.cbor"), &records); err != nil {
		t.Fatal(err)
	}
	digests := strings.Fields(string(goldenFile(t, "digests.txt")))
	if len(digests) != len(records) {
		t.Fatalf("%d digests for %d records", len(digests), len(records))
	}
	state, seen := New(hclog.NewNullLogger()), make(map[string]bool)
	for i, r := range records {
		if err, ok := state.Apply(&raft.Log{Index: r.Index, Data: r.Data}).(error); ok {
			t.Fatal(err)
		}
		entries, err := DecodeBatch(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		seen[entries[0].Kind] = true
		if got := state.Now().Digest(); got != digests[i] {
			t.Fatalf("after record %d (%s) the digest is %s, not %s: its meaning has changed", r.Index, entries[0].Kind, got, digests[i])
		}
	}
	for _, k := range kinds {
		if !seen[k.name] {
			t.Errorf("%s is not in the golden log", k.name)
		}
	}
	var now bytes.Buffer
	if err := state.Now().WriteSnapshot(&now); err != nil {
		t.Fatal(err)
	}
	want := goldenFile(t, "snapshot.bcm")
	if !bytes.Equal(now.Bytes(), want) {
		t.Error("a snapshot of the same state is written in another way")
	}
	v, err := ReadSnapshot(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if v.Digest() != digests[len(digests)-1] {
		t.Error("the golden snapshot gives another state")
	}
}

func goldenFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(golden, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeGolden(t *testing.T) {
	t.Helper()
	l := eventful(t)
	sound(l)
	state := New(hclog.NewNullLogger())
	var records []goldenRecord
	var digests strings.Builder
	for i, e := range l.log {
		data, err := EncodeBatch([]Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		r := goldenRecord{uint64(i + 1), data}
		state.Apply(&raft.Log{Index: r.Index, Data: r.Data})
		records = append(records, r)
		fmt.Fprintln(&digests, state.Now().Digest())
	}
	log, err := Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	var snapshot bytes.Buffer
	if err := state.Now().WriteSnapshot(&snapshot); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"log.cbor": log, "digests.txt": []byte(digests.String()), "snapshot.bcm": snapshot.Bytes()} {
		if err := os.WriteFile(filepath.Join(golden, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

package fsm

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// dawn is the time at which the states of these tests begin.
var dawn = At(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC))

// lab is a state that tests change by commands, one entry a record, with the log
// that led to it.
type lab struct {
	t     testing.TB
	state *FSM
	log   []Entry
	now   Time
}

func newLab(t testing.TB) *lab {
	return &lab{t: t, state: New(hclog.NewNullLogger()), now: dawn}
}

func (l *lab) view() *View { return l.state.Now() }

// try applies a command in an entry of its own, a second after the last.
func (l *lab) try(by string, cmd Command) (Result, error) {
	l.t.Helper()
	e, err := NewEntry(context.Background(), by, cmd)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.enter(e)
}

func (l *lab) enter(e Entry) (Result, error) {
	l.t.Helper()
	l.now = l.now.Add(time.Second)
	e.At = l.now
	l.log = append(l.log, e)
	answers, err := l.state.Replay(uint64(len(l.log)), e)
	if err != nil {
		l.t.Fatal(err)
	}
	return answers.At(0)
}

func (l *lab) do(by string, cmds ...Command) {
	l.t.Helper()
	for _, cmd := range cmds {
		if _, err := l.try(by, cmd); err != nil {
			l.t.Fatalf("%s by %s: %v", KindOf(cmd), by, err)
		}
	}
}

// furnished is a lab with something of everything in it. Its people are named by
// their groups; root and root2 are superusers, night is in a group of our own.
func furnished(t testing.TB) *lab {
	l := newLab(t)
	l.do("system:init", &InitCluster{Cluster: "cl", CACertificate: []byte("ca"), CAKey: []byte("sealed"),
		Admin:       CreateUser{ID: "u-root", Name: "root", Groups: []string{Superusers}, Password: "hash"},
		Manager:     NewNode{ID: "m1", Name: "manager-1", Roles: []string{RoleManager}, Addresses: Addresses{Member: "m1:7444"}},
		Certificate: Certificate{Meta: Meta{ID: "cert-m1"}, NotAfter: dawn.Add(72 * time.Hour)}})
	for name, group := range orderly(map[string]string{"root2": Superusers, "adm": Administrators, "op": Operators, "bu": BackupUsers,
		"ru": RestoreUsers, "aud": Auditors}) {
		l.do("user:root", &CreateUser{ID: "u-" + name, Name: name, Groups: []string{group}, Password: "hash"})
	}
	l.do("user:root",
		&CreateUser{ID: "u-off", Name: "off", Groups: []string{Administrators}, Password: "hash", Disabled: true},
		&CreateGroup{ID: "g-night", Name: "Night shift", Rank: 10, Rights: []Right{BackupsRead, NodesRead}},
		&CreateUser{ID: "u-night", Name: "night", Groups: []string{"Night shift"}, Password: "hash"})
	for id, roles := range orderly(map[string][]string{"b1": {RoleBackupManager}, "b2": {RoleBackupManager}, "s1": {RoleStorage},
		"s2": {RoleStorage, RoleBackupManager}}) {
		l.join(id, roles...)
	}
	l.do("user:root",
		&CreateToken{ID: "jt", Kind: JoinToken, Name: "two more", Hash: []byte("jt-hash"), Roles: []string{RoleBackupManager}, Uses: 1, TTL: time.Hour},
		&CreateToken{ID: "at", Kind: APIToken, Hash: []byte("at-hash"), User: "u-op", TTL: time.Hour})
	l.do("system:login", &CreateSession{ID: "ses", User: "u-op", Hash: []byte("ses-hash"), From: "10.0.0.1", TTL: time.Hour})
	l.do("user:op",
		&CreateClient{ID: "c1", Name: "web", Address: "10.1.1.1", Labels: map[string]string{"rack": "7"}, Repository: NewRepository{ID: "r1", Password: []byte("sealed")}},
		&CreateClient{ID: "c2", Name: "db", Repository: NewRepository{ID: "r2", Password: []byte("sealed"), Quota: 1 << 40}},
		&CreateSchedule{ID: "nightly", Name: "nightly", Cron: "0 2 * * *", Zone: "Europe/Berlin"},
		&CreateTask{ID: "t1", Name: "web files", Client: "web", Source: Source{Paths: []string{"/srv"}}, Schedule: "nightly"},
		&CreateTask{ID: "t2", Name: "db dump", Client: "db", Source: Source{Command: []string{"pg_dump"}, Name: "db.sql"}, Nodes: []string{"b2"}},
		&CreateTask{ID: "t3", Name: "web logs", Client: "web", Source: Source{Paths: []string{"/var/log"}}})
	l.do("plan:assign", &PutAssignment{Client: "c1", Managers: []string{"b1", "b2"}, Storages: []string{"s1"}})
	l.run("done", "t1")
	l.do("node:b1", &FinishBackup{ID: "done", Attempt: 1, Outcome: Outcome{Status: Succeeded, Snapshot: "snap", Stats: Stats{Files: 3}}})
	l.run("live", "t3")
	l.do("user:bu", &CreateBackup{ID: "wait", Task: "t2"})
	l.do("user:ru", &CreateJob{ID: "restore", Kind: RestoreJob, Backup: "done", Node: "b2", Restore: Restore{Target: "/tmp/r"}})
	l.do("user:bu", &CreateJob{ID: "verify", Kind: VerifyJob, Backup: "done"})
	l.do("plan:place", &AssignJob{ID: "restore", From: Queued, Node: "b2"})
	return l
}

// join admits a node by a token and marks it online.
func (l *lab) join(id string, roles ...string) {
	l.t.Helper()
	l.do("system:test", &CreateToken{ID: "jt-" + id, Kind: JoinToken, Hash: []byte(id), Roles: roles, Uses: 1, TTL: time.Hour})
	l.do("system:join", l.joining(id, "jt-"+id, id, roles...))
	l.do("plan:members", &MarkNode{ID: id, From: Joining, To: Online, LastSeen: l.now})
}

func (l *lab) joining(id, token, secret string, roles ...string) *JoinNode {
	return &JoinNode{Token: token, Secret: []byte(secret), Key: []byte("key of " + id),
		Node:        NewNode{ID: id, Name: "name-" + id, Roles: roles, Addresses: Addresses{Storage: id + ":7446"}, Understands: Version},
		Certificate: Certificate{Meta: Meta{ID: "cert-" + id}, NotAfter: dawn.Add(24 * time.Hour)}}
}

// run brings a new backup of a task to work on b1.
func (l *lab) run(id, task string) {
	l.t.Helper()
	l.do("user:bu", &CreateBackup{ID: id, Task: task})
	l.do("plan:place", &AssignBackup{ID: id, From: Queued, Node: "b1", Storages: []string{"s1"}})
	l.do("node:b1", &StartBackup{ID: id, Attempt: 1})
}

// orderly ranges over a map in the order of its keys.
func orderly[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// rows gives all rows but those of the audit trail and the memory of requests,
// field by field, without what changes with every entry.
func rows(v *View) map[string]map[string]any {
	all := make(map[string]map[string]any)
	for _, t := range v.list() {
		if t.Name() == "events" || t.Name() == "requests" {
			continue
		}
		_ = t.each(func(row any) error {
			fields := make(map[string]any)
			if err := Decode(encode(row), &fields); err != nil {
				return err
			}
			id := fmt.Sprint(fields["id"])
			for _, name := range []string{"id", "index", "created_at", "updated_at"} {
				delete(fields, name)
			}
			all[t.Name()+"/"+id] = fields
			return nil
		})
	}
	return all
}

// difference says line by line in what two states differ:
// "+ users/u1 email=…, name=…", "- users/u1", "~ users/u1 enabled: true → false".
func difference(before, after *View) []string {
	var lines []string
	was, is := rows(before), rows(after)
	for id := range orderly(was) {
		if is[id] == nil {
			lines = append(lines, "- "+id)
		}
	}
	for id, fields := range orderly(is) {
		var said []string
		for name, value := range orderly(fields) {
			switch old, ok := was[id][name]; {
			case was[id] == nil:
				said = append(said, name+"="+plain(value))
			case !ok || plain(old) != plain(value):
				said = append(said, name+": "+plain(old)+" → "+plain(value))
			}
		}
		for name, value := range orderly(was[id]) {
			if _, ok := fields[name]; !ok {
				said = append(said, name+": "+plain(value)+" → <nil>")
			}
		}
		switch {
		case was[id] == nil:
			lines = append(lines, "+ "+id+" "+strings.Join(said, ", "))
		case len(said) > 0:
			lines = append(lines, "~ "+id+" "+strings.Join(said, ", "))
		}
	}
	return lines
}

func plain(value any) string {
	switch v := value.(type) {
	case []byte:
		if s := string(v); strings.ToValidUTF8(s, "") == s {
			return s
		}
		return hex.EncodeToString(v)
	case uint64:
		if Time(v) > dawn-Time(time.Hour) {
			return Time(v).Time().Format("15:04:05")
		}
	}
	return fmt.Sprint(value)
}

package fsm

import (
	"slices"
	"strings"
	"testing"
)

// verdicts gives why each node answers for a client, or does not:
// "s1 backup-storage primary chosen".
func verdicts(l *lab, client string) map[string]string {
	l.t.Helper()
	c, ok := l.view().Clients.Get(client)
	if !ok {
		l.t.Fatalf("no client %s", client)
	}
	all := make(map[string]string)
	for _, v := range l.view().Choosing(l.now.Time()).Explain(c) {
		all[v.Node+" "+v.Role] = strings.TrimSpace(v.As + " " + v.Reason)
		if v.Detail == "" || (v.As != "") != (v.Reason == ReasonChosen || v.Reason == ReasonLeaving) {
			l.t.Errorf("verdict %+v", v)
		}
	}
	return all
}

func TestExplain(t *testing.T) {
	l := furnished(t)
	l.join("s3", RoleStorage)
	l.join("s4", RoleStorage)
	l.join("s5", RoleStorage)
	l.join("s6", RoleStorage)
	l.do("plan:members", &MarkNode{ID: "b1", From: Online, To: Offline})
	l.do("node:s5", &ReportNode{ID: "s5", Capacity: Capacity{Total: 100, Free: 1}})
	for node, site := range map[string]string{"s1": "fra", "s2": "fra", "s3": "ber", "s4": "nue", "s5": "nue", "s6": "nue"} {
		l.do("user:op", &UpdateNode{ID: node, Site: &site})
	}
	l.do("user:op",
		&UpdateNode{ID: "s6", Mode: ptr(Draining)},
		&UpdateClient{ID: "c1", Copies: ptr(3), Placement: PlacementChange{Spread: ptr(SpreadSite),
			Storages: ConstraintChange{Sites: ptr([]string{"fra", "ber"})}}})
	l.now = l.now.Add(patience) // with b1
	is := verdicts(l, "c1")
	for key, want := range map[string]string{
		"m1 backup-manager": "role",
		"b2 backup-manager": "preferred chosen",
		"s2 backup-manager": "stand-in chosen",
		"b1 backup-manager": "status",
		"s1 backup-storage": "primary chosen",
		"s2 backup-storage": "domain",
		"s3 backup-storage": "copy chosen",
		"s4 backup-storage": "constraint",
		"s5 backup-storage": "full",
		"s6 backup-storage": "mode",
	} {
		if key == "b2 backup-manager" || key == "s2 backup-manager" {
			if !strings.HasSuffix(is[key], ReasonChosen) {
				t.Errorf("%s: %q", key, is[key])
			}
			continue
		}
		if is[key] != want {
			t.Errorf("%s: %q, not %q", key, is[key], want)
		}
	}
	l.do("user:op", &UpdateClient{ID: "c1", Copies: ptr(1)})
	if got := verdicts(l, "c1")["s2 backup-storage"]; got != ReasonSettled {
		t.Errorf("a storage that is not needed: %q", got)
	}
	l.do("user:op", &UpdateNode{ID: "s1", Mode: ptr(Draining)})
	if got := verdicts(l, "c1"); got["s1 backup-storage"] != "primary "+ReasonLeaving {
		t.Errorf("a storage that drains: %q", got["s1 backup-storage"])
	}
	if got := verdicts(l, "c2"); got["s1 backup-storage"] != ReasonMode {
		t.Errorf("a storage that drains, for an empty repository: %q", got["s1 backup-storage"])
	}
}

func TestImpact(t *testing.T) {
	l := furnished(t)
	impact := func(id string) Impact {
		n, _ := l.view().Nodes.Get(id)
		return l.view().Impact(n)
	}
	i := impact("s1")
	if !slices.Equal(i.Only, []string{"r1"}) || !slices.Equal(i.Clients, []string{"c1"}) || !slices.Equal(i.Waiting, []string{"c1"}) || len(i.Stranded) != 0 {
		t.Errorf("of the storage: %+v", i)
	}
	if i := impact("b1"); !slices.Equal(i.Backups, []string{"live"}) || len(i.Waiting) != 0 || len(i.Only) != 0 || len(i.Stranded) != 0 {
		t.Errorf("of a backup manager: %+v", i)
	}
	i = impact("b2") // the task of c2 may run there alone
	if !slices.Equal(i.Stranded, []string{"c2"}) || !slices.Equal(i.Jobs, []string{"restore"}) {
		t.Errorf("of the only one that may: %+v", i)
	}
	l.do("user:op", &UpdateClient{ID: "c1", Placement: PlacementChange{Managers: ConstraintChange{Sites: ptr([]string{"fra"})}}},
		&UpdateNode{ID: "b1", Site: ptr("fra")})
	if i := impact("b1"); !slices.Equal(i.Stranded, []string{"c1"}) {
		t.Errorf("of the only one at its site: %+v", i)
	}
}

// A refusal to remove a node names what would be lost, and whose it is.
func TestOnlyCopiesAreNamed(t *testing.T) {
	l := furnished(t)
	l.do("node:s1", &LeaveNode{ID: "s1"})
	_, err := l.try("user:op", &RemoveNode{ID: "s1"})
	if CodeOf(err) != Conflict || !strings.Contains(err.Error(), "the only complete copy of repository web (of client web)") {
		t.Errorf("%v", err)
	}
	a, _ := l.view().Assignments.Get("c1")
	l.do("plan:assign", &PutAssignment{Client: "c1", From: a.Index, Managers: a.Managers, Storages: []string{"s1", "s2"}})
	if _, err := l.try("user:op", &RemoveNode{ID: "s1"}); CodeOf(err) != Conflict {
		t.Errorf("before the copy is complete: %v", err)
	}
	l.do("user:op", &CreateJob{ID: "copy", Kind: CopyJob, Repository: "web", Node: "s2", Storage: "s1"})
	l.do("plan:place", &AssignJob{ID: "copy", From: Queued, Node: "s2"})
	l.do("node:s2", &FinishJob{ID: "copy", Attempt: 1, Outcome: Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3}}})
	l.do("user:op", &RemoveNode{ID: "s1"})
}

// A backup is written where its repository is.
func TestAssignedElsewhere(t *testing.T) {
	l := furnished(t)
	l.do("user:bu", &CreateBackup{ID: "next", Task: "t1"})
	if _, err := l.try("plan:place", &AssignBackup{ID: "next", From: Queued, Node: "b1", Storages: []string{"s2"}}); CodeOf(err) != Conflict {
		t.Errorf("to another storage: %v", err)
	}
}

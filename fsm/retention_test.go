package fsm

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// backupsAt makes good backups that were begun at those times, the newest first.
func backupsAt(times ...string) []*Backup {
	var all []*Backup
	for i, text := range times {
		at, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			panic(err)
		}
		all = append(all, &Backup{Meta: Meta{ID: fmt.Sprint("b", i)}, Run: Run{Status: Succeeded, StartedAt: At(at)}, Snapshot: "s"})
	}
	return all
}

func TestRetentionSaysWhy(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"2026-03-10 08:00", "2026-03-09 23:30", "2026-03-09 22:00", "2026-02-01 12:00", "2025-06-01 12:00"}
	for _, c := range []struct {
		name   string
		keep   Retention
		zone   *time.Location
		change func(newestFirst []*Backup)
		want   string
	}{
		{"all zero keeps all", Retention{}, time.UTC, nil,
			"the retention keeps all; the retention keeps all; the retention keeps all; the retention keeps all; the retention keeps all"},
		{"days of UTC", Retention{Daily: 2}, time.UTC, nil, "daily 1 of 2; daily 2 of 2; -; -; -"},
		{"days of Berlin", Retention{Daily: 2}, berlin, nil, "daily 1 of 2; -; daily 2 of 2; -; -"},
		{"several rules for one", Retention{Last: 1, Monthly: 2, Yearly: 9}, time.UTC, nil,
			"last 1 of 1, monthly 1 of 2, yearly 1 of 9; -; -; monthly 2 of 2; yearly 2 of 9"},
		{"a pin, and it counts for the rules", Retention{Last: 2}, time.UTC,
			func(b []*Backup) { b[1].Pinned, b[4].Pinned = true, true }, "last 1 of 2; last 2 of 2, pinned; -; -; pinned"},
		{"a hold, and one that has run out", Retention{Last: 1}, time.UTC, func(b []*Backup) {
			b[2].Hold = &Hold{Until: dawn + 1, Reason: "audit", By: "user:ada"}
			b[3].Hold = &Hold{Until: dawn, Reason: "audit", By: "user:ada"}
		}, "last 1 of 1; -; on hold until 2026-01-15T12:00:00Z by user:ada (audit); -; -"},
	} {
		t.Run(c.name, func(t *testing.T) {
			backups := backupsAt(all...)
			if c.change != nil {
				c.change(backups)
			}
			var got []string
			for _, k := range c.keep.Keep(backups, c.zone, dawn) {
				if k.Keep != (len(k.Reasons) > 0) {
					t.Errorf("%+v", k)
				}
				why := strings.Join(k.Reasons, ", ")
				if !k.Keep {
					why = "-"
				}
				got = append(got, why)
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("kept for\n\t%s\nnot\n\t%s", s, c.want)
			}
		})
	}
}

func TestProtection(t *testing.T) {
	until := dawn.Add(time.Hour)
	hold := func(until Time, reason string) *Hold { return &Hold{Until: until, Reason: reason, By: "user:forged"} }
	runCases(t, []commandCase{
		{"pin", "user:op", &ProtectBackup{ID: "done", Pinned: ptr(true)}, "", []string{"~ backups/done pinned: <nil> → true"}},
		{"hold", "user:op", &ProtectBackup{ID: "done", Hold: hold(until, "audit")}, "", []string{"~ backups/done hold: <nil> → map[by:user:op"}},
		{"a hold that has run out", "user:op", &ProtectBackup{ID: "done", Hold: hold(dawn, "audit")}, Invalid, nil},
		{"a hold without a reason", "user:op", &ProtectBackup{ID: "done", Hold: hold(until, "")}, Invalid, nil},
		{"nothing stored", "user:op", &ProtectBackup{ID: "live", Pinned: ptr(true)}, Conflict, nil},
		{"without the right", "user:bu", &ProtectBackup{ID: "done", Pinned: ptr(true)}, Denied, nil},
		{"stale", "user:op", &ProtectBackup{ID: "done", IfIndex: 1, Pinned: ptr(true)}, Precondition, nil},
		{"unknown", "user:op", &ProtectBackup{ID: "x", Pinned: ptr(true)}, NotFound, nil},
	})
}

// What is protected nobody deletes, and an operator cannot give protection up.
func TestAProtectedBackupStays(t *testing.T) {
	l := furnished(t)
	l.do("user:ru", &CancelJob{ID: "restore"})
	l.do("node:b2", &FinishJob{ID: "restore", Attempt: 1, Outcome: Outcome{Status: Cancelled}})
	l.do("user:bu", &CancelJob{ID: "verify"})
	refused := func(by, says string, code Code, cmd Command) {
		t.Helper()
		if _, err := l.try(by, cmd); CodeOf(err) != code || !strings.Contains(err.Error(), says) {
			t.Errorf("%s by %s: %v", KindOf(cmd), by, err)
		}
	}
	l.do("user:op", &ProtectBackup{ID: "done", Pinned: ptr(true)})
	refused("user:adm", "pinned", Conflict, &DeleteBackup{ID: "done", Job: "f"})
	refused("plan:retain", "pinned", Conflict, &DeleteBackup{ID: "done", Job: "f"})
	refused("user:op", "backups:delete", Denied, &ProtectBackup{ID: "done", Pinned: ptr(false)})
	l.do("user:op", &ProtectBackup{ID: "done", Hold: &Hold{Until: l.now.Add(time.Hour), Reason: "audit"}})
	l.do("user:adm", &ProtectBackup{ID: "done", Pinned: ptr(false)})
	refused("user:adm", "audit", Conflict, &DeleteBackup{ID: "done", Job: "f"})
	refused("user:op", "backups:delete", Denied, &ProtectBackup{ID: "done", Hold: &Hold{}})
	refused("user:op", "backups:delete", Denied, &ProtectBackup{ID: "done", Hold: &Hold{Until: l.now.Add(time.Minute), Reason: "shorter"}})
	l.do("user:op", &ProtectBackup{ID: "done", Hold: &Hold{Until: l.now.Add(2 * time.Hour), Reason: "longer"}})
	l.now = l.now.Add(2 * time.Hour)
	l.do("plan:retain", &DeleteBackup{ID: "done", Job: "f"})
	sound(l)
}

func TestSettings(t *testing.T) {
	change := func(c UpkeepChange) *ChangeSettings { return &ChangeSettings{Upkeep: c} }
	runCases(t, []commandCase{
		{"upkeep", "user:root", change(UpkeepChange{PruneEvery: ptr(time.Hour)}), "", []string{"+ settings/maintenance"}},
		{"approval", "user:root", &ChangeSettings{Approval: ptr(true)}, "", []string{"+ settings/approval"}},
		{"nothing", "user:root", &ChangeSettings{}, Invalid, nil},
		{"too often", "user:root", change(UpkeepChange{VerifyEvery: ptr(time.Second)}), Invalid, nil},
		{"percent", "user:root", change(UpkeepChange{VerifyPercent: ptr(101)}), Invalid, nil},
		{"no files", "user:root", change(UpkeepChange{DrillFiles: ptr(0)}), Invalid, nil},
		{"without the right", "user:adm", change(UpkeepChange{PruneEvery: ptr(time.Hour)}), Denied, nil},
		{"as a whole", "user:root", &PutSetting{Name: ApprovalSetting, Value: []byte{0xa0}}, Denied, nil},
	})
	l := furnished(t)
	l.do("user:root", change(UpkeepChange{PruneEvery: ptr(time.Hour)}), change(UpkeepChange{DrillEvery: ptr(time.Duration(0))}))
	want := DefaultUpkeep()
	want.PruneEvery, want.DrillEvery = time.Hour, 0
	if got := l.view().Upkeep(); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	l.do("user:root", &UpdateUser{ID: "u-root2", Enabled: ptr(false)})
	if _, err := l.try("user:root", &ChangeSettings{Approval: ptr(true)}); CodeOf(err) != Conflict {
		t.Errorf("one person alone asked for two: %v", err)
	}
}

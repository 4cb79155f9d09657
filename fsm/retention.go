package fsm

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Retention says which backups of a task are kept; all zero keeps all.
type Retention struct {
	Last    int `cbor:"last,omitempty" json:"last,omitempty"`
	Hourly  int `cbor:"hourly,omitempty" json:"hourly,omitempty"`
	Daily   int `cbor:"daily,omitempty" json:"daily,omitempty"`
	Weekly  int `cbor:"weekly,omitempty" json:"weekly,omitempty"`
	Monthly int `cbor:"monthly,omitempty" json:"monthly,omitempty"`
	Yearly  int `cbor:"yearly,omitempty" json:"yearly,omitempty"`
}

// Check refuses a retention with a number that makes no sense.
func (r Retention) Check() error {
	for _, rule := range r.rules() {
		if rule.most < 0 || rule.most > 100_000 {
			return invalidField("retention", "a number to keep lies between 0 and 100000")
		}
	}
	return nil
}

// all tells whether the retention keeps everything.
func (r Retention) all() bool { return r == Retention{} }

// rule keeps the newest backup of as many periods as it says.
type rule struct {
	name   string
	most   int
	period func(time.Time) string // "" for a rule that takes each backup by itself
}

func (r Retention) rules() []rule {
	return []rule{
		{"last", r.Last, func(time.Time) string { return "" }},
		{"hourly", r.Hourly, func(t time.Time) string { return t.UTC().Format("2006-01-02 15") }},
		{"daily", r.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{"weekly", r.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, "/", w) }},
		{"monthly", r.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
}

// Kept says of one backup whether it stays, and for which reasons.
type Kept struct {
	Backup  *Backup
	Keep    bool
	Reasons []string // "daily 3 of 7"; none when it goes
}

// Keep says of each good backup of a task, the newest first, whether it stays. It
// counts backups, not days: as time alone deletes nothing, a task that makes no
// new backups keeps the old ones, and the newest is always kept. Days begin and
// end in zone. A backup that is protected at that moment stays, and counts for the
// rules like any other.
func (r Retention) Keep(newestFirst []*Backup, zone *time.Location, at Time) []Kept {
	rules := r.rules()
	seen := make([]string, len(rules)) // the last period of each rule
	taken := make([]int, len(rules))
	kept := make([]Kept, 0, len(newestFirst))
	for i, b := range newestFirst {
		k := Kept{Backup: b}
		if r.all() {
			k.Reasons = append(k.Reasons, "the retention keeps all")
		}
		begun := b.StartedAt.Time().In(zone)
		for j, rule := range rules {
			period := rule.period(begun)
			if taken[j] == rule.most || period != "" && period == seen[j] {
				continue
			}
			seen[j] = period
			taken[j]++
			k.Reasons = append(k.Reasons, fmt.Sprintf("%s %d of %d", rule.name, taken[j], rule.most))
		}
		if i == 0 && len(k.Reasons) == 0 {
			k.Reasons = append(k.Reasons, "the newest good one")
		}
		if why := b.protected(at); why != "" {
			k.Reasons = append(k.Reasons, why)
		}
		k.Keep = len(k.Reasons) > 0
		kept = append(kept, k)
	}
	return kept
}

// GoodBackups lists the backups of a task from which can be restored, the newest
// first.
func (t *tables) GoodBackups(task string) []*Backup {
	good := slices.Collect(t.Backups.By("good", task))
	slices.SortFunc(good, func(a, b *Backup) int {
		return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	return good
}

// good tells whether something is stored, and is to stay for now.
func (b *Backup) good() bool {
	return b.Snapshot != "" && (b.Status == Succeeded || b.Status == Warning)
}

// Zone names the time zone in which the days of a task begin and end.
func (t *tables) Zone(task *Task) string {
	if s, ok := t.Schedules.Get(task.Schedule); ok {
		return s.Zone
	}
	return "UTC"
}

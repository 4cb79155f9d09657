package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bcm/fsm"
)

// slot is what the grid says of a backup that a schedule made.
type slot struct {
	ID, Task, Client, Status, Snapshot, Node string
	Slot, Error                              *string
	Attempt                                  int
	CreatedAt                                time.Time `json:"created_at"`
}

func (s *slot) ended() bool { return fsm.Status(s.Status).Ended() }
func (s *slot) good() bool {
	return s.Status == string(fsm.Succeeded) || s.Status == string(fsm.Warning)
}

// verdict is what the checks found.
type verdict struct {
	c     *chaos
	slots []*slot
	lives []*life

	mu                                 sync.Mutex
	twice, overlapping, stuck, lost    int
	damaged, verified, unequal, equal  int
	copies, fromCopies, results, tries int
	wrong                              []error
}

// blame counts something that should not be.
func (v *verdict) blame(count *int, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*count++
	v.wrong = append(v.wrong, fmt.Errorf(format, args...))
}

// judge waits until nothing is open any more and checks all that was promised.
func (c *chaos) judge(ctx context.Context) (*verdict, error) {
	v := &verdict{c: c}
	if err := v.settle(ctx); err != nil {
		return nil, err
	}
	v.checkSlots()
	for _, check := range []func(context.Context) error{v.checkResults, v.checkLives, v.verifyAll, v.restoreAll, v.checkCopies, v.checkReplicas} {
		if err := check(ctx); err != nil {
			return nil, errors.Join(append(v.wrong, err)...)
		}
	}
	return v, nil
}

// settle waits until all backups have ended, or are stuck.
func (v *verdict) settle(ctx context.Context) error {
	late := until(ctx, calmLimit, func() (err error) {
		if v.slots, err = list[*slot](ctx, v.c.grid, "/v1/backups?sort=created_at"); err != nil {
			return err
		}
		if i := slices.IndexFunc(v.slots, func(s *slot) bool { return !s.ended() }); i >= 0 {
			return fmt.Errorf("backup %s is %s", v.slots[i].ID, v.slots[i].Status)
		}
		return nil
	})
	if len(v.slots) == 0 {
		return cmpErr(late, errors.New("there are no backups"))
	}
	return ctx.Err()
}

// checkSlots: each slot has one backup, which has ended well.
func (v *verdict) checkSlots() {
	seen := make(map[string]string)
	for _, s := range v.slots {
		switch {
		case s.Slot == nil:
			v.blame(&v.twice, "backup %s has no slot", s.ID)
			continue
		case !s.ended():
			v.blame(&v.stuck, "backup %s is stuck as %s in attempt %d on %s", s.ID, s.Status, s.Attempt, s.Node)
		case !s.good() || s.Snapshot == "":
			v.blame(&v.lost, "backup %s ended as %s after %d attempts: %s", s.ID, s.Status, s.Attempt, deref(s.Error))
		}
		key := s.Task + " " + *s.Slot
		if other, ok := seen[key]; ok {
			v.blame(&v.twice, "slot %s has backups %s and %s", key, other, s.ID)
		}
		seen[key] = s.ID
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// checkResults: the audit trail has accepted one result of each slot. One that is
// told again changes nothing, and has no detail.
func (v *verdict) checkResults(ctx context.Context) error {
	type event struct {
		Action, Result, Detail string
		Object                 struct{ ID string }
	}
	events, err := list[event](ctx, v.c.grid, "/v1/events?q=backup.")
	if err != nil {
		return err
	}
	accepted := make(map[string]int)
	for _, e := range events {
		switch {
		case e.Action == "backup.assign" && e.Result == "ok":
			v.tries++
		case e.Action == "backup.finish" && e.Result == "ok" && slices.Contains([]string{string(fsm.Succeeded), string(fsm.Warning)}, e.Detail):
			accepted[e.Object.ID]++
			v.results++
		}
	}
	for _, s := range v.slots {
		if n := accepted[s.ID]; n > 1 || n == 0 && s.good() {
			v.blame(&v.twice, "backup %s has %d accepted results", s.ID, n)
		}
	}
	return nil
}

// checkLives: no two attempts of a run, or of two runs of a task, were alive at one
// time, and what an agent has ended well is not told as anything else.
func (v *verdict) checkLives(context.Context) error {
	lives, err := readMarks(filepath.Join(v.c.dir, "marks"))
	if err != nil {
		return err
	}
	v.lives = lives
	bury(lives, v.c.killer.deaths)
	for _, by := range []func(*life) string{func(l *life) string { return l.run }, func(l *life) string { return l.task }} {
		for _, what := range overlaps(lives, by) {
			v.blame(&v.overlapping, "%s", what)
		}
	}
	ended := make(map[attemptKey]bool)
	for _, l := range lives {
		if l.end.IsZero() {
			v.blame(&v.stuck, "%s attempt %d has not ended on agent %d", l.run, l.number, l.agent)
		}
		ended[l.attemptKey] = ended[l.attemptKey] || l.status == string(fsm.Succeeded) || l.status == string(fsm.Warning)
	}
	for _, s := range v.slots {
		if s.good() && !ended[attemptKey{s.ID, s.Attempt}] {
			v.blame(&v.lost, "backup %s is %s by attempt %d, which no agent has ended well", s.ID, s.Status, s.Attempt)
		}
	}
	return nil
}

// job begins a job and waits for its end.
func (v *verdict) job(ctx context.Context, path, shown string, in any) (stats struct {
	Files, Warnings int64
}, err error) {
	var job struct {
		ID, Status string
		Error      *string
		Stats      struct{ Files, Warnings int64 }
	}
	if err := v.c.grid.call(ctx, http.MethodPost, path, in, &job); err != nil {
		return stats, err
	}
	err = until(ctx, checkLimit, func() error {
		if err := v.c.grid.call(ctx, http.MethodGet, shown+job.ID, nil, &job); err != nil {
			return err
		}
		if !fsm.Status(job.Status).Ended() {
			return fmt.Errorf("it is %s", job.Status)
		}
		return nil
	})
	if err == nil && job.Status != string(fsm.Succeeded) {
		err = fmt.Errorf("it is %s: %s", job.Status, deref(job.Error))
	}
	return job.Stats, err
}

// verifyAll reads all data of every backup.
func (v *verdict) verifyAll(ctx context.Context) error {
	return each(len(v.slots), func(i int) error {
		s := v.slots[i]
		if !s.good() {
			return nil
		}
		if _, err := v.job(ctx, "/v1/backups/"+s.ID+"/verify", "/v1/verifications/", map[string]any{}); err != nil {
			v.blame(&v.damaged, "verification of backup %s: %w", s.ID, err)
			return nil
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.verified++
		return nil
	})
}

// restoreAll restores the newest backup of each task and an older one, and compares.
func (v *verdict) restoreAll(ctx context.Context) error {
	var chosen []*slot
	for _, task := range v.c.tasks {
		all := v.of(task)
		if len(all) > 0 {
			chosen = append(chosen, all[len(all)-1])
		}
		if len(all) > 1 {
			chosen = append(chosen, all[v.c.killer.dice.IntN(len(all)-1)])
		}
	}
	return each(len(chosen), func(i int) error {
		if err := v.restore(ctx, chosen[i], "restored"); err != nil {
			v.blame(&v.unequal, "restore of backup %s: %w", chosen[i].ID, err)
			return nil
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.equal++
		return nil
	})
}

// of gives the good backups of a task, the oldest first.
func (v *verdict) of(task string) (all []*slot) {
	for _, s := range v.slots {
		if s.Task == task && s.good() {
			all = append(all, s)
		}
	}
	return all
}

// restore restores a backup and compares it with what its source was.
func (v *verdict) restore(ctx context.Context, s *slot, below string) error {
	target := filepath.Join(v.c.dir, below, s.ID)
	_, err := v.job(ctx, "/v1/backups/"+s.ID+"/restore", "/v1/restores/", map[string]any{"path": "/", "node": s.Node, "target": target})
	if err != nil {
		return err
	}
	want, err := os.ReadFile(filepath.Join(v.c.dir, "sums", fmt.Sprintf("%s.%d", s.ID, s.Attempt)))
	if err != nil {
		return err
	}
	got, err := sums(target)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, []byte(got)) {
		return fmt.Errorf("it was\n%sand came back as\n%s", want, got)
	}
	return nil
}

// sums are those of the files in a directory, as sha256sum prints them.
func sums(dir string) (string, error) {
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), path)
		return err
	})
	return b.String(), err
}

// tell puts what was found into the report.
func (v *verdict) tell(r *report, stormed time.Duration) {
	none := goal{none: true}
	k := v.c.killer
	r.add("slots of schedules, under kill -9", "", goal{least: float64(v.c.slots)}, float64(len(v.slots)))
	r.add("  time in which they were made", "s", goal{}, stormed.Seconds())
	for _, what := range []string{aLeader, anAgent, aStorage} {
		r.add("  kills of a "+what, "", goal{}, float64(k.kills[what]))
	}
	r.add("  attempts given to nodes", "", goal{}, float64(v.tries))
	r.add("  attempts cut by a kill", "", goal{}, float64(len(v.lives)-v.results))
	r.add("slots with two backups or results", "", none, float64(v.twice))
	r.add("attempts alive at once", "", none, float64(v.overlapping))
	r.add("results lost", "", none, float64(v.lost))
	r.add("runs stuck", "", none, float64(v.stuck))
	r.add("backups verified whole", "", goal{}, float64(v.verified))
	r.add("  not clean", "", none, float64(v.damaged))
	r.add("trees restored, equal to their source", "", goal{}, float64(v.equal))
	r.add("  of them from a copy, its first storage killed", "", goal{}, float64(v.fromCopies))
	r.add("  not equal", "", none, float64(v.unequal))
	r.add("copies brought up to date", "", goal{}, float64(v.copies))
}

package plan

import (
	"time"

	"bcm/fsm"
)

// pruneOn is how long after the last snapshot was forgotten a repository goes on
// being pruned. The engine first finds something useless and gives its room back in
// a later round, when all is old enough that no backup can be about to use it.
const pruneOn = 7 * 24 * time.Hour

// Maintain makes the jobs that look after what is stored: prunes of repositories
// out of which something was taken, verifications of repositories, and drills with
// the newest backup of each task. Each object has moments of its own at which its
// turn comes, spread over the interval, and one job a turn, however it ends. One
// that has not ended is not joined by another.
func Maintain(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	m := maintaining{v: v, now: now, upkeep: v.Upkeep()}
	for r := range v.Repositories.All() {
		if r.Filled {
			m.prune(r)
			m.verify(r)
		}
	}
	for t := range v.Tasks.All() {
		m.drill(t)
	}
	return m.do, m.next
}

// maintaining is one look at all that is stored.
type maintaining struct {
	v      *fsm.View
	now    time.Time
	upkeep fsm.Upkeep
	do     []fsm.Command
	next   time.Time
}

// turn gives the id of the job whose turn has come, when that was after since and
// the job is not there yet. An interval of zero means never.
func (m *maintaining) turn(kind fsm.JobKind, object string, every time.Duration, since fsm.Time) (id string, due bool) {
	if every <= 0 {
		return "", false
	}
	offset := time.Duration(hash(idOf(string(kind), object)) % uint64(every))
	last := m.now.Add(-offset).Truncate(every).Add(offset)
	m.next = earlier(m.next, last.Add(every))
	if !last.After(since.Time()) {
		return "", false
	}
	id = idOf(string(kind), object, fsm.At(last).String())
	_, made := m.v.Jobs.Get(id)
	return id, !made
}

func (m *maintaining) prune(r *fsm.Repository) {
	tail := max(pruneOn, 4*m.upkeep.PruneEvery)
	if r.ForgottenAt == 0 || r.PrunedAt >= r.ForgottenAt.Add(tail) {
		return
	}
	id, due := m.turn(fsm.PruneJob, r.ID, m.upkeep.PruneEvery, max(r.ForgottenAt, r.PrunedAt))
	if due && !m.open(r, fsm.PruneJob) {
		m.do = append(m.do, &fsm.CreateJob{ID: id, Kind: fsm.PruneJob, Repository: r.ID})
	}
}

func (m *maintaining) verify(r *fsm.Repository) {
	id, due := m.turn(fsm.VerifyJob, r.ID, m.upkeep.VerifyEvery, max(r.CreatedAt, r.VerifiedAt))
	if due && !m.open(r, fsm.VerifyJob) {
		m.do = append(m.do, &fsm.CreateJob{ID: id, Kind: fsm.VerifyJob, Repository: r.ID, Percent: m.upkeep.VerifyPercent})
	}
}

// drill restores a sample of the task's newest backup, when it has one.
func (m *maintaining) drill(t *fsm.Task) {
	if m.v.Backups.Count("good", t.ID) == 0 {
		return
	}
	id, due := m.turn(fsm.DrillJob, t.ID, m.upkeep.DrillEvery, t.CreatedAt)
	if !due {
		return
	}
	newest := m.v.GoodBackups(t.ID)[0]
	for j := range m.v.Jobs.By("backup", newest.ID) {
		if j.Kind == fsm.DrillJob && !j.Status.Ended() {
			return
		}
	}
	m.do = append(m.do, &fsm.CreateJob{ID: id, Kind: fsm.DrillJob, Backup: newest.ID, Files: m.upkeep.DrillFiles})
}

// open tells whether the repository has such a job, of all of it, that has not
// ended.
func (m *maintaining) open(r *fsm.Repository, kind fsm.JobKind) bool {
	for j := range m.v.Jobs.By("open", r.ID) {
		if j.Kind == kind && j.Backup == "" {
			return true
		}
	}
	return false
}

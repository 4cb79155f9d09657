package fsm

import (
	"slices"
	"strings"
)

// Job is long work on a stored backup: to restore from it, to verify it, or to
// take it out of its repository.
type Job struct {
	Meta
	Run
	Kind    JobKind `cbor:"kind"`
	Backup  string  `cbor:"backup"`
	By      string  `cbor:"by,omitempty"` // who asked
	Restore Restore `cbor:"restore"`
	Percent int     `cbor:"percent,omitempty"` // of the data that a verification reads
	Stats   Stats   `cbor:"stats"`
	Wish    string  `cbor:"wish,omitempty"` // id of the node that it must run on; "" means any
}

// JobKind tells what a job does.
type JobKind string

// The kinds of jobs.
const (
	RestoreJob JobKind = "restore"
	VerifyJob  JobKind = "verify"
	ForgetJob  JobKind = "forget"
)

// Restore says what to restore and where to.
type Restore struct {
	Path      string    `cbor:"path,omitempty"` // within the backup; "/" means all
	Target    string    `cbor:"target,omitempty"`
	Overwrite Overwrite `cbor:"overwrite,omitempty"`
}

// Overwrite says what becomes of files that are there already.
type Overwrite string

// The overwrite rules.
const (
	Never   Overwrite = "never"
	Always  Overwrite = "always"
	IfNewer Overwrite = "if-newer" // when the one in the backup is newer
)

var jobs = define(schema[Job]{
	name: "jobs",
	meta: func(j *Job) *Meta { return &j.Meta },
	indexes: []indexDef[Job]{
		byNumber(CreatedIndex, func(j *Job) *Time { return &j.CreatedAt }, nil),
		byText("status", func(j *Job) *string { return (*string)(&j.Status) }, nil),
		byText("kind", func(j *Job) *string { return (*string)(&j.Kind) }, nil),
		byText("backup", func(j *Job) *string { return &j.Backup }, nil),
		// the jobs that each node has at work
		byText("active", func(j *Job) *string { return &j.Node }, func(j *Job) bool { return j.Status.Live() }),
		byNumber("ended", func(j *Job) *Time { return &j.FinishedAt }, func(j *Job) bool { return j.Status.Ended() }),
	},
	texts: func(j *Job, emit func(string)) {
		emit(j.Backup)
		emit(j.Restore.Target)
		emit(j.Error)
	},
	share: func(j *Job, p *pool) {
		j.Run.share(p)
		p.text((*string)(&j.Kind), &j.By, &j.Wish, (*string)(&j.Restore.Overwrite))
	},
})

// CreateJob queues a restore or a verification.
type CreateJob struct {
	ID      string  `cbor:"id"`
	Kind    JobKind `cbor:"kind"`
	Backup  string  `cbor:"backup"`
	Node    string  `cbor:"node,omitempty"` // id or name of where to run
	Restore Restore `cbor:"restore"`
	Percent int     `cbor:"percent,omitempty"`
}

func (c *CreateJob) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Jobs, "job", c.ID); err != nil {
		return "", err
	}
	if err := c.permitted(tx); err != nil {
		return "", err
	}
	b, ok := tx.Backups.Get(c.Backup)
	if !ok {
		return "", notFound("backup", c.Backup)
	}
	if b.Snapshot == "" || b.Status == Deleted {
		return "", Errorf(Conflict, "backup %s is %s: there is nothing stored to %s", b.ID, b.Status, c.Kind)
	}
	j := &Job{Meta: Meta{ID: c.ID}, Run: Run{Status: Queued}, Kind: c.Kind, Backup: b.ID, By: tx.By,
		Restore: c.Restore, Percent: c.Percent}
	if err := c.place(tx, j); err != nil {
		return "", err
	}
	put(tx, &tx.Jobs, j)
	return j.ID, nil
}

// permitted asks for the right that the kind of job needs.
func (c *CreateJob) permitted(tx *Tx) error {
	need, ok := map[JobKind]Right{RestoreJob: BackupsRestore, VerifyJob: BackupsRun}[c.Kind]
	if !ok {
		return invalidField("kind", "%q is not one of restore, verify", c.Kind)
	}
	if by := tx.user(); by != nil {
		return tx.Access(by).Need(need, "backup "+c.Backup)
	}
	return nil
}

// place checks where the job should run and what it may write.
func (c *CreateJob) place(tx *Tx, j *Job) error {
	if c.Node != "" {
		n, ok := tx.Nodes.Find(c.Node)
		if !ok || !n.Has(RoleBackupManager) {
			return invalidField("node", "no backup manager %q", c.Node)
		}
		j.Wish = n.ID
	}
	if c.Kind == VerifyJob {
		if c.Percent < 0 || c.Percent > 100 {
			return invalidField("percent", "must lie between 0 and 100")
		}
		return nil
	}
	if c.Node == "" {
		return invalidField("node", "name the backup manager to restore on")
	}
	r := &j.Restore
	if !strings.HasPrefix(r.Target, "/") || strings.ContainsRune(r.Target, 0) {
		return invalidField("target", "%q is not an absolute path", r.Target)
	}
	if slices.Contains(strings.Split(r.Path, "/"), "..") || strings.ContainsRune(r.Path, 0) {
		return invalidField("path", "must not contain ..")
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if r.Overwrite == "" {
		r.Overwrite = Never
	}
	if !slices.Contains([]Overwrite{Never, Always, IfNewer}, r.Overwrite) {
		return invalidField("overwrite", "%q is not one of never, always, if-newer", r.Overwrite)
	}
	return nil
}

func (tx *Tx) changeJob(id string, do func(j *Job) error) (string, error) {
	old, ok := tx.Jobs.Get(id)
	if !ok {
		return "", notFound("job", id)
	}
	j := *old
	tx.about("jobs", id, string(j.Kind))
	if err := do(&j); err != nil {
		return "", err
	}
	put(tx, &tx.Jobs, &j)
	return id, nil
}

// AssignJob gives a queued or interrupted job to a node.
type AssignJob struct {
	ID      string `cbor:"id"`
	From    Status `cbor:"from"`
	Attempt int32  `cbor:"attempt"`
	Node    string `cbor:"node"`
}

func (c *AssignJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error { return j.assign(tx, c.From, c.Attempt, c.Node) })
}

// StartJob is a node telling that it has begun.
type StartJob struct {
	ID      string `cbor:"id"`
	Attempt int32  `cbor:"attempt"`
}

func (c *StartJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error { return j.start(tx, c.Attempt) })
}

// FinishJob is a node telling how an attempt ended.
type FinishJob struct {
	ID      string  `cbor:"id"`
	Attempt int32   `cbor:"attempt"`
	Outcome Outcome `cbor:"outcome"`
}

func (c *FinishJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error {
		if again, err := j.finish(tx, c.Attempt, &c.Outcome); again || err != nil {
			return err
		}
		j.Stats = c.Outcome.Stats
		tx.warn(j.ID, c.Outcome.Warnings)
		tx.detail = string(j.Status)
		if j.Kind == ForgetJob && j.Status == Succeeded {
			tx.forgetSnapshot(j.Backup)
		}
		return nil
	})
}

// forgetSnapshot records that a deleted backup has nothing stored any more.
func (tx *Tx) forgetSnapshot(backup string) {
	if old, ok := tx.Backups.Get(backup); ok && old.Status == Deleted {
		b := *old
		b.Snapshot = ""
		put(tx, &tx.Backups, &b)
	}
}

// InterruptJob gives an attempt up.
type InterruptJob struct {
	ID      string `cbor:"id"`
	Attempt int32  `cbor:"attempt"`
	Reason  string `cbor:"reason"`
}

func (c *InterruptJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error {
		tx.detail = c.Reason
		return j.interrupt(tx, c.Attempt, c.Reason)
	})
}

// CancelJob ends a job that has not ended; it needs the right that the job needs.
type CancelJob struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *CancelJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error {
		if j.Kind == ForgetJob {
			return Errorf(Conflict, "a deleted backup cannot be brought back")
		}
		again := CreateJob{Kind: j.Kind, Backup: j.Backup}
		if err := again.permitted(tx); err != nil {
			return err
		}
		if err := fresh(&j.Meta, c.IfIndex); err != nil {
			return err
		}
		return j.cancel(tx)
	})
}

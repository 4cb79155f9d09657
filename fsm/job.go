package fsm

// Job is long work on what is stored: on one backup, or on a whole repository.
type Job struct {
	Meta
	Run
	Kind       JobKind  `cbor:"kind"`
	Backup     string   `cbor:"backup,omitempty"` // "" when it is about the whole repository
	Repository string   `cbor:"repository"`
	Storage    string   `cbor:"storage,omitempty"` // id of the storage whose copy it reads; "" means any that is up
	By         string   `cbor:"by,omitempty"`      // who asked
	Restore    Restore  `cbor:"restore"`
	Percent    int      `cbor:"percent,omitempty"` // of the data that a verification reads
	Files      int      `cbor:"files,omitempty"`   // of the sample that a drill restores
	Report     *Report  `cbor:"report,omitempty"`  // what a drill has proved
	Stats      Stats    `cbor:"stats"`
	Changes    []Change `cbor:"changes,omitempty"`     // of a restore
	Wish       string   `cbor:"wish,omitempty"`        // id of the node that it must run on; "" means any
	Trim       Trim     `cbor:"trim,omitempty"`        // of a copy
	Repair     bool     `cbor:"repair,omitempty"`      // a copy that brings back only what its storage has lost
	GiveUp     bool     `cbor:"give_up,omitempty"`     // a scrub that reads what is lost alone, and makes its storage miss it no more
	AssignedAt Time     `cbor:"assigned_at,omitempty"` // when its node got it
	Snapshot   string   `cbor:"snapshot,omitempty"`    // of a restore without a backup: what the repository knows it by
	AsOf       Time     `cbor:"as_of,omitempty"`       // of a restore: the repository is read as it was then
	Hit        []string `cbor:"hit,omitempty"`         // of a verification: the first snapshots with something damaged in them
	Server     string   `cbor:"server,omitempty"`      // id, of a sync or a certify
	Launch     *Launch  `cbor:"launch,omitempty"`
	Revision   uint64   `cbor:"revision,omitempty"` // of a sync: to which the server is brought
	Steps      []Step   `cbor:"steps,omitempty"`    // of a sync

	Certificate string `cbor:"certificate,omitempty"` // of a certify: id
}

// maxHit is how many damaged snapshots are kept of a verification.
const maxHit = 1000

var jobs = define(schema[Job]{
	name: "jobs",
	meta: func(j *Job) *Meta { return &j.Meta },
	indexes: []indexDef[Job]{
		byNumber(CreatedIndex, func(j *Job) *Time { return &j.CreatedAt }, nil),
		byText("status", func(j *Job) *string { return (*string)(&j.Status) }, nil),
		byText("kind", func(j *Job) *string { return (*string)(&j.Kind) }, nil),
		byText("backup", func(j *Job) *string { return &j.Backup }, func(j *Job) bool { return j.Backup != "" }),
		byText("repository", func(j *Job) *string { return &j.Repository }, func(j *Job) bool { return j.Server == "" }),
		// the launches on each server that have not ended
		byText("launched", func(j *Job) *string { return &j.Server }, func(j *Job) bool { return j.Kind == LaunchJob && !j.Status.Ended() }),
		// the orders to each server that have not ended
		byText("sync", func(j *Job) *string { return &j.Server }, func(j *Job) bool { return j.Kind == SyncJob && !j.Status.Ended() }),
		byText("certify", func(j *Job) *string { return &j.Server }, func(j *Job) bool { return j.Kind == CertifyJob && !j.Status.Ended() }),
		// the jobs about each repository that have not ended
		byText("open", func(j *Job) *string { return &j.Repository }, func(j *Job) bool { return j.Server == "" && !j.Status.Ended() }),
		// the job that holds the lease of each repository
		byText("lease", func(j *Job) *string { return &j.Repository }, func(j *Job) bool { return j.Status.Live() && j.Kind.Maintains() }),
		// the jobs that each node has at work
		byText("active", func(j *Job) *string { return &j.Node }, func(j *Job) bool { return j.Status.Live() }),
		// the jobs that wait, those first that people wait for
		byUrgency("waiting", func(j *Job) uint8 { return j.Kind.rank() }, func(j *Job, rank uint8) { j.Kind = kindRanked(rank) },
			func(j *Job) *Time { return &j.CreatedAt }, func(j *Job) bool { return j.Status.Waits() && j.Server == "" }),
		byNumber("ended", func(j *Job) *Time { return &j.FinishedAt }, func(j *Job) bool { return j.Status.Ended() && j.Report == nil }),
		// the jobs that have proved something
		byNumber("reported", func(j *Job) *Time { return &j.FinishedAt }, func(j *Job) bool { return j.Status.Ended() && j.Report != nil }),
	},
	texts: func(j *Job, emit func(string)) {
		emit(j.Backup)
		emit(j.Restore.Target)
		emit(j.Error)
	},
	share: func(j *Job, p *pool) {
		j.Run.share(p)
		p.text((*string)(&j.Kind), &j.By, &j.Wish, &j.Repository, &j.Storage, (*string)(&j.Restore.Overwrite))
	},
})

// CreateJob queues a job about a backup, or about a whole repository.
type CreateJob struct {
	ID         string  `cbor:"id"`
	Kind       JobKind `cbor:"kind"`
	Backup     string  `cbor:"backup,omitempty"`
	Repository string  `cbor:"repository,omitempty"` // id or name, instead of a backup
	Storage    string  `cbor:"storage,omitempty"`    // id or name of the storage whose copy to read
	Node       string  `cbor:"node,omitempty"`       // id or name of where to run
	Restore    Restore `cbor:"restore"`
	Percent    int     `cbor:"percent,omitempty"`
	Trim       Trim    `cbor:"trim,omitempty"`
	Repair     bool    `cbor:"repair,omitempty"`
	GiveUp     bool    `cbor:"give_up,omitempty"`
	Files      int     `cbor:"files,omitempty"`    // of a drill; otherwise as the settings say
	Snapshot   string  `cbor:"snapshot,omitempty"` // of a restore from a repository instead of a backup
	AsOf       Time    `cbor:"as_of,omitempty"`
}

func (c *CreateJob) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Jobs, "job", c.ID); err != nil {
		return "", err
	}
	if err := c.permitted(tx); err != nil {
		return "", err
	}
	j := &Job{Meta: Meta{ID: c.ID}, Run: Run{Status: Queued}, Kind: c.Kind, By: tx.By, Restore: c.Restore,
		Percent: c.Percent, Trim: c.Trim, Repair: c.Repair, GiveUp: c.GiveUp, Snapshot: c.Snapshot, AsOf: c.AsOf}
	if err := c.subject(tx, j); err != nil {
		return "", err
	}
	if err := tx.let(tx.GuardsOf(j)...); err != nil {
		return "", err
	}
	if err := c.place(tx, j); err != nil {
		return "", err
	}
	if c.Percent < 0 || c.Percent > 100 {
		return "", invalidField("percent", "must lie between 0 and 100")
	}
	if err := j.sample(tx, c.Files); err != nil {
		return "", err
	}
	if c.Kind == RestoreJob {
		if err := j.Restore.check(); err != nil {
			return "", err
		}
		if j.Restore.Overwrite == Beside {
			j.Restore.At = tx.At
		}
	}
	if c.GiveUp {
		tx.detail = "gives up what is lost"
	}
	put(tx, &tx.Jobs, j)
	return j.ID, nil
}

// permitted asks for the right that the kind of job needs.
func (c *CreateJob) permitted(tx *Tx) error {
	rule, ok := jobRules[c.Kind]
	if !ok || rule.right == "" {
		return invalidField("kind", "%q is not one of restore, verify, drill, prune, copy, scrub", c.Kind)
	}
	if by := tx.user(); by != nil {
		object := "repository " + c.Repository
		if c.Backup != "" {
			object = "backup " + c.Backup
		}
		if c.Snapshot != "" { // it may be of any client
			if err := tx.Access(by).Need(DataWrite, object); err != nil {
				return err
			}
		}
		return tx.Access(by).Need(rule.right, object)
	}
	return nil
}

// subject finds what the job is about.
func (c *CreateJob) subject(tx *Tx, j *Job) error {
	rule := jobRules[c.Kind]
	switch {
	case (c.Backup == "") == (c.Repository == ""):
		return invalidField("backup", "a job is about a backup or a repository")
	case c.Backup != "" && !rule.single:
		return invalidField("backup", "a %s is about a whole repository", c.Kind)
	case c.Repository != "" && !rule.whole:
		return invalidField("repository", "a %s is about one backup", c.Kind)
	case (c.Snapshot != "") != (c.Kind == RestoreJob && c.Repository != ""):
		return invalidField("snapshot", "a restore from a repository names a snapshot, and nothing else does")
	case c.AsOf != 0 && (c.Kind != RestoreJob || c.AsOf > tx.At):
		return invalidField("as_of", "a restore can be as of a time that has passed")
	case c.Backup != "":
		b, ok := tx.Backups.Get(c.Backup)
		if !ok {
			return notFound("backup", c.Backup)
		}
		if b.Snapshot == "" || b.Status == Deleted {
			return Errorf(Conflict, "backup %s is %s: there is nothing stored to %s", b.ID, b.Status, c.Kind)
		}
		j.Backup, j.Repository = b.ID, b.Repository
		return nil
	}
	r, ok := tx.Repositories.Find(c.Repository)
	if !ok {
		return notFound("repository", c.Repository)
	}
	if !r.Filled {
		return Errorf(Conflict, "repository %s is empty: there is nothing stored to %s", r.Name, c.Kind)
	}
	j.Repository = r.ID
	return nil
}

// place checks where the job should run and which storage it should read.
func (c *CreateJob) place(tx *Tx, j *Job) error {
	role := c.Kind.Role()
	node := c.Node
	if b, ok := tx.Backups.Get(j.Backup); ok && node == "" && j.Restore.Origin {
		node = b.Node
	}
	if node != "" {
		n, ok := tx.Nodes.Find(node)
		if !ok || !n.Has(role) {
			return invalidField("node", "no %s %q", role, node)
		}
		j.Wish = n.ID
	}
	if node == "" && (c.Kind == RestoreJob || role == RoleStorage) {
		return invalidField("node", "name the %s that the %s is to run on", role, c.Kind)
	}
	if c.GiveUp && role != RoleStorage {
		return invalidField("give_up", "a %s cannot give up what is lost, a scrub can", c.Kind)
	}
	if c.Storage != "" {
		n, ok := tx.Nodes.Find(c.Storage)
		if !ok || !n.Has(RoleStorage) {
			return invalidField("storage", "no storage %q", c.Storage)
		}
		j.Storage = n.ID
	}
	if c.Kind == CopyJob && (j.Storage == "" || j.Storage == j.Wish) {
		return invalidField("storage", "name another storage, which has what is to be copied")
	}
	if role == RoleStorage {
		return c.keeps(tx, j)
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
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return "", err
	}
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
	return tx.changeJob(c.ID, func(j *Job) error {
		if j.Kind.Maintains() {
			for other := range tx.Jobs.By("lease", j.Repository) {
				return Errorf(Conflict, "%s %s maintains the repository at this time", other.Kind, other.ID)
			}
		}
		j.AssignedAt = tx.At
		return j.assign(tx, c.From, c.Attempt, c.Node)
	})
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
		j.changed(c.Outcome.Changes)
		j.prove(c.Outcome.Report)
		j.Hit = c.Outcome.Hit[:min(len(c.Outcome.Hit), maxHit)]
		tx.warn(j.ID, c.Outcome.Warnings)
		tx.detail = string(j.Status)
		if j.Kind == ForgetJob && j.Status == Succeeded {
			tx.forgetSnapshot(j.Backup)
		}
		tx.learn(j, c.Outcome.Copy)
		tx.synced(j)
		tx.certified(j)
		if j.Status == Succeeded {
			tx.lookAfter(j)
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
		if err := j.interrupt(tx, c.Attempt, j.attempts(), c.Reason); err != nil {
			return err
		}
		if j.Status.Ended() {
			tx.learn(j, nil)
			tx.synced(j)
			tx.certified(j)
		}
		return nil
	})
}

// CancelJob ends a job that has not ended; it needs the right that the job needs.
type CancelJob struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *CancelJob) apply(tx *Tx) (string, error) {
	return tx.changeJob(c.ID, func(j *Job) error {
		switch j.Kind {
		case ForgetJob:
			return Errorf(Conflict, "a deleted backup cannot be brought back")
		case SyncJob:
			return Errorf(Conflict, "an order to a server cannot be cancelled; make the server standalone")
		case CertifyJob:
			return Errorf(Conflict, "a certificate that is being installed cannot be called back; install another one after it")
		}
		again := CreateJob{Kind: j.Kind, Backup: j.Backup, Repository: j.Repository, Snapshot: j.Snapshot}
		if err := again.permitted(tx); err != nil {
			return err
		}
		if err := fresh(&j.Meta, c.IfIndex); err != nil {
			return err
		}
		if err := j.cancel(tx); err != nil {
			return err
		}
		if j.Status.Ended() {
			tx.learn(j, nil)
		}
		return nil
	})
}

package fsm

import (
	"fmt"
	"slices"
	"time"
)

// Backup is one run of one task, and the result that it stored.
type Backup struct {
	Meta
	Run
	Task       string   `cbor:"task,omitempty"` // id; "" for one made without a task
	Client     string   `cbor:"client"`
	Repository string   `cbor:"repository"`
	Storages   []string `cbor:"storages,omitempty"`
	Source     *Source  `cbor:"source,omitempty"` // of a backup made without a task
	Level      Level    `cbor:"level"`
	Slot       Time     `cbor:"slot"`            // of the schedule that made it
	Until      Time     `cbor:"until,omitempty"` // an attempt may be begun; 0 is for ever
	Snapshot   string   `cbor:"snapshot,omitempty"`
	Stats      Stats    `cbor:"stats"`
	Protection
}

// Stats are the figures of a finished run.
type Stats struct {
	Files    int64 `cbor:"files,omitempty"`
	Bytes    int64 `cbor:"bytes,omitempty"`
	NewFiles int64 `cbor:"new_files,omitempty"` // not known from the backup before
	NewBytes int64 `cbor:"new_bytes,omitempty"` // written to storage
	Warnings int64 `cbor:"warnings,omitempty"`
	Skipped  int64 `cbor:"skipped,omitempty"` // by a restore: files and links that were there already
	Deleted  int64 `cbor:"deleted,omitempty"` // by a prune: blobs
	Young    int64 `cbor:"young,omitempty"`   // by a prune: blobs that the storage keeps until they are older
}

var backups = define(schema[Backup]{
	name: "backups",
	meta: func(b *Backup) *Meta { return &b.Meta },
	indexes: []indexDef[Backup]{
		byNumber(CreatedIndex, func(b *Backup) *Time { return &b.CreatedAt }, nil),
		byText("status", func(b *Backup) *string { return (*string)(&b.Status) }, nil),
		byText("client", func(b *Backup) *string { return &b.Client }, nil),
		byText("task", func(b *Backup) *string { return &b.Task }, func(b *Backup) bool { return b.Task != "" }),
		byText("node", func(b *Backup) *string { return &b.Node }, func(b *Backup) bool { return b.Node != "" }),
		// the runs that each node has at work
		byText("active", func(b *Backup) *string { return &b.Node }, func(b *Backup) bool { return b.Status.Live() }),
		// the backups of each task from which can be restored
		byText("good", func(b *Backup) *string { return &b.Task }, func(b *Backup) bool { return b.Task != "" && b.good() }),
		// the runs of each task that have not ended
		byText("open", func(b *Backup) *string { return &b.Task }, func(b *Backup) bool { return b.Task != "" && !b.Status.Ended() }),
		// those that wait, in the order in which they are given to nodes, and when that ends
		byUrgency("waiting", func(b *Backup) uint8 { return uint8(127 - int16(b.Priority)) },
			func(b *Backup, rank uint8) { b.Priority = int8(127 - int16(rank)) },
			func(b *Backup) *Time { return &b.CreatedAt }, func(b *Backup) bool { return b.Status.Waits() }),
		byNumber("until", func(b *Backup) *Time { return &b.Until }, func(b *Backup) bool { return b.Until != 0 && b.Status.Waits() }),
		// those at work for each client, and on each storage
		byText("busy", func(b *Backup) *string { return &b.Client }, func(b *Backup) bool { return b.Status.Live() }),
		byEach("writing", func(b *Backup, emit func(string)) {
			if b.Status.Live() {
				for _, s := range b.Storages {
					emit(s)
				}
			}
		}),
		// those of which only the row is left, by the time when that began
		byNumber("gone", func(b *Backup) *Time { return &b.UpdatedAt }, func(b *Backup) bool { return b.Status == Deleted && b.Snapshot == "" }),
	},
	texts: func(b *Backup, emit func(string)) {
		emit(b.Snapshot)
		emit(b.Error)
	},
	column: true,
	share: func(b *Backup, p *pool) {
		b.Run.share(p)
		p.text(&b.Task, &b.Client, &b.Repository, (*string)(&b.Level))
		p.list(&b.Storages)
	},
})

// maxAhead is how far a slot may lie ahead of the time of the entry that fills
// it: a clock set forward must not use up the slots of days to come.
const maxAhead = 5 * time.Minute

// CreateBackup queues a run of a task, or of a source that has none. With a
// slot it is the run of that slot, and there is one at most.
type CreateBackup struct {
	ID     string  `cbor:"id"`
	Task   string  `cbor:"task,omitempty"`   // id or name
	Client string  `cbor:"client,omitempty"` // without a task
	Source *Source `cbor:"source,omitempty"` // without a task
	Level  Level   `cbor:"level,omitempty"`
	Slot   Time    `cbor:"slot,omitempty"`
}

func (c *CreateBackup) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Backups, "backup", c.ID); err != nil {
		return "", err
	}
	b := &Backup{Meta: Meta{ID: c.ID}, Run: Run{Status: Queued}, Level: c.Level, Slot: c.Slot}
	if c.Task != "" {
		if err := c.ofTask(tx, b); err != nil {
			return "", err
		}
	} else if err := c.ofSource(tx, b); err != nil {
		return "", err
	}
	client, ok := tx.Clients.Get(b.Client)
	if !ok {
		return "", notFound("client", b.Client)
	}
	b.Client, b.Repository = client.ID, client.Repository // their strings, to share the memory
	if err := b.Level.check(); err != nil {
		return "", err
	}
	if err := tx.let(tx.GuardsOf(b)...); err != nil {
		return "", err
	}
	tx.object = Object{"backups", b.ID, client.Name}
	put(tx, &tx.Backups, b)
	tx.forgetDeleted()
	return b.ID, nil
}

func (c *CreateBackup) ofTask(tx *Tx, b *Backup) error {
	t, ok := tx.Tasks.Find(c.Task)
	if !ok {
		return notFound("task", c.Task)
	}
	if c.Source != nil || c.Client != "" {
		return invalidField("task", "a backup of a task takes the task's client and source")
	}
	if open := tx.openBackup(t.ID); open != nil && c.Slot == 0 {
		return Errorf(Conflict, "task %s is %s already, as backup %s", t.Name, open.Status, open.ID)
	}
	if c.Slot != 0 {
		if c.Slot <= t.LastSlot {
			return Errorf(Conflict, "slot %s of task %s has passed", c.Slot, t.Name)
		}
		if c.Slot > tx.At.Add(maxAhead) {
			return Errorf(Conflict, "slot %s of task %s lies in the future; the clock of a manager was set forward", c.Slot, t.Name)
		}
		if s, ok := tx.Schedules.Get(t.Schedule); ok && s.Window > 0 {
			b.Until = c.Slot.Add(s.Window)
		}
		n := *t
		n.LastSlot = c.Slot
		put(tx, &tx.Tasks, &n)
	}
	b.Task, b.Client, b.Priority = t.ID, t.Client, t.Priority
	if b.Level == "" {
		b.Level = t.Level
	}
	return nil
}

func (c *CreateBackup) ofSource(tx *Tx, b *Backup) error {
	client, ok := tx.Clients.Find(c.Client)
	if !ok {
		return invalidField("client", "no client %q", c.Client)
	}
	if c.Source == nil {
		return invalidField("source", "a backup needs a task, or a client and a source")
	}
	if err := c.Source.check(); err != nil {
		return err
	}
	b.Client, b.Source = client.ID, c.Source
	if b.Level == "" {
		b.Level = Incremental
	}
	return nil
}

// openBackup is a backup of the task that has not ended, or nil.
func (t *tables) openBackup(task string) *Backup {
	for b := range t.Backups.By("open", task) {
		return b
	}
	return nil
}

// changeBackup finds a backup, lets do change a copy and puts that.
func (tx *Tx) changeBackup(id string, do func(b *Backup) error) (string, error) {
	old, ok := tx.Backups.Get(id)
	if !ok {
		return "", notFound("backup", id)
	}
	b := *old
	name := ""
	if c, ok := tx.Clients.Get(b.Client); ok {
		name = c.Name
	}
	tx.about("backups", id, name)
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return "", err
	}
	if err := do(&b); err != nil {
		return "", err
	}
	put(tx, &tx.Backups, &b)
	return id, nil
}

// AssignBackup gives a queued or interrupted backup to a node, guarded by what
// the plan saw.
type AssignBackup struct {
	ID       string   `cbor:"id"`
	From     Status   `cbor:"from"`
	Attempt  int32    `cbor:"attempt"` // the one seen; the next begins
	Node     string   `cbor:"node"`
	Storages []string `cbor:"storages"`
}

func (c *AssignBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		if err := b.assign(tx, c.From, c.Attempt, c.Node); err != nil {
			return err
		}
		for _, id := range c.Storages {
			if _, ok := tx.Nodes.Get(id); !ok {
				return notFound("node", id)
			}
		}
		if r, ok := tx.Repositories.Get(b.Repository); ok && len(r.Storages) > 0 && !slices.Equal(c.Storages, r.Storages[:1]) {
			return Errorf(Conflict, "repository %s is written to %s, not to %v", r.Name, r.Storages[0], c.Storages)
		}
		b.Storages = c.Storages
		if a, ok := tx.Assignments.Get(b.Client); ok && slices.Equal(a.Storages, c.Storages) {
			b.Storages = a.Storages // to share the memory
		}
		tx.fillRepository(b.Repository)
		tx.detail = fmt.Sprintf("attempt %d on node %s", b.Attempt, c.Node)
		return nil
	})
}

// fillRepository records that a repository has data, or may soon have.
func (tx *Tx) fillRepository(id string) {
	if old, ok := tx.Repositories.Get(id); ok && !old.Filled {
		r := *old
		r.Filled = true
		put(tx, &tx.Repositories, &r)
	}
}

// StartBackup is a node telling that it has begun.
type StartBackup struct {
	ID      string `cbor:"id"`
	Attempt int32  `cbor:"attempt"`
}

func (c *StartBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error { return b.start(tx, c.Attempt) })
}

// Outcome is how an attempt ended.
type Outcome struct {
	Status   Status      `cbor:"status"` // succeeded, warning, failed or cancelled
	Error    string      `cbor:"error,omitempty"`
	Snapshot string      `cbor:"snapshot,omitempty"` // of a backup
	Stats    Stats       `cbor:"stats"`
	Warnings []string    `cbor:"warnings,omitempty"` // the first ones, for the run's log
	Copy     *CopyReport `cbor:"copy,omitempty"`     // of a copy or a scrub
	Log      []string    `cbor:"log,omitempty"`      // what else it has to tell: what commands before and after it have said
	Changes  []Change    `cbor:"changes,omitempty"`  // of a restore
	Report   *Report     `cbor:"report,omitempty"`   // of a drill
	Hit      []string    `cbor:"hit,omitempty"`      // of a verification: the snapshots with something damaged in them
}

// FinishBackup is a node telling how an attempt ended.
type FinishBackup struct {
	ID      string  `cbor:"id"`
	Attempt int32   `cbor:"attempt"`
	Outcome Outcome `cbor:"outcome"`
}

func (c *FinishBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		if again, err := b.finish(tx, c.Attempt, &c.Outcome); again || err != nil {
			return err
		}
		b.Snapshot, b.Stats = c.Outcome.Snapshot, c.Outcome.Stats
		if b.Snapshot != "" {
			tx.stored(b.Repository, false)
		}
		tx.detail = string(b.Status)
		if t, ok := tx.Tasks.Get(b.Task); ok {
			b.again(tx, t.Retry, b.Until)
		}
		tx.warn(b.ID, c.Outcome.Warnings)
		tx.note(b.ID, c.Outcome.Log)
		return nil
	})
}

// InterruptBackup gives an attempt up: its node was lost, or lost it.
type InterruptBackup struct {
	ID      string `cbor:"id"`
	Attempt int32  `cbor:"attempt"`
	Reason  string `cbor:"reason"`
}

func (c *InterruptBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		tx.detail = c.Reason
		most := int32(MaxAttempts)
		if t, ok := tx.Tasks.Get(b.Task); ok {
			most = max(most, t.Retry.Attempts)
		}
		return b.interrupt(tx, c.Attempt, most, c.Reason)
	})
}

// StopBackup gives up a backup that has had its time, as failed: one that nobody
// works on at once, else once its node has ended it.
type StopBackup struct {
	ID      string `cbor:"id"`
	Attempt int32  `cbor:"attempt"` // the one seen
	Reason  string `cbor:"reason"`
}

func (c *StopBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		tx.detail = c.Reason
		return b.stop(tx, c.Attempt, c.Reason)
	})
}

// CancelBackup ends a backup that has not ended.
type CancelBackup struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *CancelBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		if err := fresh(&b.Meta, c.IfIndex); err != nil {
			return err
		}
		return b.cancel(tx)
	})
}

// DeleteBackup gives up what a backup has stored. The row stays for some time, as
// deleted, and a job takes its snapshot out of the repository; when that job has
// failed, deleting again makes another.
type DeleteBackup struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
	Job     string `cbor:"job"` // id of the job that will forget the snapshot
}

func (c *DeleteBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		if err := fresh(&b.Meta, c.IfIndex); err != nil {
			return err
		}
		if b.Status == Deleted && b.Snapshot == "" {
			return Errorf(Conflict, "backup %s is deleted already", b.ID)
		}
		if !b.Status.Ended() {
			return Errorf(Conflict, "backup %s is %s; cancel it first", b.ID, b.Status)
		}
		if why := b.protected(tx.At); why != "" {
			return Errorf(Conflict, "backup %s is %s: it cannot be deleted", b.ID, why)
		}
		for j := range tx.Jobs.By("backup", b.ID) {
			if !j.Status.Ended() {
				return Errorf(Conflict, "backup %s is in use by %s %s", b.ID, j.Kind, j.ID)
			}
		}
		b.Status = Deleted
		if b.Snapshot == "" {
			return nil
		}
		if err := newRow(&tx.Jobs, "job", c.Job); err != nil {
			return err
		}
		put(tx, &tx.Jobs, &Job{Meta: Meta{ID: c.Job}, Run: Run{Status: Queued}, Kind: ForgetJob, Backup: b.ID, Repository: b.Repository})
		return nil
	})
}

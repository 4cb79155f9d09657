package fsm

import "slices"

// Holding is what one storage has of a repository, as the jobs that work there told.
// There is a row for the storage that is written to, too: it says when what is
// stored last changed, which is what the others are measured by.
type Holding struct {
	Meta              // ID is made by [HoldingID]
	Repository string `cbor:"repository"`
	Storage    string `cbor:"storage"`

	ChangedAt Time `cbor:"changed_at,omitempty"` // of the one written to: when a run last changed it
	PrunedAt  Time `cbor:"pruned_at,omitempty"`  // of the one written to: when it was last pruned with success
	AsOf      Time `cbor:"as_of,omitempty"`      // of another: all that was stored by then is there
	TrimmedAt Time `cbor:"trimmed_at,omitempty"` // of another: what was pruned by then is gone there, too

	Blobs  int64 `cbor:"blobs,omitempty"`
	Bytes  int64 `cbor:"bytes,omitempty"`
	Lost   int64 `cbor:"lost,omitempty"`   // blobs that it had and cannot give any more
	Differ int64 `cbor:"differ,omitempty"` // blobs that its source has with other bytes; they are kept as they are
	Extra  int64 `cbor:"extra,omitempty"`  // blobs that its source does not have any more

	ScrubbedAt Time   `cbor:"scrubbed_at,omitempty"` // when a scrub last read all of it
	Suspect    bool   `cbor:"suspect,omitempty"`     // a reader found damage since then
	Failures   int32  `cbor:"failures,omitempty"`    // jobs here that failed since one went well
	TriedAt    Time   `cbor:"tried_at,omitempty"`    // when the last of these ended
	Error      string `cbor:"error,omitempty"`       // why it failed
}

// HoldingID is the id of the row about what a storage has of a repository.
func HoldingID(repository, storage string) string { return repository + "/" + storage }

var holdings = define(schema[Holding]{
	name: "holdings",
	meta: func(c *Holding) *Meta { return &c.Meta },
	indexes: []indexDef[Holding]{
		byText("repository", func(c *Holding) *string { return &c.Repository }, nil),
		byText("storage", func(c *Holding) *string { return &c.Storage }, nil),
		// those in which something is wrong
		byText("lost", func(c *Holding) *string { return &c.Repository }, func(c *Holding) bool { return c.Lost > 0 }),
	},
	share: func(c *Holding, p *pool) { p.text(&c.Repository, &c.Storage) },
})

// Trim says what a copy does with blobs that its source does not have any more.
type Trim string

// The ways to trim. In none is a blob taken away that is younger than the minimum
// age of the storage, nor at once: see the storage's own rules.
const (
	TrimNone    Trim = ""        // they stay
	TrimBounded Trim = "bounded" // they go, unless they are suspiciously many
	TrimAll     Trim = "all"     // they go: a person said so
)

// keeps checks that the storages that a job names have the repository.
func (c *CreateJob) keeps(tx *Tx, j *Job) error {
	r, _ := tx.Repositories.Get(j.Repository)
	if !slices.Contains(r.Storages, j.Wish) {
		return invalidField("node", "storage %s keeps nothing of repository %s", c.Node, r.Name)
	}
	if c.Kind == CopyJob && !slices.Contains(r.Storages, j.Storage) {
		return invalidField("storage", "storage %s keeps nothing of repository %s", c.Storage, r.Name)
	}
	if !slices.Contains([]Trim{TrimNone, TrimBounded, TrimAll}, c.Trim) || c.Trim != TrimNone && (c.Kind != CopyJob || c.Repair) {
		return invalidField("trim", "%q is not a way to trim a copy", c.Trim)
	}
	if c.GiveUp {
		return c.mayGiveUp(tx, r, j)
	}
	return nil
}

// CopyReport is what a copy or a scrub found at the storage that it ran on.
type CopyReport struct {
	Blobs   int64 `cbor:"blobs"` // that the storage now has of the repository
	Bytes   int64 `cbor:"bytes"`
	Lost    int64 `cbor:"lost,omitempty"`
	Found   int64 `cbor:"found,omitempty"`   // damaged or missing blobs that this scrub found
	Differ  int64 `cbor:"differ,omitempty"`  // see [Holding]
	Extra   int64 `cbor:"extra,omitempty"`   // see [Holding]
	Trimmed int64 `cbor:"trimmed,omitempty"` // blobs taken away
	Refused int64 `cbor:"refused,omitempty"` // blobs that the source gave with other bytes than it says
}

// changeHolding changes the row of a repository's storage, which it makes if need be.
func (tx *Tx) changeHolding(repository, storage string, do func(c *Holding)) {
	c := Holding{Meta: Meta{ID: HoldingID(repository, storage)}, Repository: repository, Storage: storage}
	if old, ok := tx.Holdings.Get(c.ID); ok {
		c = *old
	}
	do(&c)
	put(tx, &tx.Holdings, &c)
}

// stored records that a run has changed what a repository has on the storage that
// is written to.
func (tx *Tx) stored(repository string, pruned bool) {
	r, ok := tx.Repositories.Get(repository)
	if !ok || len(r.Storages) == 0 {
		return
	}
	tx.changeHolding(repository, r.Storages[0], func(c *Holding) {
		c.ChangedAt = tx.At
		if pruned {
			c.PrunedAt = tx.At
		}
	})
}

// forgetHoldings drops the rows of a repository on storages other than those.
func (tx *Tx) forgetHoldings(repository string, but []string) {
	for _, c := range slices.Collect(tx.Holdings.By("repository", repository)) {
		if !slices.Contains(but, c.Storage) {
			drop(tx, &tx.Holdings, c.ID)
		}
	}
}

// learn records what the end of a job tells of what storages have.
func (tx *Tx) learn(j *Job, report *CopyReport) {
	good := j.Status == Succeeded || j.Status == Warning
	switch j.Kind {
	case ForgetJob:
		if good {
			tx.stored(j.Repository, false)
		}
	case PruneJob:
		if j.Attempt > 0 {
			tx.stored(j.Repository, good)
		}
	case CopyJob, ScrubJob:
		if r, ok := tx.Repositories.Get(j.Repository); ok && slices.Contains(r.Storages, j.Wish) {
			tx.changeHolding(j.Repository, j.Wish, func(c *Holding) { c.learn(tx, j, report, good) })
		}
		if report != nil && report.Refused > 0 {
			tx.changeHolding(j.Repository, j.Storage, func(c *Holding) { c.Suspect = true })
		}
	}
}

func (c *Holding) learn(tx *Tx, j *Job, report *CopyReport, good bool) {
	c.TriedAt, c.Error = tx.At, ""
	if report != nil {
		c.Blobs, c.Bytes, c.Lost = report.Blobs, report.Bytes, report.Lost
	}
	if !good || report == nil {
		c.Failures, c.Error = c.Failures+1, j.Error
		return
	}
	switch {
	case j.GiveUp:
	case j.Kind == ScrubJob:
		c.ScrubbedAt, c.Suspect = tx.At, false
	case j.Repair && report.Lost > 0:
		c.Failures++ // nobody asked had it; later another may
		return
	case !j.Repair:
		c.AsOf, c.Differ, c.Extra = j.AssignedAt, report.Differ, report.Extra
		if j.Trim != TrimNone {
			c.TrimmedAt = j.AssignedAt
		}
	}
	c.Failures = 0
}

// PromoteCopy makes the storage of a copy the one that is written to, in place of
// one that is lost, removed from the grid or offline for longer than a restart
// takes, or of one that the data leaves. It is guarded by the state of the
// repository that the plan saw.
type PromoteCopy struct {
	Repository string `cbor:"repository"`
	From       uint64 `cbor:"from"` // index of the repository seen
	Storage    string `cbor:"storage"`
}

func (c *PromoteCopy) apply(tx *Tx) (string, error) {
	old, ok := tx.Repositories.Get(c.Repository)
	if !ok {
		return "", notFound("repository", c.Repository)
	}
	if old.Index != c.From {
		return "", Errorf(Conflict, "repository %s has changed", old.Name)
	}
	if !slices.Contains(old.Storages, c.Storage) || old.Storages[0] == c.Storage {
		return "", Errorf(Conflict, "storage %s has no copy of repository %s", c.Storage, old.Name)
	}
	_, known := tx.Nodes.Get(old.Storages[0])
	for range tx.Jobs.By("lease", old.ID) {
		return "", Errorf(Conflict, "a job maintains repository %s", old.Name)
	}
	if tx.written(old) {
		return "", Errorf(Conflict, "a run writes into repository %s", old.Name)
	}
	if known && !tx.complete(old, c.Storage) {
		return "", Errorf(Conflict, "storage %s lacks what was last stored in repository %s", c.Storage, old.Name)
	}
	if !known && !tx.copied(old, c.Storage) {
		return "", Errorf(Conflict, "what storage %s has of repository %s is no whole copy", c.Storage, old.Name)
	}
	tx.reorder(old, c.Storage)
	return old.ID, nil
}

// written tells whether a run that writes into the repository is at work, and holds
// no lease of it.
func (t *tables) written(r *Repository) bool {
	for j := range t.Jobs.By("repository", r.ID) {
		if j.Kind == ForgetJob && j.Status.Live() {
			return true
		}
	}
	for _, status := range []Status{Assigned, Running} {
		for b := range t.Backups.By("status", string(status)) {
			if b.Repository == r.ID {
				return true
			}
		}
	}
	return false
}

// reorder puts a storage of a repository in the first place. Storages that have
// left the grid go; what the others have is compared anew.
func (tx *Tx) reorder(old *Repository, first string) {
	r := *old
	r.Storages = []string{first}
	for _, id := range old.Storages {
		if _, ok := tx.Nodes.Get(id); ok && id != first {
			r.Storages = append(r.Storages, id)
		}
	}
	put(tx, &tx.Repositories, &r)
	tx.detail = "written to storage " + first + " from now on"
	for c := range tx.Clients.By("repository", r.ID) {
		if a, ok := tx.Assignments.Get(c.ID); ok {
			n := *a
			n.Storages = r.Storages
			put(tx, &tx.Assignments, &n)
		}
	}
	tx.forgetHoldings(r.ID, r.Storages)
	tx.measureAnew(&r)
}

// measureAnew takes the first storage of a repository as what the others are
// measured by from now on.
func (tx *Tx) measureAnew(r *Repository) {
	for i, id := range r.Storages {
		tx.changeHolding(r.ID, id, func(c *Holding) {
			c.ChangedAt, c.PrunedAt, c.AsOf, c.TrimmedAt = 0, 0, 0, 0
			if i == 0 {
				c.ChangedAt = tx.At
			}
		})
	}
}

// copied tells whether a storage has a copy of a repository that was whole at some
// time.
func (t *tables) copied(r *Repository, storage string) bool {
	h, ok := t.Holdings.Get(HoldingID(r.ID, storage))
	return ok && h.AsOf != 0
}

// Whole tells whether a storage has all that is stored in a repository.
func (v *View) Whole(r *Repository, storage string) bool { return v.complete(r, storage) }

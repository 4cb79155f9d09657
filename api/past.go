package api

import (
	"context"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Snapshot is something stored, as the repository itself tells of it: also what the
// state of the grid knows nothing of, or what was there at an earlier time.
type Snapshot struct {
	ID        string    `json:"id"`
	Client    string    `json:"client" doc:"Name that it was made under"`
	Task      string    `json:"task" doc:"Name that it was made under"`
	Backup    string    `json:"backup" doc:"Id of the run that made it"`
	Known     bool      `json:"known" doc:"The grid knows that backup and it is not deleted"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
	Files     int64     `json:"files"`
	Bytes     int64     `json:"bytes"`
}

// RepositoryRestoreInput is a restore of what a repository has, without a backup
// that the grid knows.
type RepositoryRestoreInput struct {
	Snapshot  string     `json:"snapshot" doc:"Id, as listed by the repository"`
	AsOf      *time.Time `json:"as_of,omitempty" doc:"Read the repository as it was at the time"`
	Storage   string     `json:"storage,omitempty" doc:"Id or name of the storage whose copy to read; otherwise any that is up"`
	Path      string     `json:"path,omitempty" doc:"Within the snapshot; otherwise /"`
	Node      string     `json:"node" doc:"Id or name of the backup manager to restore on"`
	Target    string     `json:"target" doc:"An absolute path there"`
	Overwrite string     `json:"overwrite,omitempty" doc:"What becomes of files that are there: never (unless said otherwise), always or if-newer"`
}

// repositoryStored opens what is needed to look into the repository that the path
// names, as it is or was.
func (c *call) repositoryStored() (Stored, error) {
	r, err := find(&c.view.Repositories, "repository", c.param("repository"))
	if err != nil {
		return Stored{}, err
	}
	if err := c.mustSee(c.view.GuardsWithin(r.ID)); err != nil {
		return Stored{}, err
	}
	if c.Files == nil {
		return Stored{}, fsm.Errorf(fsm.Unavailable, "this manager cannot look into repositories")
	}
	storage := ""
	if ref := c.query.Get("storage"); ref != "" {
		n, ok := c.view.Nodes.Find(ref)
		if !ok || !contains(r.Storages, n.ID) {
			return Stored{}, invalid("storage", "no storage %q keeps repository %s", ref, r.Name)
		}
		storage = n.ID
	}
	access := c.view.AccessTo(r.ID, storage)
	if access == nil || len(access.Storages) == 0 {
		return Stored{}, fsm.Errorf(fsm.Conflict, "no storage keeps repository %s yet", r.Name)
	}
	if ref := c.query.Get("as_of"); ref != "" {
		at, err := time.Parse(time.RFC3339Nano, ref)
		if err != nil || at.After(c.Now()) {
			return Stored{}, invalid("as_of", "%q is not a time that has passed, as 2026-01-31T18:00:00Z", ref)
		}
		access.AsOf = fsm.At(at)
	}
	password, err := pki.Open(c.Key, "repository/"+r.ID, access.Sealed)
	if err != nil {
		return Stored{}, err
	}
	access.Password, access.Sealed = string(password), nil
	return Stored{Repository: *access}, nil
}

// listSnapshots lists what a repository says that it has.
func listSnapshots(c *call) (List[Snapshot], error) {
	s, err := c.repositoryStored()
	if err != nil {
		return List[Snapshot]{}, err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), maxBrowse)
	defer cancel()
	all, err := c.Files.Snapshots(ctx, s)
	if err != nil {
		return List[Snapshot]{}, err
	}
	for i := range all {
		b, ok := c.view.Backups.Get(all[i].Backup)
		all[i].Known = ok && b.Status != fsm.Deleted && b.Snapshot == all[i].ID
	}
	return List[Snapshot]{Items: some(all), Total: len(all)}, nil
}

// listSnapshotFiles lists a directory of a snapshot. It may be of any client that
// shares the repository, so that its route takes the right to change them all.
func listSnapshotFiles(c *call) (List[File], error) {
	return c.directory(func() (Stored, error) {
		s, err := c.repositoryStored()
		s.Snapshot = c.param("snapshot")
		return s, err
	})
}

func restoreRepository(c *call, in *RepositoryRestoreInput) (Job, error) {
	r, err := find(&c.view.Repositories, "repository", c.param("repository"))
	if err != nil {
		return Job{}, err
	}
	job := &fsm.CreateJob{ID: pki.NewID(), Kind: fsm.RestoreJob, Repository: r.ID, Snapshot: in.Snapshot, Storage: in.Storage, Node: in.Node,
		Restore: fsm.Restore{Path: in.Path, Target: in.Target, Overwrite: fsm.Overwrite(in.Overwrite)}}
	if in.AsOf != nil {
		job.AsOf = fsm.At(*in.AsOf)
	}
	return c.jobMade(job)
}
